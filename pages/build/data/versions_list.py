"""The versions of a data set: every step taken, each of which can be undone."""

from __future__ import annotations

import streamlit as st

from core.data import versions
from core.data.dataset import Dataset
from core.data.versions import Step
from core.words import count, moment
from pages.build.data import versions_compare
from pages.common import version_steps
from pages.common.paging import choose_page
from pages.common.text import literal

PER_PAGE = 10


def show(dataset: Dataset) -> None:
    """Show the current version, the steps that led to the newest, and a comparison of two versions."""
    recorded = versions.steps(dataset.path)
    _current(dataset, recorded)
    if not recorded:
        st.caption(
            "No changes yet. Whenever you leave out images or change their class (under Check, Gallery or "
            "Wrong labels), the step is listed here. Your own files are never changed."
        )
        return
    st.markdown("**Steps**, newest first")
    undone = versions.undone(recorded)
    newest_first = recorded[::-1]
    for step in newest_first[choose_page(len(recorded), PER_PAGE, key="steps", thing="step")]:
        _step(dataset, step, recorded, step.number in undone)
    versions_compare.show(dataset, recorded)


def _current(dataset: Dataset, recorded: tuple[Step, ...]) -> None:
    readable = int((dataset.index["problem"] == "").sum())
    moved = int((dataset.usable["label"] != dataset.usable["folder_label"]).sum())
    parts = [f"{len(dataset.usable):,} of {count(readable, 'readable image')} in use"]
    if moved:
        parts.append(f"{count(moved, 'image')} moved to another class")
    st.markdown(f"Version :gray-badge[{literal(dataset.version)}] {', '.join(parts)}.")
    st.caption(
        "This fingerprint identifies these images and their classes; every run trained on them records it."
    )


def _step(dataset: Dataset, step: Step, recorded: tuple[Step, ...], is_undone: bool) -> None:
    with st.container(horizontal=True, vertical_alignment="center", border=True, key=f"step_{step.number}"):
        words = literal(version_steps.sentence(step, recorded))
        with st.container(gap="xxsmall"):
            st.markdown(words if step.kind == "undo" or not is_undone else f":gray[~~{words}~~]")
            st.caption(f"Step {step.number} · {moment(step.time)}{_version_after(dataset, step)}")
        if not is_undone:
            label, icon = ("Redo", "redo") if step.kind == "undo" else ("Undo", "undo")
            key = f"undo {step.number}"
            version_steps.button(label, key, versions.undo, dataset, step.number, icon=f":material/{icon}:")


def _version_after(dataset: Dataset, step: Step) -> str:
    version = versions_compare.after(dataset, step.number).version
    return f" · version {version}"
