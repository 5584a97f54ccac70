"""All images of a data set, filtered by class, split and finding, one page at a time."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd
import streamlit as st

from core.config import DataConfig
from core.data import versions
from core.data.dataset import Dataset
from core.data.splits import SPLITS
from core.quality import Report
from core.words import count
from pages.build.data import gallery_tiles
from pages.common import data_selection, frame, version_steps
from pages.common.dataset_cache import rows_by_id
from pages.common.text import entry_for_all

EVERY = "All"
IN_USE, LEFT_OUT, UNREADABLE = "In use", "Left out", "Unreadable"
_UNCHECKED = (IN_USE, LEFT_OUT, UNREADABLE)
"""Sets of images that do not depend on the quality check."""
_WHICH = "gallery_finding"
_ORDERS: dict[str, tuple[str, bool] | None] = {
    "Folder order": None,
    "Darkest first": ("brightness", True),
    "Brightest first": ("brightness", False),
    "Blurriest first": ("sharpness", True),
    "Most colourful first": ("saturation", False),
    "Smallest first": ("width", True),
}


def show(dataset: Dataset, config: DataConfig, report: Callable[[], Report]) -> None:
    """Show filters above thumbnails; filtering and paging rerun only this part of the page.

    ``report`` can take seconds the first time, so it is called after the thumbnails are drawn, unless they
    are those of a finding.
    """
    st.fragment(_show, key="gallery")(dataset, config, report)


@frame.explained()
def _show(dataset: Dataset, config: DataConfig, report: Callable[[], Report]) -> None:
    with st.grid(4, min_column_width=150, gap="small"):
        every = entry_for_all(EVERY, dataset.class_names)
        label = st.selectbox("Class", [every, *dataset.class_names], key="gallery_class")
        split = st.selectbox("Split", [EVERY, *SPLITS], key="gallery_split")
        filter_slot = st.container()
        order = st.selectbox("Order", list(_ORDERS), key="gallery_order")
    what, findings = st.session_state.get(_WHICH, IN_USE), dict[str, tuple[str, ...]]()
    needs_report = what not in _UNCHECKED
    if needs_report:
        with filter_slot:
            what, findings = _choose_which(report())
    rows = _rows(dataset, what, findings)
    if label != every:
        rows = rows[rows["label"] == label]
    if split != EVERY:
        rows = rows[rows["id"].map(data_selection.splits(dataset, config)) == split]
    _tiles(dataset, config, _sorted(rows, order))
    if not needs_report:
        with filter_slot:
            _choose_which(report())


def _choose_which(found: Report) -> tuple[str, dict[str, tuple[str, ...]]]:
    """Return the chosen set of images, and the image ids of each finding that can be chosen."""
    findings = {one.title: one.ids for one in found.findings if one.ids and _is_image_set(one.name)}
    return st.selectbox("Show", [*_UNCHECKED, *findings], key=_WHICH), findings


def _sorted(rows: pd.DataFrame, order: str) -> pd.DataFrame:
    if (by := _ORDERS[order]) is None:
        return rows
    column, ascending = by
    return rows.sort_values(column, ascending=ascending, kind="stable")


def _tiles(dataset: Dataset, config: DataConfig, rows: pd.DataFrame) -> None:
    if len(rows) and rows["excluded"].ne("").all():
        version_steps.button(
            f"Put back {count(len(rows), 'image')}",
            "put_back_shown",
            versions.put_back,
            dataset,
            tuple(rows["id"]),
            "selected in the gallery",
            icon=":material/undo:",
        )
    thing = "file" if rows["problem"].ne("").any() else "image"
    if len(rows) <= gallery_tiles.PER_PAGE:
        st.caption(count(len(rows), thing))
    splits = data_selection.splits(dataset, config)

    def lines(row: pd.Series) -> tuple[str, ...]:
        if row["problem"]:
            return (row["name"],)
        return str(row["label"]), "left out" if row["excluded"] else splits.get(row["id"], "not used")

    gallery_tiles.show(dataset, rows["id"].tolist(), key="gallery", lines=lines, thing=thing)


def _is_image_set(name: str) -> bool:
    """Whether the images of a finding are worth viewing as a set."""
    return name not in ("balance", "unreadable", "several_labels")


def _rows(dataset: Dataset, what: str, findings: dict[str, tuple[str, ...]]) -> pd.DataFrame:
    if what == IN_USE:
        return dataset.usable
    if what == LEFT_OUT:
        return dataset.index[(dataset.index["excluded"] != "") & (dataset.index["problem"] == "")]
    if what == UNREADABLE:
        return dataset.index[dataset.index["problem"] != ""]
    return rows_by_id(dataset).loc[list(findings[what])].reset_index(drop=True)
