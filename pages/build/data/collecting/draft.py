"""Which collection a browser works on: the address says so, so that a reload returns to it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from core.data import sources
from core.data.collected import classes, log
from core.data.collected.log import Collected
from core.data.dataset import Dataset
from core.errors import LabError
from pages.common import data_sources, visitors
from pages.common.addresses import COLLECT_KEY

_OPEN = "collecting"


@dataclass(frozen=True)
class Draft:
    """An open collection."""

    source: str
    folder: Path

    @property
    def collected(self) -> Collected:
        """What is in it by now, whoever has added it."""
        return log.read(self.folder)

    @property
    def is_new(self) -> bool:
        """Whether nothing of it has been used yet."""
        collected = self.collected
        return not collected.given and not any(image.is_used for image in collected.images.values())


def browser() -> str:
    """The mark of this browser, by which changes say whose they are."""
    return visitors.submission().by


def opened() -> Draft | None:
    """The open collection, if any; one whose folder is gone is closed.

    Raises:
        LabError: it is gone; says so once.
    """
    upload_id = st.session_state.get(_OPEN) or st.query_params.get(COLLECT_KEY)
    if not upload_id:
        return None
    try:
        folder = sources.resolve(f"upload:{upload_id}").folder
    except LabError:
        close()
        raise
    if folder is None or not log.exists(folder):
        close()
        return None
    st.session_state[_OPEN] = upload_id
    if st.query_params.get(COLLECT_KEY) != upload_id:
        st.query_params[COLLECT_KEY] = upload_id
    return Draft(f"upload:{upload_id}", folder)


def is_open() -> bool:
    """Whether a collection is open."""
    return _OPEN in st.session_state


def is_in_address() -> bool:
    """Whether a reload or a link leads to a collection that this session has not opened yet."""
    return COLLECT_KEY in st.query_params and _OPEN not in st.session_state


def open_draft(source: str) -> None:
    """Open a collection; only before the widgets of the page are shown, or in a callback."""
    st.session_state[_OPEN] = source.removeprefix("upload:")
    st.session_state[data_sources.KIND_WANTED] = data_sources.COLLECTED


def add_to(dataset: Dataset) -> None:
    """Open a data set of one's own to add images. Raises LabError where its folder cannot be written."""
    classes.begin(dataset.root, dataset.class_names)
    open_draft(dataset.source)


def close() -> None:
    """Leave the collection as it is."""
    st.session_state.pop(_OPEN, None)
    if COLLECT_KEY in st.query_params:
        del st.query_params[COLLECT_KEY]
