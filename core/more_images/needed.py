"""How many training images one kind of settings needs for the score that another reaches with all of them."""

from __future__ import annotations

from core.comparison import paired_tests
from core.comparison.paired_tests import Measured
from core.more_images.measuring import DataCurve, Size
from core.words import points, points_interval

MIN_SEEDS = 2


def needed(curves: dict[str, DataCurve]) -> str:
    """Say with how few images the better of two kinds of settings does what the other does with all.

    Args:
        curves: two, by name, measured on the same held-out images.

    Returns:
        A sentence with an interval over seeds and images, see :func:`core.comparison.paired_tests.settings`;
        empty while it cannot be said.
    """
    if len(curves) != 2 or not all(map(_is_measured, curves.values())) or not _are_alike(*curves.values()):
        return ""
    worse, better = sorted(curves, key=lambda name: curves[name].sizes[-1].accuracy)
    target, sizes = curves[worse].sizes[-1], curves[better].sizes
    for size in sizes[:-1]:
        difference = _difference(target, size, curves[better])
        if difference.low >= 0:
            interval = points_interval(difference.low, difference.high)
            return (
                f"With {size.images:,} of the {sizes[-1].images:,} images, {better} does at least as well as "
                f"{worse} with all {target.images:,}: its lead is {points(difference.difference)} "
                f"(95% CI: {interval})."
            )
    return f"It is not clear that {better} needs fewer images than {worse} for the same score."


def _is_measured(curve: DataCurve) -> bool:
    return bool(curve.sizes) and curve.sizes[-1].share == 1 and len(curve.sizes[-1].right) >= MIN_SEEDS


def _are_alike(first: DataCurve, second: DataCurve) -> bool:
    return first.held_out == second.held_out and first.ids == second.ids


def _difference(target: Size, size: Size, curve: DataCurve) -> Measured:
    """Compare the runs with the same number of seeds; which seed meets which does not matter."""
    seeds = min(len(target.right), len(size.right))
    if seeds < MIN_SEEDS:
        return Measured("", seeds, 1.0, 0.0, -1.0, 1.0)
    return paired_tests.settings(target.right[:seeds], size.right[:seeds], curve.groups)
