"""Several runs queued at once: how many there are, with a button that takes them back."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from core import engine, runs
from core.errors import LabError
from core.runs import Run
from core.words import count
from pages.common import frame
from pages.common.addresses import TRAIN

_LAST = "queued_last"


def note(queued: Sequence[Run]) -> None:
    """Remember runs that a click has queued; the page says so until they are taken back or dismissed."""
    st.session_state[_LAST] = [run.id for run in queued]


def show() -> None:
    """Show how many runs the last click has queued, as long as some of them still wait."""
    waiting = [run for run in _noted() if run.status.state == "queued"]
    if not waiting:
        st.session_state.pop(_LAST, None)
        return
    number = len(st.session_state[_LAST])
    with st.container(border=True, horizontal=True, vertical_alignment="center", key="queued_bar"):
        st.markdown(
            f":material/playlist_add_check: {count(number, 'run')} queued. They train one after another.",
            width="stretch",
        )
        st.button(
            "Undo", key="undo_queued", icon=":material/undo:", on_click=frame.attempt, args=(_take_back,)
        )
        st.page_link(TRAIN, label="Watch", icon=":material/monitoring:", width="content")
        st.button(
            "Dismiss",
            key="dismiss_queued",
            type="tertiary",
            on_click=st.session_state.pop,
            args=(_LAST, None),
        )


def _forget() -> None:
    st.session_state.pop(_LAST, None)


def _noted() -> list[Run]:
    found = []
    for run_id in st.session_state.get(_LAST, ()):
        try:
            found.append(runs.open(run_id))
        except LabError:
            continue  # deleted meanwhile
    return found


def _take_back() -> None:
    """Cancel the runs, and move those that had not started to the trash, as if they never had been queued."""
    noted = _noted()
    engine.stop_all(noted)
    for run in noted:
        if run.status.state == "stopped" and not run.metrics():
            runs.delete(run)
    _forget()
