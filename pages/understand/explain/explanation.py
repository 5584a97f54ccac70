"""Heatmaps of test images beside the predictions, and what the colours mean."""

from __future__ import annotations

import streamlit as st

from pages.common import glossary, heatmap_row, overlays, run_images, waiting
from pages.common.run_picker import Summary
from pages.understand.explain import class_average
from pages.understand.explain.choice import Wanted


def legend() -> None:
    """Show what the colours mean, beside the colour bar."""
    with st.container(border=True):
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.text("no evidence")
            st.image(overlays.colour_bar(), width=84, alt="Colours from dark violet through green to yellow")
            st.text("strongest evidence")
        st.caption(
            "Grad-CAM: yellow marks the strongest evidence for the class named above the image, violet marks "
            "none. Each map has its own scale, so compare areas within an image, not between images. "
            "No yellow means that nothing in the image supported that class. "
            "A heatmap shows where the model looked, not why, and not whether the reason is a good one.",
            help=glossary.help_of("heatmap"),
        )


def show(summary: Summary, wanted: Wanted) -> None:
    """Show each image with its heatmaps for the predicted and the true class and its probabilities."""
    predictions, shown = summary.run.predictions("test"), run_images.gallery(summary.run)
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
        available = {request: maps.get(request) for request in both}
        heatmap_row.row(summary, shown, predictions, index, available, wanted.strength, go_deeper=True)
    if maps:
        height, width = next(iter(maps.values())).shape
        size = summary.config.data.image_size if summary.config else 0
        st.caption(
            f"Each map has {height} × {width} cells, enlarged smoothly to the image's size; the network "
            f"saw {size} × {size} pixels. Details smaller than one cell cannot be resolved."
        )
