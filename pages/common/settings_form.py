"""The sidebar: every setting of ``core.config`` as a widget that suits its type and range."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import streamlit as st

from core.config import PRESETS, SETTINGS, Setting
from core.words import setting_value
from pages.common import settings
from pages.common.text import literal

MAX_SLIDER_STEPS = 150
"""A slider with more steps than this cannot be set precisely; such a setting is typed instead."""
MAX_SEGMENTS = 3
"""More options than this do not fit side by side in the sidebar."""

_GROUPS = {
    "data": ("Data", ":material/photo_library:"),
    "augment": ("Augmentation", ":material/auto_fix_high:"),
    "model": ("Model", ":material/hub:"),
    "fit": ("Training", ":material/model_training:"),
}
_SMALLEST_ABOVE_ZERO = 1e-5
"""Smallest non-zero value of a logarithmic setting that may be 0."""


def show_presets() -> None:
    """Show a button per preset, which fills in its settings."""
    st.markdown(
        "Presets", help="A preset fills in the settings below. Data set, classes and seed stay as they are."
    )
    with st.container(horizontal=True, gap="xsmall"):
        for name in PRESETS:
            st.button(
                name.capitalize(),
                key=f"preset {name}",
                help=_preset_help(name),
                on_click=settings.apply_preset,
                args=(name,),
            )


def show(
    sources: Mapping[str, str], class_names: Sequence[str], without_effect: Collection[str] = ()
) -> None:
    """Show every setting in groups; those rarely needed are in the last group.

    Args:
        sources: data sets to choose from, name to title.
        class_names: classes of the chosen data set; empty while it is not prepared.
        without_effect: settings that change nothing for this data set; they are greyed out.
    """
    usual = [path for path, setting in SETTINGS.items() if not setting.advanced]
    for section, (title, icon) in _GROUPS.items():
        with st.expander(title, expanded=section == "data", icon=icon, key=f"group {section}"):
            for path in (path for path in usual if path.startswith(f"{section}.")):
                if path == settings.SOURCE:
                    _source(sources)
                elif path == settings.CLASSES:
                    classes(class_names)
                else:
                    widget(path)
    with st.expander("Advanced", icon=":material/tune:", key="group advanced"):
        for path in (path for path in SETTINGS if path not in usual):
            widget(path, disabled=path in without_effect)


def classes(class_names: Sequence[str]) -> None:
    """Show the choice of classes; those that the data set no longer has are dropped."""
    path = settings.CLASSES
    options = list(class_names or settings.value(path))
    settings.put(path, [name for name in settings.value(path) if name in options])
    st.multiselect(SETTINGS[path].label, options, placeholder="All classes", **_common(SETTINGS[path]))


def widget(path: str, *, disabled: bool = False) -> None:
    """Show the widget of a setting, with its label and help from ``core.config``."""
    setting = SETTINGS[path]
    label, common = _label(setting), {**_common(setting), "disabled": disabled}
    if len(setting.options) > MAX_SEGMENTS:
        st.selectbox(label, setting.options, **common)
    elif setting.options:
        st.segmented_control(label, setting.options, required=True, **common)
    elif setting.kind is bool:
        st.toggle(label, **common)
    elif setting.minimum is None:
        st.text_input(label, **common)
    elif setting.scale == "log":
        st.select_slider(
            label, nice_values(setting, settings.value(path)), format_func=settings.word, **common
        )
    elif _fits_a_slider(setting):
        minimum, maximum, step = _limits(setting)
        st.slider(label, minimum, maximum, step=step, format=_format(setting), **common)
    else:
        minimum, maximum, step = _limits(setting)
        st.number_input(label, minimum, maximum, step=step, **common)


def nice_values(setting: Setting, present: float) -> list[float]:
    """Return 1, 2 and 5 times every power of ten in the range, 0 if allowed, and the current value."""
    assert setting.minimum is not None and setting.maximum is not None
    lowest = setting.minimum or _SMALLEST_ABOVE_ZERO
    powers = range(math.floor(math.log10(lowest)), math.ceil(math.log10(setting.maximum)) + 1)
    nice = [float(f"{digit}e{power}") for power in powers for digit in (1, 2, 5)]
    within = [value for value in nice if lowest <= value <= setting.maximum]
    return sorted({*within, present, setting.minimum})


def _source(sources: Mapping[str, str]) -> None:
    present = settings.value(settings.SOURCE)
    names = list(dict.fromkeys([*sources, present]))
    setting = SETTINGS[settings.SOURCE]
    st.selectbox(
        setting.label,
        names,
        format_func=lambda name: sources.get(name, name),
        on_change=settings.forget_classes,
        **_common(setting),
    )


def _common(setting: Setting) -> dict[str, Any]:
    return {"key": settings.key(setting.path), "help": setting.help, "persist_state": "session"}


def _label(setting: Setting) -> str:
    return f"{setting.label} ({setting.unit})" if setting.unit.isalpha() else setting.label


def _fits_a_slider(setting: Setting) -> bool:
    minimum, maximum, step = _limits(setting)
    return bool(maximum - minimum <= MAX_SLIDER_STEPS * step)


def _limits(setting: Setting) -> tuple[Any, Any, Any]:
    """Return minimum, maximum and step in the setting's own type; Streamlit requires them to match."""
    kind = setting.kind
    return kind(setting.minimum), kind(setting.maximum), kind(setting.step)


def _format(setting: Setting) -> str:
    if setting.kind is int:
        return "%d"
    return "%.2f" if (setting.step or 0) < 1 else f"%.0f{setting.unit}"


def _preset_help(name: str) -> str:
    changes = [
        f"{SETTINGS[path].label} {literal(setting_value(path, value))}"
        for path, value in PRESETS[name].items()
    ]
    return ", ".join(changes) if changes else "The settings of TensorFlow's image classification tutorial."
