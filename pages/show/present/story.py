"""The run that is presented, opened once per page run, and its images at any size."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
import streamlit as st
from PIL import Image, ImageOps

from core.data.dataset import Dataset
from core.errors import LabError
from core.report import Proportion, Report
from core.runs import Predictions, Run
from pages.common import run_images
from pages.common.run_images import Gallery
from pages.common.run_picker import Summary
from pages.common.text import literal

SIDE = 640
"""Pixels a side of a large image at most; the heatmaps of other pages are drawn over images of this size."""
_TILE = 480
_TINY = 120
"""An image of fewer pixels a side is enlarged pixel by pixel, as a browser would blur it."""


@dataclass(frozen=True)
class Story:
    """A finished run and its images.

    ``split``: whose images are shown and counted: those of the test, or the validation images of a run
    without test images.
    """

    summary: Summary
    shown: Gallery
    split: Literal["test", "validation"]

    @property
    def run(self) -> Run:
        """The run."""
        return self.summary.run

    @property
    def report(self) -> Report:
        """Its scores."""
        return self.summary.report

    @property
    def names(self) -> Sequence[str]:
        """Its classes."""
        return self.report.class_names

    @property
    def predictions(self) -> Predictions:
        """What it predicts for the images of ``split``. Raises LabError if that cannot be read."""
        return self.run.predictions(self.split)

    @property
    def accuracy(self) -> Proportion:
        """Its accuracy on the images of ``split``."""
        return self.report.test_accuracy if self.split == "test" else self.report.val_accuracy

    @property
    def split_in_words(self) -> str:
        """What the images of ``split`` were used for."""
        if self.split == "test":
            return "The model was never shown these test images while it learned."
        return (
            "These are validation images, as this run has no test images. The model did not learn from them, "
            "but its best epoch was chosen by them, which flatters it a little."
        )


def open_story(summary: Summary) -> Story:
    """Open a run that has a result."""
    split: Literal["test", "validation"] = "test" if summary.report.test_accuracy.total else "validation"
    return Story(summary, run_images.gallery(summary.run), split)


def image(story: Story, image_id: str, alt: str, *, square: bool = False) -> None:
    """Show an image as wide as its place allows, or one sentence where it cannot be shown.

    Args:
        story: the run whose image it is.
        image_id: its id.
        alt: a description for those who do not see it.
        square: cut to a square, for images side by side.
    """
    row = story.shown.row(image_id)
    if story.shown.dataset is None or row is None:
        st.caption(literal(story.shown.fault or "This image is no longer in the data set."))
        return
    try:
        st.image(_image(story.shown.dataset, row, image_id, square), width="stretch", alt=alt)
    except LabError as error:
        st.caption(literal(error))


@st.cache_data(max_entries=256, show_spinner=False)
def _image(_dataset: Dataset, _row: pd.Series, image_id: str, square: bool) -> bytes:
    jpeg = _dataset.thumbnail(_row, SIDE)
    with Image.open(io.BytesIO(jpeg)) as read:
        if not square and max(read.size) >= _TINY:
            return jpeg
        shown = ImageOps.fit(read, (_TILE, _TILE)) if square else read
        if max(read.size) < _TINY:
            times = -(-_TILE // max(read.size))
            size = (read.width * times, read.height * times)
            large = read.resize(size, Image.Resampling.NEAREST)
            shown = ImageOps.fit(large, (_TILE, _TILE), Image.Resampling.NEAREST) if square else large
        buffer = io.BytesIO()
        shown.convert("RGB").save(buffer, "JPEG", quality=90)
    return buffer.getvalue()


def typical(story: Story) -> dict[str, str]:
    """Return an image of each class, by name: the one in which the model finds its class most plainly.

    A class without an image in the predictions is left out.
    """
    predictions, found = story.predictions, {}
    for index, name in enumerate(story.names):
        here = np.flatnonzero(predictions.labels == index)
        if len(here):
            best = here[predictions.probabilities[here, index].argmax()]
            found[name] = str(predictions.ids[best])
    return found
