"""What charts on the screen and figures in files share: colours, words and the form of numbers.

The colours are those of Okabe and Ito (2008, https://jfly.uni-koeln.de/color/): people who cannot distinguish
red from green still distinguish them. Formats are Python's; Vega reads them too.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

ORANGE, BLUE, GREEN = "#d55e00", "#0072b2", "#009e73"
GREY, GRID = "#8a8a8a", "#e6e8eb"
INK, INK_ON_DARK = "#1c2623", "#e6ece9"

TRAINING, VALIDATION = "training", "validation"
SPLIT_COLORS = {TRAINING: ORANGE, VALIDATION: BLUE}
SPLIT_COLORS_ON_DARK = {TRAINING: "#e69f00", VALIDATION: "#56b4e9"}
COLUMNS = {
    "accuracy": {TRAINING: "accuracy", VALIDATION: "val_accuracy"},
    "loss": {TRAINING: "loss", VALIDATION: "val_loss"},
}
"""Where a run's history has the values of each curve."""
AXIS_FORMATS = {"accuracy": ".0%", "loss": ".2f"}
VALUE_FORMATS = {"accuracy": ".1%", "loss": ".4f"}

PREDICTED, TRUE = "Predicted class", "True class"
CELL_FORMATS = {"count": "d", "share": ".0%", "difference": "+.0%"}
MAX_ANNOTATED, MAX_NAMED = 25, 120
"""Classes up to which every cell of a matrix holds its number, and up to which every row has its name."""
_FAINT, _STRONGEST = 0.15, 0.8


def kept_label(epoch: int) -> str:
    """The words beside the epoch whose weights were kept."""
    return f"kept: epoch {epoch}"


def shades(values: ArrayLike, faint: Any = False) -> NDArray[np.float64]:
    """How strongly each cell of a matrix is coloured, in [0, 1] and of the shape of ``values``.

    Shades grow with the square root, so that a few mistakes are seen beside many.

    Args:
        values: counts, shares or differences; their sign does not matter.
        faint: a mask of cells that all get one faint shade: right answers, which would outshine mistakes.
    """
    sizes = np.where(faint, 0, np.abs(values))
    return np.where(faint, _FAINT, _STRONGEST * np.sqrt(sizes / (sizes.max(initial=0) or 1)))
