"""Heatmaps of test pictures beside what the model answered, and what the colours mean."""

from __future__ import annotations

import numpy as np
import pandas as pd
import streamlit as st

from core.data.dataset import Dataset
from core.errors import LabError
from core.evaluation import metrics
from core.explain.heatmaps import Heatmap, Request
from core.export.figures import STRENGTH
from core.runs import Predictions
from pages.parts import class_average, overlays, pictures, waiting
from pages.parts.explain_choice import Wanted
from pages.parts.runs import Summary
from pages.parts.text import count, literal, percent

MOST_PROBABILITIES = 5


def legend() -> None:
    """What the colours say, in words, beside the colour bar."""
    with st.container(border=True):
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.text("did not matter")
            st.image(overlays.colour_bar(), width=84, alt="Colours from dark violet over green to yellow")
            st.text("mattered most")
        st.caption(
            "Grad-CAM: yellow is where the picture spoke most for the class named above it, violet is where "
            "nothing did. Each map has its own scale, so colours compare places in one picture, not two "
            "pictures. A map without yellow: nothing in the picture spoke for that class. "
            "It shows where the model looked, not why, and not whether that is a good reason."
        )


def show(summary: Summary, wanted: Wanted) -> None:
    """Each picture with its heatmaps for the predicted and the true class and its probabilities."""
    answered, shown = pictures.predictions(summary.run), pictures.gallery(summary.run)
    if shown.fault:
        pictures.say_fault(shown)
        return
    if wanted.of_class is not None:
        class_average.show(summary, answered, wanted.of_class, wanted.layer)
    by_position = {at: requests(answered, at, wanted.layer) for at in wanted.positions}
    maps = waiting.maps(summary.run, [request for both in by_position.values() for request in both])
    if maps is None:
        return
    for at, both in by_position.items():
        known = {request: maps.get(request) for request in both}
        row(summary, shown, answered, at, known, wanted.strength, go_deeper=True)
    if maps:
        height, width = next(iter(maps.values())).shape
        size = summary.config.data.image_size if summary.config else 0
        st.caption(
            f"Each map has {height} x {width} places, enlarged smoothly to the picture's size; the network "
            f"saw {size} x {size} pixels. Details finer than a place cannot be told apart."
        )


def requests(answered: Predictions, position: int, layer: str = "") -> list[Request]:
    """The heatmap of the predicted class, and of the true one where that is another."""
    said, true = int(metrics.predicted(answered)[position]), int(answered.labels[position])
    picture_id = str(answered.ids[position])
    return [Request(picture_id, index, layer=layer) for index in dict.fromkeys((said, true))]


def row(
    summary: Summary,
    shown: pictures.Gallery,
    answered: Predictions,
    position: int,
    maps: dict[Request, Heatmap | None],
    strength: float = STRENGTH,
    *,
    go_deeper: bool = False,
) -> None:
    """One picture, its heatmaps and its probabilities side by side, with a way to look deeper if wanted."""
    index_row = shown.row(str(answered.ids[position]))
    with st.container(border=True), st.grid(4, min_column_width=125, gap="medium"):
        if shown.dataset is None or index_row is None or summary.config is None:
            st.caption("This picture is no longer in the data set.")
            return
        resize = summary.config.data.resize
        try:
            with st.container(gap="xsmall"):
                st.text("The picture")
                st.image(
                    overlays.picture(shown.dataset, index_row, resize), width="stretch", alt="The picture"
                )
            for request, heatmap in maps.items():
                role = (
                    "Answer" if request.class_index == int(metrics.predicted(answered)[position]) else "Truth"
                )
                name = summary.report["class_names"][request.class_index]
                _map(shown.dataset, index_row, resize, f"{role}: {name}", heatmap, strength)
        except LabError as error:
            st.caption(literal(error))
        with st.container(gap="small"):
            probabilities(answered, position, summary.report["class_names"])
            if go_deeper:
                st.button(
                    "In depth",
                    key=f"deeper-{position}",
                    icon=":material/zoom_in:",
                    type="tertiary",
                    help="Other methods on this picture, and whether its heatmap can be trusted.",
                    on_click=_go_deeper,
                    args=(str(answered.ids[position]),),
                )


def _go_deeper(picture_id: str) -> None:
    st.query_params["picture"] = picture_id


def _map(
    dataset: Dataset, row: pd.Series, resize: str, title: str, heatmap: Heatmap | None, strength: float
) -> None:
    with st.container(gap="xsmall"):
        st.text(title)
        if heatmap is None:
            st.skeleton(160)
            return
        overlay = overlays.overlay(dataset, row, resize, heatmap, strength)
        st.image(overlay, width="stretch", alt=f"Heatmap. {title}")
        if not heatmap.any():
            st.caption("Nothing in the picture spoke for it.")


def probabilities(
    answered: Predictions, position: int, names: list[str], most: int = MOST_PROBABILITIES
) -> None:
    """The likeliest classes as bars, the true one always among them."""
    values, true = answered.probabilities[position], int(answered.labels[position])
    likeliest = [int(at) for at in np.argsort(-values, kind="stable")[:most]]
    if true not in likeliest:
        likeliest[-1] = true
    with st.container(gap="xsmall"):
        for at in likeliest:
            mark = " (true)" if at == true else ""
            st.progress(
                float(np.clip(values[at], 0, 1)),
                f"{literal(names[at])}{mark} · {percent(float(values[at]), 0)}",
            )
        rest = len(values) - len(likeliest)
        if rest:
            left = 1 - float(values[likeliest].sum())
            st.caption(f"{count(rest, 'other')}: {percent(max(left, 0), 0)}")
