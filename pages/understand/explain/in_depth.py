"""One test image explained in depth: all methods side by side, and whether a map can be trusted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import streamlit as st

from core.errors import LabError
from core.evaluation import metrics
from core.explain import assistant, keras_file
from core.explain.heatmaps import METHODS, Heatmap, Request
from core.runs import Predictions
from pages.common import heatmap_row, overlays, run_images, waiting
from pages.common.addresses import IMAGE_KEY
from pages.common.expander import lazy_expander
from pages.common.run_images import Gallery
from pages.common.run_picker import Summary
from pages.common.text import literal
from pages.understand.explain import choice, heatmap_checks

MAX_FILTERS = 32


def requested_image() -> str | None:
    """Return the id of the image in the address, if any."""
    return st.query_params.get(IMAGE_KEY)


def show(summary: Summary, image_id: str) -> None:
    """Show everything about why the model predicts what it does for one image.

    Raises:
        LabError: the run's model or its predictions cannot be read.
    """
    st.button("All images", icon=":material/arrow_back:", key="leave_image", on_click=_leave)
    predictions = summary.run.predictions("test")
    indices = (predictions.ids == image_id).nonzero()[0]
    if not len(indices):
        st.warning(
            f"The image {literal(image_id[:80])} is not among the test images of this run. "
            "Go back and choose another.",
            icon=":material/search_off:",
        )
        return
    index, shown = int(indices[0]), run_images.gallery(summary.run)
    if shown.fault:
        run_images.show_fault(shown)
        return
    requests = heatmap_row.requests(predictions, index)
    maps = waiting.maps(summary.run, requests)
    if maps is None:
        return
    row = st.container()
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        class_index, strength = _ask_class(summary, predictions, index), choice.ask_strength()
    with row:
        available = {request: maps.get(request) for request in requests}
        heatmap_row.row(summary, shown, predictions, index, available, strength)
    _methods(summary, shown, image_id, class_index, strength)
    heatmap_checks.show(summary, shown, image_id, class_index, strength)
    lazy_expander(
        "What the network's filters respond to", _filters, summary, image_id,
        key="filters", icon=":material/grid_view:",
    )  # fmt: skip


def _leave() -> None:
    st.query_params.pop(IMAGE_KEY, None)


def _ask_class(summary: Summary, predictions: Predictions, position: int) -> int:
    names = summary.report.class_names
    order = [int(i) for i in np.argsort(-predictions.probabilities[position], kind="stable")]
    predicted = int(metrics.predicted(predictions)[position])
    return st.selectbox(
        "Explain the class",
        order,
        index=order.index(predicted),
        format_func=lambda index: names[index],
        key=f"explain_class-{predictions.ids[position]}",
        width=320,
        help="Most likely first. For a class that was not predicted, the maps show what supported it all the "
        "same.",
    )


def _methods(summary: Summary, shown: Gallery, image_id: str, class_index: int, strength: float) -> None:
    name = summary.report.class_names[class_index]
    st.header(f"Evidence for {literal(name)}, by six methods", anchor=False)
    requests = {method: Request(image_id, class_index, method) for method in METHODS}
    maps = waiting.maps(summary.run, list(requests.values()))
    if maps is None:
        return
    with st.grid(3, min_column_width=130, gap="medium"):
        for method, request in requests.items():
            with st.container(gap="xsmall"):
                st.markdown(f"**{METHODS[method].title}**")
                _overlay(summary, shown, request, maps.get(request), strength)
                st.caption(METHODS[method].help)
    st.caption(
        "Where several methods agree, the evidence is stronger. Each map has its own scale; pixel-level maps "
        "are clipped at their 99th percentile. The methods are tf-explain's, with misleading defaults "
        "corrected."
    )


def _overlay(
    summary: Summary, shown: Gallery, request: Request, heatmap: Heatmap | None, strength: float
) -> None:
    row = shown.row(request.image_id)
    if heatmap is None:
        st.skeleton(200)
    elif shown.dataset is None or row is None or summary.config is None:
        st.caption("This image is no longer in the data set.")
    else:
        resize = summary.config.data.resize
        try:
            image = overlays.overlay(shown.dataset, row, resize, heatmap, strength)
            st.image(image, width="stretch", alt=f"Heatmap by {METHODS[request.method].title}")
        except LabError as error:
            st.caption(literal(error))


def _filters(summary: Summary, image_id: str) -> None:
    """Show how the filters of a layer respond."""
    titles = keras_file.titles(keras_file.feature_maps(summary.run.model_path))
    layer = st.selectbox("Layer", titles, format_func=titles.__getitem__, key="filters_layer", width=220)
    result: Mapping[str, Any] | None = waiting.answer(
        waiting.about(summary.run, "filters", image_id, layer),
        lambda: assistant.activations(summary.run, [image_id], layer),
        "Computing the filter responses.",
    )
    if result is None:
        return
    filters = result["activations"]
    strongest = np.argsort(-filters.max(axis=(1, 2)), kind="stable")[:MAX_FILTERS]
    st.image(
        overlays.mosaic(filters[strongest]),
        width="stretch",
        alt=f"Responses of {len(strongest)} filters of {titles[layer]}",
    )
    st.caption(
        f"The {len(strongest)} strongest of {len(filters)} filters, strongest first, on one scale: "
        "yellow marks where a filter found its pattern. The responses do not depend on a class."
    )
