"""Choose the images: a built-in data set, TensorFlow Datasets, a folder on this computer, or an upload."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from core import datasets
from core.data import sources
from core.datasets import CATALOGUE
from pages.build.data import uploads
from pages.common import data_sources, frame, settings
from pages.common.text import literal

BUILT_IN, CATALOGUED, FOLDER, UPLOAD = "Built-in", "TensorFlow Datasets", "Your folder", "Upload"
_BUILT_IN_WORDS = {
    "garden": "Five kinds of flowers drawn for this lab, with wrong labels and other faults planted on "
    "purpose. Works offline. A first model gets most of them right, but not all.",
    "digits": "5,000 handwritten digits, 28 × 28 px. Works offline. A small, fast classic.",
}
_KIND, _NAME, _PATH, _TABLE = "source_kind", "tfds_name", "folder_path", "catalogue"


def show(source: str) -> None:
    """Show four ways to choose images, opening on the one that the current data set came from."""
    st.session_state.setdefault(_KIND, _kind(source))
    kind = st.segmented_control(
        "Image source",
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
            "credit": st.column_config.TextColumn("Credit", width="medium"),
        },
        alt="TensorFlow Datasets suited to a first image classifier",
    )
    _typed(
        "Other data set, by name",
        _NAME,
        "For example, kmnist or imagenette/160px-v2",
        "Any data set from the TensorFlow Datasets catalogue in which every image has exactly one label. To "
        "choose a version, add a colon and its number.",
    )


def _folder(source: str) -> None:
    _typed(
        "Path to the folder on this computer",
        _PATH,
        "For example, /home/me/flowers",
        "It should contain one folder per class, named after the class and holding its images. If its "
        "subfolders are called train, validation and test, that split is kept. Images with a list of their "
        "classes also work: a CSV, TSV, text or JSON lines file as Excel, Kaggle, Label Studio, Roboflow "
        "and Hugging Face write it, with a row per image. Give the folder, a zip archive of it, or the list "
        "itself. If it can be read in several ways, you choose one. Your files are never changed.",
    )
    prepared = [name for name in datasets.prepared() if _kind(name) == FOLDER]
    if prepared:
        with st.container(horizontal=True, gap="small"):
            for index, name in enumerate(prepared):
                st.button(
                    literal(data_sources.title(name)),
                    icon=":material/folder:",
                    key=f"known folder {index}",
                    disabled=name == source,
                    on_click=settings.choose_source,
                    args=(name,),
                )


def _typed(label: str, key: str, placeholder: str, help: str) -> None:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.text_input(label, key=key, placeholder=placeholder, help=help, width=480, persist_state="session")
        st.button("Choose", key=f"choose {key}", on_click=frame.attempt, args=(_choose_typed, key))


def _choose_typed(key: str) -> None:
    """Choose the data set that was typed. Raises LabError if there is no such data set."""
    text = st.session_state[key].strip()
    prefix = "tfds:" if key == _NAME and not text.startswith("tfds:") else ""
    settings.choose_source(sources.resolve(prefix + text).name)


def _tick(source: str) -> None:
    """Tick the current data set in the table, however it was chosen; call before the table is drawn."""
    chosen = [index for index, entry in enumerate(CATALOGUE) if entry.source == source]
    if _ticked() != chosen:
        st.session_state[_TABLE] = {"selection": {"rows": chosen, "columns": [], "cells": []}}


def _ticked() -> list[int]:
    table = st.session_state.get(_TABLE)
    return list(table["selection"]["rows"]) if table else []


def _choose_row() -> None:
    rows = _ticked()
    if rows:
        settings.choose_source(CATALOGUE[rows[0]].source)
