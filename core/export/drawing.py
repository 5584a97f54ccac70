"""What all figures share: paper, ink, names letter by letter, and the way out as PNG or SVG.

The background is white and opaque: a figure looks the same on a light page, on a dark one, in print and
in somebody's slides, where a transparent one would put dark letters on dark ground.
"""

from __future__ import annotations

from functools import cache
from io import BytesIO

from matplotlib import font_manager
from matplotlib.figure import Figure
from matplotlib.text import Text

_MAX_NAME_LENGTH = 28
_FONTS_OF_OTHER_SCRIPTS = (
    *("Noto Sans CJK JP", "Noto Sans CJK SC", "WenQuanYi Zen Hei", "Hiragino Sans", "PingFang SC"),
    *("Microsoft YaHei", "Yu Gothic", "Malgun Gothic", "Noto Sans Devanagari", "Noto Sans Thai"),
)


class NotebookFigure(Figure):
    """A figure that a notebook shows, which it would not do with one made without pyplot."""

    def _repr_png_(self) -> bytes:
        return png(self, dpi=100)


def new_figure(width: float, height: float) -> Figure:
    """An empty figure of this size in inches, made without pyplot, whose state threads would share."""
    return NotebookFigure(figsize=(width, height), layout="compressed", facecolor="white")


def finish(figure: Figure) -> Figure:
    """Show every text letter by letter (a ``$`` in a class name is a dollar) and leave only needed lines."""
    for text in figure.findobj(Text):
        text.set_parse_math(False)
        text.set_fontfamily(_fonts())
    for axes in figure.axes:
        axes.spines[["top", "right"]].set_visible(False)
    return figure


@cache
def _fonts() -> list[str]:
    """Matplotlib's own font, then what this machine has for the letters it lacks."""
    installed = set(font_manager.get_font_names())
    return ["DejaVu Sans", *(name for name in _FONTS_OF_OTHER_SCRIPTS if name in installed)]


def shortened(name: str, max_length: int = _MAX_NAME_LENGTH) -> str:
    """A name on one line, cut where it is too long for a figure."""
    name = " ".join(str(name).split())
    return name if len(name) <= max_length else f"{name[: max_length - 1]}…"


def png(figure: Figure, dpi: int = 160) -> bytes:
    """The figure as a PNG file; 160 dots an inch are sharp on a screen of double density."""
    buffer = BytesIO()
    figure.savefig(buffer, format="png", dpi=dpi, bbox_inches="tight")
    return buffer.getvalue()


def svg(figure: Figure) -> bytes:
    """The figure as an SVG file; letters are drawn as shapes, so no font is needed."""
    buffer = BytesIO()
    figure.savefig(buffer, format="svg", bbox_inches="tight", metadata={"Date": None})
    return buffer.getvalue()
