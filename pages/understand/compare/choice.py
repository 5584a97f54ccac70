"""The lines of the runs list to compare, kept in the session and, so that links work, in the address."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from pages.common.addresses import LINES_KEY
from pages.common.run_lines import REPEATS, Line
from pages.common.run_picker import Summary
from pages.common.text import literal

MAX_SIDES = 6
_CHOICE, _WRITTEN, _GENERATION = "compare_choice", "compare_written", "compare_generation"


def ids() -> list[str]:
    """Return the selected lines as the address names them, in order of selection."""
    asked = st.query_params.get(LINES_KEY)
    if asked is not None and asked != st.session_state.get(_WRITTEN):
        st.session_state[_CHOICE] = list(dict.fromkeys(filter(None, asked.split(","))))
        st.session_state[_WRITTEN] = asked
        redraw()
    chosen: list[str] = st.session_state.setdefault(_CHOICE, [])
    return chosen


def tick(line: Line, is_ticked: bool) -> None:
    """Add a line to the selection, or remove it with any of its runs that were selected alone."""
    chosen = [line_id for line_id in ids() if line_id not in line.names]
    st.session_state[_CHOICE] = [*chosen, line.id] if is_ticked else chosen


def choose(line_ids: Sequence[str]) -> None:
    """Replace the selection and redraw the table."""
    ids()
    st.session_state[_CHOICE] = list(line_ids)
    redraw()


def redraw() -> None:
    """Discard what was ticked and typed in the table, all of which is saved by now."""
    st.session_state[_GENERATION] = generation() + 1


def generation() -> int:
    """Return a part of the table's key: another number makes a new table."""
    return int(st.session_state.get(_GENERATION, 0))


def chosen(summaries: Sequence[Summary], joined: Sequence[Line]) -> list[Line]:
    """Return the selected lines; those that no longer exist are named and dropped.

    Args:
        summaries: all runs.
        joined: the same runs, with repeats on one line.
    """
    single = {summary.run.id: Line((summary,)) for summary in summaries}
    repeated = {summary.run.id: line for line in joined for summary in line.summaries}
    by_id = {
        name: repeated.get(name.removesuffix(REPEATS)) if name.endswith(REPEATS) else single.get(name)
        for name in ids()
    }
    missing = [name for name, line in by_id.items() if line is None]
    if missing:
        st.warning(
            "Not found: " + ", ".join(literal(name[:80]) for name in missing), icon=":material/search_off:"
        )
    found = [line for line in by_id.values() if line is not None]
    st.session_state[_CHOICE] = [name for name in by_id if by_id[name] is not None]
    return found


def write_address() -> None:
    """Write the compared part of the selection to the address."""
    text = ",".join(ids()[:MAX_SIDES])
    if text:
        st.query_params[LINES_KEY] = text
        st.session_state[_WRITTEN] = text
    else:
        st.query_params.pop(LINES_KEY, None)
        st.session_state.pop(_WRITTEN, None)
