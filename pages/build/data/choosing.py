"""Choose where the images come from: built in, TensorFlow Datasets, a folder of one's own, or an upload."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from core import datasets
from core.data import sources
from core.datasets import CATALOGUE
from pages.build.data import uploads
from pages.common import data_sources, frame, settings
from pages.common.text import literal

BUILT_IN, CATALOGUED, FOLDER, UPLOAD = "Built in", "TensorFlow Datasets", "Own folder", "Upload"
_BUILT_IN_WORDS = {
    "garden": "Five kinds of flowers, drawn by the lab itself, with wrong labels and other faults hidden "
    "among them. Needs no network. A first model gets most of them right, not all.",
    "digits": "5,000 handwritten digits, 28 × 28 px. Needs no network. Small and quick; a classic.",
}
_KIND, _NAME, _PATH, _TABLE = "source_kind", "tfds_name", "folder_path", "catalogue"


def show(source: str) -> None:
    """Four ways to choose; the one of the present data set comes first."""
    st.session_state.setdefault(_KIND, _kind(source))
    kind = st.segmented_control(
        "Where the images come from",
        [BUILT_IN, CATALOGUED, FOLDER, UPLOAD],
        key=_KIND,
        required=True,
        persist_state="session",
    )
    {BUILT_IN: _built_in, CATALOGUED: _catalogue, FOLDER: _folder, UPLOAD: uploads.show}[str(kind)](source)


def _kind(source: str) -> str:
    if source in data_sources.BUILT_IN:
        return BUILT_IN
    if source.startswith("upload:"):
        return UPLOAD
    return CATALOGUED if source.startswith("tfds:") else FOLDER


def _built_in(source: str) -> None:
    with st.grid(2, min_column_width=260, gap="small"):
        for name, title in data_sources.BUILT_IN.items():
            with st.container(border=True, height="stretch"):
                st.markdown(f"**{title}**")
                st.caption(_BUILT_IN_WORDS[name])
                chosen = name == source
                st.button(
                    "Chosen" if chosen else "Choose",
                    icon=":material/check:" if chosen else None,
                    key=f"choose {name}",
                    disabled=chosen,
                    on_click=settings.choose_source,
                    args=(name,),
                )


def _catalogue(source: str) -> None:
    _tick(source)
    st.dataframe(
        pd.DataFrame(
            [(e.title, e.name, e.classes, e.images, e.download_mb, e.credit) for e in CATALOGUE],
            columns=["title", "name", "classes", "images", "download", "credit"],
        ),
        key=_TABLE,
        on_select=_choose_row,
        selection_mode="single-row",
        hide_index=True,
        height=318,
        column_config={
            "title": st.column_config.TextColumn("Data set", width="medium"),
            "name": "Name",
            "classes": st.column_config.NumberColumn("Classes", format="localized"),
            "images": st.column_config.NumberColumn("Images", format="localized"),
            "download": st.column_config.NumberColumn("Download", format="%d MB"),
            "credit": st.column_config.TextColumn("By", width="medium"),
        },
        alt="Data sets of TensorFlow Datasets that suit a first classifier",
    )
    _typed(
        "Any other, by its name",
        _NAME,
        "For example kmnist or imagenette/160px-v2",
        "Every set of TensorFlow Datasets with images that have one label each; the names are those of its "
        "catalogue. A version can follow a colon.",
    )


def _folder(source: str) -> None:
    _typed(
        "Path of the folder on this computer",
        _PATH,
        "For example /home/me/flowers",
        "It holds one folder for each class, named like the class, with that class's images in it. If its "
        "own folders are called train, validation and test, that split is kept. Nothing in it is changed. "
        "A zip archive of such a folder will do as well, and so will a CSV file of file,label.",
    )
    known = [name for name in datasets.prepared() if _kind(name) == FOLDER]
    if known:
        with st.container(horizontal=True, gap="small"):
            for place, name in enumerate(known):
                st.button(
                    literal(data_sources.title(name)),
                    icon=":material/folder:",
                    key=f"known folder {place}",
                    disabled=name == source,
                    on_click=settings.choose_source,
                    args=(name,),
                )


def _typed(label: str, key: str, placeholder: str, help: str) -> None:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.text_input(label, key=key, placeholder=placeholder, help=help, width=480, persist_state="session")
        st.button("Choose", key=f"choose {key}", on_click=frame.attempt, args=(_choose_typed, key))


def _choose_typed(key: str) -> None:
    """Raises LabError where what was typed is no data set."""
    text = st.session_state[key].strip()
    prefix = "tfds:" if key == _NAME and not text.startswith("tfds:") else ""
    settings.choose_source(sources.resolve(prefix + text).name)


def _tick(source: str) -> None:
    """Tick the present data set in the table, however it was chosen; before the table is drawn."""
    chosen = [place for place, entry in enumerate(CATALOGUE) if entry.source == source]
    if _ticked() != chosen:
        st.session_state[_TABLE] = {"selection": {"rows": chosen, "columns": [], "cells": []}}


def _ticked() -> list[int]:
    table = st.session_state.get(_TABLE)
    return list(table["selection"]["rows"]) if table else []


def _choose_row() -> None:
    rows = _ticked()
    if rows:
        settings.choose_source(CATALOGUE[rows[0]].source)
