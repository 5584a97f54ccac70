"""Learning curves of several sides over each other, by epoch or by time, repeats as a line with a band."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from core.export.palette import VALIDATION
from pages.common import learning_curves
from pages.common.learning_curves import BY_EPOCH, BY_TIME
from pages.understand.compare.sides import Side


def show(sides: Sequence[Side]) -> None:
    """Accuracy and loss of all sides in a chart each, with the controls above."""
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        by = st.segmented_control(
            "Along", [BY_EPOCH, BY_TIME], default=BY_EPOCH, required=True, key="curves_by",
            persist_state="session", help="Time spent training, without the start.",
        )  # fmt: skip
        smoothing = st.slider(
            "Smoothing", 0.0, 0.9, 0.0, 0.1, key="curves_smoothing", persist_state="session", width=180,
            help="Draws calmer lines. Dots, and the numbers when you point at them, stay the measured ones.",
        )  # fmt: skip
        with_training = st.toggle("Training too", value=False, key="curves_training", persist_state="session")
    frame = curves_frame(sides, smoothing)
    if not with_training:
        frame = frame[frame["split"] == VALIDATION]
    if frame.empty:
        st.caption("None of these runs has finished an epoch.")
        return
    learning_curves.show(frame, along=str(by))
    st.caption(" ".join(_words(sides, with_training, smoothing)))


def curves_frame(sides: Sequence[Side], smoothing: float = 0.0) -> pd.DataFrame:
    """The values of all sides, see :func:`pages.common.learning_curves.frame`."""
    histories = {side.name: [summary.run.metrics() for summary in side.line.summaries] for side in sides}
    return learning_curves.frame(histories, _kept_epochs(sides), smoothing=smoothing)


def _kept_epochs(sides: Sequence[Side]) -> dict[str, int]:
    """Of single runs; of repeats each has its own, and their mean none."""
    return {
        side.name: side.line.first.report.kept_epoch
        for side in sides
        if side.finished and not side.line.is_repeated
    }


def _words(sides: Sequence[Side], with_training: bool, smoothing: float) -> list[str]:
    words = ["Validation; the ring marks the epoch whose weights were kept."]
    if with_training:
        words = ["Full line: validation. Dashed line: training. The ring marks the epoch that was kept."]
    if any(side.line.is_repeated for side in sides):
        words.append("Repeats: the mean of all seeds, in a band from the lowest to the highest.")
    if smoothing:
        words.append("Lines are smoothed; dots are the measured values.")
    return words
