"""Learning curves on the screen: of a finished run, of a run in progress, or of several overlaid."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import altair as alt
import pandas as pd
import streamlit as st

from core.export import palette
from core.export.palette import TRAINING, VALIDATION
from pages.common import charts
from pages.common.curve_values import frame as frame

BY_EPOCH, BY_TIME = "Epoch", "Time"
_HEIGHT, _LEGEND, _LEGEND_LINE = 250, 18, 20
"""Height in pixels of a chart with its axes, and what a legend and each of its lines add."""
_LINE = 17
"""Height in pixels of a line of words above the curves."""
_END_WORDS = 9
"""Room for the words at the ends of the curves, in heights of their letters."""


def show(
    values: pd.DataFrame, *, last_epoch: int | None = None, along: str = BY_EPOCH, key: str = ""
) -> None:
    """Show accuracy and loss side by side; see :func:`chart`.

    With a ``key``, new values are drawn into the same charts. Their alternative text then names no value,
    since a new text would make the browser rebuild the chart.
    """
    sides, has_stages = tuple(values["side"].unique()), bool((values["begins"] != "").any())
    for column, metric in zip(st.columns(2), palette.COLUMNS, strict=True):
        shown = values[values["metric"] == metric]
        column.vega_lite_chart(
            shown,
            _specification(
                metric,
                sides,
                last_epoch=last_epoch,
                along=along,
                is_dark=charts.is_dark(),
                has_stages=has_stages,
            ),
            key=f"{metric}-{key}" if key else None,
            alt=f"{metric.capitalize()} by epoch" if key else _in_words(shown, metric, along),
        )


def chart(
    metric: str,
    sides: Sequence[str],
    *,
    last_epoch: int | None = None,
    along: str = BY_EPOCH,
    is_dark: bool = False,
    font_size: int = 12,
    has_stages: bool = False,
) -> alt.LayerChart:
    """Chart one metric for values from :func:`frame`.

    Solid lines: validation; dashed lines: training. A single side has a colour per split, several sides have
    one each. A ring marks the value at the kept epoch, a larger ring marks evidence, and a band spans the
    lowest to the highest of repeats. The words of a single side lie beside its curves: their names to the
    right, where all of them have ended, and labels of epochs above.

    Args:
        metric: accuracy or loss.
        sides: their names in legend order.
        last_epoch: fixes both axes for this many epochs; None fits them to the values.
        along: BY_EPOCH or BY_TIME.
        is_dark: whether the page uses the dark theme.
        font_size: of the words at the ends of the curves.
        has_stages: whether the epoch is labelled with which fine-tuning begins.
    """
    is_single = len(sides) == 1
    labels = ["kept", *(["begins"] if has_stages else [])] if is_single else []
    base = alt.Chart(charts.VALUES).encode(
        x=_across(along, last_epoch, _END_WORDS * font_size if is_single else 0),
        color=_color(metric, sides, is_dark),
        tooltip=_tooltip(metric, is_single),
    )
    drawn = _up("drawn:Q", metric, is_steady=last_epoch is not None, above=_LINE * len(labels))
    lines = base.mark_line(strokeWidth=2.2).encode(y=drawn, strokeDash=_dashes())
    dots = base.mark_point(filled=True, size=26, opacity=0.75).encode(y=alt.Y("value:Q"))
    bands = base.transform_filter(f"datum.runs > 1 && datum.split == '{VALIDATION}'")
    kept = base.transform_filter("datum.kept != ''")
    layers = [
        bands.mark_area(opacity=0.16, line=False).encode(y=alt.Y("low:Q"), y2=alt.Y2("high:Q")),
        *(_rule(label) for label in labels),
        lines,
        dots,
        kept.mark_point(size=130, strokeWidth=2.4, filled=False, opacity=1).encode(y=alt.Y("value:Q")),
        _evidence(),
        *([_end_words(base, font_size)] if is_single else []),
        *(_rule_words(label, _LINE * line) for line, label in enumerate(labels)),
    ]
    legend_lines = len(sides) if metric == "accuracy" and not is_single else 0
    height = _HEIGHT + (_LEGEND + _LEGEND_LINE * legend_lines if legend_lines else 0)
    return alt.LayerChart(layer=layers).properties(height=height)


_specification = charts.drawn_once(chart)


def _rule(label: str) -> alt.Chart:
    """Draw a line at a labelled epoch, up to its label."""
    labelled = alt.Chart(charts.VALUES).transform_filter(f"datum.{label} != ''").encode(x=alt.X("epoch:Q"))
    drawn: alt.Chart = labelled.mark_rule(strokeDash=[2, 3], color=palette.GREY, strokeWidth=1.5)
    return drawn


def _rule_words(label: str, top: int) -> alt.Chart:
    """Label that line above the curves, on the side that has more room."""
    labelled = alt.Chart(charts.VALUES).transform_filter(f"datum.{label} != ''")
    is_right = "2 * scale('x', datum.epoch) > range('x')[1]"
    words = labelled.mark_text(
        align=alt.ExprRef(f"{is_right} ? 'right' : 'left'"),
        dx=alt.ExprRef(f"{is_right} ? -5 : 5"),
        baseline="top",
        color=palette.GREY,
    )
    drawn: alt.Chart = words.encode(x=alt.X("epoch:Q"), y=alt.value(top), text=alt.Text(f"{label}:N"))
    return drawn


def _end_words(base: alt.Chart, font_size: int) -> alt.Chart:
    """Write the name and the value of each curve to the right of its end."""
    words = base.transform_filter("datum.end != ''").mark_text(
        align="left", baseline="middle", dx=12, fontSize=font_size, fontWeight=600
    )
    drawn: alt.Chart = words.encode(y=alt.Y("end_at:Q"), text=alt.Text("end:N"))
    return drawn


def _evidence() -> alt.Chart:
    rings = (
        alt.Chart(charts.VALUES)
        .transform_filter("datum.evidence")
        .encode(x=alt.X("epoch:Q"), y=alt.Y("value:Q"))
    )
    drawn: alt.Chart = rings.mark_point(
        size=290, color="#d6336c", strokeWidth=2.2, filled=False, opacity=0.9, aria=False
    )
    return drawn


def _across(along: str, last_epoch: int | None, room: float) -> alt.X:
    """Return the axis of epochs or time, which leaves ``room`` in pixels to its right."""
    end: Any = alt.ExprRef(f"width - {room:g}") if room else alt.ExprRef("width")
    if along == BY_TIME:
        scale = alt.Scale(range=[0, end])
        return alt.X("seconds:Q", title="Training time (s)", axis=alt.Axis(grid=False), scale=scale)
    scale = alt.Scale(domain=[0, last_epoch] if last_epoch else alt.Undefined, range=[0, end])
    return alt.X("epoch:Q", title="Epoch", scale=scale, axis=alt.Axis(tickMinStep=1, format="d", grid=False))


def _up(field: str, metric: str, *, is_steady: bool, above: int) -> alt.Y:
    """Return the axis of values, which leaves room above it for so many pixels of words."""
    scale = alt.Scale(zero=is_steady, nice=True)
    if is_steady and metric == "accuracy":
        scale = alt.Scale(domain=[0, 1])
    if above:
        scale["range"] = [alt.ExprRef("height"), above]
    axis = alt.Axis(format=palette.AXIS_FORMATS[metric], tickCount=5, tickMinStep=palette.TICK_STEP)
    return alt.Y(field, title=metric.capitalize(), axis=axis, scale=scale)


def _color(metric: str, sides: Sequence[str], is_dark: bool) -> alt.Color:
    """Return the colours; with several sides, the accuracy chart has the legend for both charts."""
    if len(sides) == 1:
        colors = palette.SPLIT_COLORS_ON_DARK if is_dark else palette.SPLIT_COLORS
        scale = alt.Scale(domain=list(colors), range=list(colors.values()))
        return alt.Color("split:N", title=None, scale=scale, legend=None)
    legend = _legend(columns=1) if metric == "accuracy" else None
    return alt.Color("side:N", title=None, sort=list(sides), legend=legend)


def _legend(**settings: Any) -> alt.Legend:
    return alt.Legend(
        orient="bottom",
        labelLimit=400,
        symbolType="stroke",
        symbolStrokeWidth=2.5,
        symbolOpacity=1,
        **settings,
    )


def _dashes() -> alt.StrokeDash:
    scale = alt.Scale(domain=[TRAINING, VALIDATION], range=[[5, 3], [1, 0]])
    return alt.StrokeDash("split:N", scale=scale, legend=None)


def _tooltip(metric: str, is_single: bool) -> list[alt.Tooltip]:
    of_several = (
        [] if is_single else [alt.Tooltip("side:N", title="Run"), alt.Tooltip("runs:Q", title="Runs")]
    )
    return [
        *of_several[:1],
        alt.Tooltip("split:N", title="Split"),
        alt.Tooltip("epoch:Q", title="Epoch", format=".1~f"),
        alt.Tooltip("seconds:Q", title="Training time (s)", format=".1f"),
        alt.Tooltip(
            "value:Q", title=f"{metric.capitalize()} (measured)", format=palette.VALUE_FORMATS[metric]
        ),
        *of_several[1:],
    ]


def _in_words(shown: pd.DataFrame, metric: str, along: str) -> str:
    """Describe the last value of every curve, for screen readers."""
    last = shown.groupby(["side", "split"], sort=False)[["value", "epoch"]].last()
    ends = [
        f"{side} {split} {value:{palette.VALUE_FORMATS[metric]}} at epoch {epoch:.0f}".strip()
        for (side, split), value, epoch in last.itertuples()
    ]
    return f"{metric.capitalize()} by {along.lower()}: {', '.join(ends)}"
