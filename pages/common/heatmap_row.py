"""One test image with its heatmaps and predicted probabilities."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import streamlit as st

from core.data.dataset import Dataset
from core.errors import LabError
from core.evaluation import metrics
from core.explain.heatmaps import Heatmap, Request
from core.export.overlay import STRENGTH
from core.runs import Predictions
from core.words import count, percent
from pages.common import overlays, run_images
from pages.common.addresses import IMAGE_KEY
from pages.common.run_picker import Summary
from pages.common.text import literal

MAX_PROBABILITIES = 5


def requests(predictions: Predictions, position: int, layer: str = "") -> list[Request]:
    """Request the heatmap of the predicted class, and of the true class if it differs."""
    predicted, true = int(metrics.predicted(predictions)[position]), int(predictions.labels[position])
    image_id = str(predictions.ids[position])
    return [Request(image_id, index, layer=layer) for index in dict.fromkeys((predicted, true))]


def row(
    summary: Summary,
    shown: run_images.Gallery,
    predictions: Predictions,
    position: int,
    maps: dict[Request, Heatmap | None],
    strength: float = STRENGTH,
    *,
    go_deeper: bool = False,
) -> None:
    """Show an image, its heatmaps and its probabilities side by side, with a way to more detail if wanted."""
    index_row = shown.row(str(predictions.ids[position]))
    with st.container(border=True), st.grid(4, min_column_width=105, gap="medium"):
        if shown.dataset is None or index_row is None or summary.config is None:
            st.caption("This image is no longer in the data set.")
            return
        resize = summary.config.data.resize
        try:
            with st.container(gap="xsmall"):
                st.text("Image")
                st.image(overlays.image(shown.dataset, index_row, resize), width="stretch", alt="Image")
            for request, heatmap in maps.items():
                role = (
                    "Predicted"
                    if request.class_index == int(metrics.predicted(predictions)[position])
                    else "Actual"
                )
                name = summary.report.class_names[request.class_index]
                _map(shown.dataset, index_row, resize, f"{role}: {name}", heatmap, strength)
        except LabError as error:
            st.caption(literal(error))
        with st.container(gap="small"):
            probabilities(predictions, position, summary.report.class_names)
            if go_deeper:
                st.button(
                    "In depth",
                    key=f"deeper-{position}",
                    icon=":material/zoom_in:",
                    type="tertiary",
                    help="Apply other methods to this image, and check whether its heatmap can be trusted.",
                    on_click=_go_deeper,
                    args=(str(predictions.ids[position]),),
                )


def _go_deeper(image_id: str) -> None:
    st.query_params[IMAGE_KEY] = image_id


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
            st.caption("Nothing in the image supported this class.")


def probabilities(
    predictions: Predictions, position: int, names: Sequence[str], limit: int = MAX_PROBABILITIES
) -> None:
    """Show the most likely classes as bars, always including the true one."""
    values, true = predictions.probabilities[position], int(predictions.labels[position])
    likeliest = [int(index) for index in np.argsort(-values, kind="stable")[:limit]]
    if true not in likeliest:
        likeliest[-1] = true
    with st.container(gap="xsmall"):
        for index in likeliest:
            mark = " (actual)" if index == true else ""
            st.progress(
                float(np.clip(values[index], 0, 1)),
                f"{literal(names[index])}{mark} · {percent(float(values[index]), 0)}",
            )
        rest = len(values) - len(likeliest)
        if rest:
            left = 1 - float(values[likeliest].sum())
            st.caption(f"{count(rest, 'other')}: {percent(max(left, 0), 0)}")
