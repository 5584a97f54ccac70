"""Begin a data set of one's own, or go on with one."""

from __future__ import annotations

import time
from typing import Literal

import streamlit as st

from core.config import split_list
from core.data.collected import classes
from core.words import ago
from pages.build.data import earlier
from pages.build.data.collecting import draft
from pages.common import data_sources, frame
from pages.common.text import literal

MAX_LISTED = 8
_NAME, _CLASSES = "collect_name", "collect_classes"


def show(source: str, button: Literal["primary", "secondary"]) -> None:
    """Ask for a name and classes; list collections that are not finished, and data sets made of others."""
    st.caption(
        "Take images with the camera, drop them or paste them, then train on them. They are stored in the "
        "lab's workspace on this machine as you go: closing the tab loses nothing."
    )
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.text_input(
            "Name of the data set", key=_NAME, placeholder="For example, things on my desk", width=280
        )
        st.text_input(
            "Classes, separated by commas",
            key=_CLASSES,
            placeholder="For example, cup, pen",
            help="The kinds of things that the model is to distinguish. You can add, rename and remove "
            "classes while you collect.",
            width=320,
        )
        st.button("Begin", type=button, icon=":material/add_a_photo:", key="begin", on_click=_begin)
    _unfinished()
    earlier.show(data_sources.COLLECTED, ":material/photo_library:", source, "Collected earlier")


def _begin() -> None:
    frame.attempt(_create)


def _create() -> None:
    names = split_list(str(st.session_state.get(_CLASSES, "")))
    distinct = tuple(dict.fromkeys(names))
    name = str(st.session_state.get(_NAME, "")).strip() or "my images"
    what = ("collection", name, distinct)
    draft.open_draft(frame.once(what, classes.create, name, distinct, draft.browser()))


def _unfinished() -> None:
    found = classes.unfinished(draft.browser())[:MAX_LISTED]
    if not found:
        return
    st.markdown("Not finished yet")
    for upload_id, by, changed in found:
        source = f"upload:{upload_id}"
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.button(
                f"Continue {literal(data_sources.short(source))}",
                icon=":material/photo_camera:",
                key=f"continue {upload_id}",
                on_click=draft.open_draft,
                args=(source,),
            )
            whose = "" if by in ("", draft.browser()) else " in another window"
            st.caption(f"changed {ago(time.time() - changed)}{whose}", width="content")
