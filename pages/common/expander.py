"""An expander whose content is computed only while it is open."""

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
    """Show an expander that calls ``draw(*arguments)`` while it is open; opening it reruns the page.

    A changed label is a new, closed expander to Streamlit, so leave changing numbers out of it.
    """
    with st.expander(label, key=key, icon=icon, type=type, expanded=expanded, on_change="rerun") as expander:
        if expander.open:
            draw(*arguments)
