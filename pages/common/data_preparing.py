"""Prepare a data set from a page: start it, show progress, stop it, and recover from failure."""

from __future__ import annotations

from typing import Literal

import streamlit as st

from core import engine
from core.data.dataset import Dataset
from core.datasets import Changes
from core.engine import Preparation
from pages.common import data_sources, frame, layout_choice, settings, work_progress
from pages.common.text import literal

POLL_SECONDS = 0.5
_OFFLINE = (
    "If the data set was downloaded on another machine, copy it to any folder on this one, set "
    "TFDS_DATA_DIR to that folder and restart the lab."
)


def show(source: str) -> None:
    """Show the preparation of ``source``; the page runs again when it has finished."""
    preparation = engine.preparation_of(source)
    if source in data_sources.BUILT_IN and preparation.state == "none":
        preparation = engine.prepare(source)
    if preparation.state == "running":
        st.fragment(_watch, run_every=POLL_SECONDS, key="preparing")(source)
        return
    if preparation.state == "undecided":
        layout_choice.ask(preparation)
        if data_sources.kind(source) == data_sources.FOLDER:
            _rescan_button(source, "tertiary")
        return
    _show_outcome(preparation)
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


def show_again(dataset: Dataset, changes: Changes) -> None:
    """Show how reading the images again goes; offer it for the user's own, and say what changed in them."""
    source = dataset.source
    if source in data_sources.BUILT_IN:
        return
    preparation = engine.preparation_of(source)
    if preparation.state == "running":
        st.fragment(_watch, run_every=POLL_SECONDS, key="preparing_again")(source)
        return
    if preparation.heartbeat > dataset.prepared_at:  # else it is older than what is shown
        _show_question_or_outcome(preparation)
    if changes:
        _show_changes(source, changes)


def offer_rescan(dataset: Dataset, changes: Changes) -> None:
    """Offer to read the user's own folder again while nothing asks for it."""
    source = dataset.source
    is_running = engine.preparation_of(source).state == "running"
    if not changes and not is_running and data_sources.kind(source) == data_sources.FOLDER:
        _rescan_button(source, "tertiary")


def _show_question_or_outcome(preparation: Preparation) -> None:
    if preparation.state == "undecided":
        layout_choice.ask(preparation)
        st.caption("Until you choose, the images below are those that were found before.")
    elif preparation.state not in ("none", "done"):
        _show_outcome(preparation)


def _show_changes(source: str, changes: Changes) -> None:
    with st.container(border=True, horizontal=True, vertical_alignment="center", key="changed_on_disk"):
        st.markdown(f":orange[:material/sync_problem:] {literal(changes.in_words)}", width="stretch")
        _rescan_button(source, "secondary")


def _rescan_button(source: str, kind: Literal["secondary", "tertiary"]) -> None:
    st.button(
        "Rescan files",
        icon=":material/refresh:",
        key="prepare_again",
        type=kind,
        help="Use this after adding, changing or removing images. Only changed files are read again, and the "
        "images you left out or moved to another class stay that way.",
        on_click=frame.attempt,
        args=(engine.prepare, source),
    )


def _show_outcome(preparation: Preparation) -> None:
    match preparation.state:
        case "failed":
            st.error(
                literal(preparation.message),
                title="The data set could not be prepared",
                icon=":material/error:",
            )
            if "Without internet access" in preparation.message:
                st.caption(_OFFLINE)
        case "stopped" | "interrupted":
            st.info(literal(preparation.message), icon=":material/pause_circle:")
        case _:
            st.markdown(
                "Each image is read and checked once, then listed in an index. Your own files are never "
                "changed. Data from TensorFlow Datasets is downloaded first."
            )


def _watch(source: str) -> None:
    with frame.explained():
        preparation = engine.preparation_of(source)
        if preparation.state != "running":
            st.rerun()
        title = f"Preparing {data_sources.title(preparation.source)}"
        work_progress.show(preparation, title, key="stop_preparing")
