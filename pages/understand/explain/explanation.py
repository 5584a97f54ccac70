"""Heatmaps of test images beside what the model answered, and what the colours mean."""

from __future__ import annotations

import streamlit as st

from pages.common import heatmap_row, overlays, run_images, waiting
from pages.common.run_picker import Summary
from pages.understand.explain import class_average
from pages.understand.explain.choice import Wanted


def legend() -> None:
    """What the colours say, in words, beside the colour bar."""
    with st.container(border=True):
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.text("did not matter")
            st.image(overlays.colour_bar(), width=84, alt="Colours from dark violet over green to yellow")
            st.text("mattered most")
        st.caption(
            "Grad-CAM: yellow is where the image spoke most for the class named above it, violet is where "
            "nothing did. Each map has its own scale, so colours compare places in one image, not two "
            "images. A map without yellow: nothing in the image spoke for that class. "
            "It shows where the model looked, not why, and not whether that is a good reason."
        )


def show(summary: Summary, wanted: Wanted) -> None:
    """Each image with its heatmaps for the predicted and the true class and its probabilities."""
    predictions, shown = run_images.predictions(summary.run), run_images.gallery(summary.run)
    if shown.fault:
        run_images.show_fault(shown)
        return
    if wanted.of_class is not None:
        class_average.show(summary, predictions, wanted.of_class, wanted.layer)
    by_position = {
        index: heatmap_row.requests(predictions, index, wanted.layer) for index in wanted.positions
    }
    maps = waiting.maps(summary.run, [request for both in by_position.values() for request in both])
    if maps is None:
        return
    for index, both in by_position.items():
        known = {request: maps.get(request) for request in both}
        heatmap_row.row(summary, shown, predictions, index, known, wanted.strength, go_deeper=True)
    if maps:
        height, width = next(iter(maps.values())).shape
        size = summary.config.data.image_size if summary.config else 0
        st.caption(
            f"Each map has {height} x {width} places, enlarged smoothly to the image's size; the network "
            f"saw {size} x {size} pixels. Details finer than a place cannot be told apart."
        )
