"""The sidebar: the settings of ``core.config`` as widgets that suit their type and range."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import streamlit as st

from core.config import PRESETS, SETTINGS, Setting
from core.errors import InvalidSettings, LabError
from core.words import setting_value
from pages.common import frame, glossary, lesson, presets, settings
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
SIMPLE, ALL = "Simple", "All"
DETAIL = "settings_detail"
"""Key of the switch between few settings and all."""
CUSTOM = "custom"
_STRENGTH, _DOT = "augment_strength", ":primary[●]"
_SMALLEST_ABOVE_ZERO = 1e-5
"""Smallest non-zero value of a logarithmic setting that may be 0."""


@dataclass(frozen=True)
class _Form:
    """What the fields need to know: data sets by name, classes, what was changed, and faults by setting."""

    sources: Mapping[str, str]
    class_names: Sequence[str]
    changed: Mapping[str, Any]
    faults: Mapping[str, str]


def show(
    sources: Mapping[str, str],
    class_names: Sequence[str],
    *,
    without_effect: Collection[str] = (),
    fault: LabError | None = None,
) -> None:
    """Show the presets, then the settings: a few, or all of them in groups.

    What means nothing is left out, and what the lesson hides.

    Args:
        sources: data sets to choose from, name to title.
        class_names: classes of the chosen data set; empty while it is not prepared.
        without_effect: settings that change nothing for this data set.
        fault: what is wrong with the settings; said at the fields that it concerns.
    """
    faults = dict.fromkeys(fault.paths, str(fault)) if isinstance(fault, InvalidSettings) else {}
    preset, changed = presets.state()
    form = _Form(sources, class_names, changed, faults)
    if not lesson.hides("presets"):
        _presets(preset, changed)
    detail = st.segmented_control(
        "Settings",
        [SIMPLE, ALL],
        default=SIMPLE,
        required=True,
        key=DETAIL,
        help="Simple: what beginners change, with augmentation as one strength. All: every setting.",
        persist_state="session",
    )
    value_of = settings.values().__getitem__
    shown = [
        path
        for path, setting in SETTINGS.items()
        if path not in without_effect and setting.matters(value_of) and not lesson.hides_setting(path)
    ]
    if detail == ALL:
        _all(form, shown)
    else:
        _simple(form, [path for path in shown if SETTINGS[path].simple or path in faults])


def _presets(current: str, changed: Mapping[str, Any]) -> None:
    st.markdown(
        "Presets", help="A preset fills in the settings below. Data set, classes and seed stay as they are."
    )
    with st.container(horizontal=True, gap="xsmall"):
        for name in PRESETS:
            st.button(
                name.capitalize(),
                key=f"preset {name}",
                icon=":material/check:" if name == current else None,
                help=_preset_help(name),
                on_click=frame.attempt,
                args=(presets.apply, name),
            )
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        if changed:
            label = f"Changed: {len(changed)}"
            with st.popover(label, icon=":material/edit:", key="changed", type="tertiary"):
                _changes(changed, current)
        if presets.can_undo():
            st.button(
                "Undo preset",
                icon=":material/undo:",
                key="undo_preset",
                type="tertiary",
                on_click=presets.undo,
            )


def _changes(changed: Mapping[str, Any], current: str) -> None:
    st.markdown(f"Changed from **{current.capitalize()}**, and marked {_DOT} below:")
    for path, before in changed.items():
        with st.container(horizontal=True, vertical_alignment="center"):
            was = literal(setting_value(path, before))
            st.markdown(f"{SETTINGS[path].label} (was {was})", width="stretch")
            st.button(
                "Reset",
                icon=":material/undo:",
                key=f"reset {path}",
                type="tertiary",
                on_click=presets.reset,
                args=(path,),
            )
    if len(changed) > 1:
        st.button("Reset all", key="reset_all", on_click=presets.reset_all)


def _simple(form: _Form, paths: Sequence[str]) -> None:
    of_data = [path for path in paths if path.startswith("data.")]
    _fields(form, of_data)
    if not all(map(lesson.hides_setting, presets.strengths()["strong"])):
        _strength()
    _fields(form, [path for path in paths if path not in of_data])


def _all(form: _Form, paths: Sequence[str]) -> None:
    usual = [path for path in paths if not SETTINGS[path].advanced]
    for section, (title, icon) in _GROUPS.items():
        if of_section := [path for path in usual if path.startswith(f"{section}.")]:
            with st.expander(title, expanded=section == "data", icon=icon, key=f"group {section}"):
                _fields(form, of_section)
    if advanced := [path for path in paths if path not in usual]:
        with st.expander("Advanced", icon=":material/tune:", key="group advanced"):
            _fields(form, advanced)


def _fields(form: _Form, paths: Sequence[str]) -> None:
    for path in paths:
        if path == settings.SOURCE:
            _source(form.sources)
        elif path == settings.CLASSES:
            classes(form.class_names, is_changed=path in form.changed)
        else:
            widget(path, is_changed=path in form.changed)
        if path in form.faults:
            st.markdown(f":red[:material/error: {literal(form.faults[path])}]")


def _strength() -> None:
    """Show all settings of augmentation as one."""
    names, now = list(presets.strengths()), presets.strength()
    options = names if now else [*names, CUSTOM]
    st.session_state[_STRENGTH] = now or CUSTOM
    st.select_slider(
        "Augmentation",
        options,
        format_func=str.capitalize,
        key=_STRENGTH,
        help="Random changes to training images, so that the model sees more variety: off, mirrored only, or "
        "more and more rotation, zoom, brightness and contrast. All shows each of them.",
        on_change=_apply_strength,
    )
    values = settings.values(presets.strengths()["strong"])
    words = [_in_words(path, value) for path, value in values.items() if value]
    st.caption(", ".join(words).capitalize() or "No random changes.")


def _in_words(path: str, value: Any) -> str:
    label = SETTINGS[path].label.lower()
    return label if value is True else f"{label} {setting_value(path, value)}"


def _apply_strength() -> None:
    if st.session_state[_STRENGTH] != CUSTOM:
        presets.put_strength(st.session_state[_STRENGTH])


def classes(class_names: Sequence[str], *, is_changed: bool = False) -> None:
    """Show the choice of classes; those that the data set no longer has are dropped."""
    path = settings.CLASSES
    options = list(class_names or settings.value(path))
    settings.drop_unknown_classes(options)
    st.multiselect(
        _label(SETTINGS[path], is_changed), options, placeholder="All classes", **_common(SETTINGS[path])
    )


def widget(path: str, *, is_changed: bool = False) -> None:
    """Show the widget of a setting, with its label and help from ``core.config``, and a dot if changed."""
    setting = SETTINGS[path]
    label, common = _label(setting, is_changed), _common(setting)
    if len(setting.options) > MAX_SEGMENTS:
        st.selectbox(label, setting.options, format_func=setting.option_name, **common)
    elif setting.options:
        st.segmented_control(label, setting.options, format_func=setting.option_name, required=True, **common)
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
    return {
        "key": settings.key(setting.path),
        "help": glossary.help_of(setting.path),
        "persist_state": "session",
    }


def _label(setting: Setting, is_changed: bool) -> str:
    label = f"{setting.label} ({setting.unit})" if setting.unit.isalpha() else setting.label
    return f"{label} {_DOT}" if is_changed else label


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
