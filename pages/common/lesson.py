"""A lesson: a link that hides settings, parts of a page or steps of a presentation, so that few are left.

``hide=optimizer,dropout,details`` in the address, by the short or dotted name of a setting (``augment.*``
stands for all of augmentation) or a part of :data:`PARTS`. It holds on every page until the browser's tab is
closed or the person shows everything again. It is a help to look at few things, no protection.
"""

from __future__ import annotations

from collections.abc import Iterable
from fnmatch import fnmatchcase

import streamlit as st

from core.config import SETTINGS, find_path
from core.errors import LabError
from core.words import count, listed
from pages.common.addresses import HIDE_KEY
from pages.common.text import literal

PARTS: dict[str, dict[str, str]] = {
    "Train": {
        "presets": "Presets",
        "augmentation": "Augmentation",
        "preview": "Preview of the images",
        "costs": "Parameters and estimated time",
        "layers": "The network, layer by layer",
    },
    "Results": {
        "advice": "What to try next",
        "curves": "What the curves show",
        "matrix": "What it confuses",
        "worst": "Most confident mistakes",
        "more_images": "Would more images help?",
        "per_class": "Classes",
        "confidence": "Confidence",
        "map": "Map",
        "take_home": "Take it home",
        "details": "Details and downloads",
    },
    "Present": {
        "question": "Question",
        "images": "Images",
        "guess": "Guess",
        "training": "Training",
        "result": "Result",
        "mistakes": "Mistakes",
        "heatmaps": "Heatmaps",
        "try": "Try it",
    },
}
"""What can be hidden besides settings: names in the address by page, with their titles."""
AUGMENTATION = "augmentation"
_ALL_PARTS = frozenset(name for parts in PARTS.values() for name in parts)
_HIDDEN, _UNKNOWN = "lesson_hidden", "lesson_unknown"
_MAX_NAMES = 100


def load() -> None:
    """Read what the address hides; on a page without it, put it back into the address, for a reload."""
    if HIDE_KEY in st.query_params:
        names = [name.strip() for name in st.query_params[HIDE_KEY].split(",")][:_MAX_NAMES]
        found = {name: _resolved(name) for name in names if name}
        st.session_state[_HIDDEN] = frozenset(one for meant in found.values() for one in meant)
        st.session_state[_UNKNOWN] = [name for name, meant in found.items() if not meant]
    elif hidden():
        st.query_params[HIDE_KEY] = in_address(hidden())


def hidden() -> frozenset[str]:
    """Return what is hidden: dotted names of settings, and names of parts."""
    names: frozenset[str] = st.session_state.get(_HIDDEN, frozenset())
    return names


def hides(name: str) -> bool:
    """Whether a setting, by its dotted name, or a part is hidden."""
    return name in hidden()


def hides_setting(path: str) -> bool:
    """Whether a setting is hidden, by itself or with all of augmentation."""
    return hides(path) or (path.startswith("augment.") and hides(AUGMENTATION))


def in_address(names: Iterable[str]) -> str:
    """Return names as the address takes them: settings by their short names where these are enough."""
    return ",".join(sorted(map(_short, names)))


def show_note() -> None:
    """Say that something is hidden, with a way to show it again, and name what the address hides in vain."""
    if unknown := st.session_state.get(_UNKNOWN):
        names = listed([name[:40] for name in unknown], 3)
        st.warning(
            f"This link hides {literal(names)}, which is neither a setting nor a part of a page. "
            "docs/teaching.md lists the names."
        )
    if hidden():
        with st.container(horizontal=True, vertical_alignment="center", gap="small", key="lesson_note"):
            st.caption(f"This lesson hides {count(len(hidden()), 'thing')}.", width="content")
            st.button("Show everything", key="show_everything", type="tertiary", on_click=_show_everything)


def _show_everything() -> None:
    st.session_state[_HIDDEN], st.session_state[_UNKNOWN] = frozenset(), []
    st.query_params.pop(HIDE_KEY, None)


def _resolved(name: str) -> set[str]:
    if name in _ALL_PARTS:
        return {name}
    if "*" in name:
        return {path for path in SETTINGS if fnmatchcase(path, name)}
    try:
        return {find_path(name)}
    except LabError:
        return set()


def _short(name: str) -> str:
    short = name.rpartition(".")[2]
    try:
        return short if name in SETTINGS and short not in _ALL_PARTS and find_path(short) == name else name
    except LabError:  # several settings have this name
        return name
