"""What two sides confuse: their confusion matrices, the difference, and the classes that gain or lose."""

from __future__ import annotations

import altair as alt
import numpy as np
import pandas as pd
import streamlit as st

from core.comparison import paired_tests, pairing, score_intervals
from core.comparison.score_intervals import ClassDifference
from core.errors import LabError
from core.evaluation import confusion
from core.export import palette
from pages.common import matrix_chart
from pages.common.text import literal
from pages.understand.compare.sides import Side

_MAX_CLASSES = 30
_BY_LUCK = " A grey bar clear of zero is not enough: among several classes, one is soon clear by luck alone."


def show(first: Side, second: Side, split: str) -> None:
    """Show the matrices of two sides and their difference; below, the difference per class with its CI."""
    names = first.finished[0].report.class_names
    if names != second.finished[0].report.class_names:
        st.info("The runs have different classes, so there is no difference to show.")
        return
    try:
        counts = first.matrix(split), second.matrix(split)
    except LabError as error:
        st.info(literal(error), icon=":material/block:")
        return
    difference = f"{second.letter} minus {first.letter}"
    title = str(
        st.segmented_control(
            "Matrix", [difference, first.name, second.name], default=difference, required=True,
            format_func=literal, key="compare_matrix", label_visibility="collapsed",
        )
    )  # fmt: skip
    order = confusion.order(counts[0] + counts[1])
    words = f"Confusion matrix on the {split} images: {title}"
    if title == difference:
        cells = matrix_chart.differences(*counts, names, order)
        matrix_chart.show(cells, matrix_chart.DIFFERENCE, alt=words)
    else:
        cells = matrix_chart.cells(counts[title != first.name], names, order)
        matrix_chart.show(cells, matrix_chart.SHARE, alt=words)
    st.caption(
        f"On the {split} images. Row: true class; column: predicted class; numbers: percentages of the row. "
        f"Difference: how many percentage points more {second.letter} has. On the diagonal, more is better "
        "(green); off it, more is worse (orange)."
    )
    _by_class(first, second, split)


def _by_class(first: Side, second: Side, split: str) -> None:
    st.markdown("**Which classes gain or lose**")
    try:
        stamps = first.stamp, second.stamp
        differences = _differences(*stamps, split, first, second)
    except LabError as error:
        st.caption(literal(error))
        return
    furthest = sorted(differences, key=lambda one: -abs(one.difference))[:_MAX_CLASSES]
    shown = [one for one in differences if one in furthest]
    frame = pd.DataFrame(
        {
            "name": one.class_name,
            "value": one.difference, "low": one.low, "high": one.high,
            "first": one.first, "second": one.second, "images": one.images,
            "kind": ("gain" if one.difference > 0 else "loss") if one.is_real else "may be luck",
        }
        for one in shown
    )  # fmt: skip
    st.altair_chart(
        by_class(frame, first.letter, second.letter), alt="Difference in recall per class, with 95% CIs"
    )
    real = sum(one.is_real for one in differences)
    clear = any(not one.is_real and (one.low > 0 or one.high < 0) for one in shown)
    left = (
        f" Shown: the {_MAX_CLASSES} largest of {len(differences)} differences."
        if len(shown) < len(differences)
        else ""
    )
    found = f"{real if real else 'none'} here.{_BY_LUCK if clear else ''}"
    st.caption(
        f"Difference in recall per class on the {split} images, {second.letter} minus {first.letter}, with "
        f"95% CIs. Coloured if it is more than luck, corrected for {len(differences)} classes: {found}{left}"
        f"{_too_few(first, second, len(differences))}"
    )


def _too_few(first: Side, second: Side, classes: int) -> str:
    """Say so if the smallest p that so few repeats can reach is too large after the correction."""
    pairs = min(len(first.finished), len(second.finished))
    if pairs == 1 or classes * 2 / 2**pairs <= paired_tests.ALPHA:
        return ""
    return f" With only {pairs} pairs of runs, no single class can be; that takes more repeats."


def by_class(frame: pd.DataFrame, first: str, second: str) -> alt.LayerChart:
    """Chart a dot with its interval per class, around the line of no difference."""
    colours = alt.Scale(
        domain=["gain", "loss", "may be luck"], range=[palette.GREEN, palette.ORANGE, palette.GREY]
    )
    base = alt.Chart(frame).encode(
        y=alt.Y("name:N", sort=None, title=None, axis=alt.Axis(labelLimit=200)),
        color=alt.Color("kind:N", scale=colours, legend=None),
        tooltip=[
            alt.Tooltip("name:N", title="Class"),
            alt.Tooltip("images:Q", title="Images"),
            alt.Tooltip("first:Q", title=f"Recall of {first}", format=".1%"),
            alt.Tooltip("second:Q", title=f"Recall of {second}", format=".1%"),
            alt.Tooltip("value:Q", title="Difference", format="+.1%"),
            alt.Tooltip("low:Q", title="95% CI from", format="+.1%"),
            alt.Tooltip("high:Q", title="to", format="+.1%"),
            alt.Tooltip("kind:N", title="Real or luck"),
        ],
    )
    x_axis = alt.X("low:Q", title=f"{second} minus {first}", axis=alt.Axis(format="+.0%", tickCount=6))
    zero = (
        alt.Chart(pd.DataFrame({"at": [0]}))
        .mark_rule(color=palette.GREY, strokeWidth=1.5)
        .encode(x=alt.X("at:Q"))
    )
    bars = base.mark_bar(height=7, opacity=0.45, cornerRadius=4).encode(x=x_axis, x2=alt.X2("high:Q"))
    dots = base.mark_point(filled=True, size=80, opacity=1).encode(x=alt.X("value:Q"))
    return alt.LayerChart(layer=[zero, bars, dots]).properties(height=30 * len(frame) + 55)


@st.cache_data(max_entries=64, show_spinner=False)
def _differences(
    first_stamp: object, second_stamp: object, split: str, _first: Side, _second: Side
) -> list[ClassDifference]:
    sides = [side.results(split) for side in (_first, _second)]
    pair = pairing.pair((_first.letter, _second.letter), *sides)
    if pair.obstacle:
        raise LabError(f"No comparison per class. {pair.obstacle}")
    labels = dict(zip(sides[0][0].ids.tolist(), sides[0][0].labels.tolist(), strict=True))
    return score_intervals.by_class(pair, np.array([labels[name] for name in pair.ids.tolist()]))
