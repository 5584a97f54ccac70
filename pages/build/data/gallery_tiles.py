"""Images of a data set as thumbnails, one page at a time, each of which opens at full size."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pandas as pd
import streamlit as st

from core.data.dataset import Dataset
from core.errors import LabError
from pages.build.data import image_dialog
from pages.common.dataset_cache import row_by_id
from pages.common.paging import choose_page
from pages.common.text import literal

TILE = 200
"""Longest side of a thumbnail in pixels; it is displayed smaller, to stay sharp on high-density screens."""
PER_PAGE = 24

_ahead = ThreadPoolExecutor(1, "thumbnails")

Lines = Callable[[pd.Series], Sequence[str]]


def show(
    dataset: Dataset,
    ids: Sequence[str],
    *,
    key: str,
    lines: Lines,
    per_page: int = PER_PAGE,
    thing: str = "image",
) -> None:
    """Show a page of thumbnails with ``lines`` below each."""
    page = choose_page(len(ids), per_page, key=key, thing=thing)
    with st.grid(6, min_column_width=100, gap="small"):
        for image_id in ids[page]:
            tile(dataset, image_id, key=key, lines=lines)
    _ahead.submit(_create, dataset, _rows(dataset, ids[page.stop : page.stop + per_page]))


def _rows(dataset: Dataset, ids: Sequence[str]) -> list[pd.Series]:
    """Return the index rows of the images that are still in the data set."""
    rows = (row_by_id(dataset, image_id) for image_id in ids)
    return [row for row in rows if row is not None]


def _create(dataset: Dataset, rows: Sequence[pd.Series]) -> None:
    """Create the thumbnails of the next page while the current one is being viewed."""
    for row in rows:
        with suppress(LabError):  # reported when the page is opened
            if not row["problem"]:
                dataset.thumbnail(row, TILE)


def tile(dataset: Dataset, image_id: str, *, key: str, lines: Lines) -> None:
    """Show a thumbnail with its lines; a click anywhere on it opens it (``style.css``). Or say it is gone."""
    row = row_by_id(dataset, image_id)
    with st.container(gap="xxsmall", key=f"tile-plain-{key}-{image_id}"):
        if row is None:
            st.caption("This image is no longer in the data set.")
            return
        _thumbnail(dataset, row)
        st.caption("  \n".join(map(literal, lines(row))))
        if st.button(
            "Look closer", key=f"{key}-{image_id}", type="tertiary", icon=":material/zoom_in:"
        ):  # not a callback: the dialog is opened by the whole page, not by a fragment
            image_dialog.open_dialog(dataset, image_id)
            st.rerun()


def _thumbnail(dataset: Dataset, row: pd.Series) -> None:
    if row["problem"]:
        st.markdown(":material/broken_image:", width="content")
        st.caption(literal(row["problem"]))
        return
    try:
        st.image(dataset.thumbnail(row, TILE), width="stretch", alt=f"Image of class {row['label']}")
    except LabError as error:
        st.caption(literal(error))
