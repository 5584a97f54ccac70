"""The sidebar: every setting of ``core.config`` as a widget, and the settings a person has chosen.

A setting's home is ``st.session_state[path]``, in the form its widget takes. It stays through page
changes, and the address of the Train page repeats what differs from the defaults in the command
line's own words (``?set=fit.epochs=5``), so that F5 and a link bring it back.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import streamlit as st

from core import config as settings
from core import runs
from core.config import PRESETS, SETTINGS, RunConfig, Setting
from core.errors import LabError
from pages.parts import frame
from pages.parts.text import literal

SOURCE, CLASSES = "data.source", "data.classes"
GROUPS: dict[str, str] = {
    "data": "Data",
    "augment": "Augmentation",
    "model": "Model",
    "fit": "Training",
}
ADVANCED = "Advanced"
MOST_SLIDER_STEPS = 150
"""A slider with more steps than this cannot be set exactly by hand; such a setting is typed instead."""

_DATA, _SET, _FROM, _SUGGESTION, _NEWS, _WRITTEN = (
    "data",
    "set",
    "from",
    "suggestion",
    "settings_news",
    "settings_written",
)
_FILTERS_HINT = "Write filters as numbers with commas between them, for example 16, 32, 64"


def load() -> None:
    """Fill in what is missing, then what a link or another page asks for; call before any widget."""
    if SOURCE not in st.session_state:
        fill_in(_from_address())
    for path in SETTINGS:
        st.session_state.setdefault(path, _for_widget(SETTINGS[path], SETTINGS[path].default))
    _take_over_run()
    _take_over_suggestion()


def current() -> RunConfig:
    """The settings as they are now.

    Raises:
        LabError: one of them does not fit; a sentence.
    """
    return settings.RunConfig().replace({path: _from_widget(SETTINGS[path]) for path in SETTINGS})


def fill_in(config: RunConfig) -> None:
    """Put all settings of ``config`` into the widgets; only before they are shown, or in a callback."""
    for path, setting in SETTINGS.items():
        st.session_state[path] = _for_widget(setting, config.get(path))


def choose_source(source: str) -> None:
    """Change the data set; the classes chosen belonged to the one before."""
    if st.session_state.get(SOURCE) != source:
        st.session_state[SOURCE] = source
        forget_classes()


def forget_classes() -> None:
    """Take all classes again."""
    st.session_state[CLASSES] = []


def show_presets() -> None:
    """Buttons that fill in a named starting point; data set, classes and seed stay."""
    with st.container(horizontal=True, gap="small"):
        for name in PRESETS:
            st.button(
                name.capitalize(),
                key=f"preset {name}",
                help=_preset_help(name),
                on_click=_apply_preset,
                args=(name,),
            )


def show(sources: Mapping[str, str], class_names: Sequence[str]) -> None:
    """Every setting, grouped; what is used rarely is in the last group.

    Args:
        sources: data sets to choose from, name to title.
        class_names: classes of the chosen data set; empty while it is not prepared.
    """
    for section, title in GROUPS.items():
        paths = [path for path in SETTINGS if path.startswith(f"{section}.") and not SETTINGS[path].advanced]
        with st.expander(
            title, expanded=section in ("data", "augment"), icon=_ICONS[section], key=f"group {section}"
        ):
            for path in paths:
                widget(path, sources=sources, class_names=class_names)
    with st.expander(ADVANCED, icon=":material/tune:", key="group advanced"):
        for path in (path for path in SETTINGS if SETTINGS[path].advanced):
            widget(path)


_ICONS = {
    "data": ":material/photo_library:",
    "augment": ":material/auto_fix_high:",
    "model": ":material/hub:",
    "fit": ":material/model_training:",
}


def widget(path: str, *, sources: Mapping[str, str] = {}, class_names: Sequence[str] = ()) -> None:
    """The widget that suits a setting's kind and range, with its label and help."""
    setting = SETTINGS[path]
    label = f"{setting.label} ({setting.unit})" if setting.unit == "epochs" else setting.label
    common: dict[str, Any] = {"key": path, "help": setting.help, "persist_state": "session"}
    if path == SOURCE:
        names = (
            dict.fromkeys([st.session_state[path], *sources])
            if st.session_state[path] not in sources
            else sources
        )
        st.selectbox(
            label,
            list(names),
            format_func=lambda name: literal(sources.get(name, name)),
            on_change=forget_classes,
            **common,
        )
    elif path == CLASSES:
        options = list(class_names or st.session_state[path])
        st.session_state[path] = [name for name in st.session_state[path] if name in options]
        st.multiselect(label, options, format_func=literal, placeholder="All classes", **common)
    elif setting.kind is tuple or setting.kind is str and not setting.options:
        st.text_input(label, **common)
    elif setting.kind is bool:
        st.toggle(label, **common)
    elif setting.options:
        st.segmented_control(label, setting.options, required=True, **common)
    elif setting.scale == "log":
        st.select_slider(label, _nice_values(setting), format_func=_plain, **common)
    elif _slider_steps(setting) <= MOST_SLIDER_STEPS:
        least, most, step = _typed(setting)
        st.slider(label, least, most, step=step, format=_slider_format(setting), **common)
    else:
        least, most, step = _typed(setting)
        st.number_input(label, least, most, step=step, **common)


def repeat_in_address(config: RunConfig) -> None:
    """Write the settings that differ from the defaults into the address, when they have changed.

    Not on every rerun: a browser's Back would otherwise lead to the same place for ever.
    """
    words = _words(config)
    if frame.entered() or st.session_state.get(_WRITTEN) != words:
        st.session_state[_WRITTEN] = words
        st.query_params[_DATA] = config.data.source
        if words:
            st.query_params[_SET] = words
        elif _SET in st.query_params:
            del st.query_params[_SET]


def show_news() -> None:
    """Say, once, what a link or another page has changed in the settings."""
    for sentence in st.session_state.pop(_NEWS, []):
        st.info(sentence, icon=":material/tune:")


def read_filters(text: str) -> tuple[int, ...]:
    """``"16, 32, 64"`` as numbers. Raises LabError where it is not that."""
    words = [word for word in text.replace(",", " ").split() if word]
    if not words or not all(word.isdecimal() for word in words):
        raise LabError(f"{_FILTERS_HINT}; '{text}' is not that.")
    return tuple(int(word) for word in words)


def _from_address() -> RunConfig:
    words = st.query_params.get_all(_SET)
    source = st.query_params.get(_DATA)
    try:
        base = RunConfig().replace({SOURCE: source} if source else {})
        return settings.from_assignments(words, base)
    except LabError as error:
        _tell(f"The settings in the address do not fit and were left out: {literal(error)}")
        return RunConfig().replace({SOURCE: source} if source else {})


def _words(config: RunConfig) -> list[str]:
    differing = settings.differences([RunConfig(), config])
    differing.pop(SOURCE, None)
    if any("," in name for name in config.data.classes):
        differing.pop(CLASSES, None)  # a list's words are separated by commas
    return [f"{path}={_word(value)}" for path, (_, value) in differing.items()]


def _word(value: Any) -> str:
    return (
        ",".join(map(str, value))
        if isinstance(value, tuple)
        else _plain(value)
        if isinstance(value, float)
        else str(value)
    )


def _take_over_run() -> None:
    run_id = st.query_params.get(_FROM)
    if run_id is None:
        return
    del st.query_params[_FROM]
    try:
        run = runs.open(run_id)
        fill_in(run.config)
        _tell(f"All settings are those of the run **{literal(run.title)}**.")
    except LabError as error:
        _tell(f"The settings of another run could not be taken over: {literal(error)}")


def _take_over_suggestion() -> None:
    changes: Mapping[str, Any] = st.session_state.pop(_SUGGESTION, {})
    if not changes:
        return
    try:
        before, after = current(), current().replace(changes)
    except LabError as error:
        _tell(f"The suggestion does not fit: {literal(error)}")
        return
    fill_in(after)
    for path, (old, new) in settings.differences([before, after]).items():
        _tell(f"As suggested, **{SETTINGS[path].label}** is now {_shown(new)}; it was {_shown(old)}.")


def _tell(sentence: str) -> None:
    st.session_state.setdefault(_NEWS, []).append(sentence)


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    return literal(_word(value))


def _apply_preset(name: str) -> None:
    kept = {
        path: _from_widget(SETTINGS[path])
        for path in SETTINGS
        if path.startswith("data.") or path == "fit.seed"
    }
    fill_in(settings.preset(name, RunConfig().replace(kept)))


def _preset_help(name: str) -> str:
    changes = [f"{SETTINGS[path].label} {_shown(value)}" for path, value in PRESETS[name].items()]
    return ", ".join(changes) if changes else "The settings of TensorFlow's own image classification tutorial"


def _for_widget(setting: Setting, value: Any) -> Any:
    if setting.path == CLASSES:
        return list(value)
    return ", ".join(map(str, value)) if setting.kind is tuple else value


def _from_widget(setting: Setting) -> Any:
    value = st.session_state[setting.path]
    if setting.path == CLASSES:
        return tuple(value)
    return read_filters(value) if setting.kind is tuple else value


def _typed(setting: Setting) -> tuple[Any, Any, Any]:
    """Least, most and step in the setting's own kind; Streamlit insists that they are alike."""
    return setting.kind(setting.least), setting.kind(setting.most), setting.kind(setting.step)


def _slider_steps(setting: Setting) -> float:
    assert setting.least is not None and setting.most is not None and setting.step is not None
    return (setting.most - setting.least) / setting.step


def _slider_format(setting: Setting) -> str:
    decimals = 0 if setting.kind is int or (setting.step or 0) >= 1 else 2
    unit = "" if setting.unit == "epochs" else setting.unit.replace("%", "%%")
    return (
        f"%.{decimals}f{' ' if unit.isalpha() else ''}{unit}"
        if setting.kind is float
        else f"%d{' ' + unit if unit else ''}"
    )


def _nice_values(setting: Setting) -> list[float]:
    """1, 2 and 5 in every power of ten of the range, 0 where allowed, and the value it has now."""
    least, most = setting.least or 0.0, setting.most or 1.0
    lowest = least or 1e-6
    steps = range(math.floor(math.log10(lowest)), math.ceil(math.log10(most)) + 1)
    nice = (float(f"{digit}e{power}") for power in steps for digit in (1, 2, 5))
    within: Iterable[float] = (value for value in nice if lowest <= value <= most)
    zero = [0.0] if least == 0 else []
    return sorted({*zero, *within, st.session_state[setting.path]})


def _plain(value: float) -> str:
    """A small number without an exponent: 0.00002."""
    return "0" if value == 0 else f"{value:.10f}".rstrip("0").rstrip(".")
