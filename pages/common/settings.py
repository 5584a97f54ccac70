"""The chosen settings: where they are stored, and how a link or another page changes them.

A setting is stored in ``st.session_state[key(path)]``, in the form its widget takes. It survives page
changes, and the address of the Train page repeats what differs from the defaults in the syntax of the
command line (``?set=fit.epochs=5``), so that a reload or a link restores it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

import streamlit as st

from core import datasets, runs
from core.config import (
    SETTINGS,
    DataConfig,
    RunConfig,
    Setting,
    differences,
    from_assignments,
    join_list,
)
from core.data.sources import pasted
from core.errors import InvalidSettings, LabError
from core.words import number, setting_value
from pages.common import frame
from pages.common.addresses import COPIED_RUN_KEY, SETTING_KEY, SOURCE_KEY
from pages.common.text import literal

SOURCE, VERSION = "data.source", "data.version"
CLASSES, MAX_PER_CLASS = "data.classes", "data.max_per_class"
SUGGESTION = "suggestion"
"""``st.session_state["suggestion"] = {path: value}`` makes the Train page change these, and report it."""

_NEWS, _WRITTEN, _FILLED = "settings_news", "settings_written", "settings_filled"
_STARTED = "settings_started"


def load() -> None:
    """Fill in missing settings, then those that a link or another page asks for; call before any widget."""
    if _FILLED not in st.session_state:
        fill_in(_from_address())
    _apply_starting_settings()
    _copy_run_settings()
    _apply_suggestion()


def current() -> RunConfig:
    """Return the current settings.

    Raises:
        LabError: one of them is not valid; a sentence.
    """
    return _config(SETTINGS)


def current_base() -> RunConfig:
    """Return the settings that a preset leaves alone: data set, subset and seed; the others are defaults.

    Raises:
        LabError: one of them is not valid; a sentence.
    """
    return _config(path for path in SETTINGS if path.startswith("data.") or path == "fit.seed")


def current_data() -> DataConfig:
    """Return the current data settings, whatever the other settings are.

    Raises:
        LabError: one of them is not valid; a sentence.
    """
    return _config(path for path in SETTINGS if path.startswith("data.")).data


def key(path: str) -> str:
    """Return the key of a setting's widget, which changes with each :func:`fill_in`.

    A browser that has not yet drawn the new values sends the old ones with the next click, under the old
    keys. Clicking a preset and Start in quick succession therefore starts the preset.
    """
    return path + _suffix()


def value(path: str) -> Any:
    """Return the value of a setting's widget."""
    return st.session_state[key(path)]


def values(paths: Iterable[str] = SETTINGS) -> dict[str, Any]:
    """Return the values of several widgets, by default of all, in a fraction of the time that each takes."""
    suffix = _suffix()
    return {path: st.session_state[path + suffix] for path in paths}


def put(path: str, value: Any) -> None:
    """Set the value of a setting's widget; only before it is shown, or in a callback."""
    st.session_state[key(path)] = value


def fill_in(config: RunConfig) -> None:
    """Put all settings of ``config`` into the widgets; only before they are shown, or in a callback."""
    fill({path: for_widget(setting, config.get(path)) for path, setting in SETTINGS.items()})


def fill(values: Mapping[str, Any]) -> None:
    """Put values into all widgets, in the form that these take; like :func:`fill_in`."""
    st.session_state[_FILLED] = st.session_state.get(_FILLED, -1) + 1
    for path, value in values.items():
        put(path, value)
    st.session_state[_STARTED] = values[SOURCE], datasets.starting_settings(values[SOURCE])


def drop_unknown_classes(class_names: Collection[str]) -> None:
    """Drop chosen classes that the data set no longer has; call before the widget is shown."""
    if class_names:
        put(CLASSES, [name for name in value(CLASSES) if name in class_names])


def choose_source(source: str) -> None:
    """Change the data set, and clear the chosen classes, which belonged to the previous one."""
    if value(SOURCE) != source:
        put(SOURCE, source)
        forget_classes()


def forget_classes() -> None:
    """Return to all classes and the newest version of the data set."""
    put(CLASSES, [])
    put(VERSION, "")


def repeat_in_address() -> None:
    """Write the settings that differ from the defaults to the address, if they have changed and are valid.

    Not on every rerun: otherwise the browser's Back button would always lead to the same page.
    """
    try:
        config = current()
    except LabError:
        return  # the page reports it where it matters
    words = [f"{SOURCE_KEY}={config.data.source}", *assignments(config)]
    if not frame.entered() and st.session_state.get(_WRITTEN) == words:
        return
    st.session_state[_WRITTEN] = words
    st.query_params[SOURCE_KEY] = config.data.source
    if len(words) > 1:
        st.query_params[SETTING_KEY] = words[1:]
    elif SETTING_KEY in st.query_params:
        del st.query_params[SETTING_KEY]


def show_news() -> None:
    """Report, once, what a link or another page has changed in the settings."""
    for sentence in st.session_state.pop(_NEWS, []):
        st.info(sentence, icon=":material/tune:")


def read_filters(text: str) -> tuple[int, ...]:
    """Parse ``"16, 32, 64"``.

    Raises:
        InvalidSettings: the text is not a list of 1 or more whole numbers.
    """
    words = text.replace(",", " ").split()
    if not words or not all(word.isascii() and word.isdecimal() for word in words):
        raise InvalidSettings(
            f"Filters must be 1 to 6 whole numbers separated by commas, like 16, 32, 64; not '{text[:80]}'.",
            ("model.filters",),
        )
    return tuple(int(word) for word in words)


def word(value: Any) -> str:
    """Format a setting's value as the command line takes it: no exponents, lists with commas."""
    if isinstance(value, tuple):
        return join_list(value)
    if isinstance(value, float):
        return number(value)
    return str(value)


def _from_address() -> RunConfig:
    base = RunConfig()
    try:
        source = _trusted(st.query_params.get(SOURCE_KEY, base.data.source))
        base = base.replace({SOURCE: source, **datasets.starting_settings(source)})
        config = from_assignments(st.query_params.get_all(SETTING_KEY), base)
        _trusted(config.data.source)
        return config
    except LabError as error:
        _report(f"The settings in the address were ignored: {literal(error)}")
        return base


def _trusted(source: str) -> str:
    """Return a data set that a link may name: anybody can make one that leads to a computer of theirs.

    Raises:
        LabError: it is on another computer, and nobody has used it here before.
    """
    if pasted.is_on_network(source) and source not in datasets.prepared():
        raise LabError(
            f"{source} is on another computer, which a link alone must not open. If you trust it, enter it "
            "on the Data page."
        )
    return source


def assignments(config: RunConfig) -> list[str]:
    """Return the settings that differ from the data set's defaults, as a link takes them.

    Those without effect are among them: they are kept for when they have one again.
    """
    base = RunConfig().replace(datasets.starting_settings(config.data.source))
    values = {path: config.get(path) for path in SETTINGS if path != SOURCE}
    return [f"{path}={word(value)}" for path, value in values.items() if value != base.get(path)]


def _apply_starting_settings() -> None:
    """Apply the data set's own defaults when it has just been chosen or prepared, and never again."""
    source = value(SOURCE)
    starting = datasets.starting_settings(source)
    _, before = st.session_state[_STARTED]
    if st.session_state[_STARTED] == (source, starting):
        return
    st.session_state[_STARTED] = source, starting
    for path in {*before, *starting} if before != starting else ():
        put(path, starting.get(path, SETTINGS[path].default))
        if path in starting:
            starts_as = literal(setting_value(path, starting[path]))
            _report(
                f"**{SETTINGS[path].label}** is set to {starts_as} for this data set, because its mirrored "
                "images may belong to another class."
            )


def _copy_run_settings() -> None:
    run_id = st.query_params.get(COPIED_RUN_KEY)
    if run_id is None:
        return
    del st.query_params[COPIED_RUN_KEY]
    try:
        run = runs.open(run_id)
        fill_in(run.config)
    except LabError as error:
        _report(f"The settings of the run could not be copied: {literal(error)}")
    else:
        _report(f"All settings were copied from the run **{literal(run.title)}**.")


def _apply_suggestion() -> None:
    changes: Mapping[str, Any] = st.session_state.pop(SUGGESTION, {})
    if not changes:
        return
    try:
        before, after = current(), current().replace(changes)
    except LabError as error:
        _report(f"The suggestion could not be applied: {literal(error)}")
        return
    fill_in(after)
    for path, (old, new) in differences([before, after]).items():
        is_now, was = (literal(setting_value(path, value)) for value in (new, old))
        _report(f"As suggested, **{SETTINGS[path].label}** is now {is_now} (previously {was}).")


def _report(sentence: str) -> None:
    st.session_state.setdefault(_NEWS, []).append(sentence)


def _config(paths: Iterable[str]) -> RunConfig:
    return RunConfig().replace(
        {path: _from_widget(SETTINGS[path], present) for path, present in values(paths).items()}
    )


def _suffix() -> str:
    filled = st.session_state[_FILLED]
    return f" {filled}" if filled else ""


def for_widget(setting: Setting, value: Any) -> Any:
    """Return a setting's value in the form that its widget takes."""
    if setting.path == CLASSES:
        return list(value)
    return ", ".join(map(str, value)) if setting.kind is tuple else value


def _from_widget(setting: Setting, present: Any) -> Any:
    if setting.path == CLASSES:
        return tuple(present)
    return read_filters(present) if setting.kind is tuple else present
