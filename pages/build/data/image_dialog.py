"""One image of a data set at full size, with its properties and the actions available for it."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from core.config import DataConfig
from core.data import copy_evidence, duplicates
from core.data.dataset import Dataset
from core.errors import LabError
from core.words import byte_size
from pages.build.data import thumbnails
from pages.common import data_selection, frame, label_actions
from pages.common.text import literal

LARGE = 900
"""Longest side in pixels."""
COPIES = 6

_OPEN = "gallery_image"


def open_dialog(dataset: Dataset, image_id: str) -> None:
    """Open an image; :func:`show` draws it."""
    st.session_state[_OPEN] = (dataset.source, image_id)


def show(dataset: Dataset, config: DataConfig) -> None:
    """Show the open image, if any; call once, at the end of the page."""
    source, image_id = st.session_state.get(_OPEN, ("", ""))
    rows = dataset.index[dataset.index["id"] == image_id]
    if source == dataset.source and len(rows):
        _card(dataset, config, rows.iloc[0])


def _close() -> None:
    st.session_state.pop(_OPEN, None)


@st.dialog("Image", width="large", icon=":material/image:", on_dismiss=_close)
@frame.explained()
def _card(dataset: Dataset, config: DataConfig, row: pd.Series) -> None:
    left, right = st.columns([3, 2], gap="medium")
    with left:
        _image(dataset, row)
    with right:
        _facts(row, data_selection.splits(dataset, config).get(row["id"], ""))
        if not row["problem"]:
            label_actions.show(dataset, row)
    _copies(dataset, row)


def _image(dataset: Dataset, row: pd.Series) -> None:
    if row["problem"]:
        st.warning(
            literal(f"This file could not be read as an image: {row['problem']}."),
            icon=":material/broken_image:",
        )
        return
    try:
        thumbnails.draw(dataset, row, LARGE)
    except LabError as error:
        st.error(literal(error), icon=":material/error:")


def _facts(row: pd.Series, split: str) -> None:
    facts = _named_facts(row) | {"Used for": split}
    st.markdown(f"**{literal(row['label'])}**")
    st.text("\n".join(f"{name}: {value}" for name, value in facts.items() if value))


def _named_facts(row: pd.Series) -> dict[str, str]:
    moved = row["folder_label"] != row["label"]
    facts = {
        "File": row["name"],
        "Original class": row["folder_label"] if moved else "",
        "Left out": row["excluded"],
        "Original split": row["source_split"],
        "Note": row["note"],
    }
    if row["problem"]:
        return facts
    return facts | {
        "Size": f"{row['width']} × {row['height']} px, {row['mode']}, {byte_size(row['bytes'])}",
        "Brightness": f"{row['brightness']:.0f} of 255, contrast {row['contrast']:.0f}",
        "Saturation": f"{row['saturation']:.0f} of 255",
        "Sharpness": f"{row['sharpness']:.0f}",
    }


def _copies(dataset: Dataset, row: pd.Series) -> None:
    copies = duplicates.copies_of(row, dataset.index, copy_evidence.read(dataset.path))
    if copies.empty:
        return
    st.markdown(f"**Copies** ({len(copies):,})")
    with st.grid("auto", min_column_width=110, gap="small"):
        for _, other in copies.head(COPIES).iterrows():
            with st.container(gap="xxsmall"):
                thumbnails.show(dataset, other, LARGE // 4)
                st.text(f"{other['label']}\n{apart(row, other)}")


def apart(one: pd.Series, other: pd.Series) -> str:
    """Describe how much two copies differ."""
    if one["content"] == other["content"]:
        return "identical pixels"
    return f"{duplicates.bits_apart(one, other)} of 64 bits differ"
