"""The "Train on…" button: continue a finished run for more epochs, as a new run."""

from __future__ import annotations

import streamlit as st

from core import engine
from core.config import SETTINGS
from core.errors import LabError
from core.words import count
from pages.common import frame, visitors
from pages.common.addresses import RUN_KEY, TRAIN
from pages.common.run_picker import Summary
from pages.common.text import literal


def button(summary: Summary) -> None:
    """Show the button if the run can be continued; pressing Start opens the Train page with the new run."""
    room = _epochs_allowed(summary)
    if room < 1 or summary.config is None:
        return
    usual = summary.config.get(engine.epochs_to_continue(summary.run)[0])
    with st.popover("Train on…", icon=":material/fast_forward:", key="train_on"):
        epochs = st.number_input("More epochs", 1, room, value=min(usual, room), key="train_on_epochs")
        start = "the optimiser's saved state" if summary.run.has_checkpoint else "a new optimiser"
        st.caption(
            f"A new run continues this one, with the same settings, images and split, and {start}. "
            "This run stays as it is."
        )
        label = f"Train for {count(int(epochs), 'more epoch', 'more epochs')}"
        if st.button(label, icon=":material/play_arrow:", type="primary", key="train_on_start"):
            _start(summary, int(epochs))


def _start(summary: Summary, epochs: int) -> None:
    try:
        submission = visitors.submission()
        run = frame.once(
            ("train on", summary.run.id, epochs), engine.train_on, summary.run, epochs, submission
        )
    except LabError as error:
        st.error(literal(error))
    else:
        st.switch_page(TRAIN, query_params={RUN_KEY: run.id})


def _epochs_allowed(summary: Summary) -> int:
    has_weights = summary.run.has_checkpoint or summary.run.model_path.exists()
    if not (summary.finished and has_weights) or summary.status.waiting:
        return 0
    path, done = engine.epochs_to_continue(summary.run)
    return int(SETTINGS[path].maximum or 0) - done
