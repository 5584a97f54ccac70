"""An expander whose content costs nothing until somebody opens it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import streamlit as st


def lazy_expander(
    label: str,
    draw: Callable[..., None],
    *arguments: Any,
    key: str,
    icon: str | None = None,
    type: Literal["default", "compact"] = "default",
    expanded: bool = False,
) -> None:
    """An expander in which ``draw(*arguments)`` is called while it is open; opening it runs the page again.

    Another label is another expander for Streamlit, which would close it: keep numbers that change out.
    """
    with st.expander(label, key=key, icon=icon, type=type, expanded=expanded, on_change="rerun") as expander:
        if expander.open:
            draw(*arguments)
