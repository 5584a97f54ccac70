"""Learning curves of several sides over each other, by epoch or by time, repeats as a line with a band."""

from __future__ import annotations

from collections.abc import Sequence

import altair as alt
import pandas as pd
import streamlit as st

from pages.common import charts
from pages.common.charts import TRAINING, VALIDATION
from pages.understand.compare.sides import Side

BY_EPOCH, BY_TIME = "Epoch", "Time"
_HEIGHT, _LEGEND, _LEGEND_LINE = 280, 18, 20
"""Pixels of the chart, and what its legend and each line of it add."""


def show(sides: Sequence[Side]) -> None:
    """Accuracy and loss of all sides in a chart each, with the controls above."""
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        by = st.segmented_control(
            "Along", [BY_EPOCH, BY_TIME], default=BY_EPOCH, required=True, key="curves_by",
            persist_state="session", help="Time spent training, without the start.",
        )  # fmt: skip
        smoothing = st.slider(
            "Smoothing", 0.0, 0.9, 0.0, 0.1, key="curves_smoothing", persist_state="session", width=180,
            help="Draws calmer lines. Dots, and the numbers when you point at them, stay the measured ones.",
        )  # fmt: skip
        with_training = st.toggle("Training too", value=False, key="curves_training", persist_state="session")
    frame = curves_frame(sides, smoothing)
    if not with_training:
        frame = frame[frame["split"] == VALIDATION]
    if frame.empty:
        st.caption("None of these runs has finished an epoch.")
        return
    order = [side.name for side in sides]
    for column, figure in zip(st.columns(2), ("accuracy", "loss"), strict=True):
        column.altair_chart(
            chart(frame[frame["figure"] == figure], figure, order, str(by)),
            alt=f"{figure.capitalize()} of the chosen runs by {str(by).lower()}",
        )
    st.caption(" ".join(_words(sides, with_training, smoothing)))


def curves_frame(sides: Sequence[Side], smoothing: float = 0.0) -> pd.DataFrame:
    """A row for each side, figure, split and epoch.

    Columns: run, figure, split, epoch, value (measured; of repeats the mean), low and high (of repeats),
    drawn (smoothed), seconds (since the first epoch began) and kept (whether these weights were kept).
    """
    frames = [charts.history_frame(_histories(side)).assign(side=side.name) for side in sides]
    lines = pd.concat(frames, ignore_index=True)
    lines = lines.astype({"value": float, "seconds": float}).fillna({"seconds": 0.0})
    lines["seconds"] = lines.groupby(["side", "run", "figure", "split"], sort=False)["seconds"].cumsum()
    lines["kept"] = lines["epoch"] == lines["run"].map(_kept_epochs(sides))
    alike = lines.groupby(["side", "figure", "split", "epoch"], sort=False)
    whole = alike.agg(
        value=("value", "mean"), low=("value", "min"), high=("value", "max"),
        seconds=("seconds", "mean"), kept=("kept", "any"), runs=("run", "nunique"),
    ).reset_index()  # fmt: skip
    series = whole.groupby(["side", "figure", "split"], sort=False)["value"]
    whole["drawn"] = series.transform(lambda values: values.ewm(alpha=1 - smoothing, ignore_na=True).mean())
    return whole.rename(columns={"side": "run"})


def _histories(side: Side) -> dict[str, list[dict[str, object]]]:
    return {summary.run.id: summary.run.metrics() for summary in side.line.summaries}


def _kept_epochs(sides: Sequence[Side]) -> dict[str, int]:
    """Of single runs; of repeats each has its own, and their mean none."""
    return {
        side.line.first.run.id: side.line.first.report.kept_epoch
        for side in sides
        if side.finished and not side.line.is_repeated
    }


def chart(frame: pd.DataFrame, figure: str, order: Sequence[str], by: str) -> alt.LayerChart:
    """One colour a side; full line: validation, dashes: training; rings at the kept epochs.

    Accuracy has the legend, below it; it serves for the loss as well.
    """
    is_named = figure == "accuracy"
    base = alt.Chart(frame).encode(
        x=_across(by),
        color=alt.Color("run:N", title=None, sort=list(order), legend=_legend() if is_named else None),
        tooltip=_tooltip(figure),
    )
    dashes = alt.StrokeDash(
        "split:N", scale=alt.Scale(domain=[TRAINING, VALIDATION], range=[[5, 3], [1, 0]]), legend=None
    )
    axis = alt.Axis(format=".0%" if figure == "accuracy" else ".2f")
    up = alt.Y("drawn:Q", title=figure.capitalize(), axis=axis, scale=alt.Scale(zero=False, nice=True))
    lines = base.mark_line(strokeWidth=2.2).encode(y=up, strokeDash=dashes)
    dots = base.mark_point(filled=True, size=26, opacity=0.75).encode(y="value:Q")
    layers: list[alt.Chart] = [lines, dots]
    bands = frame[(frame["split"] == VALIDATION) & (frame["runs"] > 1)]
    if not bands.empty:
        across = base.mark_area(opacity=0.16, line=False).encode(y="low:Q", y2="high:Q")
        layers.insert(0, across.properties(data=bands))
    kept = frame[frame["kept"] & (frame["split"] == VALIDATION)]
    if not kept.empty:
        rings = base.mark_point(size=170, strokeWidth=2.4, filled=False, opacity=1).encode(y="value:Q")
        layers.append(rings.properties(data=kept))
    legend = _LEGEND + _LEGEND_LINE * len(order) if is_named else 0
    return alt.layer(*layers).properties(height=_HEIGHT + legend)


def _across(by: str) -> alt.X:
    if by == BY_TIME:
        return alt.X("seconds:Q", title="Seconds of training", axis=alt.Axis(grid=False))
    return alt.X("epoch:Q", title="Epoch", axis=alt.Axis(tickMinStep=1, format="d", grid=False))


def _legend() -> alt.Legend:
    return alt.Legend(
        orient="bottom",
        columns=1,
        labelLimit=400,
        symbolType="stroke",
        symbolStrokeWidth=2.5,
        symbolOpacity=1,
    )


def _tooltip(figure: str) -> list[alt.Tooltip]:
    form = ".1%" if figure == "accuracy" else ".4f"
    return [
        alt.Tooltip("run:N", title="Run"),
        alt.Tooltip("split:N", title="Split"),
        alt.Tooltip("epoch:Q", title="Epoch"),
        alt.Tooltip("seconds:Q", title="Seconds of training", format=".1f"),
        alt.Tooltip("value:Q", title=f"{figure.capitalize()}, measured", format=form),
        alt.Tooltip("runs:Q", title="Runs"),
    ]


def _words(sides: Sequence[Side], with_training: bool, smoothing: float) -> list[str]:
    words = ["Validation; the ring marks the epoch whose weights were kept."]
    if with_training:
        words = ["Full line: validation. Dashed line: training. The ring marks the epoch that was kept."]
    if any(side.line.is_repeated for side in sides):
        words.append("Repeats: the mean of all seeds, in a band from the lowest to the highest.")
    if smoothing:
        words.append("Lines are smoothed; dots are the measured values.")
    return words
