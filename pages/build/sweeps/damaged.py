"""Sweeps whose file cannot be read: what is wrong with each, and a button that removes it."""

from __future__ import annotations

import streamlit as st

from core import sweeps
from core.sweeps import DamagedSweep
from pages.common import frame
from pages.common.text import literal

MAX_SHOWN = 3


def show(found: list[DamagedSweep]) -> None:
    """Show the newest of them above the page; the others follow when these are gone."""
    for one in found[:MAX_SHOWN]:
        _show_one(one)


def _show_one(found: DamagedSweep) -> None:
    st.error(
        literal(
            f"{found.reason} Its runs and other sweeps are not affected. If you have a backup, restore it. "
            "Otherwise, move the sweep to the trash."
        ),
        title=f"Sweep {literal(found.id)} cannot be read",
        icon=":material/broken_image:",
    )
    st.button(
        "Move to the trash", icon=":material/delete:", key=f"trash-sweep-{found.id}",
        on_click=frame.attempt, args=(sweeps.delete, found),
    )  # fmt: skip
