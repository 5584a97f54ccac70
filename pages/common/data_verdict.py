"""What the quality check says about a data set, once for every page that uses it."""

from __future__ import annotations

import streamlit as st

from core import quality
from core.config import DataConfig
from core.data import copy_evidence
from core.data.copy_evidence import MAX_BITS
from core.data.dataset import Dataset
from core.quality import Report
from pages.common.addresses import DATA, DATA_TAB_KEY
from pages.common.text import literal

DISTANCE = "near_distance"
"""Key of the slider for how different near copies may be."""
CHECK_TAB = "Check"
"""The tab of the Data page that lists the findings."""
_MAX_KEPT = 16

_Key = tuple[object, ...]


def report(dataset: Dataset, config: DataConfig) -> Report:
    """Return all findings at the distance that the slider has, worked out once for each version."""
    found = known(dataset, config)
    if found is None:
        shares = _shares(config)
        with st.spinner("Checking the images"):
            found = quality.check(dataset, shares, _distance())
        kept = _kept()
        while len(kept) >= _MAX_KEPT:
            kept.pop(next(iter(kept)), None)
        kept[_key(dataset, config)] = found
    return found


def known(dataset: Dataset, config: DataConfig) -> Report | None:
    """Return the findings, or None if they must be worked out, which takes seconds on a large data set."""
    return _kept().get(_key(dataset, config))


def judge(dataset: Dataset, config: DataConfig) -> None:
    """Work the findings out if they are not known, and run the page again if they say that it is unfit.

    Call it last: the first check of a large data set takes seconds.
    """
    if known(dataset, config) is None and not report(dataset, config).fit:
        st.rerun()


def warn(found: Report, *, is_next_step: bool, can_train: bool = True) -> None:
    """Say that a data set is not fit for training, or cannot be used, with the way to what must be fixed."""
    with st.container(border=True, key="unfit"):
        st.markdown(f":red[:material/error:] **{literal(found.verdict)}**")
        if can_train:
            st.caption("A model trained on these images would mislead. You can train anyway.")
        if st.button(
            "See what to fix",
            type="primary" if is_next_step else "secondary",
            icon=":material/checklist:",
            key="see_findings",
        ):
            st.switch_page(DATA, query_params={DATA_TAB_KEY: CHECK_TAB})


def _shares(config: DataConfig) -> DataConfig:
    """The settings of the data that the check depends on."""
    whole = {"max_per_class": 0, "classes": (), "training_subset": 1.0, "subset_seed": 0}
    return config.model_copy(update={"image_size": 0, "resize": "", **whole})


def _distance() -> int:
    return int(st.session_state.get(DISTANCE, MAX_BITS))


def _key(dataset: Dataset, config: DataConfig) -> _Key:
    return dataset.cache_key, copy_evidence.stamp(dataset.path), _shares(config), _distance()


@st.cache_resource(show_spinner=False)
def _kept() -> dict[_Key, Report]:
    return {}
