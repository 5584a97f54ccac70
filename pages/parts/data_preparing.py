"""Prepare a data set from a page: start, progress, stop, and what to do where it failed."""

from __future__ import annotations

import time

import streamlit as st

from core import engine
from core.engine import Preparation
from pages.parts import data_sources, frame, settings
from pages.parts.text import duration, literal

POLL_SECONDS = 0.5
_STEP = "preparing_step"
_OFFLINE = (
    "Data sets that another machine has downloaded can lie in any folder: set TFDS_DATA_DIR to that folder "
    "and start the lab again."
)


def show(source: str) -> None:
    """Everything about preparing ``source``; the page runs again when it is prepared."""
    preparation = engine.preparation_of(source)
    if source in data_sources.BUILT_IN and preparation.state == "none":
        preparation = engine.prepare(source)
    if preparation.state == "running":
        st.fragment(_watch, run_every=POLL_SECONDS, key="preparing")(source)
        return
    _say_how_it_ended(preparation)
    words = "Prepare this data set" if preparation.state in ("none", "done") else "Try again"
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button(
            words,
            type="primary",
            icon=":material/download:",
            key="prepare",
            on_click=frame.attempt,
            args=(engine.prepare, source),
        )
        if preparation.state == "failed":
            for name, title in data_sources.BUILT_IN.items():
                st.button(
                    f"Use {title}", key=f"instead {name}", on_click=settings.choose_source, args=(name,)
                )


def _say_how_it_ended(preparation: Preparation) -> None:
    match preparation.state:
        case "failed":
            st.error(
                literal(preparation.message),
                title="The data set could not be prepared",
                icon=":material/error:",
            )
            if preparation.source.startswith("tfds:"):
                st.caption(_OFFLINE)
        case "stopped" | "interrupted":
            st.info(literal(preparation.message), icon=":material/pause_circle:")
        case _:
            st.markdown(
                "Each picture is read once, checked and noted in an index. Your own files are never changed. "
                "What TensorFlow Datasets offers is downloaded first."
            )


def _watch(source: str) -> None:
    with frame.explained():
        preparation = engine.preparation_of(source)
        if preparation.state != "running":
            st.session_state.pop(_STEP, None)
            st.rerun()
        _progress(preparation)


def _progress(preparation: Preparation) -> None:
    step = preparation.message or "starting"
    with st.container(border=True):
        st.markdown(f"**Preparing {literal(data_sources.title(preparation.source))}**")
        share = preparation.done / preparation.total if preparation.total else 0.0
        st.progress(min(share, 1.0), text=literal(step[:1].upper() + step[1:]) + _how_far(preparation))
        if preparation.stop_requested:
            st.caption("Stopping …")
        else:
            st.button(
                "Stop",
                icon=":material/stop:",
                key="stop_preparing",
                on_click=frame.attempt,
                args=(preparation.stop,),
            )


def _how_far(preparation: Preparation) -> str:
    if not preparation.total:
        return f" · {duration(time.time() - preparation.started)} so far"
    left = _seconds_left(preparation)
    words = f": {preparation.done:,} of {preparation.total:,}"
    return words + (f" · about {duration(left)} left" if left is not None else "")


def _seconds_left(preparation: Preparation) -> float | None:
    """From the speed since this page first saw the present step."""
    name, since, done = st.session_state.get(_STEP, ("", 0.0, 0))
    if name != preparation.message or done > preparation.done:
        since, done = time.time(), preparation.done
        st.session_state[_STEP] = (preparation.message, since, done)
    progressed, seconds = preparation.done - done, time.time() - since
    if progressed <= 0 or seconds < 1:
        return None
    return (preparation.total - preparation.done) * seconds / progressed
