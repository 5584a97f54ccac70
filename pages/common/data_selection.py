"""The images that a run will use, computed once for the same settings."""

from __future__ import annotations

import streamlit as st

from core import datasets
from core.config import DataConfig
from core.data.dataset import Dataset
from core.data.splits import SPLITS, TRAIN_ONLY
from core.datasets import Selection
from core.errors import LabError
from core.words import count
from pages.common.dataset_cache import HASH_FUNCS

MANY_CLASSES = 20


def select(dataset: Dataset, config: DataConfig) -> Selection:
    """Call ``datasets.select``, cached by the settings that affect it; do not modify the result."""
    return _select(dataset, config.model_copy(update={"image_size": 0, "resize": ""}))


@st.cache_resource(
    max_entries=16,
    show_spinner=False,
    hash_funcs=HASH_FUNCS,
)
def _select(dataset: Dataset, config: DataConfig) -> Selection:
    return datasets.select(dataset, config)


def splits(dataset: Dataset, config: DataConfig) -> dict[str, str]:
    """Return the split of each image that a run would use; empty if the images cannot be split."""
    try:
        rows = select(dataset, config).rows
    except LabError:
        return {}
    return dict(zip(rows["id"].tolist(), rows["split"].tolist(), strict=True))


def without_effect(dataset: Dataset) -> tuple[str, ...]:
    """Return the settings of the split that change nothing for this data set."""
    return () if dataset.index["source_split"].isin(SPLITS).any() else ("data.split",)


def show_summary(selection: Selection) -> None:
    """Say in a sentence what will be learned from how many images, with advice where needed."""
    images, classes = selection.rows["split"].value_counts(), len(selection.class_names)
    st.markdown(
        f"{classes:,} classes: {count(int(images['train']), 'image')} for training, "
        f"{int(images['validation']):,} for validation and {int(images['test']):,} for testing."
    )
    if groups := selection.group_counts():
        st.caption(
            f"Images that belong together are in one split: {groups['train']:,} groups for training, "
            f"{groups['validation']:,} for validation and {groups['test']:,} for testing."
        )
    if added := int((selection.rows["source_split"] == TRAIN_ONLY).sum()):
        st.caption(
            f"{count(added, 'image')} added from predictions {'is' if added == 1 else 'are'} for training "
            "only, so that the test stays as hard as it was."
        )
    if selection.left_out:
        st.caption(
            f"{count(selection.left_out, 'training image')} left out: each has a copy in the validation or "
            "test split."
        )
    if classes > MANY_CLASSES:
        st.info(
            f"{classes} classes are a lot for a small network. With {MANY_CLASSES} or fewer, the first "
            "results come sooner and are easier to read.",
            icon=":material/lightbulb:",
        )
