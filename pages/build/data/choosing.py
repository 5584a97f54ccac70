"""Choose the images: built-in, TensorFlow Datasets, a folder on this computer, an upload, or one's own."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from core.data import sources
from core.datasets import CATALOGUE
from core.errors import LabError
from pages.build.data import earlier, uploads
from pages.build.data.collecting import collect, draft
from pages.build.data.uploads import ButtonType
from pages.common import data_sources, settings
from pages.common.data_sources import BUILT_IN_KIND, CATALOGUED, COLLECTED, FOLDER, UPLOAD
from pages.common.text import literal

_BUILT_IN_WORDS = {
    "garden": "Five kinds of flowers drawn for this lab, with wrong labels and other faults planted on "
    "purpose. Works offline. A first model gets most of them right, but not all.",
    "digits": "5,000 handwritten digits, 28 × 28 px. Works offline. A small, fast classic.",
}
_NAME, _PATH, _TABLE = "tfds_name", "folder_path", "catalogue"
_SHOWN_FOR, _FAULT = "source_kind_shown_for", "source_fault"


def show(source: str) -> bool:
    """Show five ways to choose images, folded while none but the one in use is looked at.

    Returns:
        Whether another way is shown, so that a new data set is being chosen.
    """
    own = data_sources.kind(source)
    wanted = st.session_state.pop(data_sources.KIND_WANTED, COLLECTED if draft.is_in_address() else None)
    if wanted or st.session_state.get(_SHOWN_FOR) != source:
        st.session_state[data_sources.KIND] = wanted or own
    st.session_state[_SHOWN_FOR] = source
    kind = st.session_state.get(data_sources.KIND)
    another = kind != own or (kind == COLLECTED and draft.is_open())
    with st.expander(
        "Choose other images", expanded=another, icon=":material/photo_library:", key="choosing"
    ):
        return _ways(source, own)


def _ways(source: str, own: str) -> bool:
    kind = st.segmented_control(
        "Image source",
        [BUILT_IN_KIND, CATALOGUED, FOLDER, UPLOAD, COLLECTED],
        key=data_sources.KIND,
        required=True,
        persist_state="session",
    )
    another = kind != own
    draw = {
        BUILT_IN_KIND: _built_in,
        CATALOGUED: _catalogue,
        FOLDER: _folder,
        UPLOAD: uploads.show,
        COLLECTED: collect.show,
    }[str(kind)]
    has_chosen_files = draw(source, "primary" if another else "secondary")
    return another or bool(has_chosen_files)


def show_folded(source: str) -> None:
    """Show the data set in use as one line while another is being chosen."""
    with st.container(border=True, horizontal=True, vertical_alignment="center", key="folded"):
        st.markdown(f"In use until you choose: **{literal(data_sources.title(source))}**", width="stretch")
        st.button("Keep it", icon=":material/undo:", key="keep_source", on_click=_keep, args=(source,))


def _keep(source: str) -> None:
    draft.close()
    st.session_state[data_sources.KIND] = data_sources.kind(source)


def _built_in(source: str, button: ButtonType) -> None:
    with st.grid(2, min_column_width=260, gap="small"):
        for index, (name, title) in enumerate(data_sources.BUILT_IN.items()):
            with st.container(border=True, height="stretch"):
                st.markdown(f"**{title}**")
                st.caption(_BUILT_IN_WORDS[name])
                chosen = name == source
                st.button(
                    "Chosen" if chosen else "Choose",
                    icon=":material/check:" if chosen else None,
                    key=f"choose {name}",
                    type="secondary" if index else button,
                    disabled=chosen,
                    on_click=settings.choose_source,
                    args=(name,),
                )


def _catalogue(source: str, button: ButtonType) -> None:
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
        button,
    )


def _folder(source: str, button: ButtonType) -> None:
    _typed(
        "Path to the folder on this computer",
        _PATH,
        "For example, /home/me/flowers",
        "It should contain one folder per class, named after the class and holding its images. If its "
        "subfolders are called train, validation and test, that split is kept. Images with a list of their "
        "classes also work: a CSV, TSV, text or JSON lines file as Excel, Kaggle, Label Studio, Roboflow "
        "and Hugging Face write it, with a row per image. Give the folder, a zip archive of it, or the list "
        "itself. If it can be read in several ways, you choose one. Your files are never changed.",
        button,
    )
    earlier.show(FOLDER, ":material/folder:", source)


def _typed(label: str, key: str, placeholder: str, help: str, button: ButtonType) -> None:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.text_input(
            label,
            key=key,
            placeholder=placeholder,
            help=help,
            width=480,
            persist_state="session",
            on_change=_forget_fault,
        )
        st.button("Choose", key=f"choose {key}", type=button, on_click=_choose_typed, args=(key,))
    where, fault = st.session_state.get(_FAULT, ("", ""))
    if where == key:
        st.error(literal(fault), icon=":material/error:")


def _choose_typed(key: str) -> None:
    """Choose the data set that was typed; the next page run says under the field why it cannot be."""
    _forget_fault()
    text = st.session_state[key].strip()
    prefix = "tfds:" if key == _NAME and not text.startswith("tfds:") else ""
    try:
        source = sources.resolve(prefix + text)
        sources.check(source)
        settings.choose_source(source.name)
    except sources.NoSuchSource as error:
        st.session_state[_FAULT] = key, error.problem
    except LabError as error:
        st.session_state[_FAULT] = key, str(error)


def _forget_fault() -> None:
    st.session_state.pop(_FAULT, None)


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
