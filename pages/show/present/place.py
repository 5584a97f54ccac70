"""The step and the screen that are shown, kept in the address: ``present=guess-3``."""

from __future__ import annotations

import streamlit as st

from pages.common.addresses import PRESENT_KEY

MAX_DIGITS = 3


def read() -> tuple[str, int]:
    """Return the name of the step and its screen, from 0; the caller checks whether there are such."""
    name, _, number = st.query_params.get(PRESENT_KEY, "").partition("-")
    is_number = number.isascii() and number.isdecimal() and len(number) <= MAX_DIGITS
    return name, max(int(number) - 1, 0) if is_number else 0


def go_to(name: str, screen: int = 0) -> None:
    """Show a step; in a callback."""
    st.query_params[PRESENT_KEY] = f"{name}-{screen + 1}" if screen else name
