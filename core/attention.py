"""Where a model looks in many pictures: the average heatmap, and heat where no object should be."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from core.heatmaps import Heatmap

RIM = 1 / 8
"""Width of the border, as a part of the side; it covers 44 % of the picture."""
SUSPICIOUS = 0.6
"""A map with a larger part of its heat on the border looks at the background rather than at a thing."""

LEAST_MAPS = 5
"""Maps that it takes to say where the heat lies in most of them."""


class BackgroundHeat(NamedTuple):
    """The part of a map's heat on background, and the part of the picture that background covers."""

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
    """The part of a map's heat on the outer eighth of the picture at each side; None without heat.

    A map whose heat is spread evenly has 0.44 there.
    """
    total = float(heatmap.sum())
    if not total:
        return None
    return float((heatmap * _border_weights(heatmap.shape)).sum()) / total


def on_the_border(maps: Sequence[Heatmap]) -> tuple[int, int]:
    """How many maps have most of their heat on the border, and how many have any heat."""
    shares = [share for share in map(border_share, maps) if share is not None]
    return sum(share > SUSPICIOUS for share in shares), len(shares)


def background_heat(heatmap: Heatmap, background: NDArray[np.bool_]) -> BackgroundHeat | None:
    """How much heat of a map (h, w) lies where ``background`` (H, W) of the same picture is True.

    None without heat.
    """
    total = float(heatmap.sum())
    if not total:
        return None
    rows, columns = (_overlaps(*sides) for sides in zip(heatmap.shape, background.shape, strict=True))
    on_background = rows @ background @ columns.T
    return BackgroundHeat(float((heatmap * on_background).sum()) / total, float(background.mean()))


def is_on_background(found: Sequence[BackgroundHeat]) -> bool:
    """Whether most heat lies on background in half of the maps or more; not told from fewer than five."""
    return len(found) >= LEAST_MAPS and sum(heat.is_most for heat in found) >= len(found) / 2


def _overlaps(count: int, others: int) -> NDArray[np.float64]:
    """A side is cut into ``count`` parts and into ``others``: how much of each is in each (count, others)."""
    one, other = np.linspace(0, 1, count + 1)[:, None], np.linspace(0, 1, others + 1)
    ends, starts = np.minimum(one[1:], other[1:]), np.maximum(one[:-1], other[:-1])
    overlaps: NDArray[np.float64] = np.maximum(ends - starts, 0) * count
    return overlaps


def _border_weights(shape: tuple[int, ...]) -> NDArray[np.float64]:
    """How much of each place lies on the border (h, w): a coarse map has places that lie half on it."""
    inner_rows, inner_columns = (_inner_part(side) for side in shape)
    return 1 - inner_rows[:, None] * inner_columns[None, :]


def _inner_part(side: int) -> NDArray[np.float64]:
    edges = np.linspace(0, 1, side + 1)
    inside = np.clip(edges, RIM, 1 - RIM)
    return np.diff(inside) * side
