"""A figure with what belongs to it, in a box of its own."""

from __future__ import annotations

from typing import Literal

import streamlit as st


def metric_card(
    label: str,
    value: str,
    note: str | None = None,
    help: str | None = None,
    *,
    width: int | Literal["stretch"] = "stretch",
) -> None:
    """A figure; below it its interval or range, where it has one, and ``help`` on what it means.

    Streamlit has the note for a change since before, with an arrow and a colour; here it is neither.
    """
    st.metric(
        label, value, note, delta_color="off", delta_arrow="off", help=help, border=True,
        height="stretch", width=width,
    )  # fmt: skip
