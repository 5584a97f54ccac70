"""Altair charts of probabilities: calibration, coverage, precision-recall and ROC."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import altair as alt
import numpy as np
import pandas as pd

from core.evaluation.calibration import Bin, Coverage, Curve
from core.export.palette import GREY, ORANGE
from core.words import interval
from pages.common.charts import ink

Channel = TypeVar("Channel", alt.X, alt.Y)
MAX_POINTS = 400
"""Points per curve; more would be indistinguishable."""
_CORRECT_OR_WRONG = alt.Color(
    "correct:N", scale=alt.Scale(domain=[True, False], range=[GREY, ORANGE]), legend=None
)


def reliability(bins: Sequence[Bin]) -> alt.LayerChart:
    """Chart accuracy against confidence, with 95% CIs; the diagonal is perfect calibration."""
    rows = [
        (
            b.confidence,
            b.accuracy.value,
            b.accuracy.low,
            b.accuracy.high,
            b.accuracy.total,
            interval(b.low, b.high, 0),
        )
        for b in bins
    ]
    frame = pd.DataFrame(rows, columns=["confidence", "accuracy", "low", "high", "images", "bin"])
    diagonal = alt.Chart(pd.DataFrame({"x": [0, 1]})).mark_line(
        color=GREY, strokeDash=[4, 4], strokeWidth=1.5
    )
    tooltip = [
        alt.Tooltip("bin:N", title="Confidence"),
        alt.Tooltip("accuracy:Q", title="Accuracy", format=".1%"),
        alt.Tooltip("low:Q", title="95% CI from", format=".1%"),
        alt.Tooltip("high:Q", title="to", format=".1%"),
        alt.Tooltip("images:Q", title="Images"),
    ]
    base = alt.Chart(frame).encode(x=_percents(alt.X, "confidence", "Confidence"), tooltip=tooltip)
    bars = base.mark_rule(strokeWidth=2.5, opacity=0.5, color=ink()).encode(
        y=_percents(alt.Y, "low", "Accuracy"), y2=alt.Y2("high:Q")
    )
    dots = base.mark_point(filled=True, opacity=1).encode(
        y=alt.Y("accuracy:Q"), size=alt.Size("images:Q", legend=None, scale=alt.Scale(range=[40, 320]))
    )
    return alt.LayerChart(layer=[diagonal.encode(x=alt.X("x:Q"), y=alt.Y("x:Q")), bars, dots]).properties(
        height=320
    )


def coverage(curve: Coverage, share: float | None, accuracy: float | None) -> alt.LayerChart:
    """Chart accuracy against the share of images answered; the dot is the chosen threshold."""
    chosen = _thinned(len(curve.share))
    frame = pd.DataFrame(
        {
            "share": curve.share[chosen],
            "accuracy": curve.accuracy[chosen],
            "threshold": curve.threshold[chosen],
        }
    )
    line = (
        alt.Chart(frame)
        .mark_line(strokeWidth=2.5)
        .encode(
            x=_percents(alt.X, "share", "Share of images answered"),
            y=alt.Y("accuracy:Q", title="Accuracy", axis=alt.Axis(format=".0%"), scale=alt.Scale(zero=False)),
            tooltip=[
                alt.Tooltip("threshold:Q", title="Minimum confidence", format=".0%"),
                alt.Tooltip("share:Q", title="Answered", format=".1%"),
                alt.Tooltip("accuracy:Q", title="Accuracy", format=".1%"),
            ],
        )
    )
    points = pd.DataFrame({"share": [share], "accuracy": [accuracy]}).dropna()
    point = (
        alt.Chart(points)
        .mark_point(filled=True, size=170, opacity=1)
        .encode(x=alt.X("share:Q"), y=alt.Y("accuracy:Q"))
    )
    return alt.LayerChart(layer=[line, point]).properties(height=320)


def curve(drawn: Curve, x_title: str, y_title: str, chance: Sequence[tuple[float, float]]) -> alt.LayerChart:
    """Chart a precision-recall or ROC curve; ``chance`` is the dashed line of a random guess."""
    chosen = _thinned(len(drawn.x))
    points = pd.DataFrame({"x": drawn.x[chosen], "y": drawn.y[chosen], "order": chosen})
    line = (
        alt.Chart(points)
        .mark_line(strokeWidth=2.5, interpolate="linear")
        .encode(
            x=_percents(alt.X, "x", x_title),
            y=_percents(alt.Y, "y", y_title),
            order=alt.Order("order:Q"),
            tooltip=[
                alt.Tooltip("x:Q", title=x_title, format=".1%"),
                alt.Tooltip("y:Q", title=y_title, format=".1%"),
            ],
        )
    )
    guess = pd.DataFrame(chance, columns=["x", "y"])
    dashes = (
        alt.Chart(guess)
        .mark_line(color=GREY, strokeDash=[4, 4], strokeWidth=1.5)
        .encode(x=alt.X("x:Q"), y=alt.Y("y:Q"))
    )
    return alt.LayerChart(layer=[dashes, line]).properties(height=260)


def bars(frame: pd.DataFrame, title: str) -> alt.LayerChart:
    """Chart counts per class as horizontal bars; columns: name, count and correct."""
    base = alt.Chart(frame).encode(
        y=alt.Y("name:N", sort=None, title=None, axis=alt.Axis(labelLimit=160)),
        x=alt.X("count:Q", title=title, axis=alt.Axis(tickMinStep=1, format="d", tickCount=4)),
        tooltip=[alt.Tooltip("name:N", title=" "), alt.Tooltip("count:Q", title=title)],
    )
    rects = base.mark_bar(cornerRadiusEnd=4, height={"band": 0.7}, opacity=0.75).encode(
        color=_CORRECT_OR_WRONG
    )
    labels = base.mark_text(align="left", dx=5, color=ink()).encode(text=alt.Text("count:Q"))
    return alt.LayerChart(layer=[rects, labels]).properties(height=30 * len(frame) + 80)


def _percents(channel: type[Channel], field: str, title: str) -> Channel:
    return channel(
        f"{field}:Q", title=title, axis=alt.Axis(format=".0%", tickCount=5), scale=alt.Scale(domain=[0, 1])
    )


def _thinned(length: int) -> np.ndarray:
    return np.unique(np.linspace(0, length - 1, min(length, MAX_POINTS)).astype(int))
