"""Where a model looks in many pictures at once: the average heatmap, and heat where no object should be."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from core.heatmaps import Heatmap

RIM = 1 / 8
"""Width of the border, as a part of the side; it covers 44 % of the picture."""
SUSPICIOUS = 0.6
"""A map with a larger part of its heat on the border looks at the background rather than at a thing."""


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


def _border_weights(shape: tuple[int, ...]) -> NDArray[np.float64]:
    """How much of each place lies on the border (h, w): a coarse map has places that lie half on it."""
    inner_rows, inner_columns = (_inner_part(side) for side in shape)
    return 1 - inner_rows[:, None] * inner_columns[None, :]


def _inner_part(side: int) -> NDArray[np.float64]:
    edges = np.linspace(0, 1, side + 1)
    inside = np.clip(edges, RIM, 1 - RIM)
    return np.diff(inside) * side
