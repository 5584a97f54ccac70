"""Images of a run's data set, looked up by id and shown as tiles."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import streamlit as st

from core import example
from core.data.dataset import Dataset
from core.errors import LabError
from core.runs import Predictions, Run
from core.words import percent
from pages.common import overlays
from pages.common.dataset_cache import row_by_id, rows_by_id
from pages.common.text import literal


@dataclass(frozen=True)
class Gallery:
    """A run's data set as it is on disk now; ``fault`` says why images cannot be shown."""

    dataset: Dataset | None
    rows: pd.DataFrame
    fault: str = ""

    def row(self, image_id: str) -> pd.Series | None:
        """Return the index row of an image, or None if the image is gone."""
        return row_by_id(self.dataset, image_id) if self.dataset else None


@dataclass(frozen=True)
class Tile:
    """An image to show: its id, the lines of text below it, and whether its prediction is right, if known."""

    id: str
    lines: tuple[str, ...]
    is_right: bool | None = None


def gallery(run: Run) -> Gallery:
    """Return the images a run was trained on, whatever has happened to them since."""
    try:
        dataset = example.images_of(run)
    except LabError as error:
        return Gallery(None, pd.DataFrame(), str(error))
    return Gallery(dataset, rows_by_id(dataset))


def find_prediction(run: Run, image_id: str) -> tuple[str, Predictions, int] | None:
    """Return an image's split, the predictions for that, and its place in them; None if there are none."""
    for split in ("test", "validation"):
        found = run.predictions(split)
        places = (found.ids == image_id).nonzero()[0]
        if len(places):
            return split, found, int(places[0])
    return None


def show_fault(shown: Gallery) -> None:
    """Say why the images of a run cannot be shown."""
    st.info(literal(shown.fault), title="The images cannot be shown", icon=":material/image_not_supported:")


def tiles(
    shown: Gallery,
    images: Iterable[Tile],
    *,
    key: str,
    resize: str,
    on_open: Callable[[str], None] | None = None,
) -> None:
    """Show images side by side with their lines, made square as for the network (``resize``, see
    core/data/pixel_cache.py).

    ``on_open`` is called with the id of the image that was clicked: its button covers the tile. A filled dot
    on a tile is a right prediction, a hollow one a wrong one (``style.css``).
    """
    if shown.fault:
        show_fault(shown)
    listed = list(images)
    across = 6 if len(listed) % 6 == 0 else 5  # full rows: what is shown comes in sixes or tens
    with st.grid(across, min_column_width=115, gap="medium"):
        for tile in listed:
            kind = {True: "right", False: "wrong", None: "plain"}[tile.is_right]
            with st.container(gap="xsmall", key=f"tile-{kind}-{key}-{tile.id}"):
                _thumbnail(shown, tile, resize)
                st.text("\n".join(tile.lines))
                if on_open is not None:
                    st.button(
                        "Look closer",
                        key=f"{key}-{tile.id}",
                        type="tertiary",
                        icon=":material/zoom_in:",
                        on_click=on_open,
                        args=(tile.id,),
                    )


def _thumbnail(shown: Gallery, tile: Tile, resize: str) -> None:
    """Show an image, or a note if it is gone."""
    row = shown.row(tile.id)
    if shown.dataset is None or row is None:
        st.caption("This image is no longer in the data set.")
        return
    try:
        st.image(overlays.image(shown.dataset, row, resize), width="stretch", alt=", ".join(tile.lines))
    except LabError as error:
        st.caption(literal(error))


def is_right(predictions: Predictions, position: int) -> bool:
    """Whether the prediction at a position is correct."""
    return bool(predictions.probabilities[position].argmax() == predictions.labels[position])


def prediction_lines(predictions: Predictions, position: int, class_names: Sequence[str]) -> tuple[str, ...]:
    """Return the lines below an image: its true class, the predicted class and the confidence."""
    probabilities = predictions.probabilities[position]
    predicted = int(np.argmax(probabilities))
    return (
        f"Actual: {class_names[predictions.labels[position]]}",
        f"Predicted: {class_names[predicted]}",
        f"Confidence: {percent(float(probabilities[predicted]), 0)}",
    )
