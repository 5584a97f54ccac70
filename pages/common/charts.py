"""Altair charts of the Understand pages: they follow the theme, show values on hover and take clicks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt
import pandas as pd
import streamlit as st
from altair.utils import schemapi

from core.evaluation.curve_reading import Evidence

schemapi.disable_debug_mode()  # a chart is checked as a whole when it is shown, not once more in every part

TRAINING, VALIDATION = "training", "validation"
_SPLIT_COLUMNS = {"accuracy": TRAINING, "loss": TRAINING, "val_accuracy": VALIDATION, "val_loss": VALIDATION}
_AXIS_HEIGHT = 110
"""Pixels below a matrix for slanted class names; the height of a chart here includes its axes."""
LARGEST_WRITTEN, LARGEST_NAMED = 20, 120
"""Classes up to which the cells of a matrix hold their numbers, and up to which every row has its name."""
LARGEST_SLANTED = 8
"""Classes up to which their names stand slanted below a matrix."""
GREY, ORANGE = "#8a8a8a", "#d9480f"
RIGHT_OR_WRONG = alt.Color(
    "right:N", scale=alt.Scale(domain=[True, False], range=[GREY, ORANGE]), legend=None
)
NAMES = alt.ExprRef("min(260, 0.4 * containerSize()[0])")
"""Pixels for names beside a chart: on a phone they leave room for it."""
_DASHES = alt.Scale(domain=[TRAINING, VALIDATION], range=[[5, 3], [1, 0]])


def ink() -> str:
    """The colour of words in a chart on a light or dark page; Vega's own is always black."""
    return "#e6ece9" if st.context.theme.type == "dark" else "#1c2623"


def history_frame(histories: Mapping[str, Sequence[Mapping[str, Any]]]) -> pd.DataFrame:
    """Long form of one or more histories: run, epoch, figure (accuracy or loss), split, value."""
    rows = [
        (run, line["epoch"], column.removeprefix("val_"), split, line[column], line.get("seconds"))
        for run, history in histories.items()
        for line in history
        for column, split in _SPLIT_COLUMNS.items()
        if line.get(column) is not None
    ]
    return pd.DataFrame(rows, columns=["run", "epoch", "figure", "split", "value", "seconds"])


def curves(
    history: Sequence[Mapping[str, Any]],
    figure: str,
    kept_epoch: int | None,
    evidence: Sequence[Evidence] = (),
) -> alt.LayerChart:
    """Training and validation ``accuracy`` or ``loss`` by epoch, the kept epoch and the evidence marked."""
    frame = history_frame({"": history}).query("figure == @figure")
    lines = (
        alt.Chart(frame)
        .mark_line(point=alt.OverlayMarkDef(size=25), strokeWidth=2.5)
        .encode(
            x=_epochs(),
            y=_figure_axis(figure),
            color=alt.Color("split:N", title=None, sort=[TRAINING, VALIDATION], legend=_legend()),
            tooltip=[
                alt.Tooltip("split:N", title="Split"),
                alt.Tooltip("epoch:Q", title="Epoch"),
                _value(figure),
            ],
        )
    )
    kept = _kept_marks([kept_epoch] if kept_epoch else [], at_bottom=figure == "accuracy")
    return alt.layer(*kept, *_rings(figure, evidence), lines).properties(height=300)


def _rings(figure: str, evidence: Sequence[Evidence]) -> list[alt.Chart]:
    """Rings around the values from which the reading of the curves was made."""
    rows = [
        (epoch, value)
        for mark in evidence
        if mark.name.removeprefix("val_") == figure
        for epoch, value in zip(mark.epochs, mark.values, strict=True)
    ]
    if not rows:
        return []
    chart = alt.Chart(pd.DataFrame(rows, columns=["epoch", "value"]))
    rings = chart.mark_point(size=190, color="#d6336c", strokeWidth=2.2, filled=False, opacity=0.9)
    return [rings.encode(x="epoch:Q", y="value:Q")]


def overlaid(frame: pd.DataFrame, figure: str, order: Sequence[str]) -> alt.Chart:
    """Curves of several runs: one colour a run, dashes for training, a full line for validation."""
    return (
        alt.Chart(frame.query("figure == @figure"))
        .mark_line(strokeWidth=2.2)
        .encode(
            x=_epochs(),
            y=_figure_axis(figure),
            color=alt.Color("run:N", title=None, sort=list(order), legend=_legend(columns=2)),
            strokeDash=alt.StrokeDash("split:N", scale=_DASHES, legend=None),
            tooltip=[
                alt.Tooltip("run:N", title="Run"),
                alt.Tooltip("split:N", title="Split"),
                alt.Tooltip("epoch:Q", title="Epoch"),
                _value(figure),
            ],
        )
        .properties(height=320)
    )


def matrix(frame: pd.DataFrame, as_rates: bool, ink: str) -> alt.LayerChart:
    """A confusion matrix whose cells can be clicked (selection ``cell``: true and predicted class).

    Args:
        frame: columns true, predicted, count, rate and right, one row a cell, classes in their order.
        as_rates: write and colour the part of the row instead of the count.
        ink: colour of the numbers in the cells.
    """
    field, form = ("rate", ".0%") if as_rates else ("count", "d")
    order = list(dict.fromkeys(frame["true"]))
    is_fine = len(order) > LARGEST_WRITTEN
    top = float(frame.loc[~frame["right"], field].max() or 1)
    shade = (frame[field] / top).clip(upper=1) ** 0.5 * 0.8
    frame = frame.assign(shade=shade.where(~frame["right"], 0.25 if is_fine else 0.12))
    base = alt.Chart(frame[frame["count"] > 0] if is_fine else frame).encode(
        x=alt.X(
            "predicted:N", scale=alt.Scale(domain=order), title="Predicted", axis=_names(order, across=True)
        ),
        y=alt.Y("true:N", scale=alt.Scale(domain=order), title="True", axis=_names(order)),
        tooltip=[
            alt.Tooltip("true:N", title="True"),
            alt.Tooltip("predicted:N", title="Predicted"),
            alt.Tooltip("count:Q", title="Test pictures"),
            alt.Tooltip("rate:Q", title="Part of the true class", format=".1%"),
        ],
    )
    click = alt.selection_point(name="cell", fields=["true", "predicted"])
    lines = {"cornerRadius": 0 if is_fine else 3, "stroke": GREY, "strokeWidth": 0 if is_fine else 0.4}
    cells = base.mark_rect(cursor="pointer", **lines).encode(
        color=RIGHT_OR_WRONG,
        fillOpacity=alt.FillOpacity("shade:Q", scale=None, legend=None),
        opacity=alt.condition(click, alt.value(1.0), alt.value(0.4)),
    )
    layers = [cells.add_params(click)]
    if not is_fine:
        words = base.transform_filter("datum.count > 0").mark_text(fontSize=13, color=ink)
        layers.append(words.encode(text=alt.Text(f"{field}:Q", format=form)))
    return alt.layer(*layers).properties(height=_cell(len(order)) * len(order) + _AXIS_HEIGHT)


def _cell(classes: int) -> int:
    """Height in pixels of a cell; down to 10 every class has its name beside its row."""
    return next(
        pixels
        for most, pixels in ((8, 52), (20, 34), (40, 18), (LARGEST_NAMED, 10), (10_000, 5))
        if classes <= most
    )


def _names(order: Sequence[str], *, across: bool = False) -> alt.Axis:
    """The class names along a side of a matrix, in small letters where they are many.

    Upright ones that a narrow screen has no room for are left out; slanted ones would all seem to overlap,
    and small ones are read by zooming in.
    """
    classes = len(order)
    is_small, is_upright = classes > 40, across and classes > LARGEST_SLANTED
    angle = -90 if is_upright else -40 if across and classes > 2 else 0
    return alt.Axis(
        labelLimit=90 if is_upright else 140,
        labelAngle=angle,
        labelFontSize=8 if is_small else 11,
        labelOverlap=classes > LARGEST_NAMED or (is_upright and not is_small),
        domain=False,
        ticks=False,
    )


def proportions(rows: pd.DataFrame) -> alt.LayerChart:
    """Values with their 95 % intervals as dots and bars, one line each.

    The axis spans what the bars span, so that close ones can be told apart.

    Args:
        rows: columns name, value, low, high (0 to 1), in the order in which they are shown.
    """
    scale = alt.Scale(zero=False, nice=True)
    base = alt.Chart(rows).encode(y=alt.Y("name:N", sort=None, title=None, axis=alt.Axis(labelLimit=NAMES)))
    axis = alt.X("low:Q", title=None, scale=scale, axis=alt.Axis(format=".0%", tickCount=5))
    tooltip = [
        alt.Tooltip("name:N", title=" "),
        alt.Tooltip("value:Q", format=".1%", title="Value"),
        alt.Tooltip("low:Q", format=".1%", title="95 % interval from"),
        alt.Tooltip("high:Q", format=".1%", title="to"),
    ]
    bars = base.mark_bar(height=8, opacity=0.45, cornerRadius=4).encode(x=axis, x2="high:Q", tooltip=tooltip)
    dots = base.mark_point(filled=True, size=90, opacity=1).encode(x="value:Q", tooltip=tooltip)
    return alt.layer(bars, dots).properties(height=34 * max(len(rows), 2) + 20)


def _kept_marks(epochs: Sequence[int], at_bottom: bool) -> list[alt.Chart]:
    if not epochs:
        return []
    kept = pd.DataFrame({"epoch": list(epochs), "words": [f"kept: epoch {epoch}" for epoch in epochs]})
    rule = alt.Chart(kept).mark_rule(strokeDash=[2, 3], color="#8a8a8a", strokeWidth=1.5).encode(x="epoch:Q")
    words = (
        alt.Chart(kept)
        .mark_text(align="right", dx=-5, baseline="bottom" if at_bottom else "top", color="#8a8a8a")
        .encode(x="epoch:Q", y=alt.value("height") if at_bottom else alt.value(2), text="words:N")
    )
    return [rule, words]


def _epochs() -> alt.X:
    return alt.X("epoch:Q", title="Epoch", axis=alt.Axis(tickMinStep=1, format="d", grid=False))


def _figure_axis(figure: str) -> alt.Y:
    axis = alt.Axis(format=".0%") if figure == "accuracy" else alt.Axis(format=".2f")
    return alt.Y("value:Q", title=figure.capitalize(), axis=axis, scale=alt.Scale(zero=False, nice=True))


def _value(figure: str) -> alt.Tooltip:
    return alt.Tooltip("value:Q", title=figure.capitalize(), format=".1%" if figure == "accuracy" else ".4f")


def _legend(columns: int = 0) -> alt.Legend:
    return alt.Legend(
        orient="bottom", columns=columns or alt.Undefined, labelLimit=320, symbolStrokeWidth=2.5
    )
