"""Four ways to begin, as cards with an image: built-in flowers, your own, TensorFlow Datasets, an example."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import streamlit as st

from core import datasets, engine, run_names, runs
from core.config import RunConfig
from core.errors import LabError
from core.runs import Labels
from core.training import first_training
from core.words import about
from pages.common import data_sources, frame, settings, visitors
from pages.common.addresses import DATA, RESULTS, RUN_KEY, TRAIN
from pages.common.text import literal

PRESET = "first look"
_IMAGES = Path(__file__).parent / "images"


def show(*, is_first_visit: bool) -> None:
    """Show the cards; on the first visit, training a first model is the next step."""
    with st.grid(4, min_column_width=205, gap="small"):
        with _card("flowers", "Built-in flowers", "Five kinds of flowers, ready to train on. Works offline."):
            _train_button(is_first_visit=is_first_visit)
        with _card("own", "Your own images", "A folder or zip file with a folder per class, or a CSV list."):
            _choose_button("Choose your images", data_sources.FOLDER)
        with _card("catalogue", "TensorFlow Datasets", "Flowers, leaves, digits and more, by download."):
            _choose_button("Choose a data set", data_sources.CATALOGUED)
        with _card("example", "A finished example", "A trained model: its score, mistakes and heatmaps."):
            if st.button("Look at it", key="see_example", width="stretch"):
                st.switch_page(RESULTS, query_params={RUN_KEY: runs.EXAMPLE})


@contextmanager
def _card(image: str, title: str, words: str) -> Iterator[None]:
    with st.container(border=True, height="stretch", key=f"begin_{image}"):
        st.image(_IMAGES / f"{image}.jpg", width="stretch", alt="")
        with st.container(gap="xxsmall", height="stretch"):
            st.subheader(title, anchor=False)
            st.markdown(words)
        yield


def _train_button(*, is_first_visit: bool) -> None:
    label = "Train a quick model"
    try:
        config = datasets.starting_config(frame.FIRST_DATA_SET, PRESET)
        if is_first_visit:
            st.caption(f"Ready in {about(first_training.seconds_to_result(config))}.")
            label = "Train my first model"
    except LabError as error:
        st.error(literal(error))
        return
    if st.button(
        label,
        key="train_first",
        type="primary" if is_first_visit else "secondary",
        width="stretch",
        help="With small images and few epochs. While the lab has only just started, this takes longer.",
    ):
        try:
            run_id = frame.once("first run", _train, config)
        except LabError as error:
            st.error(literal(error))
        else:
            st.switch_page(TRAIN, query_params={RUN_KEY: run_id})


def _train(config: RunConfig) -> str:
    """Start a quick training on the built-in flowers, whose settings the Train page then shows."""
    settings.fill_in(config)
    labels = Labels(name=run_names.proposed(config))
    return engine.submit(config, labels, visitors.submission()).id


def _choose_button(label: str, kind: str) -> None:
    if st.button(label, key=f"choose {kind}", width="stretch"):
        st.session_state[data_sources.KIND_WANTED] = kind
        st.switch_page(DATA)
