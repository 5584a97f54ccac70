"""How the files of a data set are read: say it, ask where it is not clear, and let a person change it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd
import streamlit as st

from core import engine
from core.data import versions
from core.data.dataset import Dataset
from core.data.sources import layout_sentences
from core.engine import Preparation
from core.errors import Candidate
from core.words import DASH, SPLIT_NAMES, count, listed
from pages.common import frame, settings, version_steps
from pages.common.expander import lazy_expander
from pages.common.text import literal, literal_path

_CARD_WIDTH = 300
"""In pixels: three cards fit side by side on a laptop, one on a phone."""


def ask(preparation: Preparation) -> None:
    """Show the question that preparing ended with, and a card for each answer."""
    st.info(
        f"{literal(preparation.message)} Choose the reading that fits; each table shows some of the files.",
        title="How should these files be read?",
        icon=":material/help:",
    )
    _cards(preparation.source, preparation.candidates)
    if preparation.data_sets:
        st.markdown("Or is one of the folders inside the data set you meant?")
        with st.container(horizontal=True, gap="small"):
            for path in preparation.data_sets:
                st.button(
                    literal(Path(path).name),
                    icon=":material/folder:",
                    key=f"meant {path}",
                    help=f"Use {literal(path)} as the data set.",
                    on_click=frame.attempt,
                    args=(_choose, path),
                )


def show(dataset: Dataset) -> None:
    """Say how a data set was read, and offer the other ways to read it, if there are any."""
    if not dataset.read_as:
        return
    others = len(dataset.candidates) > 1
    if others and not dataset.layout:
        st.info(
            f"{_sentence(dataset)} If that is wrong, choose another reading below.",
            icon=":material/account_tree:",
        )
    else:
        st.caption(_sentence(dataset))
    _show_not_applied(dataset)
    if others and version_steps.is_newest(dataset):
        lazy_expander(
            "Read differently", _change, dataset, key="read_differently", icon=":material/alt_route:"
        )


def name(dataset: Dataset) -> None:
    """Say in a small line how a data set was read, unless each folder is simply a class."""
    if dataset.is_plain:
        return
    others = " The Data page offers other readings." if len(dataset.candidates) > 1 else ""
    st.caption(_sentence(dataset) + others)


def show_left_aside(dataset: Dataset) -> None:
    """List the files that are no examples of a class, in a closed expander."""
    if not dataset.left_aside:
        return
    total = sum(one.count for one in dataset.left_aside)
    with st.expander(f"{count(total, 'file')} left aside", icon=":material/inventory_2:", key="left_aside"):
        named = [(name, one.kind) for one in dataset.left_aside for name in one.names]
        rest = f" The first {len(named):,} are listed." if total > len(named) else ""
        st.caption(f"These were found with the images, but are no examples of a class.{rest}")
        st.dataframe(
            pd.DataFrame(named, columns=["File or folder", "What it is"]),
            hide_index=True,
            alt="Files and folders that were left aside, with the reasons",
        )


def _sentence(dataset: Dataset) -> str:
    read_as = layout_sentences.without_names(dataset.read_as, dataset.left_aside)
    return f"Read as: {literal(read_as)}"


def _change(dataset: Dataset) -> None:
    st.markdown(_consequences(dataset))
    _cards(dataset.source, dataset.candidates, dataset.current_layout)


def _consequences(dataset: Dataset) -> str:
    """What another reading does to the versions and runs there are."""
    recorded = versions.in_force(versions.steps(dataset.path))
    left_out = len({id for step in recorded if step.kind == "exclude" for id in step.ids})
    moved = len({id for step in recorded if step.kind == "relabel" for id in step.ids})
    sentences = [
        "Another reading makes a new version of the data set. Nothing is lost: runs keep their results, your "
        "files are not changed, and you can return to this reading."
    ]
    if left_out:
        sentences.append("Images that you left out stay left out.")
    if moved:
        sentences.append(
            f"The class changes of {count(moved, 'image')} are kept, but count only in a reading that has "
            "these classes."
        )
    return " ".join(sentences)


def _show_not_applied(dataset: Dataset) -> None:
    """Say which label changes do not count in this reading."""
    steps = versions.not_applied(dataset)
    if not steps:
        return
    names = list(dict.fromkeys(step.label for step in steps))
    images = len({id for step in steps for id in step.ids})
    st.caption(
        f":material/info: The class changes of {count(images, 'image')} do not count in this reading, which "
        f"has no class {literal(listed(names, 3))}. They are kept and count again in a reading that has it."
    )


def _cards(source: str, candidates: Sequence[Candidate], current: str = "") -> None:
    with st.grid("auto", min_column_width=_CARD_WIDTH, gap="small"):
        for one in candidates:
            with st.container(border=True, height="stretch", key=f"layout {one.name}"):
                _card(source, one, is_current=one.name == current)


def _card(source: str, one: Candidate, *, is_current: bool) -> None:
    st.markdown(f"**{literal(one.what[:1].upper() + one.what[1:])}**")
    if one.examples:
        st.table(_rows(one), border="horizontal", hide_index=True, alt=f"Files read as: {one.what}")
    st.button(
        "In use" if is_current else "Read it like this",
        icon=":material/check:" if is_current else None,
        key=f"read as {one.name}",
        disabled=is_current,
        on_click=frame.attempt,
        args=(_read, source, one.name),
    )


def _rows(one: Candidate) -> pd.DataFrame:
    rows = [
        (
            literal_path(file),
            literal_path(label) if label else "*left aside*",
            SPLIT_NAMES.get(split, literal(split) or DASH),
        )
        for file, label, split in one.examples
    ]
    table = pd.DataFrame(rows, columns=["File", "Class", "Split"])
    return table if any(split for _, _, split in one.examples) else table.drop(columns="Split")


def _read(source: str, layout: str) -> None:
    engine.prepare(source, layout)
    settings.forget_classes()


def _choose(source: str) -> None:
    settings.choose_source(source)
    engine.prepare(source)
