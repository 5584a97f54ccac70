"""Which training images look most like this one to the network: its own features, compared.

An image's features are what the layer before the logits answers; images that the network cannot tell
apart have nearly the same. They are made once a run by the assistant and kept beside the heatmaps.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core import files
from core.explain import keras_file
from core.runs import Run


@dataclass(frozen=True)
class Features:
    """ids and splits (N,); vectors float32 (N, D) of length 1, or 0 where no neuron answered."""

    ids: NDArray[np.str_]
    splits: NDArray[np.str_]
    vectors: NDArray[np.float32]


@dataclass(frozen=True)
class Similar:
    """An image like another one; ``similarity`` is the cosine of their features, at most 1."""

    id: str
    similarity: float


def nearest(features: Features, image_id: str, most: int = 6, split: str = "train") -> list[Similar]:
    """The images of a split that are most like this one, most alike first; none if it has no features."""
    indices = np.flatnonzero(features.ids == image_id)
    if not len(indices):
        return []
    others = np.flatnonzero((features.splits == split) & (features.ids != image_id))
    cosines = features.vectors[others] @ features.vectors[indices[0]]
    best = np.argsort(-cosines, kind="stable")[:most]
    return [Similar(str(features.ids[others[index]]), float(cosines[index])) for index in best]


def path(run: Run) -> Path:
    """Where the features of a run's images lie, or will lie."""
    return run.heatmaps_path / "features.npz"


def kept(run: Run) -> Features | None:
    """The features made earlier with the model that the run has now; None if there are none.

    Raises:
        LabError: the run has no model, or a damaged one.
    """
    model = keras_file.fingerprint(run.model_path)
    try:
        with np.load(path(run), allow_pickle=False) as stored:
            if str(stored["model"]) != model:
                return None
            return Features(stored["ids"], stored["splits"], stored["vectors"].astype(np.float32))
    except Exception:  # missing or half copied: making them again is always possible
        return None


def keep(run: Run, ids: NDArray[np.str_], splits: NDArray[np.str_], features: NDArray[np.float32]) -> None:
    """Store the features (N, D) of images, scaled to length 1, with the finger print of their model."""
    lengths = np.maximum(np.linalg.norm(features, axis=1, keepdims=True), np.finfo(np.float32).tiny)
    vectors = (features / lengths).astype(np.float16)  # 3 digits are plenty, at half the size
    model = np.array(keras_file.fingerprint(run.model_path))
    with files.replacing(path(run)) as beside:
        np.savez(beside, ids=ids, splits=splits, vectors=vectors, model=model)
