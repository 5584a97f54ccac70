"""Caching of data sets in Streamlit: keyed by version, with an index by image id."""

from __future__ import annotations

from collections.abc import Callable
from operator import attrgetter
from typing import Any, cast

import pandas as pd
import streamlit as st

from core.data.dataset import Dataset

HASH_FUNCS: dict[str | type[Any], Callable[[Any], Any]] = {Dataset: attrgetter("cache_key")}
"""``hash_funcs`` of every cached function that takes a data set."""


@st.cache_resource(max_entries=8, show_spinner=False, hash_funcs=HASH_FUNCS)
def rows_by_id(dataset: Dataset) -> pd.DataFrame:
    """Return the index of a data set, keyed by image id; do not modify it."""
    return dataset.index.set_index("id", drop=False)


def row_by_id(dataset: Dataset, image_id: str) -> pd.Series | None:
    """Return the index row of an image, or None if it is no longer in the data set."""
    rows = rows_by_id(dataset)
    return cast("pd.Series", rows.loc[image_id]) if image_id in rows.index else None  # an id has one row
