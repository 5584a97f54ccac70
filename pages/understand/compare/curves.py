"""Learning curves of several sides overlaid, by epoch or by time; repeats as a line with a band."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from core.export.palette import VALIDATION
from pages.common import learning_curves
from pages.common.learning_curves import BY_EPOCH, BY_TIME
from pages.understand.compare.sides import Side


def show(sides: Sequence[Side]) -> None:
    """Show accuracy and loss of all sides in a chart each, with the controls above."""
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        by = st.segmented_control(
            "X-axis", [BY_EPOCH, BY_TIME], default=BY_EPOCH, required=True, key="curves_by",
            persist_state="session", help="Time: seconds of training, without the start-up.",
        )  # fmt: skip
        smoothing = st.slider(
            "Smoothing", 0.0, 0.9, 0.0, 0.1, key="curves_smoothing", persist_state="session", width=180,
            help="Draws smoother lines. The dots, and the numbers on hover, are always the measured values.",
        )  # fmt: skip
        with_training = st.toggle(
            "Show training curves", value=False, key="curves_training", persist_state="session"
        )
    frame = curves_frame(sides, smoothing)
    if not with_training:
        frame = frame[frame["split"] == VALIDATION]
    if frame.empty:
        st.caption("None of these runs has finished an epoch.")
        return
    learning_curves.show(frame, along=str(by))
    st.caption(" ".join(_words(sides, with_training, smoothing)))


def curves_frame(sides: Sequence[Side], smoothing: float = 0.0) -> pd.DataFrame:
    """Return the values of all sides; see :func:`pages.common.learning_curves.frame`."""
    histories = {side.name: [summary.run.metrics() for summary in side.line.summaries] for side in sides}
    return learning_curves.frame(histories, _kept_epochs(sides), smoothing=smoothing)


def _kept_epochs(sides: Sequence[Side]) -> dict[str, int]:
    """Return the best epoch of each single run; repeats have one each, and their mean has none."""
    return {
        side.name: side.line.first.report.kept_epoch
        for side in sides
        if side.finished and not side.line.is_repeated
    }


def _words(sides: Sequence[Side], with_training: bool, smoothing: float) -> list[str]:
    words = ["Validation only. The ring marks the best epoch, whose weights were kept."]
    if with_training:
        words = ["Solid line: validation. Dashed line: training. The ring marks the best epoch."]
    if any(side.line.is_repeated for side in sides):
        words.append("Repeats: the mean over seeds, with a band from lowest to highest.")
    if smoothing:
        words.append("Lines are smoothed; dots are the measured values.")
    return words
