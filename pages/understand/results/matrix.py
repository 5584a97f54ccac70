"""The confusion matrix of a run: as a chart with clickable cells, and as a figure to download."""

from __future__ import annotations

import numpy as np
import streamlit as st
from matplotlib.figure import Figure
from numpy.typing import NDArray

from core.evaluation import confusion
from core.export import figures, palette
from pages.common import matrix_chart
from pages.common.run_picker import Summary

COUNTS, SHARES = "Counts", "Row percentages"


def ask_for_shares(key: str) -> bool:
    """Ask whether matrices show row percentages instead of counts."""
    choice = st.segmented_control(
        "Matrix shows",
        [COUNTS, SHARES],
        default=COUNTS,
        required=True,
        key=key,
        persist_state="session",
        help="Row percentages show, for each true class, how its images were classified. "
        "Fairer if classes differ in size.",
    )
    return choice == SHARES


def draw(summary: Summary, as_shares: bool) -> Figure:
    """Return the matrix of the test images as a figure, with confused classes next to each other."""
    counts, names = np.asarray(summary.report.confusion_matrix), summary.report.class_names
    order = confusion.order(counts)
    ordered = [names[index] for index in order]
    return figures.confusion_matrix(counts[np.ix_(order, order)], ordered, normalise=as_shares)


def clickable(summary: Summary, as_shares: bool) -> tuple[str, str] | None:
    """Draw the matrix as a chart and return the (true, predicted) class of the clicked cell."""
    counts, names = np.asarray(summary.report.confusion_matrix), summary.report.class_names
    classes = _ask_for_classes(counts)
    order = classes[confusion.order(counts[np.ix_(classes, classes)])]
    return matrix_chart.show(
        matrix_chart.cells(counts, names, order),
        matrix_chart.SHARE if as_shares else matrix_chart.COUNT,
        is_clickable=True,
        key=f"matrix-{summary.run.id}-{len(classes)}",
        alt=f"Confusion matrix of {counts.sum()} test images, {np.trace(counts)} on the diagonal; "
        "the images of a clicked cell are shown below",
    )


def _ask_for_classes(counts: NDArray[np.int64]) -> NDArray[np.int64]:
    """Ask which classes to show if there are too many to read at a glance."""
    if len(counts) <= palette.MAX_ANNOTATED:
        return np.arange(len(counts))
    some = f"The {palette.MAX_ANNOTATED} most confused"
    choice = st.segmented_control(
        "Classes", [some, f"All {len(counts)}"], default=some, required=True, key="matrix_classes",
        persist_state="session",
        help="With all classes, the matrix fills a large screen. Zoom in or point at a cell to read the "
        "small names.",
    )  # fmt: skip
    return (
        confusion.most_mixed_up(counts, palette.MAX_ANNOTATED) if choice == some else np.arange(len(counts))
    )
