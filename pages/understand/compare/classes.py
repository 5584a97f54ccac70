"""What two sides mix up: their confusion matrices, the difference, and the classes that gain or lose."""

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
from pages.common.charts import ink
from pages.common.text import literal
from pages.understand.compare.sides import Side

_MAX_CLASSES = 30


def show(first: Side, second: Side, split: str) -> None:
    """Matrices of two sides and their difference; below, each class with the interval of its difference."""
    names = first.finished[0].report.class_names
    if names != second.finished[0].report.class_names:
        st.info("The runs tell different classes apart: there is no difference to draw.")
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
            key="compare_matrix", label_visibility="collapsed",
        )
    )  # fmt: skip
    order = confusion.order(counts[0] + counts[1])
    if title == difference:
        chart = matrix_chart.chart(
            matrix_chart.differences(*counts, names, order), matrix_chart.DIFFERENCE, ink()
        )
    else:
        cells = matrix_chart.cells(counts[title != first.name], names, order)
        chart = matrix_chart.chart(cells, matrix_chart.SHARE, ink())
    st.altair_chart(chart, alt=f"Confusion matrix on the {split} images: {title}")
    st.caption(
        f"On the {split} images. Row: the true class; column: the predicted class; numbers: per cent of the "
        f"row. Difference: percentage points that {second.letter} has more. On the diagonal more is better "
        "(green), off it more is worse (orange)."
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
            "kind": ("more" if one.difference > 0 else "fewer") if one.is_real else "may be luck",
        }
        for one in shown
    )  # fmt: skip
    st.altair_chart(
        by_class(frame, first.letter, second.letter), alt="Difference of each class, with intervals"
    )
    real = sum(one.is_real for one in differences)
    left = (
        f" The {_MAX_CLASSES} largest differences of {len(differences)}."
        if len(shown) < len(differences)
        else ""
    )
    st.caption(
        f"Points of a class's {split} images that {second.letter} finds more than {first.letter}, with the "
        f"95% CI. Coloured where it is more than luck, corrected for {len(differences)} classes: "
        f"{real if real else 'none'} here.{left}{_too_few(first, second, len(differences))}"
    )


def _too_few(first: Side, second: Side, classes: int) -> str:
    """Where the smallest p that so few repeats can reach is too large after the correction."""
    pairs = min(len(first.finished), len(second.finished))
    if pairs == 1 or classes * 2 / 2**pairs <= paired_tests.ALPHA:
        return ""
    return f" With {pairs} pairs of runs no single class could be; that takes more repeats."


def by_class(frame: pd.DataFrame, first: str, second: str) -> alt.LayerChart:
    """A dot with its bar for each class, around the line of no difference."""
    colours = alt.Scale(
        domain=["more", "fewer", "may be luck"], range=[palette.GREEN, palette.ORANGE, palette.GREY]
    )
    base = alt.Chart(frame).encode(
        y=alt.Y("name:N", sort=None, title=None, axis=alt.Axis(labelLimit=200)),
        color=alt.Color("kind:N", scale=colours, legend=None),
        tooltip=[
            alt.Tooltip("name:N", title="Class"),
            alt.Tooltip("images:Q", title="Images"),
            alt.Tooltip("first:Q", title=f"Found by {first}", format=".1%"),
            alt.Tooltip("second:Q", title=f"Found by {second}", format=".1%"),
            alt.Tooltip("value:Q", title="Difference", format="+.1%"),
            alt.Tooltip("low:Q", title="95% CI from", format="+.1%"),
            alt.Tooltip("high:Q", title="to", format="+.1%"),
            alt.Tooltip("kind:N", title="More than luck"),
        ],
    )
    across = alt.X("low:Q", title=f"{second} minus {first}", axis=alt.Axis(format="+.0%", tickCount=6))
    zero = (
        alt.Chart(pd.DataFrame({"at": [0]})).mark_rule(color=palette.GREY, strokeWidth=1.5).encode(x="at:Q")
    )
    bars = base.mark_bar(height=7, opacity=0.45, cornerRadius=4).encode(x=across, x2="high:Q")
    dots = base.mark_point(filled=True, size=80, opacity=1).encode(x="value:Q")
    return alt.LayerChart(layer=[zero, bars, dots]).properties(height=30 * len(frame) + 55)


@st.cache_data(max_entries=64, show_spinner=False)
def _differences(
    first_stamp: object, second_stamp: object, split: str, _first: Side, _second: Side
) -> list[ClassDifference]:
    sides = [side.results(split) for side in (_first, _second)]
    pair = pairing.pair((_first.letter, _second.letter), *sides)
    if pair.obstacle:
        raise LabError(f"No comparison by class. {pair.obstacle}")
    labels = dict(zip(sides[0][0].ids.tolist(), sides[0][0].labels.tolist(), strict=True))
    return score_intervals.by_class(pair, np.array([labels[name] for name in pair.ids.tolist()]))
