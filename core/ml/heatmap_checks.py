"""Can a heatmap be trusted? Two checks that a map can fail.

Deletion: if the hot area really drives the decision, greying it out lowers the class's probability more
than greying out an equal area elsewhere. Source: Samek et al. 2016, https://arxiv.org/abs/1509.06321

Control: the same network with shuffled weights has learned nothing. A method that produces nearly the same
map for it shows the image, not what was learned. Source: Adebayo et al. 2018, https://arxiv.org/abs/1810.03292
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import keras
import numpy as np
from numpy.typing import NDArray
from scipy import stats

from core.data.stored_images import Pixels
from core.errors import LabError
from core.ml.explainer import Array, Explainer
from core.words import percent

GREY = 127
POSITIONS = 10
"""Random positions that the hot area is compared with."""
_STATISTICS_IMAGES = 16


@dataclass(frozen=True)
class Deletion:
    """Probability of the class before and after greying out the hot area, and at random positions (10,)."""

    before: float
    after: float
    elsewhere: NDArray[np.float32]


def deletion(
    explainer: Explainer, image: Pixels, heatmap: Array, class_index: int, share: float = 0.1
) -> Deletion:
    """Grey out the hottest ``share`` of an image (S, S, 3), and the same shape at ten random positions.

    Raises:
        LabError: ``share`` is not between 1% and 90%.
    """
    if not 0.01 <= share <= 0.9:
        raise LabError(
            f"The share to grey out must be between 1% and 90% of the image, not {percent(share, 0)}."
        )
    hot = hottest(heatmap, image.shape[0], share)
    masks = [np.zeros_like(hot), hot, *moved(hot, POSITIONS)]
    probabilities = explainer.predict(np.stack([greyed(image, mask) for mask in masks]))[:, class_index]
    return Deletion(float(probabilities[0]), float(probabilities[1]), probabilities[2:])


def hottest(heatmap: Array, side: int, share: float) -> NDArray[np.bool_]:
    """Return a mask (side, side) of exactly the hottest ``share`` of the pixels, ties to the upper left."""
    full = cv2.resize(heatmap, (side, side), interpolation=cv2.INTER_LINEAR)
    hot = np.argsort(-full, axis=None, kind="stable")[: round(share * side * side)]
    mask = np.zeros(side * side, dtype=bool)
    mask[hot] = True
    return mask.reshape(side, side)


def moved(mask: NDArray[np.bool_], count: int) -> list[NDArray[np.bool_]]:
    """Return the shape at ``count`` random positions, wrapping around the edges, with a fixed seed."""
    rng = np.random.default_rng(0)
    return [np.roll(mask, tuple(rng.integers(0, mask.shape)), axis=(0, 1)) for _ in range(count)]


def greyed(image: Pixels, mask: NDArray[np.bool_]) -> Pixels:
    """Return a copy of the image with the masked pixels in mid-grey."""
    copy = image.copy()
    copy[mask] = GREY
    return copy


def shuffled(explainer: Explainer) -> Explainer:
    """Return the same network with each layer's weights shuffled: equally large, with nothing learned.

    Normalisation layers then measure their statistics anew. With those of the other weights, hardly anything
    of an image is left after fifty layers (in MobileNetV2, features of different photos differ by 2% of the
    largest, instead of by 28%), and a map that shows no image cannot resemble the real one.
    """
    rng = np.random.default_rng(0)
    model = keras.models.clone_model(explainer.model)
    for layer in explainer.model.layers:
        if layer.weights:  # the clone's input layer may have another name
            weights = (rng.permutation(one.ravel()).reshape(one.shape) for one in layer.get_weights())
            model.get_layer(layer.name).set_weights(list(weights))
    _measure_statistics(model, explainer.image_size)
    return Explainer(model)


def _measure_statistics(model: keras.Model, side: int) -> None:
    """Let normalisation layers see what reaches them of smooth random images."""
    layers = [layer for layer in model.layers if isinstance(layer, keras.layers.BatchNormalization)]
    if not layers:
        return
    for layer in layers:
        layer.trainable, layer.momentum = True, 0.0
    coarse = np.random.default_rng(1).integers(0, 256, (_STATISTICS_IMAGES, 6, 6, 3), dtype=np.uint8)
    images = np.stack([cv2.resize(one, (side, side), interpolation=cv2.INTER_CUBIC) for one in coarse])
    model(images.astype(np.float32), training=True)


def similarity(one: Array, other: Array) -> float:
    """Return Spearman's rank correlation of two maps, from -1 to 1; 0 if either of them is constant."""
    if np.ptp(one) == 0 or np.ptp(other) == 0:
        return 0.0
    return float(stats.spearmanr(one.ravel(), other.ravel()).statistic)
