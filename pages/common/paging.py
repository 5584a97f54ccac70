"""A list of many things, a page of them at a time."""

from __future__ import annotations

import streamlit as st

from core.words import count


def choose_page(total: int, per_page: int, *, key: str, thing: str, order: str = "") -> slice:
    """The buttons that turn the pages, where there is more than one, and the indices of the open page.

    Args:
        total: number of things to show; where it shrinks below the open page, the last page opens.
        per_page: things on a page.
        key: of the list; another list has its own open page.
        thing: what is listed, in the singular.
        order: which come first, in words, where that is not plain.
    """
    pages = max(1, -(-total // per_page))
    widget = f"{key}_page"
    if pages == 1:
        st.session_state.pop(widget, None)
        return slice(0, total)
    if st.session_state.get(widget, 1) > pages:
        st.session_state[widget] = pages
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        number = st.pagination(pages, key=widget, width=_width(pages))
        first, last = (number - 1) * per_page, min(number * per_page, total)
        words = f"{first + 1:,} to {last:,} of {count(total, thing)}"
        st.caption(f"{words}; {order}" if order else words, width="content")
    return slice(first, last)


def _width(pages: int) -> int:
    """Pixels for the pages' buttons: with less, st.pagination hides page 2 of 2, and page 2 of 3."""
    return 80 + 40 * (3 if pages == 2 else min(max(pages, 5), 7))
