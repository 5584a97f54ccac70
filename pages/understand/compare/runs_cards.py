"""The list of all runs on a phone: a card per line instead of the table, which is too wide."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import streamlit as st

from core.config import SETTINGS
from core.words import percent, setting_value
from pages.common.paging import choose_page
from pages.common.run_lines import Line
from pages.common.text import literal
from pages.understand.compare import choice

PER_PAGE = 8
MAX_SETTINGS = 3


def show(shown: Sequence[Line], varying: Sequence[str], letters: Mapping[str, str]) -> None:
    """Draw a card per line, with a box to select it, its letter, score and settings that differ."""
    page = choose_page(len(shown), PER_PAGE, key="runs_cards", thing="run")
    ticked = choice.ids()
    for line in shown[page]:
        with st.container(border=True, gap=None):
            _box(line, ", ".join(letters[name] for name in letters if name in line.names), ticked)
            st.caption(_score(line))
            if differing := _settings(line, varying):
                st.caption(differing)


def _box(line: Line, letter: str, ticked: Sequence[str]) -> None:
    key = f"card {line.id}"
    st.session_state[key] = not line.names.isdisjoint(ticked)
    title = f"**{letter}** · {literal(line.title)}" if letter else literal(line.title)
    st.checkbox(title, key=key, on_change=_tick, args=(line, key))


def _tick(line: Line, key: str) -> None:
    choice.tick(line, bool(st.session_state[key]))
    choice.redraw()


def _score(line: Line) -> str:
    if line.validation is None:
        return line.state
    spread = line.spread("val_accuracy")
    if line.is_repeated:
        return f"{line.state} · validation {spread}"
    return f"{line.state} · validation {percent(line.validation)} (95% CI: {spread})"


def _settings(line: Line, varying: Sequence[str]) -> str:
    config = line.first.config
    if config is None:
        return ""
    parts = [f"{SETTINGS[path].label} {setting_value(path, config.get(path))}" for path in varying]
    more = [f"{len(parts) - MAX_SETTINGS} more"] if len(parts) > MAX_SETTINGS else []
    return literal(", ".join([*parts[:MAX_SETTINGS], *more]))
