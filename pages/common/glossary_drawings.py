"""The small drawings of the glossary, as SVG text in the colours of the page's theme."""

from __future__ import annotations

from collections.abc import Callable

from core.export.palette import Scheme

_WIDTH, _HEIGHT = 150, 80


def draw(name: str, scheme: Scheme) -> str:
    """Return the drawing of this name."""
    return (
        f"<svg xmlns='http://www.w3.org/2000/svg' width='{_WIDTH}' height='{_HEIGHT}' "
        f"viewBox='0 0 {_WIDTH} {_HEIGHT}'>{DRAWINGS[name](scheme)}</svg>"
    )


def _interval(scheme: Scheme) -> str:
    return (
        _line(10, 55, 140, 55, scheme.grid)
        + _rect(60, 34, 60, 12, scheme.right, 0.35)
        + f"<circle cx='92' cy='40' r='8' fill='{scheme.right}'/>"
        + _line(30, 20, 30, 60, scheme.wrong, dashes="4 3")
    )


def _curves(scheme: Scheme) -> str:
    return (
        _line(10, 70, 140, 70, scheme.grid)
        + _path("M10 66 C40 20 80 14 140 8", scheme.wrong, dashes="5 3")
        + _path("M10 66 C40 28 70 26 90 28 S120 32 140 36", scheme.right)
        + f"<circle cx='84' cy='27' r='7' fill='none' stroke='{scheme.right}' stroke-width='2'/>"
    )


def _matrix(scheme: Scheme) -> str:
    shades = (0.9, 0.1, 0.05, 0.3, 0.7, 0.05, 0.05, 0.1, 0.9)
    cells = []
    for index, shade in enumerate(shades):
        row, column = divmod(index, 3)
        color = scheme.right if row == column else scheme.wrong
        cells.append(_rect(40 + 24 * column, 4 + 24 * row, 22, 22, color, shade))
    return "".join(cells)


def _calibration(scheme: Scheme) -> str:
    dots = ((45, 60), (65, 50), (85, 44), (105, 34))
    return _line(30, 75, 120, 5, scheme.muted, dashes="4 3") + "".join(
        f"<circle cx='{x}' cy='{y}' r='5' fill='{scheme.right}'/>" for x, y in dots
    )


def _heatmap(scheme: Scheme) -> str:
    return (
        "<rect x='40' y='5' width='70' height='70' rx='4' fill='#440154'/>"
        "<circle cx='70' cy='36' r='26' fill='#31688e'/><circle cx='68' cy='34' r='17' fill='#35b779'/>"
        "<circle cx='67' cy='33' r='9' fill='#fde725'/>"
    )


def _splits(scheme: Scheme) -> str:
    return (
        _rect(8, 28, 100, 24, scheme.muted, 0.45)
        + _rect(110, 28, 15, 24, scheme.right, 0.6)
        + _rect(127, 28, 15, 24, scheme.wrong, 0.8)
    )


def _rect(x: float, y: float, width: float, height: float, color: str, opacity: float) -> str:
    return (
        f"<rect x='{x}' y='{y}' width='{width}' height='{height}' rx='3' fill='{color}' opacity='{opacity}'/>"
    )


def _line(x1: float, y1: float, x2: float, y2: float, color: str, dashes: str = "none") -> str:
    return (
        f"<line x1='{x1}' y1='{y1}' x2='{x2}' y2='{y2}' stroke='{color}' stroke-width='2' "
        f"stroke-dasharray='{dashes}'/>"
    )


def _path(shape: str, color: str, dashes: str = "none") -> str:
    return f"<path d='{shape}' fill='none' stroke='{color}' stroke-width='2.5' stroke-dasharray='{dashes}'/>"


DRAWINGS: dict[str, Callable[[Scheme], str]] = {
    "interval": _interval,
    "curves": _curves,
    "matrix": _matrix,
    "calibration": _calibration,
    "heatmap": _heatmap,
    "splits": _splits,
}
