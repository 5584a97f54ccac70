"""What Streamlit keeps about data sets: known again by their version, and the index of one by image id."""

from __future__ import annotations

from collections.abc import Callable
from operator import attrgetter
from typing import Any

import pandas as pd
import streamlit as st

from core.data.dataset import Dataset

HASH_FUNCS: dict[str | type[Any], Callable[[Any], Any]] = {Dataset: attrgetter("cache_key")}
"""``hash_funcs`` of every cached function that takes a data set."""


@st.cache_resource(max_entries=8, show_spinner=False, hash_funcs=HASH_FUNCS)
def rows_by_id(dataset: Dataset) -> pd.DataFrame:
    """The index of a data set, found by image ids; not to be changed."""
    return dataset.index.set_index("id", drop=False)
