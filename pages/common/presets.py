"""Presets, what was changed from them, and the way back; augmentation as one strength."""

from __future__ import annotations

from typing import Any

import streamlit as st

from core import datasets
from core.config import PRESETS, SETTINGS, RunConfig, augmentations, preset
from core.errors import LabError
from pages.common import settings
from pages.common.settings import SOURCE

DEFAULT = "tutorial"
"""The preset that the defaults are."""
_BASE, _BEFORE = "preset_base", "preset_before"


def apply(name: str) -> None:
    """Fill in a preset; data set, subset and seed stay. :func:`undo` takes it back.

    Raises:
        LabError: what stays is not valid.
    """
    base = settings.current_base()
    _remember()
    settings.fill_in(preset(name, base).replace(datasets.starting_settings(base.data.source)))
    st.session_state[_BASE] = name


def _remember() -> None:
    values = {path: settings.value(path) for path in SETTINGS}
    st.session_state[_BEFORE] = st.session_state.get(_BASE, DEFAULT), values


def can_undo() -> bool:
    """Whether a preset was applied that can be taken back."""
    return _BEFORE in st.session_state


def undo() -> None:
    """Take back the preset applied last, with all changes since; only in a callback."""
    if can_undo():  # a second click may come before the page is drawn without the button
        st.session_state[_BASE], values = st.session_state.pop(_BEFORE)
        settings.fill(values)


def current() -> str:
    """Return the preset that the settings are, or else the one that they were changed from."""
    base = st.session_state.get(_BASE, DEFAULT)
    return next((name for name in PRESETS if not _differing(name)), base)


def changed() -> dict[str, Any]:
    """Return the settings that differ from :func:`current`, with their values there; not the data set."""
    return _differing(current())


def reset(path: str) -> None:
    """Put a setting back to its value in :func:`current`; only in a callback."""
    if path in (before := changed()):
        settings.put(path, settings.for_widget(SETTINGS[path], before[path]))


def reset_all() -> None:
    """Put all settings back to their values in :func:`current`; :func:`undo` takes it back."""
    name, before = current(), changed()
    _remember()
    values = {path: settings.value(path) for path in SETTINGS}
    settings.fill(
        values | {path: settings.for_widget(SETTINGS[path], value) for path, value in before.items()}
    )
    st.session_state[_BASE] = name


def strengths() -> dict[str, dict[str, Any]]:
    """Return the strengths of augmentation that suit the data set, with their settings."""
    return augmentations(flips=datasets.starting_settings(settings.value(SOURCE)).get("augment.flip", True))


def strength() -> str | None:
    """Return the strength of augmentation that the settings are, or None if they are none of them."""
    for name, values in strengths().items():
        if all(settings.value(path) == value for path, value in values.items()):
            return name
    return None


def put_strength(name: str) -> None:
    """Set all settings of augmentation to a strength; only before they are shown, or in a callback."""
    for path, value in strengths()[name].items():
        settings.put(path, value)


def _differing(name: str) -> dict[str, Any]:
    config = _starting_config(name)
    values = {path: config.get(path) for path in SETTINGS if path != SOURCE}
    return {
        path: value
        for path, value in values.items()
        if settings.value(path) != settings.for_widget(SETTINGS[path], value)
    }


def _starting_config(name: str) -> RunConfig:
    try:
        return datasets.starting_config(settings.value(SOURCE), name)
    except LabError:  # there is no such data set, which the page reports
        return preset(name)
