"""A key figure with its interval and help, in a box."""

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
    """Show a figure with an optional ``note`` below it, such as its interval, and ``help`` on its meaning.

    Streamlit treats the note as a change, with an arrow and a colour; both are turned off here.
    """
    st.metric(
        label, value, note, delta_color="off", delta_arrow="off", help=help, border=True,
        height="stretch", width=width,
    )  # fmt: skip
