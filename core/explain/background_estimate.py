"""Which part of an image looks like background, judged by its colours alone; no network is asked.

What has the colours of much of the image's edge is background, and what stands out from that is an object:
Zhu, Liang, Wei & Sun, "Saliency Optimization from Robust Background Detection", CVPR 2014, with the paper's
constants, but square cells in place of superpixels. It errs where a thing fills the image or looks like
what is around it; ``python -m benchmarks.background_hint`` says how often.
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
"""From this clearness on an estimate is worth words."""
_COLOUR_SCALE = 10.0
"""Colours this far apart in CIELAB, where 2 are just told apart, are different things."""
_REACH = 0.25
"""How far contrast reaches, as a part of the side."""
_BACKGROUND_STRENGTH, _MIN_TIE = 5.0, 0.1
_ALIKE = 6
"""Cells of like colour that are asked whether they are on the same side."""


@dataclass(frozen=True)
class Backdrop:
    """An estimate for one image.

    Attributes:
        background: (CELLS, CELLS), True where the image looks like background.
        clearness: how much of what looks alike is on one side, the worse side of the two; 0 to 1.
    """

    background: Mask
    clearness: float

    @property
    def is_clear(self) -> bool:
        """Whether the estimate is worth words; where thing and background look alike it is not."""
        return self.clearness >= CLEAR


def estimate(image: NDArray[np.uint8]) -> Backdrop:
    """Tell object and background apart in a square image, uint8 (S, S, 3), RGB."""
    small = cv2.resize(image, (CELLS, CELLS), interpolation=cv2.INTER_AREA)
    colours = cv2.cvtColor(small.astype(np.float32) / 255, cv2.COLOR_RGB2LAB).reshape(-1, 3)
    apart = cdist(colours, colours)
    background = background_probability(apart)
    contrast = _contrast(apart, background)
    is_object = _upper_part(_settled(apart, background, contrast))
    return Backdrop(~is_object.reshape(CELLS, CELLS), _clearness(apart, is_object))


def background_probability(apart: Floats) -> Floats:
    """How probably each cell is background (n,), from the distances of the cells' colours (n, n).

    A cell's region is what can be reached from it in small steps of colour; the larger the part of the
    region's outline that lies on the image's edge, the more probably it is background (boundary
    connectivity, equations 2 to 6 of the paper).
    """
    steps = np.where(_layout().is_linked, apart + 1e-6, 0)  # 0 would be no link
    ways = dijkstra(csr_array(steps), directed=False, limit=4 * _COLOUR_SCALE)  # the rest counts 0.0003
    reached = np.exp(-((ways / _COLOUR_SCALE) ** 2) / 2)
    connectivity = reached[:, _layout().is_edge].sum(axis=1) / np.sqrt(reached.sum(axis=1))
    probability: Floats = 1 - np.exp(-(connectivity**2) / 2)
    return probability


def _contrast(apart: Floats, background: Floats) -> Floats:
    """How much each cell differs from the background around it, in [0, 1]."""
    contrast = (apart * _layout().nearness * background).sum(axis=1)
    scaled: Floats = contrast / max(contrast.max(), 1e-9)
    return scaled


def _settled(apart: Floats, background: Floats, contrast: Floats) -> Floats:
    """Values near 0 on background and near 1 on what stands out, alike in neighbours of like colour.

    The least-squares problem of the paper's equation 9, solved.
    """
    ties = np.where(_layout().are_neighbours, np.exp(-((apart / _COLOUR_SCALE) ** 2) / 2) + _MIN_TIE, 0)
    own = ties.sum(axis=1) + _BACKGROUND_STRENGTH * background + contrast
    settled: Floats = spsolve(csc_array(np.diag(own) - ties), contrast)
    return settled


def _upper_part(values: Floats) -> Mask:
    """The values above the threshold that parts them best (Otsu 1979); none where all are alike."""
    spread = np.ptp(values)
    if spread < 1e-3:
        return np.zeros(values.shape, bool)
    levels = (255 * (values - values.min()) / spread).astype(np.uint8)
    return np.asarray(cv2.threshold(levels, 0, 1, cv2.THRESH_OTSU)[1], bool).ravel()


def _clearness(apart: Floats, is_object: Mask) -> float:
    if is_object.all() or not is_object.any():
        return 0.0
    others = apart + np.diag(np.full(len(apart), np.inf))
    alike = np.argpartition(others, _ALIKE, axis=1)[:, :_ALIKE]
    agree = (is_object[alike] == is_object[:, None]).mean(axis=1)
    return float(min(agree[is_object].mean(), agree[~is_object].mean()))


@dataclass(frozen=True)
class _Layout:
    """Facts of the grid for its n cells, row by row: on the image's edge (n,), and of pairs (n, n).

    Cells on the edge are all linked to each other, since a background is often cut in two by a thing.
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
