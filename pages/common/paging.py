"""Long lists, one page at a time."""

from __future__ import annotations

import streamlit as st

from core.words import count


def choose_page(total: int, per_page: int, *, key: str, thing: str, order: str = "") -> slice:
    """Show paging buttons if there is more than one page, and return the slice of the open page.

    Args:
        total: number of items; if it shrinks below the open page, the last page opens.
        per_page: items per page.
        key: identifies the list, which has its own open page.
        thing: singular noun for an item.
        order: describes the order if it is not obvious.
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
    """Return the width of the buttons in pixels; if narrower, st.pagination hides page 2 of 2 or of 3."""
    return 80 + 40 * (3 if pages == 2 else min(max(pages, 5), 7))
