"""The images behind a finding: thumbnails, copies side by side, and the numbers as a chart."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from pathlib import PurePosixPath

import altair as alt
import pandas as pd
import streamlit as st

from core.data.dataset import Dataset
from core.errors import LabError
from core.quality import Finding
from core.words import count
from pages.build.data import gallery_tiles, image_dialog, quality_mending, thumbnails
from pages.common import frame
from pages.common.dataset_cache import row_by_id, rows_by_id
from pages.common.expander import lazy_expander
from pages.common.paging import choose_page

GROUPS_PER_PAGE = 6
MAX_PER_GROUP = 8
MAX_BARS = 30
PEEK, PEEK_WIDTH = 6, 80


def peek(dataset: Dataset, finding: Finding) -> None:
    """The first few images, so that nobody excludes what they have not seen."""
    if not finding.removed or _by_class(finding):
        return
    ids = list(dict.fromkeys(group[0] for group in finding.groups)) or finding.ids
    rows = rows_by_id(dataset).loc[list(ids[:PEEK])]
    with st.container(horizontal=True, gap="xsmall", vertical_alignment="center"):
        for _, row in rows.iterrows():
            with contextlib.suppress(LabError):  # what is gone is told where the images are looked at
                thumbnails.draw(dataset, row, gallery_tiles.TILE, PEEK_WIDTH)


def show(dataset: Dataset, finding: Finding) -> None:
    """Folded away until somebody wants to see them; without their number, which changes."""
    things = _things(finding)
    if not things:
        return
    draw = st.fragment(frame.explained()(_drawing(finding)), key=f"behind {finding.name}")
    label, key = f"Look at the {things}", f"look {finding.name}"
    lazy_expander(label, draw, dataset, finding, key=key, type="compact")


def _drawing(finding: Finding) -> Callable[[Dataset, Finding], None]:
    if finding.name in ("unreadable", "several_labels"):
        return _files
    return _numbers if _by_class(finding) else _groups if finding.groups else _images


def _files(dataset: Dataset, finding: Finding) -> None:
    rows = rows_by_id(dataset).loc[list(finding.ids), ["name", "problem"]]
    st.dataframe(
        rows,
        hide_index=True,
        column_config={"name": "File", "problem": "Why it gives no image"},
        alt="Files that give no image, with the reason",
    )


def _things(finding: Finding) -> str:
    if _by_class(finding):
        return "classes"
    if finding.groups:
        return "groups"
    things = "files" if finding.name == "unreadable" else "images"
    return things if finding.ids else ""


def _images(dataset: Dataset, finding: Finding) -> None:
    gallery_tiles.show(dataset, finding.ids, key=f"of {finding.name}", lines=lambda row: (str(row["label"]),))


def _groups(dataset: Dataset, finding: Finding) -> None:
    """Copies side by side, the one that stays first."""
    key = f"of {finding.name}"
    page = choose_page(len(finding.groups), GROUPS_PER_PAGE, key=key, thing="group")
    removed = set(finding.removed)
    with st.grid(2, min_column_width=320, gap="small"):
        for number, group in enumerate(finding.groups[page]):  # an image may be in several groups
            with st.container(border=True, height="stretch"):
                _group(dataset, group, removed, f"{key} {number}")


def _group(dataset: Dataset, group: tuple[str, ...], removed: set[str], key: str) -> None:
    first = row_by_id(dataset, group[0])

    def lines(row: pd.Series) -> tuple[str, ...]:
        if not removed:
            return row["label"], PurePosixPath(row["name"]).name
        fate = "left out" if row["id"] in removed else "stays"
        distance = () if first is None or row["id"] == group[0] else (image_dialog.apart(first, row),)
        return row["label"], fate, *distance

    with st.grid("auto", min_column_width=110, gap="small"):
        for image_id in group[:MAX_PER_GROUP]:
            gallery_tiles.tile(dataset, image_id, key=key, lines=lines)
    if len(group) > MAX_PER_GROUP:
        st.caption(f"and {count(len(group) - MAX_PER_GROUP, 'image')} more")


def _by_class(finding: Finding) -> dict[str, float]:
    by_class: dict[str, float] = finding.numbers.get("effective_number") or finding.numbers.get("counts", {})
    return by_class


def _numbers(dataset: Dataset, finding: Finding) -> None:
    """The number of each class, the smallest first, beside the least it should be."""
    if finding.name == "balance" and finding.severity == "good":
        quality_mending.cap(dataset, finding)
    by_class = sorted(_by_class(finding).items(), key=lambda one: one[1])
    table = pd.DataFrame(by_class[:MAX_BARS], columns=["class", "value"])
    title = "Varied like this many images" if finding.name == "variety" else "Images"
    chart = alt.Chart(table).encode(
        y=alt.Y("class:N", sort=None, title=None, axis=alt.Axis(labelLimit=180, ticks=False, domain=False))
    )
    bars = chart.mark_bar(cornerRadius=2, height=12).encode(
        x=alt.X("value:Q", title=title, axis=alt.Axis(grid=False, tickCount=6)),
        tooltip=[alt.Tooltip("class:N", title="Class"), alt.Tooltip("value:Q", title=title)],
    )
    layers = [bars]
    if "least" in finding.numbers:
        least = alt.Chart(pd.DataFrame({"least": [finding.numbers["least"]]}))
        layers.append(
            least.mark_rule(strokeDash=[4, 4], strokeWidth=2, color="#cf4f83").encode(
                x=alt.X("least:Q"), tooltip=[alt.Tooltip("least:Q", title="At least")]
            )
        )
    st.altair_chart(
        alt.LayerChart(layer=layers).properties(height={"step": 24}), alt=f"{finding.title}, by class"
    )
    if len(_by_class(finding)) > MAX_BARS:
        st.caption(f"The {MAX_BARS} smallest of {len(_by_class(finding)):,} classes.")
