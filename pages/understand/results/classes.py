"""The classes of a run: a table of all, and one of them with its row, its column, its best and its worst."""

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
from pages.common import run_images
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
    "Recall": "Of all images of this class, the part the model found.",
    "Precision": "Of all images the model gave this name, the part that really is this class.",
    "F1": "The harmonic mean of precision and recall: high only when both are.",
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
"""In pixels: together they are as wide as the page."""


def show(summary: Summary) -> None:
    """All classes in a table; the one whose row is ticked, or the weakest, in detail below."""
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
        alt="Precision, recall and F1 of every class on the test images",
    )
    st.caption(
        "All figures are from the test images; few images make wide intervals. Tick a row to see that "
        "class below; at first it is the one with the lowest F1."
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
    """Precision, recall, F1 and support of every class on the test images, as shown and as downloaded."""
    frame = pd.DataFrame([scores.model_dump() for scores in report.per_class])
    for figure in ("recall", "precision"):
        frame[f"{figure}_interval"] = [
            interval(low, high, 0)
            for low, high in zip(frame[f"{figure}_low"], frame[f"{figure}_high"], strict=True)
        ]
    return frame[list(COLUMNS)].rename(columns=COLUMNS)


def _weakest(frame: pd.DataFrame) -> int:
    return int(frame["F1"].astype(float).fillna(0).to_numpy().argmin())


def _detail(summary: Summary, index: int) -> None:
    names = summary.report.class_names
    predictions = run_images.predictions(summary.run)
    st.subheader(literal(names[index]), anchor=False)
    counts = np.asarray(summary.report.confusion_matrix)
    left, right = st.columns(2, gap="large")
    with left:
        were = "was" if counts[index].sum() == 1 else "were"
        st.markdown(f"What its {count(int(counts[index].sum()), 'test image')} {were} called")
        _bars(counts[index], names, index, "its row: images of this class")
    with right:
        are = "is" if counts[:, index].sum() == 1 else "are"
        st.markdown(f"What the {count(int(counts[:, index].sum()), 'test image')} with this answer {are}")
        _bars(counts[:, index], names, index, "its column: images with this answer")
    _curves(predictions, index)
    _extremes(summary, predictions, index)


def _bars(counts: np.ndarray, names: Sequence[str], index: int, title: str) -> None:
    filled = [i for i in np.argsort(-counts, kind="stable") if counts[i]][:10]
    if not filled:
        st.caption("None.")
        return
    frame = pd.DataFrame(
        {"name": [names[i] for i in filled], "count": counts[filled], "right": [i == index for i in filled]}
    )
    st.altair_chart(calibration_charts.bars(frame, "Test images"), alt=title.capitalize())


def _curves(predictions: Predictions, index: int) -> None:
    both = calibration.precision_recall(predictions, index), calibration.roc(predictions, index)
    if both[0] is None or both[1] is None:
        st.caption("No curves: all test images, or none, are of this class.")
        return
    share = float((predictions.labels == index).mean())
    left, right = st.columns(2, gap="large")
    with left:
        st.markdown(f"Precision and recall at every threshold: average precision **{both[0].area:.2f}**")
        st.altair_chart(
            calibration_charts.curve(both[0], "Recall", "Precision", [(0, share), (1, share)]),
            alt="Precision against recall",
        )
    with right:
        st.markdown(f"ROC: area **{both[1].area:.2f}**")
        st.altair_chart(
            calibration_charts.curve(
                both[1], "Others called this (false positive rate)", "Found (recall)", [(0, 0), (1, 1)]
            ),
            alt="ROC curve",
        )
    st.caption(
        f"One class against all others on the test images. Dashed: guessing by chance; this class is "
        f"{percent(share, 0)} of them. For rare classes, rely on the precision-recall curve."
    )


def _extremes(summary: Summary, predictions: Predictions, index: int) -> None:
    shown = run_images.gallery(summary.run)
    worst = [mistake.row for mistake in confusion.worst(predictions, index, TILES)]
    is_right = (predictions.labels == index) & (metrics.predicted(predictions) == index)
    right = np.flatnonzero(is_right)
    best = right[np.argsort(-predictions.probabilities[right, index], kind="stable")[:TILES]]
    st.markdown("**Its most confident mistakes**")
    if worst:
        mistakes.tiles_of(summary, shown, predictions, worst, key="class-worst")
    else:
        st.caption("None: all its test images were recognised.")
    st.markdown("**Recognised with the highest probability**")
    if len(best):
        mistakes.tiles_of(summary, shown, predictions, [int(i) for i in best], key="class-best")
    else:
        st.caption("None of its test images was recognised.")
