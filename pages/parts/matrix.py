"""The confusion matrix of a run: as a figure to take away, and as a chart whose cells can be clicked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st
from matplotlib.figure import Figure
from numpy.typing import NDArray

from core import confusion, figures, metrics
from pages.parts import charts, pictures
from pages.parts.runs import Summary

COUNTS, RATES = "Counts", "Row per cent"


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
        _png(counts, tuple(summary.report["class_names"]), as_rates),
        width="stretch",
        alt=f"Confusion matrix of {counts.sum()} {split} pictures, {np.trace(counts)} on the diagonal",
    )


def counts_of(summary: Summary, split: str) -> NDArray[np.int64]:
    """Pictures by true class (row) and answer (column): (C, C)."""
    if split == "test":
        return np.asarray(summary.report["confusion_matrix"])
    answered = pictures.predictions(summary.run, split)
    classes = len(summary.report["class_names"])
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
    frame = frame_of(summary.report, as_rates)
    event = st.altair_chart(
        charts.matrix(frame, as_rates),
        key=f"matrix-{summary.run.id}",
        on_select="rerun",
        alt="Confusion matrix; the pictures of a clicked cell are shown below",
    )
    cells = event.selection.get("cell", [])
    return (cells[0]["true"], cells[0]["predicted"]) if cells and "true" in cells[0] else None


def frame_of(report: dict[str, Any], as_rates: bool) -> pd.DataFrame:
    """A row for each cell, mixed-up classes side by side: true, predicted, count, rate, right."""
    order = confusion.order(report["confusion_matrix"])
    counts = np.asarray(report["confusion_matrix"])[np.ix_(order, order)]
    names = np.asarray(report["class_names"])[order]
    rates = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    true, predicted = np.indices(counts.shape).reshape(2, -1)
    return pd.DataFrame(
        {
            "true": names[true],
            "predicted": names[predicted],
            "count": counts.ravel(),
            "rate": rates.ravel(),
            "right": true == predicted,
        }
    )
