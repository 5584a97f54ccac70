"""The headline of a result as two small drawings: a dot per test image, and accuracies with their intervals.

They are SVG text, drawn in no time on every page run, and the same on a page and in the HTML report.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import ceil, sqrt

from core.export.palette import Scheme
from core.report import Proportion
from core.words import percent

MAX_DOTS = 400
"""Of more images, several share a dot: smaller dots could not be distinguished."""
_STEP, _RADIUS = 14, 5
"""Pixels between the centres of two dots, and half the size of one."""
_LEFT, _SCALE, _RIGHT, _ROW = 84, 266, 70, 34
"""Pixels for names, for 0 to 100%, for the value behind it, and between two rows."""
_FONT = "font-family='system-ui, sans-serif' font-size='14'"


def images_per_dot(total: int) -> int:
    """Return how many images one dot stands for."""
    return max(1, ceil(total / MAX_DOTS))


def dots(correct: int, total: int, scheme: Scheme) -> str:
    """Draw a dot per image: filled ones for correct predictions, then hollow ones for mistakes.

    Args:
        correct: images classified correctly.
        total: all images, at least 1; see :func:`images_per_dot`.
        scheme: the colours.
    """
    each = images_per_dot(total)
    count, filled = ceil(total / each), round(correct / each)
    columns = max(1, ceil(sqrt(1.6 * count)))
    marks = []
    for index in range(count):
        x, y = (_STEP * (0.5 + place) for place in (index % columns, index // columns))
        look = f"fill='{scheme.right}'"
        if index >= filled:
            look = f"fill='none' stroke='{scheme.wrong}' stroke-width='2.4'"
        marks.append(f"<circle cx='{x:g}' cy='{y:g}' r='{_RADIUS if index < filled else 4}' {look}/>")
    return _svg(columns * _STEP, ceil(count / columns) * _STEP, "".join(marks))


def accuracies(by_name: Mapping[str, Proportion], guess: float | None, scheme: Scheme) -> str:
    """Draw accuracies as dots with bars for their 95% CIs from 0 to 100%, and a line at a guess's accuracy.

    Args:
        by_name: the accuracies to draw, the main one first; those without images are left out.
        guess: the accuracy of always answering the most common class, in [0, 1].
        scheme: the colours.
    """
    known = {name: one for name, one in by_name.items() if one.value is not None}
    top, bottom = 28, 28 + _ROW * len(known)
    parts = [_scale(top, bottom, scheme)]
    for index, (name, one) in enumerate(known.items()):
        parts.append(_row(name, one, top + _ROW * (index + 0.5), scheme, is_main=index == 0))
    if guess is not None:
        parts.append(_guess(guess, top, bottom, scheme))
    return _svg(_LEFT + _SCALE + _RIGHT, bottom + 22, "".join(parts))


def _x(share: float) -> float:
    return round(_LEFT + _SCALE * share, 1)


def _scale(top: float, bottom: float, scheme: Scheme) -> str:
    lines = [
        f"<line x1='{_x(tick)}' x2='{_x(tick)}' y1='{top}' y2='{bottom}' stroke='{scheme.grid}'/>"
        f"<text x='{_x(tick)}' y='{bottom + 17}' text-anchor='middle' fill='{scheme.muted}' {_FONT}>"
        f"{percent(tick, 0)}</text>"
        for tick in (0, 0.5, 1)
    ]
    return "".join(lines)


def _row(name: str, one: Proportion, y: float, scheme: Scheme, *, is_main: bool) -> str:
    assert one.value is not None and one.low is not None and one.high is not None
    height, radius, weight = (12, 7, 600) if is_main else (6, 4.5, 400)
    low, high = _x(one.low), _x(one.high)
    return (
        f"<text x='0' y='{y + 5}' fill='{scheme.ink}' font-weight='{weight}' {_FONT}>{name}</text>"
        f"<rect x='{low}' width='{high - low:g}' y='{y - height / 2}' height='{height}' rx='{height / 2}' "
        f"fill='{scheme.right}' opacity='0.35'/>"
        f"<circle cx='{_x(one.value)}' cy='{y}' r='{radius}' fill='{scheme.right}'/>"
        f"<text x='{_x(1) + 14}' y='{y + 5}' fill='{scheme.ink}' font-weight='{weight}' {_FONT}>"
        f"{percent(one.value)}</text>"
    )


def _guess(guess: float, top: float, bottom: float, scheme: Scheme) -> str:
    anchor = "start" if guess < 0.6 else "end"
    return (
        f"<line x1='{_x(guess)}' x2='{_x(guess)}' y1='{top - 8}' y2='{bottom}' stroke='{scheme.wrong}' "
        "stroke-width='2' stroke-dasharray='4 3'/>"
        f"<text x='{_x(guess)}' y='{top - 13}' text-anchor='{anchor}' fill='{scheme.ink}' {_FONT}>"
        f"guessing: {percent(guess)}</text>"
    )


def _svg(width: float, height: float, content: str) -> str:
    return (
        f"<svg xmlns='http://www.w3.org/2000/svg' width='{width:g}' height='{height:g}' "
        f"viewBox='0 0 {width:g} {height:g}'>{content}</svg>"
    )
