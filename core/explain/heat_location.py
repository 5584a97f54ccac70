"""Where a model looks in many images: the average heatmap, and heat where no object should be."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from core.explain.heatmaps import Heatmap

BORDER: NDArray[np.bool_] = np.pad(np.zeros((6, 6), bool), 1, constant_values=True)
"""The outer eighth of an image at each side, in 8 x 8 cells; it covers 44%."""
SUSPICIOUS = 0.6
"""A map with a larger part of its heat on the border looks at the background rather than at a thing."""

MIN_MAPS = 5
"""Maps that it takes to say where the heat lies in most of them."""
LUCK = 0.05
"""How often maps whose heat lies anywhere may be taken for maps with heat on background."""


class HeatOn(NamedTuple):
    """The part of a map's heat that lies on some area, and the part of the image that the area covers."""

    share: float
    area: float

    @property
    def is_most(self) -> bool:
        """Whether most heat lies there, and more than heat that is spread evenly would have there."""
        return self.share > max(0.5, self.area)


def average(maps: Sequence[Heatmap]) -> Heatmap:
    """The mean of heatmaps (h, w), each on its own scale from 0 to 1, maps without heat left out.

    Scaled so that its hottest place is 1; all zeros where no map has any heat.
    """
    hot = [heatmap for heatmap in maps if heatmap.any()]
    if not hot:
        return np.zeros_like(maps[0])
    mean = np.mean(hot, axis=0, dtype=np.float64)
    scaled: Heatmap = (mean / mean.max()).astype(np.float32)
    return scaled


def border_share(heatmap: Heatmap) -> float | None:
    """The part of a map's heat on the border; None without heat."""
    found = heat_on(heatmap, BORDER)
    return None if found is None else found.share


def on_the_border(maps: Sequence[Heatmap]) -> tuple[int, int]:
    """How many maps have most of their heat on the border, and how many have any heat."""
    shares = [share for share in map(border_share, maps) if share is not None]
    return sum(share > SUSPICIOUS for share in shares), len(shares)


def heat_on(heatmap: Heatmap, area: NDArray[np.bool_]) -> HeatOn | None:
    """How much heat of a map (h, w) lies where ``area`` (H, W) of the same image is True; None without.

    A place of a coarse map may lie on the area in part.
    """
    total = float(heatmap.sum())
    if not total:
        return None
    rows, columns = (_overlaps(*sides) for sides in zip(heatmap.shape, area.shape, strict=True))
    weights = rows @ area @ columns.T
    return HeatOn(float((heatmap * weights).sum()) / total, float(area.mean()))


def is_on_background(found: Sequence[HeatOn]) -> bool:
    """Whether most heat lies on background in more of the maps than luck explains; five at least are needed.

    Heat that is spread without any reason has more than its share there in every other map (sign test).
    """
    from scipy.stats import binomtest

    if len(found) < MIN_MAPS:
        return False
    most = sum(heat.is_most for heat in found)
    return bool(binomtest(most, len(found), alternative="greater").pvalue <= LUCK)


def _overlaps(count: int, others: int) -> NDArray[np.float64]:
    """A side is cut into ``count`` parts and into ``others``: how much of each is in each (count, others)."""
    one, other = np.linspace(0, 1, count + 1)[:, None], np.linspace(0, 1, others + 1)
    ends, starts = np.minimum(one[1:], other[1:]), np.maximum(one[:-1], other[:-1])
    overlaps: NDArray[np.float64] = np.maximum(ends - starts, 0) * count
    return overlaps
