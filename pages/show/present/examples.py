"""The data: how many images there are, what each part of them is for, and how varied they are."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd
import streamlit as st
from PIL import Image, ImageOps

from core import runs
from core.data.dataset import Dataset
from core.errors import LabError
from core.words import count
from pages.common import charts
from pages.common.text import literal
from pages.show.present.story import Story

_PURPOSES = {
    "train": ("to learn from", "training images"),
    "validation": ("to choose the best epoch", "validation images"),
    "test": ("for the exam", "test images, never seen before"),
}
_WIDE, _NARROW = 16, 6
"""Columns of the wall on a wide page and on a phone."""
_MAX_ROWS, _TILE, _GAP = 6, 112, 6
_THUMBNAIL = 200
"""Pixels a side; the gallery of the Data page has images of this size too."""


def screens(story: Story) -> int:
    """One screen."""
    return 1


def show(story: Story, screen: int) -> None:
    """Show how many images there are and what they are for, then a wall of them."""
    counts = story.report.counts
    totals = {split: sum(counts.get(split, {}).values()) for split in _PURPOSES}
    st.title(f"It learned from {count(totals['train'], 'image')}", anchor=False)
    with st.grid(3, min_column_width=220, gap="small"):
        for split, (purpose, name) in _PURPOSES.items():
            with st.container(border=True, gap="xxsmall", key=f"present_part_{split}"):
                st.markdown(f"**{totals[split]:,}** {purpose}")
                st.caption(name)
    st.markdown(" ".join([_balance(counts.get("train", {})), _copies(story)]))
    _wall(story)


def _balance(training: dict[str, int]) -> str:
    """Say how many training images a class has."""
    if not training:
        return ""
    fewest, most = min(training.values()), max(training.values())
    if fewest == most:
        return f"{most:,} training images per class."
    least, largest = (min(training, key=lambda name: sign * training[name]) for sign in (1, -1))
    return f"Each class has {fewest:,} ({literal(least)}) to {most:,} ({literal(largest)}) training images."


def _copies(story: Story) -> str:
    """Say how many images are copies; nothing where only some images are here, as with the example."""
    dataset = story.shown.dataset
    if dataset is None or dataset.id == runs.EXAMPLE:
        return ""
    here = dataset.usable[dataset.usable["label"].isin(story.names)]
    copies = len(here) - here["group"].nunique()
    if not copies:
        return "No two images are alike."
    return f"{count(copies, 'image')} {'is a copy' if copies == 1 else 'are copies'}, exact or nearly."


def prepare(story: Story) -> None:
    """Draw the wall."""
    if story.shown.dataset is not None:
        _of_story(story, story.shown.dataset, _WIDE)


def _of_story(story: Story, dataset: Dataset, columns: int) -> tuple[bytes, int]:
    background = st.get_option(f"theme.{'dark' if charts.is_dark() else 'light'}.backgroundColor")
    return _drawn(dataset, dataset.cache_key, tuple(story.names), columns, background)


def _wall(story: Story) -> None:
    dataset = story.shown.dataset
    if dataset is None:
        st.caption(literal(story.shown.fault))
        return
    for kind, columns in {"wide": _WIDE, "narrow": _NARROW}.items():
        wall, shown = _of_story(story, dataset, columns)
        if not shown:
            st.caption("Its images are no longer in the data set.")
            return
        with st.container(key=f"{kind}-present_wall"):
            alt = f"{count(shown, 'image')} of the data set, side by side"
            st.image(wall, width="stretch", alt=alt)
    is_by_class = len(story.names) <= _MAX_ROWS
    st.caption("Some of the images; each row is a class." if is_by_class else "Some of the images.")


@st.cache_data(max_entries=16, show_spinner=False)
def _drawn(
    _dataset: Dataset, key: tuple[object, ...], names: tuple[str, ...], columns: int, background: str
) -> tuple[bytes, int]:
    """Return images side by side as a JPEG, and how many; a row per class where there are few classes."""
    rows = _chosen(_dataset.usable, names, columns)
    tiles = [list(_tiles(_dataset, line)) for line in rows]
    height, width = (number * (_TILE + _GAP) - _GAP for number in (len(tiles), columns))
    sheet = Image.new("RGB", (width, max(height, 1)), background)
    for top, line in enumerate(tiles):
        for left, tile in enumerate(line):
            sheet.paste(tile, (left * (_TILE + _GAP), top * (_TILE + _GAP)))
    buffer = io.BytesIO()
    sheet.save(buffer, "JPEG", quality=88)
    return buffer.getvalue(), sum(map(len, tiles))


def _chosen(usable: pd.DataFrame, names: Sequence[str], columns: int) -> list[list[pd.Series]]:
    """Return rows of the index, a list per line of the wall, always the same ones."""
    rng = np.random.default_rng(0)
    here = usable[usable["label"].isin(names)]
    if len(names) > _MAX_ROWS:
        mixed = here.iloc[rng.permutation(len(here))[: columns * _MAX_ROWS]]
        lines = [mixed.iloc[start : start + columns] for start in range(0, len(mixed), columns)]
    else:
        of_class = (here[here["label"] == name] for name in names)
        lines = [one.iloc[rng.permutation(len(one))[:columns]] for one in of_class]
    return [[row for _, row in line.iterrows()] for line in lines if len(line)]


def _tiles(dataset: Dataset, rows: Sequence[pd.Series]) -> Iterator[Image.Image]:
    """Yield the images of a line, except those that can no longer be read."""
    for row in rows:
        try:
            jpeg = dataset.thumbnail(row, _THUMBNAIL)
        except LabError:
            continue
        with Image.open(io.BytesIO(jpeg)) as image:
            yield ImageOps.fit(image, (_TILE, _TILE)).convert("RGB")
