"""Change the class of one image, leave it out or put it back: the same controls wherever an image is open."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from core.data import versions
from core.data.dataset import Dataset
from pages.common import version_steps

_BY_HAND = "reviewed by hand"


def show(dataset: Dataset, row: pd.Series) -> None:
    """Show the controls for a readable image, a row of the data set's index."""
    ids = (row["id"],)
    if row["excluded"]:
        version_steps.button(
            "Put back", "put_back_one", versions.put_back, dataset, ids, _BY_HAND, icon=":material/undo:"
        )
        return
    names = list(dataset.class_names)
    label = st.selectbox("Class", names, index=names.index(row["label"]), key=f"label {row['id']}")
    with st.container(horizontal=True, gap="xsmall"):
        version_steps.button(
            "Change class",
            "relabel_one",
            versions.relabel,
            dataset,
            ids,
            label,
            _BY_HAND,
            disabled=label == row["label"],
            icon=":material/label:",
        )
        version_steps.button(
            "Leave out", "exclude_one", versions.exclude, dataset, ids, _BY_HAND, icon=":material/block:"
        )
