"""Change a data set from a page: each step is recorded, reported, and undone with one click."""

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


def button(label: str, key: str, work: Callable[..., Step], *arguments: Any, **options: Any) -> None:
    """Show a button that takes a step on the newest version; the whole page then reruns with the new one.

    Args:
        label: of the button.
        key: of the button.
        work: a function of :mod:`core.data.versions`, called with ``arguments``; the first is the data set.
        options: passed on to ``st.button``.
    """
    disabled = options.pop("disabled", False) or not is_newest(arguments[0])
    # Not a callback: in a fragment it would leave the rest of the page with the previous version.
    if st.button(label, key=key, disabled=disabled, **options):
        frame.attempt(take, work, *arguments)
        st.rerun()


def quick_button(label: str, key: str, work: Callable[..., Step], *arguments: Any, **options: Any) -> None:
    """Show such a button in a fragment that redraws itself, without the rest of the page."""
    st.button(label, key=key, on_click=frame.attempt, args=(_take_and_report, work, *arguments), **options)


def take(work: Callable[..., Step], dataset: Dataset, *arguments: Any) -> None:
    """Take a step and remember it for :func:`show_last_step`. Raises LabError if it cannot be taken."""
    st.session_state[_LAST] = (dataset.source, work(dataset, *arguments))
    if settings.value(settings.SOURCE) == dataset.source:
        settings.put(settings.VERSION, "")


def _take_and_report(work: Callable[..., Step], dataset: Dataset, *arguments: Any) -> None:
    take(work, dataset, *arguments)
    _, step = st.session_state[_LAST]
    if (
        step.kind != "undo"
    ):  # its button is beside the report of the last step; the others may be a screen below
        st.toast(
            f"{literal(sentence(step, ()))}. To undo it, scroll up to the tabs.", icon=":material/check:"
        )


def is_newest(dataset: Dataset) -> bool:
    """Whether this is the newest version, the only one that can be changed."""
    if settings.value(settings.SOURCE) != dataset.source or not settings.value(settings.VERSION):
        return True
    return datasets.open(dataset.source).version == dataset.version


def show_last_step(dataset: Dataset, draw: Callable[..., None] = button) -> None:
    """Show what the last step of this session did, with a button (drawn by ``draw``) that undoes it."""
    source, last = st.session_state.get(_LAST, ("", None))
    if source != dataset.source:
        return
    recorded = versions.steps(dataset.path)
    if not recorded or recorded[-1] != last:
        return
    with st.container(border=True, horizontal=True, vertical_alignment="center", key="last_step"):
        st.markdown(f":green[:material/check:] {literal(sentence(last, recorded))}.", width="stretch")
        label = "Redo" if last.kind == "undo" else "Undo"
        draw(label, "undo_last", versions.undo, dataset, last.number, icon=":material/undo:")


def name(dataset: Dataset) -> None:
    """Show in a small line which version this is."""
    left_out = int((dataset.index["excluded"] != "").sum())
    changed = int((dataset.usable["label"] != dataset.usable["folder_label"]).sum())
    parts = [
        *([f"{count(left_out, 'image')} left out"] if left_out else []),
        *([f"{count(changed, 'image')} moved to another class"] if changed else []),
    ]
    st.caption(f"Data version {dataset.version}{': ' if parts else ''}{', '.join(parts)}.")


def show_earlier_steps(dataset: Dataset) -> None:
    """If this is an earlier version, say so and offer the newest."""
    if is_newest(dataset):
        return
    with st.container(border=True, horizontal=True, vertical_alignment="center", key="earlier_version"):
        st.markdown(
            f":material/history: This is the earlier version **{literal(dataset.version)}**. You can view it "
            "and train on it, but not change it.",
            width="stretch",
        )
        st.button(
            "Go to the newest version", key="newest", on_click=settings.put, args=(settings.VERSION, "")
        )


def sentence(step: Step, recorded: tuple[Step, ...]) -> str:
    """Describe a step, without a full stop."""
    images = count(len(step.ids), "image")
    match step.kind:
        case "exclude":
            return f"{images} left out: {step.reason}"
        case "add":
            return f"{images} added {step.reason}"
        case "put_back":
            return f"{images} put back: {step.reason}"
        case "confirm":
            return f"Label of {images} confirmed: {step.reason}"
        case "relabel":
            return f"{images} moved to class '{step.label}': {step.reason}"
        case _:
            undone = next((one for one in recorded if one.number == step.undoes), None)
            what = sentence(undone, recorded) if undone else f"step {step.undoes}"
            return f"Undone: {what[:1].lower()}{what[1:]}"
