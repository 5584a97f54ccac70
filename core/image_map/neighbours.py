"""Which images are most alike, and whether they lie side by side on a map."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Indices = NDArray[np.int64]
"""(N, K) the K images that are most like each of N, nearest first; -1 where there are fewer others."""

COUNT = 10
_ROWS = 512
"""Images compared with all others at once, so that memory does not grow with the square of their number."""


def nearest(points: NDArray[np.float32], groups: Indices, count: int = COUNT) -> Indices:
    """Return the nearest of N points (N, D) to each by distance, leaving out those of its own group (N,).

    Copies of an image are one group: an image whose neighbours are its copies would say nothing of its class.
    """
    found = np.full((len(points), count), -1, np.int64)
    squares = (points**2).sum(axis=1)
    kept = min(count, len(points))
    for start in range(0, len(points), _ROWS):
        rows = slice(start, start + _ROWS)
        closeness = 2 * points[rows] @ points.T - squares
        closeness[groups[rows, None] == groups] = -np.inf
        best = np.argpartition(-closeness, kept - 1, axis=1)[:, :kept]
        values = np.take_along_axis(closeness, best, axis=1)
        order = np.argsort(-values, axis=1, kind="stable")
        best, values = (np.take_along_axis(one, order, axis=1) for one in (best, values))
        found[rows, :kept] = np.where(np.isfinite(values), best, -1)
    return found


def kept(in_features: Indices, on_map: Indices) -> NDArray[np.float32]:
    """Return the share (N,) of each image's nearest images (N, K) that are among its nearest on the map."""
    exists = in_features >= 0
    both = (in_features[:, :, None] == on_map[:, None, :]).any(axis=2) & exists
    shares: NDArray[np.float32] = (both.sum(axis=1) / np.maximum(exists.sum(axis=1), 1)).astype(np.float32)
    return shares
