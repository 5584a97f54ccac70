"""Suspected wrong labels, from what models say that did not see the images they judge.

Confident learning (Northcutt, Jiang, Chuang, "Confident learning: estimating uncertainty in dataset
labels", JAIR 2021): an image is suspected where the model is as sure of another class as it usually is of
that class's own images. Suspects are ranked by how little it believes the label, their "self-confidence"
there. The probabilities come from core/label_errors/cross_validation.py; they are kept beside the index.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core import files
from core.data.dataset import Dataset
from core.errors import LabError

FOLDS = 5
MIN_DOUBT = 0.5
"""An image is suspected only where its label is at least as likely wrong as right."""

Way = Literal["imagenet", "appearance"]
"""By what they are judged: by what a network trained on ImageNet sees, or by outlines and colours."""


@dataclass(frozen=True, eq=False)
class Judged:
    """What models that did not see them say about images.

    Attributes:
        version: of the data set that was judged.
        ids: (N,) of the images; labels (N,) their places in ``class_names``.
        probabilities: (N, C), each row by a model that was not trained on the image.
        by: by what they were judged.
        instead: why not by a network trained on ImageNet, where that was wanted.
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
        """Share of images whose label the model agrees with."""
        return float((self.probabilities.argmax(axis=1) == self.labels).mean())

    @property
    def basis(self) -> str:
        """A sentence: by what they were judged, and why not by a network trained on ImageNet."""
        if self.by == "imagenet":
            return "The images were judged by what a network trained on the photos of ImageNet sees in them."
        because = f": {self.instead}" if self.instead else ""
        return f"The images were judged by outlines and colours alone, which is weaker on photos{because}."

    def ranked(self) -> pd.DataFrame:
        """All images, the most suspicious first.

        Columns: id, label, suggested (the surest other class), for_label and for_suggested (their
        probabilities), doubt (1 less the first) and suspected (by confident learning, and doubt of
        :data:`MIN_DOUBT` or more: on uneven classes a small class is usually believed so little that
        hundreds of images of the large one would come up to it).
        """
        everyone = np.arange(len(self.labels))
        own = self.probabilities[everyone, self.labels]
        others = self.probabilities.copy()
        others[everyone, self.labels] = -1.0
        surest = others.argmax(axis=1)
        names = np.array(self.class_names, dtype=object)
        table = pd.DataFrame(
            {
                "id": self.ids,
                "label": names[self.labels],
                "suggested": names[surest],
                "for_label": own,
                "for_suggested": others.max(axis=1),
                "doubt": 1 - own,
                "suspected": (others >= self._usual_sureness()).any(axis=1) & (1 - own >= MIN_DOUBT),
            }
        )
        return table.sort_values("doubt", ascending=False, kind="stable", ignore_index=True)

    def _usual_sureness(self) -> NDArray[np.float64]:
        """For each class (C,), how sure the model is of it on images that carry its label."""
        own = [self.probabilities[self.labels == label, label] for label in range(len(self.class_names))]
        return np.array([values.mean() if len(values) else 2.0 for values in own])


def folds(rows: pd.DataFrame, count: int = FOLDS, seed: int = 0) -> NDArray[np.int64]:
    """A fold (N,) for each row, 0 to ``count - 1``: stratified, copies in one fold.

    Raises:
        LabError: a class has too few different images for every fold to hold one.
    """
    from sklearn.model_selection import StratifiedGroupKFold

    check(rows, count)
    splitter = StratifiedGroupKFold(count, shuffle=True, random_state=seed)
    fold = np.empty(len(rows), np.int64)
    for number, (_, held) in enumerate(splitter.split(rows, rows["label"], rows["group"])):
        fold[held] = number
    return fold


def check(rows: pd.DataFrame, count: int = FOLDS) -> None:
    """Raise LabError where there is but one class, or one has too few different images for every fold."""
    different = rows.groupby("label")["group"].nunique()
    if len(different) < 2:
        raise LabError(
            f"all images are of one class, '{different.index[0]}'; labels can be judged from two classes on"
            if len(different)
            else "there are no images whose labels could be judged"
        )
    if different.min() < count:
        name = different.idxmin()
        raise LabError(
            f"class '{name}' has {different.min()} different images; at least {count} are needed to judge "
            "the labels, one for each part that a model does not see"
        )


def save(dataset: Dataset, judged: Judged) -> None:
    """Keep the judgement beside the index."""
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
    """The last judgement of a data set, perhaps of an earlier version; None where there is none.

    Raises:
        LabError: it is damaged.
    """
    path = dataset.path / "judged.npz"
    try:
        with np.load(path, allow_pickle=False) as kept:
            names = tuple(str(name) for name in kept["class_names"])
            by: Way = "imagenet" if str(kept["by"]) == "imagenet" else "appearance"
            arrays = kept["ids"], kept["labels"], kept["probabilities"]
            return Judged(str(kept["version"]), names, *arrays, by, str(kept["instead"]))
    except FileNotFoundError:
        return None
    except Exception as error:  # zipfile, zlib and numpy each have their own kind for a damaged file
        raise LabError(f"{path} is damaged ({error}); judge the labels again.") from None
