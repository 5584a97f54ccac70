"""The confusion matrix of a run: as a figure to take away, and as a chart whose cells can be clicked."""

from __future__ import annotations

from collections.abc import Sequence

import altair as alt
import numpy as np
import pandas as pd
import streamlit as st
from matplotlib.figure import Figure
from numpy.typing import NDArray

from core.evaluation import confusion, metrics
from core.export import figures
from pages.common import charts, run_images
from pages.common.run_picker import Summary

COUNTS, RATES = "Counts", "Row per cent"
MOST_READ = 20
"""Classes up to which a matrix can be read at a glance."""


def ask_for_rates(key: str) -> bool:
    """Whether matrices show per cents of each row instead of counts."""
    choice = st.segmented_control(
        "Matrix shows",
        [COUNTS, RATES],
        default=COUNTS,
        required=True,
        key=key,
        persist_state="session",
        help="Row per cent: of all pictures of one class, what part was called what. "
        "Fairer where classes differ in size.",
    )
    return choice == RATES


def show_figure(summary: Summary, as_rates: bool, split: str = "test") -> None:
    """The seaborn confusion matrix on the pictures of a split."""
    counts = counts_of(summary, split)
    st.image(
        _png(counts, tuple(summary.report.class_names), as_rates),
        width="stretch",
        alt=f"Confusion matrix of {counts.sum()} {split} pictures, {np.trace(counts)} on the diagonal",
    )


def counts_of(summary: Summary, split: str) -> NDArray[np.int64]:
    """Pictures by true class (row) and answer (column): (C, C)."""
    if split == "test":
        return np.asarray(summary.report.confusion_matrix)
    answered = run_images.predictions(summary.run, split)
    classes = len(summary.report.class_names)
    return metrics.confusion_matrix(answered.labels, metrics.predicted(answered), classes)


def draw(counts: NDArray[np.int64], class_names: Sequence[str], as_rates: bool) -> Figure:
    """The matrix as a figure, classes that are mixed up side by side."""
    order = confusion.order(counts)
    names = [class_names[at] for at in order]
    return figures.confusion_matrix(counts[np.ix_(order, order)], names, normalise=as_rates)


@st.cache_data(max_entries=64, show_spinner=False)
def _png(counts: NDArray[np.int64], class_names: tuple[str, ...], as_rates: bool) -> bytes:
    return figures.png(draw(counts, class_names, as_rates))


def clickable(summary: Summary, as_rates: bool) -> tuple[str, str] | None:
    """The same matrix as a chart; returns the (true, predicted) class of the cell that was clicked."""
    counts = np.asarray(summary.report.confusion_matrix)
    classes = _ask_for_classes(counts)
    event = st.altair_chart(
        _chart(counts, tuple(summary.report.class_names), classes, as_rates, charts.ink()),
        key=f"matrix-{summary.run.id}-{len(classes)}",
        on_select="rerun",
        alt="Confusion matrix; the pictures of a clicked cell are shown below",
    )
    cells = event.selection.get("cell", [])
    return (cells[0]["true"], cells[0]["predicted"]) if cells and "true" in cells[0] else None


@st.cache_resource(max_entries=32, show_spinner=False)
def _chart(
    counts: NDArray[np.int64],
    class_names: tuple[str, ...],
    classes: NDArray[np.int64],
    as_rates: bool,
    ink: str,
) -> alt.LayerChart:
    """Made once: a click on anything else on the page need not wait for it."""
    return charts.matrix(frame_of(counts, class_names, classes), as_rates, ink)


def _ask_for_classes(counts: NDArray[np.int64]) -> NDArray[np.int64]:
    """The classes to show, where there are too many to read them all at a glance."""
    if len(counts) <= MOST_READ:
        return np.arange(len(counts))
    some = f"The {MOST_READ} most mixed up"
    choice = st.segmented_control(
        "Classes", [some, f"All {len(counts)}"], default=some, required=True, key="matrix_classes",
        persist_state="session",
        help="All classes together fill a large screen; their small names can be read by zooming in, or "
        "by pointing at a cell.",
    )  # fmt: skip
    return confusion.most_mixed_up(counts, MOST_READ) if choice == some else np.arange(len(counts))


def frame_of(
    counts: NDArray[np.int64], class_names: Sequence[str], classes: NDArray[np.int64]
) -> pd.DataFrame:
    """A row for each cell between some classes, mixed-up ones together: true, predicted, count, rate, right.

    ``rate`` is the part of all pictures of the true class, those with an answer outside ``classes`` too.
    """
    order = classes[confusion.order(counts[np.ix_(classes, classes)])]
    rates = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    names, shown = np.asarray(class_names)[order], np.ix_(order, order)
    true, predicted = np.indices((len(order), len(order))).reshape(2, -1)
    return pd.DataFrame(
        {
            "true": names[true],
            "predicted": names[predicted],
            "count": counts[shown].ravel(),
            "rate": rates[shown].ravel(),
            "right": true == predicted,
        }
    )
