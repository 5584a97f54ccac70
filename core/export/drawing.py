"""What all figures share: background, ink, verbatim names, and export as PNG or SVG.

The background is white and opaque, so a figure looks the same on a light page, on a dark page, in print
and on slides. A transparent one could put dark text on a dark background.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from functools import cache
from io import BytesIO
from itertools import count

from matplotlib import font_manager
from matplotlib.figure import Figure
from matplotlib.text import Text

_MAX_NAME_LENGTH = 28
_FONTS_OF_OTHER_SCRIPTS = (
    *("Noto Sans CJK JP", "Noto Sans CJK SC", "WenQuanYi Zen Hei", "Hiragino Sans", "PingFang SC"),
    *("Microsoft YaHei", "Yu Gothic", "Malgun Gothic", "Noto Sans Devanagari", "Noto Sans Thai"),
)


class NotebookFigure(Figure):
    """A figure that a notebook displays; figures created without pyplot otherwise are not."""

    def _repr_png_(self) -> bytes:
        return png(self, dpi=100)


def new_figure(width: float, height: float) -> Figure:
    """Return an empty figure of this size in inches, without pyplot, whose state is shared by all threads."""
    return NotebookFigure(figsize=(width, height), layout="compressed", facecolor="white")


def finish(figure: Figure) -> Figure:
    """Show all text verbatim (a ``$`` in a class name is a dollar sign) and remove needless axis lines."""
    for text in figure.findobj(Text):
        text.set_parse_math(False)
        text.set_fontfamily(_fonts())
    for axes in figure.axes:
        axes.spines[["top", "right"]].set_visible(False)
    return figure


@cache
def _fonts() -> list[str]:
    """Return Matplotlib's own font, then this machine's fonts for the characters it lacks."""
    installed = set(font_manager.get_font_names())
    return ["DejaVu Sans", *(name for name in _FONTS_OF_OTHER_SCRIPTS if name in installed)]


def shortened(name: str, max_length: int = _MAX_NAME_LENGTH) -> str:
    """Return a name on one line; one that is too long for a figure loses its middle.

    Long names of one data set mostly differ at their end: ``Phalaenopsis amabilis var alba``.
    """
    name = " ".join(str(name).split())
    if len(name) <= max_length:
        return name
    end = (max_length - 1) * 2 // 5
    return f"{name[: max_length - 1 - end]}…{name[-end:]}"


def distinct_names(names: Sequence[str], max_length: int = _MAX_NAME_LENGTH) -> list[str]:
    """Return the names shortened; where different names would look the same, they are numbered."""
    short = {name: shortened(name, max_length) for name in names}
    alike = Counter(short.values())
    taken = set(alike)
    for name, looks in short.items():
        if alike[looks] > 1:
            endings = (f" ({number})" for number in count(1))
            numbered = (shortened(name, max_length - len(ending)) + ending for ending in endings)
            short[name] = next(one for one in numbered if one not in taken)
            taken.add(short[name])
    return [short[name] for name in names]


def png(figure: Figure, dpi: int = 160) -> bytes:
    """Return the figure as a PNG file; 160 dots per inch are sharp on a high-density screen."""
    buffer = BytesIO()
    figure.savefig(buffer, format="png", dpi=dpi, bbox_inches="tight")
    return buffer.getvalue()


def svg(figure: Figure) -> bytes:
    """Return the figure as an SVG file; text is drawn as shapes, so no font is needed."""
    buffer = BytesIO()
    figure.savefig(buffer, format="svg", bbox_inches="tight", metadata={"Date": None})
    return buffer.getvalue()
