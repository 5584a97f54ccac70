"""The choice of several values of a setting: suggestions around the current value, or any value typed in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import streamlit as st

from core.config import SETTINGS, RunConfig, Setting, from_assignments
from core.sweeps import Sweep, search
from core.words import typed_value
from pages.common import glossary, settings_form
from pages.common.text import literal

LEFT_OUT = frozenset(
    {
        "data.source", "data.version", "data.classes", "data.split_seed", "data.validation_share",
        "data.test_share", "data.split", "data.group_by", "data.subset_seed", "fit.seed",
        "fit.restore_best", "fit.monitor",
    }
)  # fmt: skip
"""Runs that differ in these cannot be compared on the same images; repeats vary the seed."""

INITIAL_VALUES = 3
"""Number of values ticked at first."""


def variable_settings() -> list[str]:
    """Return the settings that can be varied, the most common first."""
    first = ["fit.learning_rate", "model.dropout", "fit.batch_size", "model.filters"]
    return list(dict.fromkeys([*first, *(path for path in SETTINGS if path not in LEFT_OUT)]))


def label(path: str) -> str:
    """Return the label of a setting, with its unit."""
    setting = SETTINGS[path]
    return f"{setting.label} ({setting.unit})" if setting.unit.isalpha() else setting.label


def ticked(path: str, base: RunConfig, key: str, *, besides: Sequence[Any] = ()) -> tuple[Any, ...]:
    """Show a widget for the values of a setting, and return the values ticked.

    Args:
        besides: values tried already; they are not offered, and nothing is ticked at first.

    Raises:
        LabError: a typed value is not valid.
    """
    setting, present = SETTINGS[path], base.get(path)
    options = [typed_value(value) for value in _suggested(setting, present) if value not in besides]
    near = None if besides else _near(options, typed_value(present))
    if setting.options or setting.kind is bool:
        chosen = st.pills(label(path), options, default=near, selection_mode="multi", key=key)
    else:
        chosen = st.multiselect(
            label(path),
            options,
            default=near,
            accept_new_options=True,
            key=key,
            placeholder="Choose values, or type one and press Enter",
            help=f"{glossary.help_of(path)} You can also type any other value.",
        )
    return tuple(_parsed(path, text, base) for text in chosen)


def tried(sweep: Sweep, path: str) -> str:
    """Return the values of a setting as Markdown: numbers by size, or a range if they are drawn from one."""
    values = sweep.values[path]
    if all(isinstance(value, int | float) for value in values):
        values = sorted(values)
    if sweep.way != "grid" and search.is_range(path, values):
        return literal(f"{typed_value(values[0])} to {typed_value(values[-1])}")
    return literal(" | ".join(typed_value(value) for value in values))


def _parsed(path: str, text: str, base: RunConfig) -> Any:
    if SETTINGS[path].kind is bool:
        return text == "on"
    return from_assignments([f"{path}={text}"], base).get(path)


def _suggested(setting: Setting, present: Any) -> list[Any]:
    if setting.options:
        return list(setting.options)
    if setting.kind is bool:
        return [True, False]
    if setting.kind is tuple:
        return list(dict.fromkeys([(16, 32), (32, 64), present, (16, 32, 64), (32, 64, 128)]))
    if setting.scale == "log":
        return settings_form.nice_values(setting, present)
    return _around(setting, present)


def _around(setting: Setting, present: float) -> list[Any]:
    """Return halves and doubles of the current value; for a share, even steps over its range."""
    assert setting.minimum is not None and setting.maximum is not None
    if setting.kind is float:
        step = max((setting.step or 0.05) * 2, (setting.maximum - setting.minimum) / 8)
        values = [setting.minimum + step * number for number in range(9)]
    else:
        values = [(present or 8) * 2.0**power for power in range(-3, 4)]
    kind = setting.kind
    within = {kind(round(value, 4)) for value in values if setting.minimum <= value <= setting.maximum}
    return sorted({*within, present})


def _near(options: Sequence[str], present: str) -> list[str]:
    index = options.index(present)
    start = max(0, min(index - INITIAL_VALUES // 2, len(options) - INITIAL_VALUES))
    return list(options[start : start + INITIAL_VALUES])
