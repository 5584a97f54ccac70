"""Add values, trials or repeats to an existing sweep."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import streamlit as st

from core import sweeps
from core.config import SETTINGS
from core.errors import LabError
from core.sweeps import Sweep
from pages.build.sweeps import setting_values
from pages.common import frame, queued
from pages.common.expander import lazy_expander
from pages.common.text import literal

_TRIALS, _REPEATS = "more_trials", "more_repeats"


def show(sweep: Sweep) -> None:
    """Show the form in a closed expander; no run is repeated."""
    lazy_expander("Add more", _form, sweep, key="sweep_more", icon=":material/add_circle:")


def _form(sweep: Sweep) -> None:
    paths = st.multiselect(
        "Settings",
        list(dict.fromkeys([*sweep.values, *setting_values.variable_settings()])),
        default=list(sweep.values),
        format_func=setting_values.label,
        key=f"more-paths-{sweep.id}",
        help="A setting added here had one value in all runs so far; those runs count towards that value.",
    )
    try:
        more = {
            path: setting_values.ticked(path, sweep.base, _key(path, sweep), besides=_existing(path, sweep))
            for path in paths
        }
    except LabError as error:
        st.warning(literal(error), icon=":material/rule:")
        return
    with st.grid(2, min_column_width=180, gap="small"):
        if sweep.way != "grid":
            st.number_input("More combinations to try", 0, 500, key=_TRIALS)
        st.number_input("More runs per combination", 0, 20, key=_REPEATS)
    added = {path: values for path, values in more.items() if values}
    st.button(
        "Add and start", icon=":material/playlist_add:", key="extend_sweep",
        disabled=not (added or any(_numbers(sweep))),
        on_click=frame.attempt, args=(_extend, sweep, added),
    )  # fmt: skip
    st.caption("So far: " + "; ".join(_line(path, sweep) for path in sweep.values))


def _existing(path: str, sweep: Sweep) -> Sequence[Any]:
    return sweep.values.get(path, [sweep.base.get(path)])


def _line(path: str, sweep: Sweep) -> str:
    return f"{literal(SETTINGS[path].label)}: {setting_values.tried(sweep, path)}"


def _key(path: str, sweep: Sweep) -> str:
    return f"more-{path}-{sweep.id}"


def _numbers(sweep: Sweep) -> tuple[int, int]:
    """Return how many more combinations and runs per combination are asked for by now."""
    trials = 0 if sweep.way == "grid" else int(st.session_state.get(_TRIALS, 0))
    return trials, int(st.session_state.get(_REPEATS, 0))


def _extend(sweep: Sweep, added: dict[str, Any]) -> None:
    """Extend the sweep, and empty the form."""
    trials, repeats = _numbers(sweep)
    kept = sweep.runs
    extended = sweeps.extend(sweep, added, trials=trials, repeats=repeats)
    queued.note_sweep(extended, before=sweep, kept=kept)
    st.session_state.update({_key(path, sweep): [] for path in added})
    st.session_state.update({name: 0 for name in (_TRIALS, _REPEATS) if name in st.session_state})
