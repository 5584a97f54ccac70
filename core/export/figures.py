"""Figures of a run, for the report and for download.

Every function returns a Matplotlib figure that any thread may draw; :func:`png` and :func:`svg` turn it
into a file. Class names are shown verbatim, long ones shortened.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator
from numpy.typing import NDArray

from core.evaluation import confusion
from core.evaluation.calibration import Bin
from core.export import label_placement, palette
from core.export.drawing import distinct_names, finish, new_figure
from core.export.drawing import png as png
from core.export.drawing import svg as svg
from core.export.palette import BLUE, GREY, GRID, INK, ORANGE, TRAINING, VALIDATION
from core.report import Epoch, Metric
from core.words import percent, points

MAX_CAPTION_NAME = 16
"""Characters of a class name that fit above an image in a grid."""
_ABOVE = 22
"""Points between curves and their title, for the name of the best epoch."""


def learning_curves(history: Sequence[Epoch], kept_epoch: int | None = None) -> Figure:
    """Plot accuracy and loss by epoch, for training and validation, with the best epoch marked.

    Args:
        history: the finished epochs, as returned by ``Run.metrics()``; None leaves a gap.
        kept_epoch: the best epoch (from 1), whose weights were kept.
    """
    figure = new_figure(10, 3.6)
    for axes, (metric, columns) in zip(figure.subplots(1, 2), palette.COLUMNS.items(), strict=True):
        for split, column in columns.items():
            _curve(axes, history, column, split)
        _mark_kept_epoch(axes, history, columns[VALIDATION], kept_epoch)
        axes.set_title(metric.capitalize(), pad=_ABOVE)
        axes.set(xlabel="Epoch", xlim=(0, max(len(history), 1)))
        axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
        axes.yaxis.set_major_formatter(_formatter(palette.AXIS_FORMATS[metric]))
        axes.update_datalim([(1, 0)] if metric == "loss" else [(1, 0), (1, 1)])
        axes.autoscale_view(scalex=False)
        axes.set_ylim(bottom=0)
        axes.grid(axis="y", color=GRID)
        _label_ends(axes, history, metric)
    return finish(figure)


def _formatter(form: str) -> FuncFormatter:
    return FuncFormatter(lambda value, _: format(value, form))


def _curve(axes: Axes, history: Sequence[Epoch], column: Metric, split: str) -> None:
    axes.plot(
        [line["epoch"] for line in history],
        _values(history, column),
        color=palette.SPLIT_COLORS[split],
        linestyle="--" if split == TRAINING else "-",
        label=split,
        linewidth=2,
        marker="o" if len(history) <= 40 else None,
        markersize=3.5,
    )


def _label_ends(axes: Axes, history: Sequence[Epoch], metric: str) -> None:
    """Write the name and the value of each curve to the right of its end, as on the screen."""
    known = {
        split: [(line["epoch"], value) for line in history if (value := line.get(column)) is not None]
        for split, column in palette.COLUMNS[metric].items()
    }
    ends = {split: at[-1] for split, at in known.items() if at and math.isfinite(at[-1][1])}
    values = {split: value for split, (_, value) in ends.items()}
    heights = label_placement.beside_ends(values, top=axes.get_ylim()[1])
    for split, (epoch, value) in ends.items():
        axes.annotate(
            palette.end_label(split, metric, value),
            (epoch, heights[split]),
            xytext=(9, 0),
            textcoords="offset points",
            va="center",
            color=palette.SPLIT_COLORS[split],
            weight="bold",
            annotation_clip=False,
        )


def _mark_kept_epoch(axes: Axes, history: Sequence[Epoch], column: Metric, kept_epoch: int | None) -> None:
    """Mark the best epoch with a line and a ring, and name it above the curves."""
    kept = [line for line in history if line["epoch"] == kept_epoch]
    if not kept:
        return
    epoch, color = kept[0]["epoch"], palette.SPLIT_COLORS[VALIDATION]
    axes.axvline(epoch, color=GREY, linestyle=":", linewidth=1.5, zorder=0)
    axes.scatter(
        epoch,
        _values(kept, column),
        s=100,
        facecolors="none",
        edgecolors=color,
        linewidths=2,
    )
    axes.annotate(
        palette.kept_label(epoch),
        (epoch, 1),
        xycoords=("data", "axes fraction"),
        xytext=(0, 6),
        textcoords="offset points",
        ha="right" if 2 * epoch > len(history) else "left",
        color=GREY,
    )


def _values(history: Sequence[Epoch], column: Metric) -> list[float]:
    values = (line.get(column) for line in history)
    return [float("nan") if value is None else value for value in values]


def confusion_matrix(matrix: Any, class_names: Sequence[str], *, normalise: bool = False) -> Figure:
    """Plot how many images of each true class (row) were predicted as each class (column).

    Correct predictions are grey. The colour of mistakes scales with the square root, so that a few remain
    visible beside many.

    Args:
        matrix: (C, C) counts.
        class_names: C names.
        normalise: show percentages of the row, the true class, instead of counts.
    """
    import seaborn

    values = confusion.row_shares(matrix) if normalise else np.asarray(matrix)
    is_correct = np.eye(len(values), dtype=bool)
    shades = palette.shades(values, is_correct)
    size = float(np.clip(0.62 * len(values), 3.0, 14.0))
    is_annotated = len(values) <= palette.MAX_ANNOTATED
    figure = new_figure(size + 1.4, size + 1.2)
    axes = seaborn.heatmap(
        np.where(is_correct, -shades, shades),
        ax=figure.subplots(),
        cmap=LinearSegmentedColormap.from_list("correct, none, wrong", [GREY, "white", ORANGE]),
        vmin=-1,
        vmax=1,
        square=True,
        linewidths=0.6 if is_annotated else 0,
        linecolor=GRID,
        xticklabels=False,
        yticklabels=False,
        cbar=False,
    )
    shown = "share" if normalise else "count"
    if is_annotated:
        _write_cells(axes, values, shown)
    else:
        largest = palette.cell_text(shown, np.where(is_correct, 0, values).max())
        axes.set_title(f"Correct: grey. Wrong: orange, darkest for {largest}", fontsize=11)
    _name_classes(axes, class_names)
    return finish(figure)


def _write_cells(axes: Axes, values: NDArray[Any], shown: str) -> None:
    """Leave cells without images empty, so that mistakes stand out."""
    size = 9 if len(values) > 12 else 10.5
    for row, column in np.argwhere(values):
        text = palette.cell_text(shown, values[row, column])
        axes.text(column + 0.5, row + 0.5, text, ha="center", va="center", color=INK, fontsize=size)


def _name_classes(axes: Axes, class_names: Sequence[str]) -> None:
    """Label the axes here, since seaborn interprets a ``$`` as mathematics when it measures labels."""
    classes = len(class_names)
    named = range(0, classes, -(-classes // palette.MAX_NAMED))
    shortened = distinct_names(class_names)
    names = [shortened[index] for index in named]
    size = 10 if classes <= palette.MAX_ANNOTATED else 6.5
    slant: dict[str, Any] = {}
    if classes > palette.MAX_ANNOTATED:
        slant = {"rotation": 90}
    elif classes > 6 or max(map(len, names)) > 9:
        slant = {"rotation": 40, "ha": "right", "rotation_mode": "anchor"}
    axes.set_xticks(np.array(named) + 0.5, names, parse_math=False, fontsize=size, **slant)
    axes.set_yticks(np.array(named) + 0.5, names, parse_math=False, fontsize=size)
    axes.tick_params(length=0)
    axes.set_xlabel(palette.PREDICTED, fontsize=11)
    axes.set_ylabel(palette.TRUE, fontsize=11)


def worst_predictions(
    images: Sequence[Any], true: Sequence[str], predicted: Sequence[str], confidences: Sequence[float]
) -> Figure:
    """Plot wrong predictions as a grid of images, each with its true and predicted class and confidence.

    Args:
        images: any number of PIL images or uint8 arrays (H, W, 3).
        true: the true class name of each image.
        predicted: the predicted class name of each image.
        confidences: the probability of each predicted class, in [0, 1].
    """
    columns = max(min(5, len(images)), 1)
    rows = max(-(-len(images) // columns), 1)
    figure = new_figure(2.55 * columns + 0.1, 3 * rows)
    tiles = figure.subplots(rows, columns, squeeze=False).ravel()
    for axes in tiles:
        axes.set_axis_off()
    if not len(images):
        tiles[0].text(0.5, 0.5, "No mistakes.", ha="center", va="center", color=INK)
    titles = map(caption, true, predicted, confidences)
    for axes, image, title in zip(tiles, images, titles, strict=False):
        axes.imshow(image)
        axes.set_title(title, fontsize=9, loc="left", color=INK)
    return finish(figure)


def caption(true: str, predicted: str, confidence: float) -> str:
    """Return the two lines above an image: its true class, and the predicted class with the confidence."""
    true, predicted = distinct_names((true, predicted), MAX_CAPTION_NAME)
    return f"true: {true}\npredicted: {predicted} ({percent(confidence, 0)})"


def reliability(bins: Sequence[Bin], calibration_error: float | None = None) -> Figure:
    """Plot accuracy against confidence, with intervals, and the number of images per bin."""
    figure = new_figure(5.2, 5.4)
    upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=(4, 1))
    upper.plot([0, 1], [0, 1], color=GREY, linestyle="--", label="perfect calibration")
    _accuracy_by_confidence(upper, bins)
    bars = np.array([(b.low, b.high - b.low, b.accuracy.total) for b in bins]).reshape(-1, 3)
    lower.bar(bars[:, 0], bars[:, 2], bars[:, 1], align="edge", color=BLUE, edgecolor="white")
    upper.set(ylabel="Accuracy", xlim=(0, 1), ylim=(0, 1.02))
    lower.set(xlabel="Confidence", ylabel="Images")
    for axis in (upper.yaxis, lower.xaxis):
        axis.set_major_formatter(_formatter(palette.AXIS_FORMATS["accuracy"]))
    upper.legend(frameon=False)
    if calibration_error is not None:
        upper.set_title(f"Calibration error: {points(calibration_error)}")
    return finish(figure)


def _accuracy_by_confidence(axes: Axes, bins: Sequence[Bin]) -> None:
    accuracy = np.array([(b.accuracy.value, b.accuracy.low, b.accuracy.high) for b in bins]).reshape(-1, 3)
    lengths = np.abs(accuracy[:, 1:] - accuracy[:, :1]).T
    confidence = [b.confidence for b in bins]
    axes.errorbar(
        confidence, accuracy[:, 0], lengths, fmt="o-", color=BLUE, capsize=3, label="this model, 95% CI"
    )
