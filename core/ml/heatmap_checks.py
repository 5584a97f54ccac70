"""Can a heatmap be trusted? Two checks that a map can fail.

Deletion: if the hot part really carries the decision, greying it out lowers the probability of the
class more than greying out as much somewhere else. Source: Samek et al. 2016, https://arxiv.org/abs/1509.06321

Control: the same network with its weights shuffled knows nothing. A method that draws nearly the same
map for it shows the image, not what was learned. Source: Adebayo et al. 2018, https://arxiv.org/abs/1810.03292
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import keras
import numpy as np
from numpy.typing import NDArray
from scipy import stats

from core.errors import LabError
from core.ml.explainer import Array, Explainer, Images
from core.words import percent

GREY = 127
PLACES = 10
"""Random places that the hot part is compared with."""


@dataclass(frozen=True)
class Deletion:
    """Probability of the class before and after greying out the hot part, and (10,) random places."""

    before: float
    after: float
    elsewhere: NDArray[np.float32]


def deletion(
    explainer: Explainer, image: Images, heatmap: Array, class_index: int, share: float = 0.1
) -> Deletion:
    """Grey out the hottest ``share`` of an image (S, S, 3), and the same shape in ten random places.

    Raises:
        LabError: ``share`` is not between 1% and 90%.
    """
    if not 0.01 <= share <= 0.9:
        raise LabError(
            f"The part to grey out must be between 1% and 90% of the image, not {percent(share, 0)}."
        )
    hot = hottest(heatmap, image.shape[0], share)
    masks = [np.zeros_like(hot), hot, *moved(hot, PLACES)]
    probabilities = explainer.predict(np.stack([greyed(image, mask) for mask in masks]))[:, class_index]
    return Deletion(float(probabilities[0]), float(probabilities[1]), probabilities[2:])


def hottest(heatmap: Array, side: int, share: float) -> NDArray[np.bool_]:
    """Mask (side, side) of the hottest ``share`` of the pixels; exactly so many, ties to the upper left."""
    full = cv2.resize(heatmap, (side, side), interpolation=cv2.INTER_LINEAR)
    hot = np.argsort(-full, axis=None, kind="stable")[: round(share * side * side)]
    mask = np.zeros(side * side, dtype=bool)
    mask[hot] = True
    return mask.reshape(side, side)


def moved(mask: NDArray[np.bool_], places: int) -> list[NDArray[np.bool_]]:
    """The same shape in random places, out at one edge and in at the other; always the same places."""
    rng = np.random.default_rng(0)
    return [np.roll(mask, tuple(rng.integers(0, mask.shape)), axis=(0, 1)) for _ in range(places)]


def greyed(image: Images, mask: NDArray[np.bool_]) -> Images:
    """A copy of the image with the masked pixels in middle grey."""
    copy = image.copy()
    copy[mask] = GREY
    return copy


def shuffled(explainer: Explainer) -> Explainer:
    """The same network with each layer's weights in random order: as large, but knowing nothing."""
    rng = np.random.default_rng(0)
    model = keras.models.clone_model(explainer.model)
    weights = (
        rng.permutation(weight.ravel()).reshape(weight.shape) for weight in explainer.model.get_weights()
    )
    model.set_weights(list(weights))
    return Explainer(model)


def similarity(one: Array, other: Array) -> float:
    """Spearman's rank correlation of two maps, from -1 to 1; 0 where one of them is flat."""
    if np.ptp(one) == 0 or np.ptp(other) == 0:
        return 0.0
    return float(stats.spearmanr(one.ravel(), other.ravel()).statistic)
