"""Which test images to explain, at which layer, and with what heatmap opacity."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from core.evaluation import confusion
from core.explain import keras_file
from core.export.overlay import STRENGTH
from core.runs import Predictions
from pages.common.paging import choose_page
from pages.common.run_picker import Summary

WORST, RANDOM, OF_CLASS = "Worst mistakes", "Random", "One class"
LAST_LAYER = "Last (default)"

Positions = NDArray[np.int64]


@dataclass(frozen=True)
class Wanted:
    """The images to explain, as positions among the test predictions, and how to explain them.

    of_class: the class that the images belong to, if a whole class is shown.
    """

    positions: tuple[int, ...]
    layer: str
    strength: float
    of_class: int | None = None


def ask(summary: Summary) -> Wanted:
    """Show the controls: which images, how many, what opacity and which layer.

    Raises:
        LabError: the run's model or its predictions cannot be read.
    """
    layers = keras_file.feature_maps(summary.run.model_path)
    titles = keras_file.titles(layers)
    predictions = summary.run.predictions("test")
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        which = st.segmented_control(
            "Test images",
            [WORST, RANDOM, OF_CLASS],
            default=WORST,
            required=True,
            key="explain_which",
            persist_state="session",
        )
        number = st.slider("How many", 1, 12, 4, key="explain_number", persist_state="session", width=130)
        strength = ask_strength()
        layer = st.selectbox(
            "Layer",
            [LAST_LAYER, *reversed(layers[:-1])],
            format_func=lambda layer: titles.get(layer, layer),
            key="explain_layer",
            width=170,
            help="The last convolutional layer responds to whole parts of objects; "
            "earlier ones respond to edges and colours, in finer maps.",
        )
    positions = _positions(summary, predictions, str(which), number)
    of_class = int(predictions.labels[positions[0]]) if which == OF_CLASS and len(positions) else None
    layer = "" if layer == LAST_LAYER else layer
    return Wanted(tuple(int(index) for index in positions), layer, strength, of_class)


def ask_strength() -> float:
    """Ask for the opacity of heatmaps, in [0, 1]; all views share one value."""
    return st.slider(
        "Heatmap opacity",
        0.0,
        1.0,
        STRENGTH,
        0.05,
        key="explain_strength",
        persist_state="session",
        width=160,
        help="0 shows only the image, 1 only the heatmap.",
    )


def _positions(summary: Summary, predictions: Predictions, which: str, number: int) -> Positions:
    if which == RANDOM:
        return _random(predictions, number)
    if which == OF_CLASS:
        return _of_class(summary, predictions, number)
    worst = confusion.worst(predictions, limit=number)
    if not worst:
        st.success("No mistakes on the test images. Here are random ones instead.", icon=":material/check:")
        return _random(predictions, number)
    return np.array([mistake.row for mistake in worst])


def _random(predictions: Predictions, number: int) -> Positions:
    draw = st.session_state.setdefault("explain_draw", 0)
    st.button("Different images", icon=":material/casino:", key="other_images", on_click=_draw_again)
    return np.random.default_rng(draw).permutation(len(predictions.labels))[:number]


def _draw_again() -> None:
    st.session_state["explain_draw"] += 1


def _of_class(summary: Summary, predictions: Predictions, number: int) -> Positions:
    names = summary.report.class_names
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        name = st.selectbox("Class", names, key="explain_class", width=220)
        here = np.flatnonzero(predictions.labels == names.index(name))
        if not len(here):
            st.caption("This class has no test images.")
        here = here[np.argsort(predictions.probabilities[here, names.index(name)], kind="stable")]
        page = choose_page(
            len(here), number, key=f"explain-{name}", thing="image", order="least probable first"
        )
    return here[page]
