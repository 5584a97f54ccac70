"""What a run mixes up: its confusion matrix, the pairs it confuses, and its most confident mistakes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st
from matplotlib.figure import Figure

from core import confusion, figures, metrics, runs
from core.runs import Predictions
from pages.parts import charts, pictures
from pages.parts.pictures import Tile
from pages.parts.runs import Summary, summarise
from pages.parts.text import literal

COUNTS, RATES = "Counts", "Row per cent"
WORST = 10
LARGEST_CLICKABLE = 30
"""Classes up to which every cell is drawn large enough to be hit with a finger."""


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


def matrix_figure(summary: Summary, as_rates: bool) -> None:
    """The seaborn confusion matrix on the test pictures."""
    test = summary.report["test_accuracy"]
    st.image(
        _matrix_png(summary.run.id, report_stamp(summary), as_rates),
        width="stretch",
        alt=f"Confusion matrix of {test['total']} test pictures, {test['correct']} of them on the diagonal",
    )


def draw_matrix(summary: Summary, as_rates: bool) -> Figure:
    """The matrix as a figure, classes that are mixed up side by side."""
    report = summary.report
    order = confusion.order(report["confusion_matrix"])
    counts = np.asarray(report["confusion_matrix"])[np.ix_(order, order)]
    return figures.confusion_matrix(counts, [report["class_names"][at] for at in order], normalise=as_rates)


def report_stamp(summary: Summary) -> int:
    """Changes when the report does: figures made from it are kept until then."""
    return (summary.run.path / "report.json").stat().st_mtime_ns


@st.cache_data(max_entries=64, show_spinner=False)
def _matrix_png(run_id: str, stamp: int, as_rates: bool) -> bytes:
    return figures.png(draw_matrix(summarise(runs.open(run_id)), as_rates))


def clickable_matrix(summary: Summary, as_rates: bool) -> tuple[str, str] | None:
    """The same matrix as a chart; returns the (true, predicted) class of the cell that was clicked."""
    frame = matrix_frame(summary.report, as_rates)
    event = st.altair_chart(
        charts.matrix(frame, as_rates),
        key=f"matrix-{summary.run.id}",
        on_select="rerun",
        alt="Confusion matrix; the pictures of a clicked cell are shown below",
    )
    cells = event.selection.get("cell", [])
    return (cells[0]["true"], cells[0]["predicted"]) if cells and "true" in cells[0] else None


def matrix_frame(report: dict[str, Any], as_rates: bool) -> pd.DataFrame:
    """Long form of the confusion matrix: true, predicted, count, rate (of the row), right."""
    counts = np.asarray(report["confusion_matrix"])
    names = report["class_names"]
    rates = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    true, predicted = np.indices(counts.shape).reshape(2, -1)
    return pd.DataFrame(
        {
            "true": np.take(names, true),
            "predicted": np.take(names, predicted),
            "count": counts.ravel(),
            "rate": rates.ravel(),
            "right": true == predicted,
        }
    )


def show(summary: Summary) -> None:
    """Both matrices, the pictures of a clicked cell, and the worst mistakes of a class."""
    as_rates = ask_for_rates("matrix_shows")
    left, right = st.columns(2)
    with left:
        st.caption("Every test picture: rows are what it is, columns what the model called it.")
        matrix_figure(summary, as_rates)
    with right:
        st.caption("The mistakes alone: click a cell to see its pictures.")
        cell = clickable_matrix(summary, as_rates)
    shown = pictures.gallery(summary.run)
    if cell:
        _cell_pictures(summary, shown, *cell)
    st.subheader("The most confident mistakes", anchor=False)
    _worst_pictures(summary, shown)


def _cell_pictures(summary: Summary, shown: pictures.Gallery, true: str, predicted: str) -> None:
    names = summary.report["class_names"]
    answered = pictures.predictions(summary.run)
    said = metrics.predicted(answered)
    here = np.flatnonzero((answered.labels == names.index(true)) & (said == names.index(predicted)))
    st.subheader(f"{literal(true)}, called {literal(predicted)}: {len(here)}", anchor=False)
    pictures.tiles(shown, _as_tiles(answered, here[:24], names), key="cell")


def _worst_pictures(summary: Summary, shown: pictures.Gallery) -> None:
    names = summary.report["class_names"]
    answered = pictures.predictions(summary.run)
    choice = st.selectbox("Of class", ["all classes", *names], key="worst_class", width=320)
    of_class = None if choice == "all classes" else names.index(choice)
    positions = [mistake.row for mistake in confusion.worst(answered, of_class, WORST)]
    if not positions:
        st.success("No mistakes on the test pictures of this class.", icon=":material/celebration:")
        return
    pictures.tiles(shown, _as_tiles(answered, positions, names), key="worst")


def _as_tiles(answered: Predictions, positions: Sequence[int], names: list[str]) -> list[Tile]:
    return [Tile(str(answered.ids[at]), pictures.answers(answered, at, names)) for at in positions]
