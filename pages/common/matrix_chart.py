"""The confusion matrix on the screen: of one run, with clickable cells, or the difference between two."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal, cast

import altair as alt
import numpy as np
import pandas as pd
import streamlit as st
from numpy.typing import NDArray

from core.evaluation import confusion
from core.export import palette
from pages.common import charts

if TYPE_CHECKING:
    from streamlit.elements.vega_charts import VegaLiteState

COUNT, SHARE, DIFFERENCE = "count", "share", "difference"
_AXES_HEIGHT = 110
"""Pixels below a matrix for slanted class names; the height of a chart includes its axes."""
_MAX_NAME_WIDTH, _CHARACTER, _AXIS_TITLE = 140, 6.2, 40
"""Pixels beside a matrix: the longest name, a character of one, and the axis title."""
_MAX_SLANTED = 8
"""Up to this many classes, names are slanted below a matrix."""
_CELL_HEIGHTS = ((8, 52), (palette.MAX_ANNOTATED, 34), (40, 18), (palette.MAX_NAMED, 10), (10_000, 5))
_TINTS = {"correct": palette.GREY, "wrong": palette.ORANGE, "better": palette.GREEN, "worse": palette.ORANGE}


def cells(counts: NDArray[Any], class_names: Sequence[str], order: NDArray[np.int64]) -> pd.DataFrame:
    """Return a row per drawn cell between some classes: true, predicted, count and share.

    Drawn are the diagonal and what is not zero: a browser takes long to draw hundreds of empty cells.

    Args:
        counts: (C, C) images by true class (row) and predicted class (column).
        class_names: C names.
        order: the classes to show, in display order. Shares are of all images of the true class, including
            those predicted as a class that is not shown.
    """
    return _frame(class_names, order, count=counts, share=confusion.row_shares(counts))


def differences(
    first: NDArray[Any], second: NDArray[Any], class_names: Sequence[str], order: NDArray[np.int64]
) -> pd.DataFrame:
    """Return a row per drawn cell: true, predicted and how much larger the second matrix's share is."""
    difference = confusion.row_shares(second) - confusion.row_shares(first)
    return _frame(class_names, order, difference=difference)


def _frame(class_names: Sequence[str], order: NDArray[np.int64], **values: NDArray[Any]) -> pd.DataFrame:
    names = np.asarray(class_names)[order]
    shown = {name: matrix[np.ix_(order, order)] for name, matrix in values.items()}
    is_drawn = np.any([np.eye(len(names), dtype=bool), *(matrix != 0 for matrix in shown.values())], axis=0)
    true, predicted = is_drawn.nonzero()
    drawn = {name: matrix[is_drawn] for name, matrix in shown.items()}
    return pd.DataFrame({"true": names[true], "predicted": names[predicted], **drawn})


def show(
    values: pd.DataFrame, shown: str, *, alt: str, is_clickable: bool = False, key: str | None = None
) -> tuple[str, str] | None:
    """Show a matrix; return the (true, predicted) class of the clicked cell, if it is clickable and was.

    Args:
        values: the cells, row by row, from :func:`cells` or :func:`differences`.
        shown: the column that is written and coloured: COUNT, SHARE or DIFFERENCE.
        alt: the matrix in words.
        is_clickable: a click selects a cell.
        key: of the chart, to keep the selection.
    """
    names = tuple(dict.fromkeys(values["true"]))
    event = st.vega_lite_chart(
        coloured(values, shown),
        _specification(names, shown, charts.ink(), is_clickable=is_clickable),
        width=_width(names),
        key=key,
        on_select="rerun" if is_clickable else "ignore",
        alt=alt,
    )
    if not is_clickable:
        return None
    clicked = cast("VegaLiteState", event).selection.get("cell", [])
    return (clicked[0]["true"], clicked[0]["predicted"]) if clicked and "true" in clicked[0] else None


def coloured(values: pd.DataFrame, shown: str) -> pd.DataFrame:
    """Return the cells with their tint (a name in ``_TINTS``), shade (0 to 1) and text."""
    is_correct, size = (values["true"] == values["predicted"]).to_numpy(), values[shown].to_numpy()
    if shown == DIFFERENCE:
        tint = np.where(np.where(is_correct, size, -size) >= 0, "better", "worse")
        shade = palette.shades(size)
    else:
        tint, shade = np.where(is_correct, "correct", "wrong"), palette.shades(size, is_correct)
    return values.assign(
        tint=tint, shade=shade, text=[palette.cell_text(shown, value) for value in size.tolist()]
    )


def chart(names: Sequence[str], shown: str, ink: str, *, is_clickable: bool = False) -> alt.LayerChart:
    """Chart a matrix: grey is correct and orange wrong; in a difference, green is better and orange worse.

    Args:
        names: the classes in display order.
        shown: the column that is written and coloured: COUNT, SHARE or DIFFERENCE.
        ink: colour of the numbers in the cells.
        is_clickable: a click selects a cell (selection ``cell``: its true and predicted class).
    """
    is_fine = _is_fine(len(names))
    domain = alt.Scale(domain=list(names))
    base = alt.Chart(charts.VALUES).encode(
        x=alt.X("predicted:N", scale=domain, title=palette.PREDICTED, axis=_across(len(names))),
        y=alt.Y("true:N", scale=domain, title=palette.TRUE, axis=_names(len(names))),
        tooltip=[
            alt.Tooltip("true:N", title=palette.TRUE),
            alt.Tooltip("predicted:N", title=palette.PREDICTED),
            *_tooltips(shown),
        ],
    )
    is_diagonal = "datum.true == datum.predicted"
    rects = base.mark_rect(
        cursor="pointer" if is_clickable else "default", cornerRadius=0 if is_fine else 3, stroke=ink
    ).encode(
        strokeWidth=alt.StrokeWidthValue(0, condition={"test": is_diagonal, "value": 0 if is_fine else 2}),
        color=alt.Color(
            "tint:N", scale=alt.Scale(domain=list(_TINTS), range=list(_TINTS.values())), legend=None
        ),
        fillOpacity=alt.FillOpacity("shade:Q", scale=None, legend=None),
    )
    layers = [_clickable(rects) if is_clickable else rects]
    if not is_fine:
        smallest = 0.005 if shown == DIFFERENCE else 1e-9
        written = base.transform_filter(f"abs(datum.{shown}) >= {smallest}")
        layers.append(written.mark_text(fontSize=13, color=ink).encode(text=alt.Text("text:N")))
    return alt.LayerChart(layer=layers).properties(
        height=_cell_height(len(names)) * len(names) + _AXES_HEIGHT
    )


_specification = charts.drawn_once(chart)


def _is_fine(classes: int) -> bool:
    """Whether the cells are too small for numbers."""
    return classes > palette.MAX_ANNOTATED


def _tooltips(shown: str) -> list[alt.Tooltip]:
    if shown == DIFFERENCE:
        return [alt.Tooltip("difference:Q", title="Difference in share", format="+.1%")]
    return [
        alt.Tooltip("count:Q", title="Images"),
        alt.Tooltip("share:Q", title="Row percentage", format=".1%"),
    ]


def _width(class_names: Sequence[str]) -> int | Literal["stretch"]:
    """Return the width in pixels, names included, at which the cells of a chart are about square."""
    if _is_fine(len(class_names)):
        return "stretch"
    names = min(_MAX_NAME_WIDTH, max(len(name) for name in class_names) * _CHARACTER)
    return _cell_height(len(class_names)) * len(class_names) + round(names) + _AXIS_TITLE


def _clickable(rects: alt.Chart) -> alt.Chart:
    click = alt.selection_point(name="cell", fields=["true", "predicted"])
    dimmed = alt.OpacityValue(0.4, condition={"param": "cell", "value": 1.0})
    return rects.encode(opacity=dimmed).add_params(click)


def _cell_height(classes: int) -> int:
    return next(pixels for largest, pixels in _CELL_HEIGHTS if classes <= largest)


def _across(classes: int) -> alt.Axis:
    """Return the axis below a matrix: names are horizontal, slanted, or vertical if there are many.

    Vertical names are dropped if a narrow screen has no room; slanted ones would all count as overlapping.
    """
    if classes <= _MAX_SLANTED:
        return _names(classes, labelAngle=-40 if classes > 2 else 0)
    return _names(classes, labelAngle=-90, labelLimit=90, labelOverlap=not 40 < classes <= palette.MAX_NAMED)


def _names(classes: int, **settings: Any) -> alt.Axis:
    """Return an axis of class names; if there are many, they are small and readable by zooming in."""
    kept = {"labelLimit": _MAX_NAME_WIDTH, "labelAngle": 0, "labelOverlap": classes > palette.MAX_NAMED}
    return alt.Axis(
        labelFontSize=8 if classes > 40 else 11,
        domain=False,
        ticks=False,
        grid=not _is_fine(classes),
        gridColor=palette.GREY,
        gridWidth=0.5,
        tickBand="extent",  # lines between the cells
        **{**kept, **settings},
    )
