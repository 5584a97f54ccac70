"""Where words beside lines are written, on the screen and in files, so that none covers another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

LINE_SHARE = 0.1
"""Height of a line of words as a share of the axis of a chart of usual height."""


def beside_ends(ends: Mapping[str, float], top: float, line_share: float = LINE_SHARE) -> dict[str, float]:
    """Return the height at which the name of each line is written beside the line's end.

    Args:
        ends: by name, the last value of each line.
        top: where the axis, which begins at 0, ends.
        line_share: height of a line of words as a share of the axis.
    """
    line = line_share * top
    return dict(zip(ends, spread(list(ends.values()), line, line / 2, top - line / 2), strict=True))


def spread(wanted: Sequence[float], gap: float, low: float, high: float) -> list[float]:
    """Return positions in [low, high] that are at least ``gap`` apart, each as near as possible to its wish.

    They keep their order, and the sum of their squared moves is minimal. With the gaps taken out, this is an
    isotonic regression, computed by pooling adjacent violators (Barlow et al. 1972, Statistical Inference
    under Order Restrictions). Where there is no room for all, they are spaced evenly.
    """
    gap = min(gap, (high - low) / max(len(wanted) - 1, 1))
    order = sorted(range(len(wanted)), key=wanted.__getitem__)
    pools: list[list[float]] = []
    for rank, index in enumerate(order):
        pools.append([wanted[index] - rank * gap])
        while len(pools) > 1 and _mean(pools[-2]) > _mean(pools[-1]):
            pools[-2:] = [[*pools[-2], *pools[-1]]]
    highest = high - gap * (len(wanted) - 1)
    lowered = [min(max(_mean(pool), low), highest) for pool in pools for _ in pool]
    placed = {index: lowered[rank] + rank * gap for rank, index in enumerate(order)}
    return [placed[index] for index in range(len(wanted))]


def _mean(pool: Sequence[float]) -> float:
    return sum(pool) / len(pool)
