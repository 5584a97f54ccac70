"""All pictures of a data set, by class, split and finding, a page at a time."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from core import versions
from core.config import DataConfig
from core.datasets import Dataset
from core.errors import LabError
from core.quality import Report
from core.splits import SPLITS
from pages.parts import data_selection, gallery_tiles, versions_steps
from pages.parts.text import count

EVERY = "All"
IN_USE, LEFT_OUT, UNREADABLE = "In use", "Left out by hand", "Unreadable"
_ORDERS = {
    "As in the folders": (),
    "Darkest first": ("brightness", True),
    "Brightest first": ("brightness", False),
    "Blurriest first": ("sharpness", True),
    "Most colourful first": ("saturation", False),
    "Smallest first": ("width", True),
}


def show(dataset: Dataset, config: DataConfig, found: Report) -> None:
    """Filters above thumbnails; choosing and turning pages runs only this part of the page again."""
    st.fragment(_show, key="gallery")(dataset, config, found)


def _show(dataset: Dataset, config: DataConfig, found: Report) -> None:
    rows = _chosen(dataset, config, found)
    if len(rows) and rows["excluded"].ne("").all():
        versions_steps.button(
            f"Put {count(len(rows), 'picture')} back",
            "put_back_shown",
            versions.put_back,
            dataset,
            tuple(rows["id"]),
            "chosen in the gallery",
            icon=":material/undo:",
        )
    if len(rows) <= gallery_tiles.A_PAGE:
        st.caption(count(len(rows), "picture"))
    splits = _splits(dataset, config)

    def lines(row: pd.Series) -> tuple[str, ...]:
        if row["problem"]:
            return (row["name"],)
        return str(row["label"]), "left out" if row["excluded"] else splits.get(row["id"], "not chosen")

    gallery_tiles.show(dataset, tuple(rows["id"]), key="gallery", lines=lines)


def _chosen(dataset: Dataset, config: DataConfig, found: Report) -> pd.DataFrame:
    with st.grid(4, min_column_width=180, gap="small"):
        label = st.selectbox("Class", [EVERY, *dataset.class_names], key="gallery_class")
        split = st.selectbox("Split", [EVERY, *SPLITS], key="gallery_split")
        findings = {
            finding.title: finding.ids
            for finding in found.findings
            if finding.ids and not _whole(finding.name)
        }
        what = st.selectbox(
            "Which pictures", [IN_USE, LEFT_OUT, UNREADABLE, *findings], key="gallery_finding"
        )
        order = st.selectbox("Order", list(_ORDERS), key="gallery_order")
    rows = _of(dataset, what, findings)
    if label != EVERY:
        rows = rows[rows["label"] == label]
    if split != EVERY:
        rows = rows[rows["id"].map(_splits(dataset, config)) == split]
    if _ORDERS[order]:
        column, rising = _ORDERS[order]
        rows = rows.sort_values(column, ascending=rising, kind="stable")
    return rows


def _whole(name: str) -> bool:
    """Not a set of pictures that somebody would look at as one."""
    return name in ("balance", "unreadable")


def _of(dataset: Dataset, what: str, findings: dict[str, tuple[str, ...]]) -> pd.DataFrame:
    if what == IN_USE:
        return dataset.usable
    if what == LEFT_OUT:
        return dataset.index[(dataset.index["excluded"] != "") & (dataset.index["problem"] == "")]
    if what == UNREADABLE:
        return dataset.index[dataset.index["problem"] != ""]
    return gallery_tiles.by_id(dataset).loc[list(findings[what])].reset_index(drop=True)


def _splits(dataset: Dataset, config: DataConfig) -> dict[str, str]:
    """The split of each picture that a training would use; none where it cannot be shared out."""
    try:
        rows = data_selection.select(dataset, config).rows
    except LabError:
        return {}
    return dict(zip(rows["id"], rows["split"], strict=True))
