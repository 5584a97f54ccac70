"""Tell the model what an image really is: it becomes part of the data set, for training only."""

from __future__ import annotations

import streamlit as st

from core import datasets, engine
from core.data.collected import correcting
from core.errors import LabError
from core.words import visible
from pages.common import data_sources, frame, settings, visitors
from pages.common.addresses import TRAIN
from pages.common.run_picker import Summary
from pages.common.text import literal

POLL_SECONDS = 1.0
_ADDED, _MADE = "corrections", "corrections_made"


def show(summary: Summary, name: str, content: bytes, key: str) -> None:
    """Offer the classes for an image, or say why it cannot be added and what to do instead.

    Args:
        summary: the run whose data set it would be added to.
        name: what a person calls the image.
        content: its file.
        key: identifies it on the page.
    """
    assert summary.config is not None and summary.report is not None
    source = summary.config.data.source
    with st.popover("This is a …", icon=":material/add_a_photo:", key=f"correct {key}", type="tertiary"):
        if reason := correcting.obstacle(source):
            st.caption(reason)
            return
        names = summary.report.class_names
        label_key = f"true class {key}"
        label = st.selectbox("Its true class", names, index=None, key=label_key, width=240)
        st.button(
            "Add to the data set",
            icon=":material/add:",
            key=f"add {key}",
            disabled=label is None,
            on_click=frame.attempt,
            args=(_add, source, label_key, name, content),
        )
        st.caption(
            "For training only: a test on images that were chosen because the model failed on them would say "
            "nothing about others."
        )


def show_added(*, polls: bool = True) -> None:
    """Say what was added in this session, and prepare the new version.

    Args:
        polls: look again every second until it is prepared; not where something else draws this anew.
    """
    frame.show_faults()
    added: dict[str, str] = st.session_state.get(_ADDED, {})
    made: set[str] = st.session_state.setdefault(_MADE, set())
    for source, words in added.items():
        with frame.explained(), st.container(border=True, horizontal=True, vertical_alignment="center"):
            if source not in made and not _is_part(source):
                every = POLL_SECONDS if polls else None
                st.fragment(_wait, run_every=every, key=f"adding {source}")(source, words, polls=polls)
                continue
            made.add(source)  # comparing a large folder again for each photo of a camera takes too long
            said = f":green[:material/check:] {literal(words)} The next training uses it."
            st.markdown(said, width="stretch")
            if st.button("Train again", icon=":material/replay:", key=f"train again {source}"):
                _train_again(source)


def _train_again(source: str) -> None:
    """Open the Train page on the newest version of a data set, whichever was chosen there before."""
    settings.load()
    settings.choose_source(source)
    settings.put(settings.VERSION, "")
    st.switch_page(TRAIN)


def _add(source: str, label_key: str, name: str, content: bytes) -> None:
    label: str | None = st.session_state.get(label_key)  # chosen just now, maybe after the page was drawn
    if label is None:
        raise LabError("Choose the true class of the image first.")
    done = correcting.add(datasets.open(source), label, (name, content), visitors.submission().by)
    title = data_sources.short(source)
    words = f"{visible(name)} was added to class {label} of {title}."
    if done.known:
        words = f"{visible(name)} is in class {label} of {title} already."
    elif done.refused:
        raise LabError(f"{done.refused[0]}.")
    st.session_state.setdefault(_ADDED, {})[source] = words
    st.session_state.setdefault(_MADE, set()).discard(source)
    engine.prepare(source)


def _is_part(source: str) -> bool:
    """Whether all images that were added are part of the data set; it is prepared until they are.

    Raises:
        LabError: it cannot be prepared; says why.
    """
    preparation = engine.preparation_of(source)
    if preparation.state == "running":
        return False
    if not datasets.changed_on_disk(source):
        return True
    if preparation.state == "failed":
        raise LabError(f"The image was kept, but the new version cannot be made: {preparation.message}")
    engine.prepare(source)
    return False


def _wait(source: str, words: str, *, polls: bool) -> None:
    with frame.explained():
        if polls and _is_part(source):
            st.rerun()
    st.markdown(f":material/hourglass_top: {literal(words)} The new version is being made.")
