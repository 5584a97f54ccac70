"""Figures of a run, for the page, the report and to take away.

Every function returns a matplotlib figure that any thread may draw; :func:`png` and :func:`svg` make a
file of it. Class names are shown letter by letter, long ones shortened.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import cv2
import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import PowerNorm
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, PercentFormatter
from numpy.typing import NDArray
from PIL import Image

from core.evaluation.calibration import Bin
from core.explain.heatmaps import Heatmap
from core.export.drawing import BLUE, FAINT, GRID, INK, ORANGE, finish, new_figure, shortened
from core.export.drawing import png as png
from core.export.drawing import svg as svg

STRENGTH = 0.6
"""How much a heatmap covers its picture where nothing else is asked for."""
LARGEST_ANNOTATED = 25
"""Classes up to which a confusion matrix has room for a number in every cell."""
LARGEST_NAMED = 120
"""Classes up to which every row and column has its name; with more, every second or third has."""


def learning_curves(history: Sequence[Mapping[str, Any]], kept_epoch: int | None = None) -> Figure:
    """Accuracy and loss by epoch, training and validation, the kept epoch marked.

    Args:
        history: one mapping an epoch, as ``Run.metrics()`` gives them; None leaves a gap.
        kept_epoch: the epoch (from 1) whose weights were kept.
    """
    figure = new_figure(10, 3.6)
    left, right = figure.subplots(1, 2)
    for axes, name in ((left, "accuracy"), (right, "loss")):
        _curve(axes, history, name, "training", ORANGE)
        _curve(axes, history, f"val_{name}", "validation", BLUE)
        _mark_kept_epoch(axes, history, f"val_{name}", kept_epoch)
        axes.set(title=name.capitalize(), xlabel="Epoch", xlim=(0.5, max(len(history), 1) + 0.5))
        axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
        axes.grid(axis="y", color=GRID)
        axes.legend(frameon=False)
    left.set_ylim(0, 1.02)
    left.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    right.update_datalim([(1, 0)])
    right.autoscale_view()
    right.set_ylim(bottom=0)
    return finish(figure)


def _curve(axes: Axes, history: Sequence[Mapping[str, Any]], name: str, label: str, colour: str) -> None:
    epochs = [line["epoch"] for line in history]
    marker = "o" if len(epochs) <= 40 else None
    axes.plot(
        epochs, _values(history, name), color=colour, label=label, linewidth=2, marker=marker, markersize=3.5
    )


def _mark_kept_epoch(
    axes: Axes, history: Sequence[Mapping[str, Any]], name: str, kept_epoch: int | None
) -> None:
    kept = [line for line in history if line["epoch"] == kept_epoch]
    if not kept:
        return
    label = f"kept: epoch {kept_epoch}"
    ring: dict[str, Any] = {"marker": "o", "markersize": 10, "markerfacecolor": "none", "markeredgewidth": 2}
    axes.axvline(kept[0]["epoch"], color=FAINT, linestyle=":", linewidth=1.5, zorder=0)
    axes.plot(kept[0]["epoch"], _values(kept, name)[0], color=BLUE, linestyle="none", label=label, **ring)


def _values(history: Sequence[Mapping[str, Any]], name: str) -> list[float]:
    return [float("nan") if line.get(name) is None else float(line[name]) for line in history]


def confusion_matrix(matrix: Any, class_names: Sequence[str], *, normalise: bool = False) -> Figure:
    """How often each true class (row) got each answer (column).

    Colour grows with the square root, so that a few mistakes are seen beside many right answers.

    Args:
        matrix: (C, C) counts.
        class_names: C names.
        normalise: show per cent of the row, the true class, instead of counts.
    """
    import seaborn

    counts = np.asarray(matrix)
    values = 100 * counts / np.maximum(counts.sum(axis=1, keepdims=True), 1) if normalise else counts
    size = float(np.clip(0.62 * len(counts), 3.0, 14.0))
    is_small = len(counts) <= LARGEST_ANNOTATED
    unit = "per cent of the true class" if normalise else "pictures"
    figure = new_figure(size + 2.4, size + 1.2)
    axes = seaborn.heatmap(
        values,
        ax=figure.subplots(),
        cmap="Blues",
        norm=PowerNorm(0.5, vmin=0, vmax=100 if normalise else max(counts.max(initial=0), 1)),
        square=True,
        linewidths=0.6 if is_small else 0,
        xticklabels=False,
        yticklabels=False,
        cbar_kws={"label": unit, "shrink": 0.6, "aspect": 25},
    )
    if is_small:
        _write_cells(axes, values)
    _name_classes(axes, class_names)
    return finish(figure)


def _write_cells(axes: Axes, values: NDArray[Any]) -> None:
    """Whole numbers; nothing in cells without pictures, so that the eye finds the mistakes."""
    size = 9 if len(values) > 12 else 10.5
    shades = np.asarray(axes.collections[0].norm(values))
    for row, column in np.argwhere(values):
        ink = "white" if shades[row, column] > 0.6 else INK
        text = f"{values[row, column]:.0f}"
        axes.text(column + 0.5, row + 0.5, text, ha="center", va="center", color=ink, fontsize=size)


def _name_classes(axes: Axes, class_names: Sequence[str]) -> None:
    """Not left to seaborn, which reads a ``$`` as mathematics while it looks for room."""
    classes = len(class_names)
    named = range(0, classes, -(-classes // LARGEST_NAMED))
    names = [shortened(class_names[at]) for at in named]
    size = 10 if classes <= LARGEST_ANNOTATED else 6.5
    slant: dict[str, Any] = {}
    if classes > LARGEST_ANNOTATED:
        slant = {"rotation": 90}
    elif classes > 6 or max(map(len, names)) > 9:
        slant = {"rotation": 40, "ha": "right", "rotation_mode": "anchor"}
    axes.set_xticks(np.array(named) + 0.5, names, parse_math=False, fontsize=size, **slant)
    axes.set_yticks(np.array(named) + 0.5, names, parse_math=False, fontsize=size)
    axes.tick_params(length=0)
    axes.set_xlabel("Predicted class", fontsize=11)
    axes.set_ylabel("True class", fontsize=11)


def worst_predictions(
    images: Sequence[Any], true: Sequence[str], predicted: Sequence[str], confidences: Sequence[float]
) -> Figure:
    """Pictures answered wrongly, each with its class, the answer and how sure the model was.

    Args:
        images: PIL pictures or uint8 arrays (H, W, 3), any number of them.
        true: the class name of each.
        predicted: the answer to each.
        confidences: the probability of that answer, in [0, 1].
    """
    columns = max(min(5, len(images)), 1)
    rows = max(-(-len(images) // columns), 1)
    figure = new_figure(2.3 * columns + 0.3, 2.75 * rows)
    tiles = figure.subplots(rows, columns, squeeze=False).ravel()
    for axes in tiles:
        axes.set_axis_off()
    if not len(images):
        tiles[0].text(0.5, 0.5, "No mistakes.", ha="center", va="center", color=INK)
    captions = [
        f"is {shortened(is_class)}\ncalled {shortened(answer)} ({100 * sure:.0f} %)"
        for is_class, answer, sure in zip(true, predicted, confidences, strict=True)
    ]
    for axes, image, caption in zip(tiles, images, captions, strict=False):
        axes.imshow(image)
        axes.set_title(caption, fontsize=9.5, loc="left", color=INK)
    return finish(figure)


def heatmap_overlay(picture: Image.Image, heatmap: Heatmap, strength: float = STRENGTH) -> NDArray[np.uint8]:
    """The picture with the heatmap over it: dark violet where nothing mattered, yellow where most did.

    Args:
        picture: RGB, H pixels high and W wide.
        heatmap: (h, w) in [0, 1], as coarse as it is; it is smoothly enlarged to the picture's size.
        strength: 0 shows the picture alone, 1 the heatmap alone.

    Returns:
        uint8 (H, W, 3).
    """
    enlarged = Image.fromarray(np.asarray(heatmap, np.float32)).resize(picture.size, Image.Resampling.BICUBIC)
    colours = colormaps["viridis"](np.clip(np.asarray(enlarged), 0, 1))[..., :3] * 255
    mixed = (1 - strength) * np.asarray(picture.convert("RGB")) + strength * colours
    return np.asarray(np.rint(mixed), np.uint8)


def outlined(picture: NDArray[np.uint8], area: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """The picture (H, W, 3) with a white line around an area of coarse cells (h, w), seen on any ground."""
    size = picture.shape[1], picture.shape[0]
    smooth = cv2.resize(area.astype(np.float32), size, interpolation=cv2.INTER_LINEAR)
    outlines, _ = cv2.findContours((smooth > 0.5).astype(np.uint8), cv2.RETR_LIST, cv2.CHAIN_APPROX_NONE)
    drawn = picture.copy()
    for colour, width in ((0, 4), (255, 2)):
        cv2.drawContours(drawn, outlines, -1, (colour, colour, colour), width, cv2.LINE_AA)
    return drawn


def heatmap_pair(
    picture: Image.Image,
    predicted: tuple[str, Heatmap],
    true: tuple[str, Heatmap] | None = None,
    strength: float = STRENGTH,
) -> Figure:
    """The picture, what spoke for the predicted class, and what spoke for the true one.

    Args:
        picture: RGB.
        predicted: class name and heatmap (h, w) in [0, 1].
        true: the same for the true class; None where the answer is right.
        strength: see :func:`heatmap_overlay`.
    """
    maps = [("for the answer", *predicted)] + ([("for the true class", *true)] if true else [])
    figure = new_figure(3 * (1 + len(maps)) + 0.9, 3.4)
    panels = figure.subplots(1, 1 + len(maps))
    panels[0].imshow(picture)
    panels[0].set_title("the picture", loc="left")
    for axes, (role, class_name, heatmap) in zip(panels[1:], maps, strict=True):
        axes.imshow(heatmap_overlay(picture, heatmap, strength))
        axes.set_title(f"{role}: {shortened(class_name)}", loc="left")
        if not np.any(heatmap):
            axes.set_xlabel("nothing in the picture spoke for it")
    for axes in panels:
        axes.set(xticks=[], yticks=[])
        axes.spines[:].set_visible(False)
    bar = figure.colorbar(ScalarMappable(cmap="viridis"), ax=panels, ticks=[0, 1], shrink=0.8)
    bar.ax.set_yticklabels(["did not matter", "mattered most"])
    bar.outline.set_visible(False)
    return finish(figure)


def reliability(bins: Sequence[Bin], calibration_error: float | None = None) -> Figure:
    """How sure the model was against how often it was right, with intervals, and pictures a bin."""
    figure = new_figure(5.2, 5.4)
    upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=(4, 1))
    upper.plot([0, 1], [0, 1], color=FAINT, linestyle="--", label="as sure as it is right")
    _accuracy_by_confidence(upper, bins)
    places = np.array([(b.low, b.high - b.low, b.accuracy.total) for b in bins]).reshape(-1, 3)
    lower.bar(places[:, 0], places[:, 2], places[:, 1], align="edge", color=BLUE, edgecolor="white")
    upper.set(ylabel="Right", xlim=(0, 1), ylim=(0, 1.02))
    lower.set(xlabel="How sure the model was", ylabel="Pictures")
    for axis in (upper.yaxis, lower.xaxis):
        axis.set_major_formatter(PercentFormatter(1, decimals=0))
    upper.legend(frameon=False)
    if calibration_error is not None:
        upper.set_title(f"On average off by {100 * calibration_error:.1f} points")
    return finish(figure)


def _accuracy_by_confidence(axes: Axes, bins: Sequence[Bin]) -> None:
    right = np.array([(b.accuracy.value, b.accuracy.low, b.accuracy.high) for b in bins]).reshape(-1, 3)
    lengths = np.abs(right[:, 1:] - right[:, :1]).T
    sure = [b.confidence for b in bins]
    axes.errorbar(
        sure, right[:, 0], lengths, fmt="o-", color=BLUE, capsize=3, label="this model, 95 % interval"
    )
