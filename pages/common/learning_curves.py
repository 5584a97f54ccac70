"""Learning curves on the screen: of a finished run, of a run in progress, or of several overlaid."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import altair as alt
import pandas as pd
import streamlit as st

from core.evaluation.curves import Evidence
from core.export import palette
from core.export.palette import TRAINING, VALIDATION
from core.report import Epoch, Metric
from pages.common.charts import is_dark

BY_EPOCH, BY_TIME = "Epoch", "Time"
_HEIGHT, _LEGEND, _LEGEND_LINE = 250, 18, 20
"""Height in pixels of a chart with its axes, and what a legend and each of its lines add."""
_VALUES = alt.NamedData("values")


def frame(
    sides: Mapping[str, Sequence[Sequence[Epoch]]],
    kept: Mapping[str, int | None] | None = None,
    *,
    evidence: Sequence[Evidence] = (),
    smoothing: float = 0.0,
) -> pd.DataFrame:
    """Return a row per side, metric, split and epoch.

    Columns: side, metric, split, epoch, value (measured; the mean of repeats), low, high and runs (of
    repeats), drawn (smoothed), seconds (since the first epoch began), kept (a label at the epoch whose
    weights were kept, else empty), begins (a label at the first epoch of fine-tuning, else empty), evidence
    (whether the reading of the curves is based on it), and end (the name and the value of a curve at its last
    epoch, else empty) with is_upper (whether it ends above the other split's).

    Args:
        sides: names, each with the histories of its runs from ``Run.metrics()``.
        kept: the epoch (from 1) whose weights were kept, for each side that has one.
        evidence: values from which the curves were read.
        smoothing: 0 draws the measured values, values near 1 a smooth line.
    """
    marked = {(mark.name, epoch) for mark in evidence for epoch in mark.epochs}
    rows = []
    for side, histories in sides.items():
        tuned = _fine_tuned_from(histories)
        for metric, columns in palette.COLUMNS.items():
            for split, column in columns.items():
                best = (kept or {}).get(side) if split == VALIDATION else None
                rows += [
                    (
                        *(side, metric, split, *point),
                        palette.kept_label(best) if best is not None and point.epoch == best else "",
                        "fine-tuning" if split == VALIDATION and point.epoch == tuned else "",
                        (column, point.epoch) in marked,
                    )
                    for point in _points(histories, column, smoothing)
                ]
    names = ["side", "metric", "split", *_Point._fields, "kept", "begins", "evidence"]
    return _with_ends(pd.DataFrame(rows, columns=names))


def _fine_tuned_from(histories: Sequence[Sequence[Epoch]]) -> int | None:
    """The first epoch in which a pretrained network was fine-tuned; repeats may differ in it."""
    if len(histories) != 1:
        return None
    return next((line["epoch"] for line in histories[0] if line.get("stage") == "fine_tuning"), None)


def _with_ends(table: pd.DataFrame) -> pd.DataFrame:
    """Label the last value of every curve, which needs no legend then."""
    ends, is_upper = [""] * len(table), [False] * len(table)
    last = {
        key: index
        for index, key in enumerate(zip(*(table[name] for name in ("side", "metric", "split")), strict=True))
    }
    for (side, metric, split), index in last.items():
        value = float(table["value"].iloc[index])
        other = last.get((side, metric, TRAINING if split == VALIDATION else VALIDATION))
        ends[index] = f"{split} {value:{palette.END_FORMATS[metric]}}"
        is_upper[index] = other is None or value > float(table["value"].iloc[other])
    return table.assign(end=ends, is_upper=is_upper)


class _Point(NamedTuple):
    epoch: float
    value: float
    low: float
    high: float
    seconds: float
    runs: int
    drawn: float


def _points(histories: Sequence[Sequence[Epoch]], column: Metric, smoothing: float) -> Iterator[_Point]:
    """Yield a point per epoch. Plain loops: pandas takes 15 ms to group even a handful of values."""
    measured: dict[float, list[tuple[float, float]]] = {}
    for history in histories:
        seconds = 0.0
        for line in history:
            if (value := line.get(column)) is not None:
                seconds += line.get("seconds") or 0
                measured.setdefault(line["epoch"], []).append((value, seconds))
    total = weight = 0.0
    for epoch, pairs in measured.items():
        values, times = zip(*pairs, strict=True)
        mean = sum(values) / len(values)
        total, weight = total * smoothing + mean, weight * smoothing + 1
        yield _Point(
            epoch, mean, min(values), max(values), sum(times) / len(times), len(values), total / weight
        )


def show(
    values: pd.DataFrame, *, last_epoch: int | None = None, along: str = BY_EPOCH, key: str = ""
) -> None:
    """Show accuracy and loss side by side; see :func:`chart`.

    With a ``key``, new values are drawn into the same charts. Their alternative text then names no value,
    since a new text would make the browser rebuild the chart.
    """
    sides = tuple(values["side"].unique())
    for column, metric in zip(st.columns(2), palette.COLUMNS, strict=True):
        shown = values[values["metric"] == metric]
        column.vega_lite_chart(
            shown,
            _spec(metric, sides, last_epoch, along, is_dark()),
            key=f"{metric}-{key}" if key else None,
            alt=f"{metric.capitalize()} by epoch" if key else _in_words(shown, metric, along),
        )


@st.cache_data(max_entries=64, show_spinner=False)
def _spec(
    metric: str, sides: tuple[str, ...], last_epoch: int | None, along: str, is_dark: bool
) -> dict[str, Any]:
    """Return the chart without its values: during training only they change, so the chart is not rebuilt."""
    spec = chart(metric, sides, last_epoch=last_epoch, along=along, is_dark=is_dark).to_dict()
    del spec["data"]  # only a name for the values passed with it
    return spec


def chart(
    metric: str,
    sides: Sequence[str],
    *,
    last_epoch: int | None = None,
    along: str = BY_EPOCH,
    is_dark: bool = False,
    font_size: int = 12,
) -> alt.LayerChart:
    """Chart one metric for values from :func:`frame`.

    Solid lines: validation; dashed lines: training. A single side has a colour per split, several sides have
    one each. A ring marks the value at the kept epoch, a larger ring marks evidence, and a band spans the
    lowest to the highest of repeats.

    Args:
        metric: accuracy or loss.
        sides: their names in legend order.
        last_epoch: fixes both axes for this many epochs; None fits them to the values.
        along: BY_EPOCH or BY_TIME.
        is_dark: whether the page uses the dark theme.
        font_size: of the words at the ends of the curves.
    """
    is_single = len(sides) == 1
    base = alt.Chart(_VALUES).encode(
        x=_across(along, last_epoch),
        color=_color(metric, sides, is_dark),
        tooltip=_tooltip(metric, is_single),
    )
    drawn = _up("drawn:Q", metric, is_steady=last_epoch is not None)
    lines = base.mark_line(strokeWidth=2.2).encode(y=drawn, strokeDash=_dashes())
    dots = base.mark_point(filled=True, size=26, opacity=0.75).encode(y=alt.Y("value:Q"))
    bands = base.transform_filter(f"datum.runs > 1 && datum.split == '{VALIDATION}'")
    kept = base.transform_filter("datum.kept != ''")
    layers = [
        bands.mark_area(opacity=0.16, line=False).encode(y=alt.Y("low:Q"), y2=alt.Y2("high:Q")),
        *(_rule("kept", at_bottom=metric == "accuracy") if is_single else []),
        lines,
        dots,
        kept.mark_point(size=130, strokeWidth=2.4, filled=False, opacity=1).encode(y=alt.Y("value:Q")),
        _evidence(),
        *(_end_words(base, font_size) if is_single else []),
        *(_rule("begins", at_bottom=metric != "accuracy") if is_single else []),
    ]
    legend_lines = len(sides) if metric == "accuracy" and not is_single else 0
    height = _HEIGHT + (_LEGEND + _LEGEND_LINE * legend_lines if legend_lines else 0)
    return alt.LayerChart(layer=layers).properties(height=height)


def _rule(label: str, *, at_bottom: bool) -> list[alt.Chart]:
    """Draw a line at a labelled epoch, and the label where the curves leave room."""
    labelled = alt.Chart(_VALUES).transform_filter(f"datum.{label} != ''").encode(x=alt.X("epoch:Q"))
    words = labelled.mark_text(
        align="right", dx=-5, baseline="bottom" if at_bottom else "top", color=palette.GREY
    )
    return [
        labelled.mark_rule(strokeDash=[2, 3], color=palette.GREY, strokeWidth=1.5),
        words.encode(y=alt.value("height") if at_bottom else alt.value(2), text=alt.Text(f"{label}:N")),
    ]


def _end_words(base: alt.Chart, font_size: int) -> list[alt.Chart]:
    """Write the name and the value of each curve at its end, above or below it."""
    ends = base.transform_filter("datum.end != ''")
    return [
        ends.transform_filter(f"{'' if is_upper else '!'}datum.is_upper")
        .mark_text(align="right", dy=-13 if is_upper else 15, dx=4, fontSize=font_size, fontWeight=600)
        .encode(y=alt.Y("value:Q"), text=alt.Text("end:N"))
        for is_upper in (True, False)
    ]


def _evidence() -> alt.Chart:
    rings = (
        alt.Chart(_VALUES).transform_filter("datum.evidence").encode(x=alt.X("epoch:Q"), y=alt.Y("value:Q"))
    )
    drawn: alt.Chart = rings.mark_point(
        size=290, color="#d6336c", strokeWidth=2.2, filled=False, opacity=0.9, aria=False
    )
    return drawn


def _across(along: str, last_epoch: int | None) -> alt.X:
    if along == BY_TIME:
        return alt.X("seconds:Q", title="Training time (s)", axis=alt.Axis(grid=False))
    scale = alt.Scale(domain=[0, last_epoch]) if last_epoch else alt.Undefined
    return alt.X("epoch:Q", title="Epoch", scale=scale, axis=alt.Axis(tickMinStep=1, format="d", grid=False))


def _up(field: str, metric: str, *, is_steady: bool) -> alt.Y:
    scale = alt.Scale(zero=is_steady, nice=True)
    if is_steady and metric == "accuracy":
        scale = alt.Scale(domain=[0, 1])
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
