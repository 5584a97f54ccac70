"""What a page needs of a map, computed once and kept until the map, its images or their labels change."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd
import streamlit as st

from core import example, runs
from core.data.dataset import Dataset
from core.errors import LabError
from core.image_map import image_map, subject
from core.image_map.class_neighbours import Neighbourhoods
from core.image_map.image_map import ImageMap
from core.image_map.subject import Subject
from core.image_map.table import table as table_of
from core.label_errors import ranking
from core.runs import Run
from pages.common.dataset_cache import HASH_FUNCS
from pages.common.image_map import points

_HASH_FUNCS: dict[str | type[Any], Callable[[Any], Any]] = {
    **HASH_FUNCS,
    Subject: lambda one: (one.name, one.dataset.cache_key, len(one.rows)),
}


@st.cache_resource(max_entries=4, show_spinner=False, hash_funcs=HASH_FUNCS)
def of_dataset(dataset: Dataset) -> Subject:
    """Return the images in use of a data set."""
    return subject.of_dataset(dataset)


def of_run(run: Run) -> Subject:
    """Return the images of a run.

    Raises:
        LabError: the data set is gone or damaged.
    """
    return _of_run(run.id, example.images_of(run))


@st.cache_resource(max_entries=4, show_spinner=False, hash_funcs=HASH_FUNCS)
def _of_run(run_id: str, newest: Dataset) -> Subject:
    """The images anew once the data set's files have changed, which may leave fewer of them."""
    return subject.of_run(runs.open(run_id))


def load(subject: Subject, key: str) -> ImageMap | None:
    """Return a stored map; None if it has just been removed.

    Raises:
        LabError: its file is damaged.
    """
    try:
        made = image_map.path(subject.folder, key).stat().st_mtime_ns
    except FileNotFoundError:
        return None
    return _load(subject, key, made)


@st.cache_resource(max_entries=4, show_spinner=False, hash_funcs=_HASH_FUNCS)
def _load(subject: Subject, key: str, made: int) -> ImageMap | None:
    return image_map.load(subject.folder, key)


@st.cache_resource(max_entries=4, show_spinner=False, hash_funcs=_HASH_FUNCS)
def table(subject: Subject, key: str, _made: ImageMap) -> pd.DataFrame:
    """Return the images of a map; do not modify it."""
    return table_of(subject, _made)


@st.cache_resource(max_entries=4, show_spinner=False, hash_funcs=_HASH_FUNCS)
def data(subject: Subject, key: str, _made: ImageMap, suspected: frozenset[str]) -> dict[str, Any]:
    """Return what the browser draws the map from; do not modify it."""
    present = set(subject.rows["label"])
    return points.data(
        table(subject, key, _made),
        key,
        [name for name in subject.dataset.class_names if name in present],
        suspected,
        image_map.sheet_path(subject.folder, key),
        len(_made.ids),
    )


@st.cache_resource(max_entries=8, show_spinner=False, hash_funcs=_HASH_FUNCS)
def neighbourhoods(subject: Subject, key: str, _made: ImageMap, split: str) -> Neighbourhoods:
    """Return the classes of the most similar images of a map's images, or those of one split."""
    return Neighbourhoods.of(subject, _made, split)


def suspected(dataset: Dataset) -> frozenset[str]:
    """Return the images whose label the label check suspects, if it has been run, and nobody has decided."""
    try:
        judged = ranking.load(dataset)
    except LabError:  # damaged, which Wrong labels says
        return frozenset()
    if judged is None:
        return frozenset()
    cases = ranking.open_cases(dataset, judged)
    return frozenset(cases.loc[cases["suspected"], "id"])
