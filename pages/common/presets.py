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
    st.session_state[_BEFORE] = st.session_state.get(_BASE, DEFAULT), settings.values()


def can_undo() -> bool:
    """Whether a preset was applied that can be taken back."""
    return _BEFORE in st.session_state


def undo() -> None:
    """Take back the preset applied last, with all changes since; only in a callback."""
    if can_undo():  # a second click may come before the page is drawn without the button
        st.session_state[_BASE], values = st.session_state.pop(_BEFORE)
        settings.fill(values)


def state() -> tuple[str, dict[str, Any]]:
    """Return the preset that the settings are, or else the one that they were changed from.

    And the settings that differ from it, with their values there; the data set is none of them.
    """
    differing = _differing()
    base = st.session_state.get(_BASE, DEFAULT)
    name = next((name for name in PRESETS if not differing[name]), base)
    return name, differing[name]


def reset(path: str) -> None:
    """Put a setting back to its value in the preset; only in a callback."""
    _, before = state()
    if path in before:
        settings.put(path, settings.for_widget(SETTINGS[path], before[path]))


def reset_all() -> None:
    """Put all settings back to their values in the preset; :func:`undo` takes it back."""
    name, before = state()
    _remember()
    settings.fill(
        settings.values()
        | {path: settings.for_widget(SETTINGS[path], value) for path, value in before.items()}
    )
    st.session_state[_BASE] = name


def strengths() -> dict[str, dict[str, Any]]:
    """Return the strengths of augmentation that suit the data set, with their settings."""
    return augmentations(flips=datasets.starting_settings(settings.value(SOURCE)).get("augment.flip", True))


def strength() -> str | None:
    """Return the strength of augmentation that the settings are, or None if they are none of them."""
    by_name = strengths()
    now = settings.values(by_name["strong"])
    return next((name for name, values in by_name.items() if values == now), None)


def put_strength(name: str) -> None:
    """Set all settings of augmentation to a strength; only before they are shown, or in a callback."""
    for path, value in strengths()[name].items():
        settings.put(path, value)


def _differing() -> dict[str, dict[str, Any]]:
    """Return, for each preset, the settings that differ from it, with their values there."""
    now = settings.values(path for path in SETTINGS if path != SOURCE)
    differing = {}
    for name, config in _starting_configs().items():
        values = {path: settings.for_widget(SETTINGS[path], config.get(path)) for path in now}
        differing[name] = {path: config.get(path) for path, value in values.items() if value != now[path]}
    return differing


def _starting_configs() -> dict[str, RunConfig]:
    try:
        return datasets.starting_configs(settings.value(SOURCE))
    except LabError:  # there is no such data set, which the page reports
        return {name: preset(name) for name in PRESETS}
