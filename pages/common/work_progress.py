"""The progress of background work: a bar where its length is known, and a button that stops it."""

from __future__ import annotations

import time

import streamlit as st

from core.processes.background_job import Work
from core.words import about, duration, percent
from pages.common import frame
from pages.common.text import literal

_STEP = "work_step"


def show(work: Work, title: str, *, key: str, as_share: bool = False) -> None:
    """Show a progress bar for the current step; call repeatedly while the work is running.

    Args:
        work: the work in progress.
        title: a name for it.
        key: of the stop button.
        as_share: show progress as a percentage, since the unit counted means nothing to users.
    """
    step = work.message or "starting"
    with st.container(border=True):
        st.markdown(f"**{literal(title)}**")
        if work.total:
            text = literal(_capitalised(step)) + _progress_text(work, as_share)
            st.progress(min(work.done / work.total, 1.0), text=text)
        else:
            show_unmeasured(f"{step} · {duration(time.time() - work.started)} elapsed", key=key)
        if work.stop_requested:
            st.caption("Stopping …")
        else:
            st.button("Stop", icon=":material/stop:", key=key, on_click=frame.attempt, args=(work.stop,))


def show_unmeasured(step: str, *, key: str) -> None:
    """Show a step of unknown length with a turning icon: an empty bar would look as if nothing happened.

    Args:
        step: what is being done.
        key: distinguishes it from other such steps on the page.
    """
    with st.container(key=f"unmeasured-{key}"):
        st.markdown(f":material/progress_activity: {literal(_capitalised(step))}")


def _capitalised(step: str) -> str:
    return step[:1].upper() + step[1:]


def _progress_text(work: Work, as_share: bool) -> str:
    left = _seconds_left(work)
    words = f": {percent(work.done / work.total, 0) if as_share else f'{work.done:,} of {work.total:,}'}"
    return words + (f" · {about(left)} left" if left is not None else "")


def _seconds_left(work: Work) -> float | None:
    """Estimate from the speed since this page first saw the current step."""
    step = (work.KIND, work.source, work.started, work.message)
    key = f"{_STEP} {work.KIND}"  # a page may show work of two kinds
    kept: tuple[object, float, int] = st.session_state.get(key, ("", 0.0, 0))
    name, since, done = kept
    if name != step or done > work.done:
        since, done = time.time(), work.done
        st.session_state[key] = (step, since, done)
    progressed, seconds = work.done - done, time.time() - since
    if progressed <= 0 or seconds < 1:
        return None
    return (work.total - work.done) * seconds / progressed
