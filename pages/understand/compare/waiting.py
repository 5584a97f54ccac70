"""Sides that are still being trained: how far they are; the page follows by itself when one has ended."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from core import runs
from core.errors import LabError
from core.runs import Run
from core.words import about
from pages.common import frame, work_progress
from pages.common.text import literal
from pages.understand.compare.sides import Side

POLL_SECONDS = 2.0


def show(sides: Sequence[Side]) -> None:
    """Show the progress of the sides without a result that have one ahead of them."""
    waiting = [side for side in sides if not side.finished and side.line.first.status.waiting]
    if waiting:
        ids = tuple((side.letter, side.line.first.run.id) for side in waiting)
        st.fragment(_follow, run_every=POLL_SECONDS, key="compare-waiting")(ids)


def _follow(waiting: tuple[tuple[str, str], ...]) -> None:
    with frame.explained():
        frame.tend()
        for letter, run_id in waiting:
            try:
                run = runs.open(run_id)
            except LabError:  # deleted meanwhile
                st.rerun()
            if not run.status.waiting:
                st.rerun()
            _show(letter, run)


def _show(letter: str, run: Run) -> None:
    status = run.status
    if status.state == "queued":
        st.markdown(f":material/hourglass_empty: {letter} · in the queue")
        return
    if status.state != "running" or not status.epochs:
        work_progress.show_unmeasured(f"{letter} · {status.message or 'starting'}", key=f"waiting-{letter}")
        return
    left = f" · {about(status.seconds_left)} left" if status.seconds_left is not None else ""
    words = f"{letter} · epoch {status.epoch} of {status.epochs}{left}"
    st.progress(min(status.epoch / status.epochs, 1.0), text=literal(words))
