"""Which pictures a run will use, worked out once for the same settings."""

from __future__ import annotations

import streamlit as st

from core import datasets
from core.config import DataConfig
from core.datasets import Dataset, Selection


def select(dataset: Dataset, config: DataConfig) -> Selection:
    """Like ``datasets.select``, kept for the settings that matter to it; not to be changed."""
    return _select(dataset, config.model_copy(update={"image_size": 0, "resize": ""}))


@st.cache_resource(
    max_entries=16,
    show_spinner=False,
    hash_funcs={Dataset: lambda dataset: (str(dataset.path), dataset.version)},
)
def _select(dataset: Dataset, config: DataConfig) -> Selection:
    return datasets.select(dataset, config)
