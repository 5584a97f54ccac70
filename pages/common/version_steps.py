"""Take a step on a data set from a page: it is recorded, told, and taken back with one click."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamlit as st

from core import datasets
from core.data import versions
from core.data.dataset import Dataset
from core.data.versions import Step
from core.words import count
from pages.common import frame, settings
from pages.common.text import literal

_LAST = "last_step"


def button(label: str, key: str, work: Callable[..., Step], *arguments: Any, **looks: Any) -> None:
    """A button that takes a step on the newest version; the whole page then runs again with the new one.

    Args:
        label: its words.
        key: of the button.
        work: a function of :mod:`core.data.versions`, called with ``arguments``; the first is the data set.
        looks: passed on to ``st.button``.
    """
    disabled = looks.pop("disabled", False) or not is_newest(arguments[0])
    # Not a callback: in a fragment it would leave the rest of the page with the version before.
    if st.button(label, key=key, disabled=disabled, **looks):
        frame.attempt(take, work, *arguments)
        st.rerun()


def quick_button(label: str, key: str, work: Callable[..., Step], *arguments: Any, **looks: Any) -> None:
    """The same for a fragment that shows the new version by itself, without the rest of the page."""
    st.button(label, key=key, on_click=frame.attempt, args=(_take_and_tell, work, *arguments), **looks)


def take(work: Callable[..., Step], dataset: Dataset, *arguments: Any) -> None:
    """Take a step and remember it for :func:`show_last_step`. Raises LabError where it cannot be taken."""
    st.session_state[_LAST] = (dataset.source, work(dataset, *arguments))
    settings.put(settings.VERSION, "")


def _take_and_tell(work: Callable[..., Step], dataset: Dataset, *arguments: Any) -> None:
    take(work, dataset, *arguments)
    _, step = st.session_state[_LAST]
    if step.kind != "undo":  # its button is beside what tell_last says; the others may be a screen below it
        st.toast(f"{literal(sentence(step, ()))}. To undo it, go up to the tabs.", icon=":material/check:")


def is_newest(dataset: Dataset) -> bool:
    """Whether this is the newest version, the only one that can be changed."""
    if not settings.value(settings.VERSION):
        return True
    return datasets.open(dataset.source).version == dataset.version


def show_last_step(dataset: Dataset, draw: Callable[..., None] = button) -> None:
    """What the last step of this tab did, with a button (drawn by ``draw``) that takes it back."""
    source, last = st.session_state.get(_LAST, ("", None))
    if source != dataset.source:
        return
    recorded = versions.steps(dataset.path)
    if not recorded or recorded[-1] != last:
        return
    with st.container(border=True, horizontal=True, vertical_alignment="center", key="last_step"):
        st.markdown(f":green[:material/check:] {literal(sentence(last, recorded))}.", width="stretch")
        label = "Do it again" if last.kind == "undo" else "Undo"
        draw(label, "undo_last", versions.undo, dataset, last.number, icon=":material/undo:")


def name(dataset: Dataset) -> None:
    """Which version this is, in a small line."""
    left_out = int((dataset.index["excluded"] != "").sum())
    changed = int((dataset.usable["label"] != dataset.usable["folder_label"]).sum())
    parts = [
        *([f"{count(left_out, 'image')} left out"] if left_out else []),
        *([f"{count(changed, 'image')} with another class than before"] if changed else []),
    ]
    st.caption(f"Data version {dataset.version}{': ' if parts else ''}{', '.join(parts)}.")


def show_earlier_steps(dataset: Dataset) -> None:
    """Say so where an earlier version is shown, and offer the newest."""
    if is_newest(dataset):
        return
    with st.container(border=True, horizontal=True, vertical_alignment="center", key="earlier_version"):
        st.markdown(
            f":material/history: This is the earlier version **{literal(dataset.version)}**. It can be "
            "looked at and trained on, not changed.",
            width="stretch",
        )
        st.button("Go to the newest", key="newest", on_click=settings.put, args=(settings.VERSION, ""))


def sentence(step: Step, recorded: tuple[Step, ...]) -> str:
    """What a step did, in words without a full stop."""
    images = count(len(step.ids), "image")
    match step.kind:
        case "exclude":
            return f"{images} left out: {step.reason}"
        case "put_back":
            return f"{images} put back: {step.reason}"
        case "confirm":
            return f"{images} found to be labelled right: {step.reason}"
        case "relabel":
            return f"{images} now called '{step.label}': {step.reason}"
        case _:
            undone = next((one for one in recorded if one.number == step.undoes), None)
            what = sentence(undone, recorded) if undone else f"step {step.undoes}"
            return f"Taken back: {what[:1].lower()}{what[1:]}"
