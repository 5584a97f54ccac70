"""The last runs as cards, and the next step: watch the run in progress, or look at the newest result."""

from __future__ import annotations

import io
from collections.abc import Sequence

import streamlit as st
from PIL import Image, ImageOps

from core import run_names, runs
from core.errors import LabError
from core.evaluation import confusion
from core.evaluation.confusion import Mistake
from core.words import confidence_interval, differing, percent
from pages.common import data_sources, present_link, run_images
from pages.common.addresses import COMPARE, EXPLAIN, RESULTS, RUN_KEY, TRAIN
from pages.common.run_picker import Summary, started, summarise
from pages.common.text import literal

MAX_SHOWN = 4
_MAX_READ = 12
_THUMBNAIL, _SHAPE = 480, (480, 240)


def newest() -> list[Summary]:
    """Return the newest runs, newest first, whatever their state."""
    return [summarise(run) for run in runs.all()[:_MAX_READ]]


def show(newest: Sequence[Summary]) -> None:
    """Show the next step, and a card for each of the last runs with a result."""
    finished = [summary for summary in newest if summary.finished]
    _next_step(newest, finished)
    if not finished:
        return
    st.space("small")
    with st.container(horizontal=True, vertical_alignment="bottom", horizontal_alignment="distribute"):
        st.header("Your last runs", anchor=False, width="content")
        st.page_link(COMPARE, label="All runs", icon=":material/compare_arrows:", width="content")
    with st.grid(4, min_column_width=205, gap="small"):
        for index, summary in enumerate(finished[:MAX_SHOWN]):
            with st.container(border=True, height="stretch", key=f"last_{summary.run.id}"):
                _card(summary, _before(summary, finished[index + 1 :]))


def _next_step(newest: Sequence[Summary], finished: Sequence[Summary]) -> None:
    """Show the one primary button, with what else comes next."""
    with st.container(horizontal=True, vertical_alignment="center", key="next_step"):
        active = next((one for one in reversed(newest) if one.status.waiting), None)
        if active is not None:
            _button("Watch the training", ":material/monitoring:", TRAIN, active)
        elif finished:
            _button("Look at the newest result", ":material/target:", RESULTS, finished[0])
        else:
            _button("See what happened", ":material/monitoring:", TRAIN, newest[0])
        if finished:
            link = {RUN_KEY: finished[0].run.id}
            st.page_link(
                EXPLAIN, label="See where it looks", icon=":material/center_focus_strong:", query_params=link
            )
            st.page_link(TRAIN, label="Change a setting and train again", icon=":material/tune:")


def _button(label: str, icon: str, page: str, summary: Summary) -> None:
    if st.button(label, key="next", type="primary", icon=icon):
        st.switch_page(page, query_params={RUN_KEY: summary.run.id})


def _before(summary: Summary, older: Sequence[Summary]) -> Summary | None:
    """Return the run before it on the same data set, as far as it is among the newest."""
    source = summary.config.data.source if summary.config else ""
    return next((one for one in older if one.config and one.config.data.source == source), None)


def _card(summary: Summary, before: Summary | None) -> None:
    test = summary.report.test_accuracy
    thumbnail = _thumbnail(summary)
    if thumbnail is not None:
        image, alt = thumbnail
        st.image(image, width="stretch", alt=alt)
    with st.container(gap="xxsmall", height="stretch"):
        st.subheader(literal(summary.title), anchor=False)
        st.markdown(f"**{percent(test.value)}** on the test images")
        st.caption(confidence_interval(test.low, test.high))
        st.caption(" · ".join(filter(None, [_difference(summary, before), started(summary.status)])))
    with st.container(horizontal=True):
        st.page_link(
            RESULTS, label="Open", icon=":material/arrow_forward:", query_params={RUN_KEY: summary.run.id}
        )
        present_link.show(summary.run.id)


def _difference(summary: Summary, before: Summary | None) -> str:
    if summary.config is None:
        return ""
    source = literal(data_sources.short(summary.config.data.source))
    if before is None or before.config is None:
        words = run_names.first_name(summary.config)
    else:
        words = differing(before.config, summary.config) or "same settings as before"
    return source if words == summary.title else f"{source}, {literal(words)}"


def _thumbnail(summary: Summary) -> tuple[bytes, str] | None:
    """Return the image that the run got most wrong, or a test image, with a description."""
    try:
        test = summary.run.predictions("test")
        shown, worst = run_images.gallery(summary.run), confusion.worst(test, limit=1)
        row = shown.row(str(test.ids[worst[0].row if worst else 0])) if len(test.ids) else None
        if shown.dataset is None or row is None:
            return None
        return _cropped(shown.dataset.thumbnail(row, _THUMBNAIL)), _in_words(summary, worst)
    except LabError:
        return None


def _in_words(summary: Summary, worst: Sequence[Mistake]) -> str:
    if not worst:
        return "One of its test images"
    true, predicted = (summary.report.class_names[index] for index in (worst[0].true, worst[0].predicted))
    return f"Its worst mistake: {true} predicted as {predicted}"


@st.cache_data(max_entries=32, show_spinner=False)
def _cropped(jpeg: bytes) -> bytes:
    """Crop an image to the shape of all cards."""
    with Image.open(io.BytesIO(jpeg)) as image:
        buffer = io.BytesIO()
        ImageOps.fit(image, _SHAPE).save(buffer, "JPEG", quality=88)
    return buffer.getvalue()
