"""Prepare a data set from a page: start, progress, stop, and what to do where it failed."""

from __future__ import annotations

import streamlit as st

from core import engine
from core.engine import Preparation
from pages.common import data_sources, frame, settings, work_progress
from pages.common.text import literal

POLL_SECONDS = 0.5
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


def show_again(source: str) -> None:
    """For a person's own images, which may have changed on the disk: read what is new among them."""
    if source in data_sources.BUILT_IN or source.startswith(("tfds:", "upload:")):
        return
    preparation = engine.preparation_of(source)
    if preparation.state == "running":
        st.fragment(_watch, run_every=POLL_SECONDS, key="preparing_again")(source)
        return
    if preparation.state not in ("none", "done"):
        _say_how_it_ended(preparation)
    st.button(
        "Read the files again",
        icon=":material/refresh:",
        key="prepare_again",
        type="tertiary",
        help="Do this when you have added, changed or removed images. What has not changed is not read "
        "again, and what was left out or given another class stays so.",
        on_click=frame.attempt,
        args=(engine.prepare, source),
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
                "Each image is read once, checked and noted in an index. Your own files are never changed. "
                "What TensorFlow Datasets offers is downloaded first."
            )


def _watch(source: str) -> None:
    with frame.explained():
        preparation = engine.preparation_of(source)
        if preparation.state != "running":
            st.rerun()
        title = f"Preparing {data_sources.title(preparation.source)}"
        work_progress.show(preparation, title, key="stop_preparing")
