"""A figure of heatmaps: for each image, the evidence for the predicted class and for the true class."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.figure import Figure
from numpy.typing import NDArray
from PIL import Image

from core.explain.heatmaps import Heatmap
from core.export.drawing import finish, new_figure, shortened
from core.export.figures import caption
from core.export.overlay import STRENGTH, heatmap_overlay
from core.export.palette import INK


@dataclass(frozen=True)
class Explained:
    """One RGB image with its prediction, and heatmaps (h, w) in [0, 1] of the evidence for each class.

    ``true_heatmap`` is None if the prediction is correct or no heatmap is available.
    """

    image: Image.Image
    true: str
    predicted: str
    confidence: float
    predicted_heatmap: Heatmap
    true_heatmap: Heatmap | None = None


def heatmap_grid(explained: Sequence[Explained], strength: float = STRENGTH) -> Figure:
    """Plot a row per image: the image, the evidence for the predicted class, and for the true class.

    Args:
        explained: at least one; the last column is omitted if no row has a heatmap for it.
        strength: see :func:`core.export.overlay.heatmap_overlay`.
    """
    columns = 3 if any(row.true_heatmap is not None for row in explained) else 2
    figure = new_figure(3 * columns + 0.9, 3.1 * len(explained) + 0.1)
    panels = figure.subplots(len(explained), columns, squeeze=False)
    for axes, row in zip(panels, explained, strict=True):
        _draw_row(axes, row, strength)
    for axes in panels.flat:
        axes.set(xticks=[], yticks=[])
        axes.spines[:].set_visible(False)
    _add_scale(figure, panels)
    return finish(figure)


def _draw_row(panels: NDArray[Any], row: Explained, strength: float) -> None:
    panels[0].imshow(row.image)
    _name(panels[0], caption(row.true, row.predicted, row.confidence))
    maps = [("predicted", row.predicted, row.predicted_heatmap), ("true", row.true, row.true_heatmap)]
    for axes, (role, class_name, heatmap) in zip(panels[1:], maps, strict=False):
        if heatmap is None:
            continue
        axes.imshow(heatmap_overlay(row.image, heatmap, strength))
        _name(axes, f"evidence for the {role} class:\n{shortened(class_name)}")
        if not np.any(heatmap):
            axes.set_xlabel("no evidence for this class")


def _name(axes: Axes, title: str) -> None:
    axes.set_title(title, fontsize=9, loc="left", color=INK)


def _add_scale(figure: Figure, panels: NDArray[Any]) -> None:
    """Add a colour scale as high as one row, whatever the number of rows."""
    height = 0.8 / len(panels)
    bar = figure.colorbar(ScalarMappable(cmap="viridis"), ax=panels, ticks=[0, 1], shrink=height, aspect=18)
    bar.ax.set_yticklabels(["no evidence", "most evidence"])
    bar.outline.set_visible(False)
