"""Where a model looks across many images: the average heatmap, and heat outside the object."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from core.explain.heatmaps import Heatmap

BORDER: NDArray[np.bool_] = np.pad(np.zeros((6, 6), bool), 1, constant_values=True)
"""The outer eighth of an image on each side, in 8 x 8 cells; it covers 44% of the area."""
SUSPICIOUS = 0.6
"""With a larger share of its heat on the border, a map points to the background rather than an object."""

MIN_MAPS = 5
"""Maps needed to say where most of them have their heat."""
LUCK = 0.05
"""Allowed rate of false alarms for maps whose heat is located at random."""


class HeatOn(NamedTuple):
    """The share of a map's heat that lies on an area, and the share of the image that the area covers."""

    share: float
    area: float

    @property
    def is_most(self) -> bool:
        """Whether most of the heat lies there, and more than evenly spread heat would."""
        return self.share > max(0.5, self.area)


def average(maps: Sequence[Heatmap]) -> Heatmap:
    """Return the mean of heatmaps (h, w), each scaled to [0, 1], leaving out maps without heat.

    The maximum is scaled to 1; all zeros if no map has any heat.
    """
    hot = [heatmap for heatmap in maps if heatmap.any()]
    if not hot:
        return np.zeros_like(maps[0])
    mean = np.mean(hot, axis=0, dtype=np.float64)
    scaled: Heatmap = (mean / mean.max()).astype(np.float32)
    return scaled


def border_share(heatmap: Heatmap) -> float | None:
    """Return the share of a map's heat on the border; None without heat."""
    found = heat_on(heatmap, BORDER)
    return None if found is None else found.share


def on_the_border(maps: Sequence[Heatmap]) -> tuple[int, int]:
    """Return how many maps have most of their heat on the border, and how many have any heat."""
    shares = [share for share in map(border_share, maps) if share is not None]
    return sum(share > SUSPICIOUS for share in shares), len(shares)


def heat_on(heatmap: Heatmap, area: NDArray[np.bool_]) -> HeatOn | None:
    """Return how much heat of a map (h, w) lies where ``area`` (H, W) is True; None without heat.

    A cell of a coarse map may overlap the area in part.
    """
    total = float(heatmap.sum())
    if not total:
        return None
    rows, columns = (_overlaps(*sides) for sides in zip(heatmap.shape, area.shape, strict=True))
    weights = rows @ area @ columns.T
    return HeatOn(float((heatmap * weights).sum()) / total, float(area.mean()))


def is_on_background(found: Sequence[HeatOn]) -> bool:
    """Return whether more maps than luck explains have most heat on background; needs at least five maps.

    Heat at random positions exceeds its expected share there in half of the maps (sign test).
    """
    from scipy.stats import binomtest

    if len(found) < MIN_MAPS:
        return False
    most = sum(heat.is_most for heat in found)
    return bool(binomtest(most, len(found), alternative="greater").pvalue <= LUCK)


def _overlaps(count: int, others: int) -> NDArray[np.float64]:
    """Return how much each of ``count`` parts of a side overlaps each of ``others`` (count, others)."""
    one, other = np.linspace(0, 1, count + 1)[:, None], np.linspace(0, 1, others + 1)
    ends, starts = np.minimum(one[1:], other[1:]), np.maximum(one[:-1], other[:-1])
    overlaps: NDArray[np.float64] = np.maximum(ends - starts, 0) * count
    return overlaps
