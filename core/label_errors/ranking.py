"""Rank labels that are probably wrong, using the predictions of models that were not trained on the images.

Confident learning (Northcutt, Jiang, Chuang, "Confident learning: estimating uncertainty in dataset
labels", JAIR 2021): a label is suspect if the model's confidence in another class reaches its average
confidence on that class's own images. Suspects are ranked by the lowest predicted probability of their label
("self-confidence" in the paper). The probabilities come from core/label_errors/cross_validation.py and are
stored beside the index.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core import arrays, files
from core.data import versions
from core.data.dataset import Dataset
from core.errors import LabError

FOLDS = 5
MIN_DOUBT = 0.5
"""An image is suspected only where its label is at least as likely wrong as right."""

_SAVED: dict[str, arrays.Shape] = {
    "version": ("text", 0),
    "class_names": ("text", 1),
    "ids": ("text", 1),
    "labels": ("whole", 1),
    "probabilities": ("fraction", 2),
    "by": ("text", 0),
    "instead": ("text", 0),
}
Way = Literal["imagenet", "appearance"]
"""The features used for judging: those of a network trained on ImageNet, or outlines and colours."""


@dataclass(frozen=True, eq=False)
class Judged:
    """Out-of-fold predictions for images, by models that were not trained on them.

    Attributes:
        version: version of the data set that was judged.
        ids: (N,) image ids; labels (N,) indices into ``class_names``.
        probabilities: (N, C), each row from a model that was not trained on the image.
        by: the features used.
        instead: the reason why the ImageNet features were wanted but not used.
    """

    version: str
    class_names: tuple[str, ...]
    ids: NDArray[np.str_]
    labels: NDArray[np.int64]
    probabilities: NDArray[np.float32]
    by: Way
    instead: str = ""

    @property
    def accuracy(self) -> float:
        """Share of images on which the model agrees with the label."""
        return float((self.probabilities.argmax(axis=1) == self.labels).mean())

    @property
    def basis(self) -> str:
        """A sentence on the features used, and why not those of a network trained on ImageNet."""
        if self.by == "imagenet":
            return "The labels were judged with a network trained on the photos of ImageNet."
        because = f": {self.instead}" if self.instead else ""
        return (
            f"The labels were judged by outlines and colours only, which is less reliable on photos{because}."
        )

    def ranked(self) -> pd.DataFrame:
        """All images, most suspicious first.

        Columns: id, label, suggested (the most probable other class), for_label and for_suggested (their
        probabilities), doubt (1 minus the first) and suspected (by confident learning, and a doubt of at
        least :data:`MIN_DOUBT`: with uneven classes, the mean confidence of a small class is so low that
        hundreds of images of the large one would reach it).
        """
        rows = np.arange(len(self.labels))
        own = self.probabilities[rows, self.labels]
        others = self.probabilities.copy()
        others[rows, self.labels] = -1.0
        suggested = others.argmax(axis=1)
        names = np.array(self.class_names, dtype=object)
        table = pd.DataFrame(
            {
                "id": self.ids,
                "label": names[self.labels],
                "suggested": names[suggested],
                "for_label": own,
                "for_suggested": others.max(axis=1),
                "doubt": 1 - own,
                "suspected": (others >= self._mean_confidence()).any(axis=1) & (1 - own >= MIN_DOUBT),
            }
        )
        return table.sort_values("doubt", ascending=False, kind="stable", ignore_index=True)

    def _mean_confidence(self) -> NDArray[np.float64]:
        """Mean confidence per class (C,) on the images labelled with it; 2 (never reached) without images."""
        own = [self.probabilities[self.labels == label, label] for label in range(len(self.class_names))]
        return np.array([values.mean() if len(values) else 2.0 for values in own])


def open_cases(dataset: Dataset, judged: Judged) -> pd.DataFrame:
    """Return the ranking without images that have since been left out, relabelled or confirmed."""
    ranked = judged.ranked()
    now = ranked["id"].map(dataset.usable.set_index("id")["label"])
    decided = versions.confirmed(versions.steps(dataset.path))
    return ranked[(now == ranked["label"]) & ~ranked["id"].isin(decided)]


def folds(rows: pd.DataFrame, count: int = FOLDS, seed: int = 0) -> NDArray[np.int64]:
    """Assign each row to a fold (N,), 0 to ``count - 1``: stratified, with copies in the same fold.

    Raises:
        LabError: a class has fewer different images than there are folds.
    """
    from sklearn.model_selection import StratifiedGroupKFold

    check(rows, count)
    splitter = StratifiedGroupKFold(count, shuffle=True, random_state=seed)
    fold = np.empty(len(rows), np.int64)
    for number, (_, held_out) in enumerate(splitter.split(rows, rows["label"], rows["group"])):
        fold[held_out] = number
    return fold


def check(rows: pd.DataFrame, count: int = FOLDS) -> None:
    """Raise LabError if there is one class only, or a class has fewer different images than folds."""
    different = rows.groupby("label")["group"].nunique()
    if len(different) < 2:
        raise LabError(
            f"All images are of one class, '{different.index[0]}'; labels can be judged from two classes on."
            if len(different)
            else "There are no images whose labels could be judged."
        )
    if different.min() < count:
        name = different.idxmin()
        raise LabError(
            f"Class '{name}' has {different.min()} different images; at least {count} are needed to judge "
            "the labels, one per fold."
        )


def save(dataset: Dataset, judged: Judged) -> None:
    """Save the judgement beside the index."""
    with files.replacing(dataset.path / "judged.npz") as beside:
        np.savez_compressed(
            beside,
            version=judged.version,
            class_names=np.array(judged.class_names),
            ids=judged.ids,
            labels=judged.labels,
            probabilities=judged.probabilities,
            by=judged.by,
            instead=judged.instead,
        )


def load(dataset: Dataset) -> Judged | None:
    """The latest judgement of a data set, possibly of an earlier version; None if there is none.

    Raises:
        LabError: the file is damaged.
    """
    path = dataset.path / "judged.npz"
    try:
        saved = arrays.read(path, _SAVED)
    except FileNotFoundError:
        return None
    except LabError as error:
        raise LabError(f"{error} Judge the labels again.") from None
    ids, labels, probabilities = (saved[name] for name in ("ids", "labels", "probabilities"))
    names = tuple(str(name) for name in saved["class_names"])
    is_whole = probabilities.shape == (len(ids), len(names)) and labels.shape == ids.shape
    if not is_whole or not np.isin(labels, np.arange(len(names))).all():
        raise LabError(f"{path} is damaged: its tables are inconsistent. Judge the labels again.")
    by: Way = "imagenet" if str(saved["by"]) == "imagenet" else "appearance"
    return Judged(str(saved["version"]), names, ids, labels, probabilities, by, str(saved["instead"]))
