"""Parts shared by the Altair charts of several pages, which follow the theme and show values on hover.

Charts name their columns as ``x=alt.X("value:Q")``, never as ``x="value:Q"``: for a text, Altair searches all
classes of its schema, which takes 3 ms each time.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, wraps
from typing import Any, ParamSpec, cast

import altair as alt
import pandas as pd
import streamlit as st
from altair.utils import schemapi

from core.export import palette

_P = ParamSpec("_P")

schemapi.disable_debug_mode()  # a chart is validated as a whole when it is shown, not again in every part

VALUES = alt.NamedData("values")
"""The data of a chart that is :func:`drawn_once`."""
NAMES = alt.ExprRef("min(260, 0.4 * containerSize()[0])")
"""Pixels for names beside a chart, limited so that the chart keeps its room on a phone."""


def drawn_once(
    draw: Callable[_P, alt.Chart | alt.LayerChart],
) -> Callable[_P, dict[str, Any]]:
    """Return a function that keeps the chart's specification, since building one takes milliseconds.

    It is not validated, which takes as long again: tests do that.

    ``draw`` takes what the chart depends on, all of it hashable, and draws :data:`VALUES` in every layer. The
    values themselves are passed to ``st.vega_lite_chart``, which knows no others, beside the specification.
    """

    @wraps(draw)
    def specification(*arguments: _P.args, **named: _P.kwargs) -> dict[str, Any]:
        spec = draw(*arguments, **named).to_dict(validate=False)
        del spec["data"]  # only a name for the values
        assert "datasets" not in spec, f"{draw.__name__} draws values of its own"
        return spec

    return cast("Callable[_P, dict[str, Any]]", lru_cache(maxsize=64)(specification))


def is_dark() -> bool:
    """Whether the page uses the dark theme."""
    return st.context.theme.type == "dark"


def scheme() -> palette.Scheme:
    """Return the colours of drawings for the page's theme."""
    return palette.ON_DARK if is_dark() else palette.ON_LIGHT


def ink() -> str:
    """Return the colour of text in a chart on a light or dark page; Vega's default is always black."""
    return scheme().ink


def proportions(rows: pd.DataFrame) -> alt.LayerChart:
    """Chart values with their intervals as dots and bars, one line per value.

    The axis spans only the range of the bars, so that close values can be distinguished.

    Args:
        rows: columns name, value, low, high (0 to 1) and interval (the last two in words, with what they
            are), in display order.
    """
    scale = alt.Scale(zero=False, nice=True)
    base = alt.Chart(rows).encode(y=alt.Y("name:N", sort=None, title=None, axis=alt.Axis(labelLimit=NAMES)))
    axis = alt.X("low:Q", title=None, scale=scale, axis=alt.Axis(format=".0%", tickCount=5))
    tooltip = [
        alt.Tooltip("name:N", title=" "),
        alt.Tooltip("value:Q", format=".1%", title="Value"),
        alt.Tooltip("interval:N", title="Bar"),
    ]
    bars = base.mark_bar(height=8, opacity=0.45, cornerRadius=4).encode(
        x=axis, x2=alt.X2("high:Q"), tooltip=tooltip
    )
    dots = base.mark_point(filled=True, size=90, opacity=1).encode(x=alt.X("value:Q"), tooltip=tooltip)
    return alt.LayerChart(layer=[bars, dots]).properties(height=34 * max(len(rows), 2) + 20)
