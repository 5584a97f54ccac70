"""The map of a run's images as its network sees them, with its mistakes."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import streamlit as st

from core.errors import LabError
from pages.common import run_images
from pages.common.image_map import shown_map, view
from pages.common.image_map.view import Uses
from pages.common.paging import choose_page
from pages.common.run_images import Tile
from pages.common.run_picker import Summary
from pages.common.text import literal
from pages.understand.results import image_dialog

PER_PAGE = 12


def show(summary: Summary) -> None:
    """Show the map; a click opens an image in the dialog of this page."""
    try:
        subject = shown_map.of_run(summary.run)
    except LabError as error:
        st.info(literal(error), title="There is no map", icon=":material/image_not_supported:")
        return
    suspected = shown_map.suspected(subject.dataset)
    view.show(subject, Uses(partial(_tiles, summary), image_dialog.open_dialog), suspected)


def _tiles(summary: Summary, ids: Sequence[str]) -> None:
    page = choose_page(len(ids), PER_PAGE, key="map", thing="image")
    run_images.tiles(
        run_images.gallery(summary.run),
        [_tile(summary, image_id) for image_id in ids[page]],
        key="map",
        resize=summary.config.data.resize if summary.config else "stretch",
        on_open=image_dialog.open_dialog,
    )


def _tile(summary: Summary, image_id: str) -> Tile:
    """An image with its prediction or, of a training image, for which none is stored, with its class."""
    found = run_images.find_prediction(summary.run, image_id)
    if found is None:
        row = run_images.gallery(summary.run).row(image_id)
        return Tile(image_id, (str(row["label"]) if row is not None else "", "training image"))
    _, predictions, index = found
    lines = run_images.prediction_lines(predictions, index, summary.report.class_names)
    return Tile(image_id, lines, is_right=run_images.is_right(predictions, index))
