"""Find the training images that are most similar to an image, by features of a network.

The features of the run's own network are the activations of the layer before the logits, which are nearly
equal for images that the network cannot distinguish. Those of a network trained on ImageNet also tell apart
what the run's network never learned to see. The assistant computes them once per run and stores them beside
the heatmaps.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from core import arrays, files
from core.errors import LabError
from core.explain import keras_file
from core.runs import Run

Kind = Literal["own", "imagenet"]
"""Of which network features are."""

_STORED: dict[str, arrays.Shape] = {
    "ids": ("text", 1),
    "splits": ("text", 1),
    "vectors": ("fraction", 2),
    "model": ("text", 0),
}


@dataclass(frozen=True)
class Features:
    """ids and splits (N,); vectors float32 (N, D) of length 1, or 0 where no neuron is active."""

    ids: NDArray[np.str_]
    splits: NDArray[np.str_]
    vectors: NDArray[np.float32]


@dataclass(frozen=True)
class Similar:
    """An image similar to another; ``similarity`` is the cosine similarity of their features, at most 1."""

    id: str
    similarity: float


def nearest(features: Features, image_id: str, limit: int = 6, split: str = "train") -> list[Similar]:
    """Return the most similar images of a split, most similar first; empty if the image has no features."""
    indices = np.flatnonzero(features.ids == image_id)
    if not len(indices):
        return []
    others = np.flatnonzero((features.splits == split) & (features.ids != image_id))
    cosines = features.vectors[others] @ features.vectors[indices[0]]
    best = np.argsort(-cosines, kind="stable")[:limit]
    return [Similar(str(features.ids[others[index]]), float(cosines[index])) for index in best]


def path(run: Run, kind: Kind = "own") -> Path:
    """Return where the features of a run's images are stored."""
    return run.heatmaps_path / ("features.npz" if kind == "own" else "imagenet-features.npz")


def kept(run: Run, kind: Kind = "own") -> Features | None:
    """Return the features stored for the run's current model; None if there are none.

    Raises:
        LabError: the run has no model, or a damaged one.
    """
    model = keras_file.fingerprint(run.model_path)
    try:
        stored = arrays.read(path(run, kind), _STORED)
    except (LabError, OSError):  # missing or half copied: they can always be recomputed
        return None
    ids, splits, vectors = (stored[name] for name in ("ids", "splits", "vectors"))
    if str(stored["model"]) != model or not len(ids) == len(splits) == len(vectors):
        return None
    return Features(ids, splits, vectors.astype(np.float32))


def keep(
    run: Run,
    ids: NDArray[np.str_],
    splits: NDArray[np.str_],
    features: NDArray[np.float32],
    kind: Kind = "own",
) -> None:
    """Store the features (N, D) of images, scaled to length 1, with the fingerprint of their model."""
    lengths = np.maximum(np.linalg.norm(features, axis=1, keepdims=True), np.finfo(np.float32).tiny)
    vectors = (features / lengths).astype(np.float16)  # 3 digits are plenty, at half the size
    model = np.array(keras_file.fingerprint(run.model_path))
    with files.replacing(path(run, kind)) as beside:
        np.savez(beside, ids=ids, splits=splits, vectors=vectors, model=model)
