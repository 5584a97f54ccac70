"""Estimate which part of an image is background, from its colours alone, without a network.

Regions with the colours of much of the image's edge are background, and what stands out is an object:
Zhu, Liang, Wei & Sun, "Saliency Optimization from Robust Background Detection", CVPR 2014, with the paper's
constants, but square cells in place of superpixels. The estimate fails where an object fills the image or
resembles its surroundings; ``python -m benchmarks.background_hint`` measures how often.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csc_array, csr_array
from scipy.sparse.csgraph import dijkstra
from scipy.sparse.linalg import spsolve
from scipy.spatial.distance import cdist

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

CELLS = 14
"""Cells along a side of the image."""
CLEAR = 0.8
"""Minimum clearness of an estimate that is shown."""
_COLOUR_SCALE = 10.0
"""Colours this far apart in CIELAB, where a distance of 2 is just noticeable, are different objects."""
_REACH = 0.25
"""Range of the contrast, as a share of the side."""
_BACKGROUND_STRENGTH, _MIN_TIE = 5.0, 0.1
_ALIKE = 6
"""Number of most similar cells that are compared."""


@dataclass(frozen=True)
class Backdrop:
    """An estimate for one image.

    Attributes:
        background: (CELLS, CELLS), True where the image looks like background.
        clearness: mean share of similar cells assigned to the same side, for the worse side; 0 to 1.
    """

    background: Mask
    clearness: float

    @property
    def is_clear(self) -> bool:
        """Whether the estimate is good enough to show; not so where object and background look alike."""
        return self.clearness >= CLEAR


def estimate(image: NDArray[np.uint8]) -> Backdrop:
    """Separate object and background in a square image, uint8 (S, S, 3), RGB."""
    small = cv2.resize(image, (CELLS, CELLS), interpolation=cv2.INTER_AREA)
    colours = cv2.cvtColor(small.astype(np.float32) / 255, cv2.COLOR_RGB2LAB).reshape(-1, 3)
    distances = cdist(colours, colours)
    background = background_probability(distances)
    contrast = _contrast(distances, background)
    is_object = _upper_part(_optimised(distances, background, contrast))
    return Backdrop(~is_object.reshape(CELLS, CELLS), _clearness(distances, is_object))


def background_probability(distances: Floats) -> Floats:
    """Return the probability that each cell is background (n,), from colour distances between cells (n, n).

    A cell's region is what can be reached from it in small steps of colour. The larger the part of the
    region's outline that lies on the image's edge, the more likely it is background (boundary
    connectivity, equations 2 to 6 of the paper).
    """
    steps = np.where(_layout().is_linked, distances + 1e-6, 0)  # 0 would mean no link
    paths = dijkstra(csr_array(steps), directed=False, limit=4 * _COLOUR_SCALE)  # beyond counts < 0.0004
    reached = np.exp(-((paths / _COLOUR_SCALE) ** 2) / 2)
    connectivity = reached[:, _layout().is_edge].sum(axis=1) / np.sqrt(reached.sum(axis=1))
    probability: Floats = 1 - np.exp(-(connectivity**2) / 2)
    return probability


def _contrast(distances: Floats, background: Floats) -> Floats:
    """Return how much each cell differs from the background around it, in [0, 1]."""
    contrast = (distances * _layout().nearness * background).sum(axis=1)
    scaled: Floats = contrast / max(contrast.max(), 1e-9)
    return scaled


def _optimised(distances: Floats, background: Floats, contrast: Floats) -> Floats:
    """Return values near 0 on background and near 1 on objects, similar for neighbours of similar colour.

    Solves the least-squares problem of the paper's equation 9.
    """
    ties = np.where(_layout().are_neighbours, np.exp(-((distances / _COLOUR_SCALE) ** 2) / 2) + _MIN_TIE, 0)
    diagonal = ties.sum(axis=1) + _BACKGROUND_STRENGTH * background + contrast
    optimised: Floats = spsolve(csc_array(np.diag(diagonal) - ties), contrast)
    return optimised


def _upper_part(values: Floats) -> Mask:
    """Return the mask of values above Otsu's threshold (1979); empty where all values are equal."""
    spread = np.ptp(values)
    if spread < 1e-3:
        return np.zeros(values.shape, bool)
    levels = (255 * (values - values.min()) / spread).astype(np.uint8)
    return np.asarray(cv2.threshold(levels, 0, 1, cv2.THRESH_OTSU)[1], bool).ravel()


def _clearness(distances: Floats, is_object: Mask) -> float:
    if is_object.all() or not is_object.any():
        return 0.0
    others = distances + np.diag(np.full(len(distances), np.inf))
    alike = np.argpartition(others, _ALIKE, axis=1)[:, :_ALIKE]
    agree = (is_object[alike] == is_object[:, None]).mean(axis=1)
    return float(min(agree[is_object].mean(), agree[~is_object].mean()))


@dataclass(frozen=True)
class _Layout:
    """Geometry of the grid's n cells, row by row: whether on the image's edge (n,), and pairs (n, n).

    All cells on the edge are linked to each other, since an object often cuts the background in two.
    """

    is_edge: Mask
    are_neighbours: Mask
    is_linked: Mask
    nearness: Floats


@cache
def _layout() -> _Layout:
    rows, columns = np.divmod(np.arange(CELLS**2), CELLS)
    is_edge = (np.minimum(rows, columns) == 0) | (np.maximum(rows, columns) == CELLS - 1)
    across, along = np.abs(rows[:, None] - rows), np.abs(columns[:, None] - columns)
    are_neighbours = np.maximum(across, along) == 1
    both_on_edge = is_edge[:, None] & is_edge & ((across + along) > 0)
    nearness = np.exp(-(across**2 + along**2) / (CELLS * _REACH) ** 2 / 2)
    return _Layout(is_edge, are_neighbours, are_neighbours | both_on_edge, nearness)
