"""Whether an image is like those that a model was trained on, by its distance to the nearest of them.

Distances are between features of a network trained on ImageNet where its weights are on this machine: it
has seen far more than any class of the run. Otherwise between those of the run's own network, which only
learned to tell its classes apart, and so overlooks more (benchmarks/predict.py).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.backbones import BACKBONES
from core.config import RunConfig
from core.explain.nearest_images import Features, Kind, Similar
from core.training import pretrained_weights

FAMILIAR_TO = BACKBONES["mobilenet_v2_035"]
"""The network trained on ImageNet."""
MIN_SIZE = 32
"""Side in pixels of the smallest images that it takes."""
NEIGHBOURS = 5
FALSE_ALARMS = 0.02
"""At most this share of images like the training images is called unlike them."""
MIN_VALIDATION = 49
"""With fewer validation images no image could be stranger than 98 of 100."""

_BATCH = 1024


def kind_for(config: RunConfig) -> Kind:
    """The network whose features are used for the images of a run."""
    is_usable = config.data.image_size >= MIN_SIZE and pretrained_weights.find(FAMILIAR_TO) is not None
    return "imagenet" if is_usable else "own"


@dataclass(frozen=True, eq=False)
class Familiarity:
    """The training images' features, and how far validation images lie from them.

    Attributes:
        kind: the network that the features are of.
        ids: (T,) ids of the training images.
        vectors: (T, D) float32, of length 1.
        usual: (V,) distances of the validation images, ascending.
    """

    kind: Kind
    ids: NDArray[np.str_]
    vectors: NDArray[np.float32]
    usual: NDArray[np.float32]

    @classmethod
    def measure(cls, features: Features, kind: Kind = "own") -> Familiarity | None:
        """Measure it on the images of a run; None with too few validation images to promise anything."""
        is_train, is_validation = features.splits == "train", features.splits == "validation"
        if is_validation.sum() < MIN_VALIDATION or is_train.sum() < NEIGHBOURS:
            return None
        own = cls(kind, features.ids[is_train], features.vectors[is_train], np.empty(0, np.float32))
        distances, _ = own.nearest(features.vectors[is_validation])
        return cls(kind, own.ids, own.vectors, np.sort(distances))

    def nearest(self, vectors: NDArray[np.float32]) -> tuple[NDArray[np.float32], list[tuple[Similar, ...]]]:
        """Compare images with the training images.

        Args:
            vectors: (N, D) features; their lengths do not matter.

        Returns:
            (N,) mean cosine distances to the nearest training images, from 0 to 2; and these, nearest first.
        """
        lengths = np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), np.finfo(np.float32).tiny)
        unit = (vectors / lengths).astype(np.float16).astype(np.float32)  # as those are that are stored
        distances, neighbours = np.empty(len(unit), np.float32), []
        for start in range(0, len(unit), _BATCH):
            cosines = unit[start : start + _BATCH] @ self.vectors.T
            best = np.argsort(-cosines, axis=1, kind="stable")[:, :NEIGHBOURS]
            values = np.take_along_axis(cosines, best, axis=1)
            distances[start : start + _BATCH] = 1 - values.mean(axis=1)
            neighbours += [
                tuple(Similar(str(self.ids[i]), float(v)) for i, v in zip(row, value, strict=True))
                for row, value in zip(best, values, strict=True)
            ]
        return distances, neighbours

    def p_values(self, distances: NDArray[np.float32]) -> NDArray[np.float64]:
        """Per image, the share of images like the training images that lie at least as far away.

        A conformal p-value: (1 + validation images at least as far) / (V + 1). An image of the same kind gets
        a value below ``FALSE_ALARMS`` no more often than that; see Bates et al., "Testing for outliers with
        conformal p-values", Annals of Statistics 2023. The score is that of Sun et al., "Out-of-distribution
        detection with deep nearest neighbors", ICML 2022, averaged over the neighbours.
        """
        at_least_as_far = len(self.usual) - np.searchsorted(self.usual, distances, side="left")
        return (1 + at_least_as_far) / (len(self.usual) + 1)
