"""Which sweep the page is about; the address says it, so that it survives F5 and can be sent as a link."""

from __future__ import annotations

import streamlit as st

from core import sweeps
from core.sweeps import Sweep
from core.words import moment
from pages.common.addresses import SWEEP_KEY
from pages.common.text import literal

NEW = ""
_CHOICE = "sweep_choice"


def pick() -> Sweep | None:
    """The sweep chosen, None for a new one."""
    known = {sweep.id: sweep for sweep in sweeps.all()}
    if not known:
        return None
    asked = st.query_params.get(SWEEP_KEY)
    if asked and asked not in known:
        st.warning(f"The sweep {literal(asked[:80])} was not found.", icon=":material/search_off:")
        asked = NEW
    first = next(iter(known))
    chosen = first if asked is None else asked
    st.session_state[_CHOICE] = chosen
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.selectbox(
            "Sweep",
            [NEW, *known],
            format_func=lambda sweep_id: _line(known[sweep_id]) if sweep_id else "A new sweep …",
            key=_CHOICE,
            on_change=_follow_choice,
        )
        if chosen:
            st.button("New sweep", icon=":material/add:", key="new_sweep", on_click=open_sweep, args=(NEW,))
    st.query_params[SWEEP_KEY] = chosen
    return known.get(chosen)


def open_sweep(sweep_id: str) -> None:
    """Show this sweep, or with ``NEW`` the form for one."""
    st.query_params[SWEEP_KEY] = sweep_id


def _follow_choice() -> None:
    open_sweep(st.session_state[_CHOICE])


def _line(sweep: Sweep) -> str:
    return f"{sweep.title} · {moment(sweep.created)}"
