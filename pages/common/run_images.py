"""Images of a run's data set, found by their ids, as tiles and as one card."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import streamlit as st

from core import datasets, runs
from core.data.dataset import Dataset
from core.errors import LabError
from core.runs import Predictions, Run
from core.words import percent
from pages.common import overlays
from pages.common.dataset_cache import row_by_id, rows_by_id
from pages.common.text import literal


@dataclass(frozen=True)
class Gallery:
    """A run's data set as it is on the disk now; ``fault`` says why images cannot be shown."""

    dataset: Dataset | None
    rows: pd.DataFrame
    fault: str = ""

    def row(self, image_id: str) -> pd.Series | None:
        """The index row of an image, or None if the image is no longer there."""
        return row_by_id(self.dataset, image_id) if self.dataset else None


@dataclass(frozen=True)
class Tile:
    """One image to show: its id and the plain lines under it."""

    id: str
    lines: tuple[str, ...]


def gallery(run: Run) -> Gallery:
    """The images a run was made from, whatever has become of them since."""
    try:
        dataset = datasets.open(run.config.data.source)
    except LabError as error:
        return Gallery(None, pd.DataFrame(), str(error))
    return Gallery(dataset, rows_by_id(dataset))


def predictions(run: Run, split: str = "test") -> Predictions:
    """What the model answered on one split. Raises LabError if that cannot be read."""
    stamp = (run.path / "predictions.npz").stat().st_mtime_ns if run.has_report else 0
    return _predictions(run.id, split, stamp)


@st.cache_resource(max_entries=24)
def _predictions(run_id: str, split: str, stamp: int) -> Predictions:
    return runs.open(run_id).predictions(split)


def show_fault(shown: Gallery) -> None:
    """Why the images of a run cannot be shown."""
    st.info(literal(shown.fault), title="The images cannot be shown", icon=":material/image_not_supported:")


def tiles(
    shown: Gallery,
    images: Iterable[Tile],
    *,
    key: str,
    resize: str,
    look: Callable[[str], None] | None = None,
) -> None:
    """Images side by side with their lines, squared as for the network (``resize``, see
    core/data/pixel_cache.py).

    ``look`` is called with the id of the image whose button was clicked.
    """
    if shown.fault:
        show_fault(shown)
    with st.grid("auto", min_column_width=140, gap="medium"):
        for tile in images:
            with st.container(gap="xsmall"):
                _thumbnail(shown, tile, resize)
                st.text("\n".join(tile.lines))
                if look is not None:
                    st.button(
                        "Look closer",
                        key=f"{key}-{tile.id}",
                        type="tertiary",
                        icon=":material/zoom_in:",
                        on_click=look,
                        args=(tile.id,),
                    )


def _thumbnail(shown: Gallery, tile: Tile, resize: str) -> None:
    """One image, or a plain word where it is no longer there."""
    row = shown.row(tile.id)
    if shown.dataset is None or row is None:
        st.caption("This image is no longer in the data set.")
        return
    try:
        st.image(overlays.image(shown.dataset, row, resize), width="stretch", alt=", ".join(tile.lines))
    except LabError as error:
        st.caption(literal(error))


def answers(predictions: Predictions, position: int, class_names: Sequence[str]) -> tuple[str, ...]:
    """The lines under an image: what it is, what the model said and how sure it was."""
    probabilities = predictions.probabilities[position]
    predicted = int(np.argmax(probabilities))
    return (
        f"is {class_names[predictions.labels[position]]}",
        f"called {class_names[predicted]}",
        f"{percent(float(probabilities[predicted]), 0)} sure",
    )
