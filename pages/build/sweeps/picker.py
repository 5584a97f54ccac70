"""The choice of the sweep to show; the address names it, so it survives a reload and works as a link."""

from __future__ import annotations

from collections.abc import Collection

import streamlit as st

from core import sweeps
from core.sweeps import Sweep
from core.words import moment
from pages.common.addresses import SWEEP_KEY
from pages.common.text import distinct, literal

NEW = ""
_CHOICE = "sweep_choice"


def pick(damaged: Collection[str] = ()) -> Sweep | None:
    """Return the chosen sweep, or None for a new one; the page already says which ones are damaged."""
    by_id = {sweep.id: sweep for sweep in sweeps.all()}
    if not by_id:
        return None
    asked = st.query_params.get(SWEEP_KEY)
    if asked and asked not in by_id:
        if asked not in damaged:
            st.warning(f"Sweep {literal(asked[:80])} was not found.", icon=":material/search_off:")
        asked = NEW
    first = next(iter(by_id))
    chosen = first if asked is None else asked
    lines = distinct({NEW: "New sweep …", **{sweep_id: _line(sweep) for sweep_id, sweep in by_id.items()}})
    st.session_state[_CHOICE] = chosen
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.selectbox(
            "Sweep",
            list(lines),
            format_func=lines.__getitem__,
            key=_CHOICE,
            on_change=_follow_choice,
        )
        if chosen:
            st.button("New sweep", icon=":material/add:", key="new_sweep", on_click=open_sweep, args=(NEW,))
    st.query_params[SWEEP_KEY] = chosen
    return by_id.get(chosen)


def open_sweep(sweep_id: str) -> None:
    """Show this sweep, or the form for a new one if the id is ``NEW``."""
    st.query_params[SWEEP_KEY] = sweep_id


def _follow_choice() -> None:
    open_sweep(st.session_state[_CHOICE])


def _line(sweep: Sweep) -> str:
    return f"{sweep.title} · {moment(sweep.created)}"
