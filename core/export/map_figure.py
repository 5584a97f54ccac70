"""A map of images as a figure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke
from matplotlib.text import Text
from matplotlib.transforms import Bbox

from core import files
from core.export import palette
from core.export.drawing import distinct_names, finish, new_figure, png, svg
from core.export.label_placement import spread
from core.export.palette import GREY, INK
from core.image_map import making, subject, wording
from core.image_map.image_map import ImageMap
from core.image_map.table import NOT_ASKED, RIGHT, WRONG, ColourBy, categories, name_places
from core.image_map.table import table as table_of
from core.runs import Run

MAX_NAMED = 30
"""More class names would cover the points."""


@dataclass(frozen=True, eq=False)
class MapOfImages:
    """Where images lie: ``table``, see :func:`core.image_map.table.table`, and the map as a ``figure``."""

    table: pd.DataFrame
    figure: Figure


def of_run(run: Run, colour_by: ColourBy = "class") -> MapOfImages:
    """Return the map of a run's images, which is made once and stored beside its heatmaps.

    Raises:
        LabError: the data set is gone, or an image can no longer be read.
    """
    shown = subject.of_run(run)
    made = making.made(shown)
    images = table_of(shown, made)
    return MapOfImages(images, draw(images, made, colour_by))


def draw(table: pd.DataFrame, image_map: ImageMap, colour_by: ColourBy = "class") -> Figure:
    """Plot a map, a point per image.

    Args:
        table: its images, as :func:`core.image_map.table.table` returns them.
        image_map: the map.
        colour_by: class; split; or whether the prediction is right, for the images of a run that have one.
    """
    figure = new_figure(9, 8)
    axes = figure.subplots()
    kinds = categories(table, colour_by)
    names = sorted(set(kinds))
    colours = _colours(names, colour_by)
    for name in names:
        part = table[(kinds == name).to_numpy()]
        axes.scatter(
            part["x"], part["y"], s=_area(len(table)), color=colours[name], alpha=0.8, linewidths=0,
            label=name,
        )  # fmt: skip
    class_names = _name(axes, table) if colour_by == "class" else []
    if colour_by != "class" and names:
        axes.legend(frameon=False, markerscale=2)
    axes.set_axis_off()
    axes.set_aspect("equal")
    words = (wording.coverage(image_map), wording.BASIS[image_map.kind], wording.DISTANCES)
    axes.set_title("\n".join([" ".join(words[:2]), words[2]]), fontsize=9, color=GREY, loc="left")
    finish(figure)
    _part(figure, axes, class_names)
    return figure


def write(path: Path, figure: Figure) -> None:
    """Write a figure as the file's name says, ``.svg`` or PNG.

    Raises:
        LabError: the file cannot be written.
    """
    content = svg(figure) if path.suffix.lower() == ".svg" else png(figure)
    with files.replacing(path) as beside:
        beside.write_bytes(content)


def _colours(names: list[str], colour_by: ColourBy) -> dict[str, str]:
    if colour_by == "mistake":
        return {RIGHT: palette.BLUE, WRONG: palette.ORANGE, NOT_ASKED: palette.GRID}
    return dict(zip(names, palette.categories(len(names)), strict=True))


def _area(images: int) -> float:
    """The area of a point in points²: small where there are many."""
    return float(np.clip(30_000 / max(images, 1), 5, 40))


def _name(axes: Axes, table: pd.DataFrame) -> list[Text]:
    """Write the names of the largest classes where each is densest, and return them."""
    places = name_places(table)
    named = places.head(MAX_NAMED)
    written = [
        axes.text(
            x, y, short, ha="center", va="center", fontsize=11, weight="bold", color=INK,
            path_effects=[withStroke(linewidth=3, foreground="white")],
        )
        for short, x, y in zip(distinct_names(list(named["name"])), named["x"], named["y"], strict=True)
    ]  # fmt: skip
    if len(named) < len(places):
        words = f"{len(named)} of {len(places)} classes named"
        axes.text(0, 0, words, transform=axes.transAxes, fontsize=8, color=GREY)
    return written


def _part(figure: Figure, axes: Axes, names: Sequence[Text]) -> None:
    """Move names that would cover each other up or down."""
    figure.draw_without_rendering()  # after which it is known where they are
    boxes = {name: name.get_window_extent() for name in names}
    for group in _above_each_other(boxes):
        middles = [(boxes[name].y0 + boxes[name].y1) / 2 for name in group]
        line = 1.1 * max(boxes[name].height for name in group)
        for name, height in zip(group, spread(middles, line, axes.bbox.y0, axes.bbox.y1), strict=True):
            name.set_y(axes.transData.inverted().transform((0, height))[1])


def _above_each_other(boxes: Mapping[Text, Bbox]) -> list[list[Text]]:
    """Return the names in groups, of which none could cover a name of another by moving up or down."""
    groups: list[list[Text]] = []
    end = -np.inf
    for name, box in sorted(boxes.items(), key=lambda item: item[1].x0):
        if box.x0 >= end:
            groups.append([])
        groups[-1].append(name)
        end = max(end, box.x1)
    return groups
