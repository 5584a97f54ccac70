"""Which images a run will use, worked out once for the same settings."""

from __future__ import annotations

import streamlit as st

from core import datasets
from core.config import DataConfig
from core.data.dataset import Dataset
from core.datasets import Selection
from core.errors import LabError
from core.words import count
from pages.common.dataset_cache import HASH_FUNCS

MANY_CLASSES = 20


def select(dataset: Dataset, config: DataConfig) -> Selection:
    """Like ``datasets.select``, kept for the settings that matter to it; not to be changed."""
    return _select(dataset, config.model_copy(update={"image_size": 0, "resize": ""}))


@st.cache_resource(
    max_entries=16,
    show_spinner=False,
    hash_funcs=HASH_FUNCS,
)
def _select(dataset: Dataset, config: DataConfig) -> Selection:
    return datasets.select(dataset, config)


def splits(dataset: Dataset, config: DataConfig) -> dict[str, str]:
    """The split of each image that a training would use; none where it cannot be shared out."""
    try:
        rows = select(dataset, config).rows
    except LabError:
        return {}
    return dict(zip(rows["id"].tolist(), rows["split"].tolist(), strict=True))


def show_summary(selection: Selection) -> None:
    """One sentence on what will be learned from how many images, and advice where it is due."""
    images, classes = selection.rows["split"].value_counts(), len(selection.class_names)
    st.markdown(
        f"{classes:,} classes, {count(int(images['train']), 'image')} to train on, "
        f"{int(images['validation']):,} for validation and {int(images['test']):,} for the test."
    )
    if selection.left_out:
        st.caption(
            f"{count(selection.left_out, 'training image')} left out: a copy of each is kept aside for "
            "validation or the test."
        )
    if classes > MANY_CLASSES:
        st.info(
            f"{classes} classes are many for a small network. With up to {MANY_CLASSES} the first results "
            "come sooner and are easier to read.",
            icon=":material/lightbulb:",
        )
