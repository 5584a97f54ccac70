"""Collect images for a data set of one's own, new or not."""

from __future__ import annotations

from typing import Literal

import streamlit as st

from core.data.dataset import Dataset
from core.errors import LabError
from pages.build.data.collecting import begin, draft, editor
from pages.common import frame, version_steps
from pages.common.text import literal


def show(source: str, button: Literal["primary", "secondary"]) -> bool:
    """Begin a collection, or show the open one.

    Returns:
        Whether one is open, so that it and not the data set in use is being looked at.
    """
    try:
        opened = draft.opened()
    except LabError as error:
        st.error(literal(error), icon=":material/error:")
        opened = None
    if opened is None:
        begin.show(source, button)
        return False
    editor.show(opened)
    return True


def offer(dataset: Dataset) -> None:
    """Offer to add images, where the data set is one's own and this is its newest version."""
    if dataset.source.startswith("upload:") and version_steps.is_newest(dataset):
        st.button(
            "Add images",
            icon=":material/add_a_photo:",
            key="add_images",
            help="With the camera, from files or by pasting. They become a new version; earlier ones stay.",
            on_click=frame.attempt,
            args=(draft.add_to, dataset),
        )
