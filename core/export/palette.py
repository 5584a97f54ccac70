"""What charts on the screen and figures in files share: colours, labels and number formats.

The colours are those of Okabe and Ito (2008, https://jfly.uni-koeln.de/color/), which are safe for
red-green colour blindness. The formats are Python's, which Vega accepts too.
"""

from __future__ import annotations

import colorsys
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from core.report import Metric
from core.words import short_percent, signed_percent

ORANGE, BLUE, GREEN = "#d55e00", "#0072b2", "#009e73"
GREY, GRID = "#8a8a8a", "#e6e8eb"
INK, INK_ON_DARK = "#0a120f", "#e6ece9"


@dataclass(frozen=True)
class Scheme:
    """The colours of a drawing on a light or a dark page; a hollow mark is wrong, a filled one right."""

    right: str
    wrong: str
    ink: str
    muted: str
    grid: str


ON_LIGHT = Scheme(right=BLUE, wrong=ORANGE, ink=INK, muted="#5f6663", grid="#d9dedb")
ON_DARK = Scheme(right="#56b4e9", wrong="#f0883e", ink=INK_ON_DARK, muted="#a3aba8", grid="#3a4340")

CATEGORIES = ("#b4661a", "#0f766e", "#5b5bb8", "#b23a6b", "#5d7a1f", "#8a5a44", "#4b6a88", "#77716a")
CATEGORIES_ON_DARK = (
    *("#e59d55", "#4fc1ae", "#a3a3f0", "#ea86ad", "#a9c96a", "#cc9a82", "#8fb1d1", "#b5afa6"),
)
"""Colours of classes, the theme's own (``chartCategoricalColors`` in .streamlit/config.toml)."""

TRAINING, VALIDATION = "training", "validation"
SPLIT_COLORS = {TRAINING: ORANGE, VALIDATION: BLUE}
SPLIT_COLORS_ON_DARK = {TRAINING: "#e69f00", VALIDATION: "#56b4e9"}
COLUMNS: dict[str, dict[str, Metric]] = {
    "accuracy": {TRAINING: "accuracy", VALIDATION: "val_accuracy"},
    "loss": {TRAINING: "loss", VALIDATION: "val_loss"},
}
"""The history's column for each curve."""
AXIS_FORMATS = {"accuracy": ".0%", "loss": ".2f"}
TICK_STEP = 0.01
"""Closer ticks would have the same label twice."""
VALUE_FORMATS = {"accuracy": ".1%", "loss": ".4f"}

PREDICTED, TRUE = "Predicted class", "True class"
MAX_ANNOTATED, MAX_NAMED = 25, 120
"""Maximum number of classes for a matrix with a number in every cell, and with a name at every row."""
_FAINT, _STRONGEST = 0.15, 0.8


def kept_label(epoch: int) -> str:
    """Return the label of the epoch whose weights were kept."""
    return f"best epoch: {epoch}"


def end_label(split: str, metric: str, value: float) -> str:
    """Return what is written at the end of a learning curve, which needs no legend then."""
    return f"{split} {short_percent(value) if metric == 'accuracy' else f'{value:.2f}'}"


def cell_text(shown: str, value: float) -> str:
    """Return what is written into a cell of a matrix: a count, a share or a difference of shares."""
    if shown == "share":
        return short_percent(value)
    return signed_percent(value) if shown == "difference" else str(value)


def shades(values: ArrayLike, faint: Any = False) -> NDArray[np.float64]:
    """Return the shade of each cell of a matrix, in [0, 1] and in the shape of ``values``.

    Shades scale with the square root, so that a few mistakes remain visible beside many.

    Args:
        values: counts, shares or differences; their sign does not matter.
        faint: mask of cells that get one faint shade: correct predictions, which would outshine mistakes.
    """
    sizes = np.where(faint, 0, np.abs(values))
    return np.where(faint, _FAINT, _STRONGEST * np.sqrt(sizes / (sizes.max(initial=0) or 1)))


def categories(count: int, *, on_dark: bool = False) -> list[str]:
    """Return a colour for each of so many classes; beyond the theme's eight, hues that are far apart."""
    own = CATEGORIES_ON_DARK if on_dark else CATEGORIES
    lightness = (0.72, 0.6) if on_dark else (0.42, 0.55)
    others = (
        colorsys.hls_to_rgb((index * _GOLDEN) % 1, lightness[index % 2], 0.5)
        for index in range(count - len(own))
    )
    return [*own[:count], *("#" + "".join(f"{round(255 * one):02x}" for one in rgb) for rgb in others)]


_GOLDEN = 0.618034
"""Steps of this share of the circle never meet again."""
