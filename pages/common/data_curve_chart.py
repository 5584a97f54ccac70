"""The chart of scores by number of training images: a band for each network, measured and forecast."""

from __future__ import annotations

from collections.abc import Mapping

import altair as alt
import numpy as np
import pandas as pd

from core.more_images import DataCurve
from core.more_images.answer import FACTOR
from core.words import percent

_POINTS = 40
_FORMAT = ".1%"
_LEGEND = alt.Legend(
    orient="bottom", columns=1, labelLimit=400, symbolType="stroke", symbolStrokeWidth=2.5, symbolOpacity=1
)
_DASHES = alt.StrokeDash(
    "part:N", scale=alt.Scale(domain=["measured", "forecast"], range=[[1, 0], [5, 4]]), legend=None
)


def chart(curves: Mapping[str, DataCurve]) -> alt.LayerChart:
    """Chart each run as a dot, and the fitted law as a line with its 95% band, dashed where it is a forecast.

    Args:
        curves: by name, in the order of the legend; without one for a single curve.
    """
    runs, fitted = _runs(curves), _fitted(curves)
    sizes = sorted(set(runs["images"]) | {FACTOR * runs["images"].max()})
    x = alt.X(
        "images:Q",
        title="Training images",
        scale=alt.Scale(type="log", base=2, nice=False, padding=14),
        axis=alt.Axis(values=sizes, format=",d", grid=False, labelOverlap="greedy"),
    )
    legend = _LEGEND if len(curves) > 1 else None
    colour = alt.Color("name:N", title=None, sort=list(curves), legend=legend)
    y = alt.Y("accuracy:Q", title="Accuracy", axis=alt.Axis(format=".0%"), scale=alt.Scale(zero=False))
    dots = alt.Chart(runs).mark_point(filled=True, size=55, opacity=0.8)
    layers = [dots.encode(x=x, y=y, color=colour, tooltip=_tooltip(["accuracy"]))]
    if not fitted.empty:
        law = alt.Chart(fitted).encode(x=x, color=colour, tooltip=_tooltip(["accuracy", "low", "high"]))
        band = law.mark_area(opacity=0.18).encode(y=alt.Y("low:Q"), y2=alt.Y2("high:Q"))
        line = law.mark_line(strokeWidth=2.2).encode(y=y, strokeDash=_DASHES)
        layers = [band, line, *layers]
    return alt.LayerChart(layer=layers).properties(height=300 + 20 * (len(curves) if legend else 0))


def in_words(curves: Mapping[str, DataCurve]) -> str:
    """Describe the mean scores, for screen readers."""
    lines = [f"{name} {_sizes(curve)}".strip() for name, curve in curves.items()]
    return f"Accuracy by number of training images: {'; '.join(lines)}"


def _sizes(curve: DataCurve) -> str:
    return ", ".join(f"{percent(size.accuracy)} with {size.images:,}" for size in curve.sizes)


def _tooltip(values: list[str]) -> list[alt.Tooltip]:
    titles = {"accuracy": "Accuracy", "low": "95% CI from", "high": "to"}
    return [
        alt.Tooltip("images:Q", title="Training images", format=",.0f"),
        *(alt.Tooltip(f"{value}:Q", title=titles[value], format=_FORMAT) for value in values),
    ]


def _runs(curves: Mapping[str, DataCurve]) -> pd.DataFrame:
    rows = [
        (name, size.images, accuracy)
        for name, curve in curves.items()
        for size in curve.sizes
        for accuracy in size.accuracies
    ]
    return pd.DataFrame(rows, columns=["name", "images", "accuracy"])


def _fitted(curves: Mapping[str, DataCurve]) -> pd.DataFrame:
    """Return the law by name at numbers of images evenly spaced on the axis, measured and beyond."""
    parts = [pd.DataFrame(columns=["name", "images", "accuracy", "low", "high", "part"])]
    for name, curve in curves.items():
        if curve.fit is None:
            continue
        smallest, largest = curve.sizes[0].images, curve.sizes[-1].images
        for part, first, last in (("measured", smallest, largest), ("forecast", largest, FACTOR * largest)):
            images = np.geomspace(first, last, _POINTS)
            errors = curve.fit.errors(images)
            parts.append(
                pd.DataFrame(
                    {
                        "name": name, "images": images, "part": part, "accuracy": 1 - errors.value,
                        "low": 1 - errors.high, "high": 1 - errors.low,
                    }
                )
            )  # fmt: skip
    return pd.concat([part for part in parts if len(part)] or parts, ignore_index=True)
