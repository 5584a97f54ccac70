"""The classes of a run: all of them in a table, and one in detail with its best and worst predictions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from core.evaluation import calibration, confusion, metrics
from core.report import Report
from core.runs import Predictions
from core.words import count, interval, percent
from pages.common import glossary, run_images
from pages.common.run_picker import Summary
from pages.common.text import literal
from pages.understand.results import calibration_charts, downloads, mistakes

TILES = 5
COLUMNS = {
    "class_name": "Class",
    "support": "Test images",
    "recall": "Recall",
    "recall_interval": "Recall, 95% CI",
    "precision": "Precision",
    "precision_interval": "Precision, 95% CI",
    "f1": "F1",
}
HELP = {
    "Recall": glossary.help_of("recall"),
    "Precision": glossary.help_of("precision"),
    "F1": glossary.help_of("f1"),
}
WIDTHS = {
    "Class": 150,
    "Test images": 95,
    "Recall": 120,
    "Recall, 95% CI": 125,
    "Precision": 120,
    "Precision, 95% CI": 140,
    "F1": 105,
}
"""In pixels; together they fill the width of the page."""


def show(summary: Summary) -> None:
    """Show all classes in a table, and below it the selected or else the weakest class in detail."""
    frame = frame_of(summary.report)
    event = st.dataframe(
        frame.assign(**{name: 100 * frame[name].astype(float) for name in HELP}),
        hide_index=True,
        height="content" if len(frame) <= 30 else 600,
        placeholder="–",
        key=f"classes-{summary.run.id}",
        on_select="rerun",
        selection_mode="single-row",
        column_config={name: _column(name) for name in WIDTHS},
        alt="Precision, recall and F1 per class on the test images",
    )
    st.caption(
        "All scores are on the test images; the fewer the images, the wider the interval. Select a row to "
        "see that class below; until then, it shows the class with the lowest F1."
    )
    downloads.table_button(summary, frame, "classes")
    index = event.selection.rows[0] if event.selection.rows else _weakest(frame)
    _detail(summary, index)


def _column(name: str) -> Any:
    if name not in HELP:
        return st.column_config.Column(width=WIDTHS[name])
    return st.column_config.ProgressColumn(
        min_value=0, max_value=100, format="%.0f%%", width=WIDTHS[name], help=HELP[name]
    )


def frame_of(report: Report) -> pd.DataFrame:
    """Return precision, recall, F1 and support per class on the test images, for display and download."""
    frame = pd.DataFrame([scores.model_dump() for scores in report.per_class])
    for figure in ("recall", "precision"):
        frame[f"{figure}_interval"] = [
            interval(low, high, 0)
            for low, high in zip(frame[f"{figure}_low"], frame[f"{figure}_high"], strict=True)
        ]
    return frame[list(COLUMNS)].rename(columns=COLUMNS)


def _weakest(frame: pd.DataFrame) -> int:
    """Return the row of the lowest F1; a class that the test neither has nor predicts has none."""
    return int(frame["F1"].astype(float).fillna(np.inf).to_numpy().argmin())


def _detail(summary: Summary, index: int) -> None:
    names = summary.report.class_names
    predictions = summary.run.predictions("test")
    st.header(literal(names[index]), anchor=False)
    counts = np.asarray(summary.report.confusion_matrix)
    left, right = st.columns(2, gap="large")
    with left:
        were = "was" if counts[index].sum() == 1 else "were"
        st.markdown(f"How its {count(int(counts[index].sum()), 'test image')} {were} classified")
        _bars(counts[index], names, index, "Predicted classes of the images of this class")
    with right:
        are = "is" if counts[:, index].sum() == 1 else "are"
        predicted = count(int(counts[:, index].sum()), "test image")
        st.markdown(f"What the {predicted} predicted as this class really {are}")
        _bars(counts[:, index], names, index, "True classes of the images predicted as this class")
    _curves(predictions, index)
    _extremes(summary, predictions, index)


def _bars(counts: np.ndarray, names: Sequence[str], index: int, title: str) -> None:
    filled = [i for i in np.argsort(-counts, kind="stable") if counts[i]][:10]
    if not filled:
        st.caption("None.")
        return
    frame = pd.DataFrame(
        {"name": [names[i] for i in filled], "count": counts[filled], "correct": [i == index for i in filled]}
    )
    st.altair_chart(calibration_charts.bars(frame, "Test images"), alt=title)


def _curves(predictions: Predictions, index: int) -> None:
    precision_recall = calibration.precision_recall(predictions, index)
    roc = calibration.roc(predictions, index)
    if precision_recall is None or roc is None:
        st.caption("No curves: they need test images of this class and of others.")
        return
    share = float((predictions.labels == index).mean())
    left, right = st.columns(2, gap="large")
    with left:
        st.markdown(
            f"Precision-recall curve. Average precision: **{precision_recall.area:.2f}**",
            help=glossary.help_of("precision-recall curve"),
        )
        st.altair_chart(
            calibration_charts.curve(precision_recall, "Recall", "Precision", [(0, share), (1, share)]),
            alt="Precision against recall",
        )
    with right:
        st.markdown(
            f"ROC curve. Area under the curve (AUC): **{roc.area:.2f}**", help=glossary.help_of("roc curve")
        )
        st.altair_chart(
            calibration_charts.curve(
                roc, "False positive rate", "True positive rate (recall)", [(0, 0), (1, 1)]
            ),
            alt="ROC curve",
        )
    st.caption(
        f"This class, {percent(share, 0)} of the test images, against all others. Dashed: random guessing. "
        "For rare classes, rely on the precision-recall curve."
    )


def _extremes(summary: Summary, predictions: Predictions, index: int) -> None:
    shown = run_images.gallery(summary.run)
    worst = [mistake.row for mistake in confusion.worst(predictions, index, TILES)]
    is_correct = (predictions.labels == index) & (metrics.predicted(predictions) == index)
    correct = np.flatnonzero(is_correct)
    best = correct[np.argsort(-predictions.probabilities[correct, index], kind="stable")[:TILES]]
    st.markdown("**Most confident mistakes on images of this class**")
    if worst:
        mistakes.tiles_of(summary, shown, predictions, worst, key="class-worst")
    else:
        st.caption("None: all its test images were classified correctly.")
    st.markdown("**Most confident correct predictions**")
    if len(best):
        mistakes.tiles_of(summary, shown, predictions, [int(i) for i in best], key="class-best")
    else:
        st.caption("None of its test images was classified correctly.")
