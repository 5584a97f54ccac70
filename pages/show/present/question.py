"""The question: what the model has to tell apart, with an image of each class."""

from __future__ import annotations

import streamlit as st

from core.errors import LabError
from core.words import listed
from pages.common.text import literal
from pages.show.present import story as stories
from pages.show.present.story import Story

MAX_SHOWN = 12
"""Of more classes, as many are shown, spread over all of them."""
_MAX_COLUMNS = 6


def screens(story: Story) -> int:
    """One screen."""
    return 1


def show(story: Story, screen: int) -> None:
    """Ask the question, and show an image per class."""
    names = list(story.names)
    st.title(_title(len(names)), anchor=False)
    try:
        images = stories.typical(story)
    except LabError:  # the later steps say what is damaged
        images = {}
    chosen = names[:: -(-len(names) // MAX_SHOWN)]
    if len(chosen) < len(names):
        st.markdown(f"{len(names):,} classes. Here are {len(chosen)} of them.")
    if story.shown.fault or not images:
        st.markdown(f"**{literal(listed(chosen, MAX_SHOWN))}**")
        if story.shown.fault:
            st.caption(literal(story.shown.fault))
        return
    rows = -(-len(chosen) // _MAX_COLUMNS)
    columns = -(-len(chosen) // rows)
    with (
        st.container(key=f"present_tiles_{columns}"),
        st.grid(columns, min_column_width=96, gap="medium"),
    ):
        for name in chosen:
            with st.container(gap="xsmall"):
                if name in images:
                    stories.image(story, images[name], f"An image of {name}", square=True)
                st.markdown(f"**{literal(name)}**", text_alignment="center")


def _title(count: int) -> str:
    if count == 2:
        return "Can a model tell these two apart?"
    return "Can a model tell these apart?"
