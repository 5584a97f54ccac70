"""The answers: each image as the network sees it, the predicted class in words, bars, heatmap, neighbours."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import streamlit as st
from PIL import Image

from core.explain.heatmaps import Heatmap
from core.export.csv_tables import csv
from core.prediction.answers import Answer
from core.prediction.sureness import AIM, AIMS
from core.prediction.table import table
from core.words import percent
from pages.common import overlays, run_images
from pages.common.paging import choose_page
from pages.common.prediction import answer_card, correcting, judging
from pages.common.prediction.given import Given
from pages.common.prediction.judging import Judged
from pages.common.run_picker import Summary
from pages.common.text import literal

PER_PAGE = 6
NEIGHBOURS = 3
_NONE = ""


def choose_other(summary: Summary, summaries: Sequence[Summary]) -> Summary | None:
    """Choose a second run, whose answers are shown beside those of the first."""
    others = {one.run.id: one for one in summaries if one.run.id != summary.run.id}
    if not others:
        return None
    chosen = st.selectbox(
        "Second model",
        [_NONE, *others],
        format_func=lambda run_id: others[run_id].line if run_id else "none",
        key="predict_beside",
        help="A second model that predicts the same images.",
    )
    return others.get(chosen)


def show(summaries: Sequence[Summary], given: Sequence[Given]) -> None:
    """Show what each model says about the images."""
    aim = st.session_state.get(judging.AIM_KEY, AIM)
    everything = [judging.judged(summary, given, aim) for summary in summaries]
    page = choose_page(len(given), PER_PAGE, key="predicted", thing="image")
    rows = range(len(given))[page]
    maps = [judging.heatmaps(judged, given, rows) for judged in everything]
    for row in rows:
        with st.container(border=True):
            _heading(given[row])
            for judged, heat in zip(everything, maps, strict=True):
                if len(everything) > 1:
                    st.text(judged.summary.title)
                _show_one(judged, row, heat.get(row))
            content = given[row].content
            if isinstance(content, bytes) and isinstance(everything[0].found[row], Answer):
                correcting.show(everything[0].summary, given[row].name, content, f"{row} {given[row].key}")
    _promises(everything)
    for judged in everything:
        _download(judged, given, name_it=len(everything) > 1)


def _heading(one: Given) -> None:
    actual = f" · actual: {one.actual}" if one.actual else ""
    st.text(f"{one.name}{actual}")


def _show_one(judged: Judged, row: int, heat: Heatmap | None) -> None:
    found, read = judged.found[row], judged.read[row]
    if isinstance(found, str):
        st.warning(f"This file cannot be read as an image: {literal(found)}.", icon=":material/broken_image:")
        return
    if read.pixels is None or read.image is None or found is None:
        st.skeleton(160)
        return
    names = judged.summary.report.class_names
    answer_card.verdict(found, names)
    seen = answer_card.enlarged(read.pixels)
    with st.grid(4, min_column_width=125, gap="medium"):
        _image("Image", read.image)
        _image("As the network sees it", seen)
        if heat is None:
            st.skeleton(160)
        else:
            _image(f"Evidence for {names[found.predicted]}", overlays.over(np.asarray(seen), heat))
        answer_card.bars(found, names)
    if read.note:
        st.caption(literal(f"How it was read: {read.note}."))
    _neighbours(judged, row, found)


def _image(title: str, image: Image.Image | bytes) -> None:
    with st.container(gap="xsmall"):
        st.text(title)
        st.image(image, width="stretch", alt=title)


def _neighbours(judged: Judged, row: int, found: Answer) -> None:
    if not found.neighbours or judged.summary.config is None:
        return
    shown = run_images.gallery(judged.summary.run)
    with st.expander("Most similar training images", icon=":material/image_search:"):
        tiles = []
        for one in found.neighbours[:NEIGHBOURS]:
            image = shown.row(one.id)
            label = "" if image is None else str(image["label"])
            tiles.append(run_images.Tile(one.id, (label, f"similarity {one.similarity:.2f}")))
        resize = judged.summary.config.data.resize
        run_images.tiles(shown, tiles, key=f"near-{judged.summary.run.id}-{row}", resize=resize)


def _promises(everything: Sequence[Judged]) -> None:
    with st.expander("What sure, not sure and unlike mean", icon=":material/verified:"):
        st.select_slider(
            "A prediction called sure must be right",
            AIMS,
            AIM,
            format_func=lambda share: f"{percent(share, 0)} of the time",
            key=judging.AIM_KEY,
            persist_state="session",
            help="The higher this is, the fewer images get an answer that is called sure.",
            width=320,
        )
        for judged in everything:
            if len(everything) > 1:
                st.text(judged.summary.title)
            for sentence in judged.judge.promises():
                st.markdown(literal(sentence))


def _download(judged: Judged, given: Sequence[Given], *, name_it: bool) -> None:
    found = [one for one in judged.found if one is not None]
    if len(found) < len(given):
        return
    names = [one.name for one in given]
    label = "Download as CSV" + (f" ({literal(judged.summary.title)})" if name_it else "")
    st.download_button(
        label,
        csv(table(names, found, judged.summary.report.class_names)),
        f"predictions-{judged.summary.run.id}.csv",
        "text/csv",
        icon=":material/download:",
        key=f"csv-{judged.summary.run.id}",
        on_click="ignore",
    )
