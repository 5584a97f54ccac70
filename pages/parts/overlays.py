"""Pictures as the network sees them, and heatmaps over them, ready for the screen."""

from __future__ import annotations

from io import BytesIO

import numpy as np
import pandas as pd
import streamlit as st
from matplotlib import colormaps
from PIL import Image

from core import figures, pixels
from core.datasets import Dataset
from core.heatmaps import Heatmap

SIDE = 320
"""Pixels a side: sharper than the network sees it, in the same shape, so that the heatmap fits."""


def picture(dataset: Dataset, row: pd.Series, resize: str) -> bytes:
    """A picture squared as the run's settings say, as a JPEG.

    Raises:
        LabError: it can no longer be read.
    """
    return _picture(dataset, row, str(row["id"]), resize)


def overlay(dataset: Dataset, row: pd.Series, resize: str, heatmap: Heatmap, strength: float) -> bytes:
    """The same with a heatmap over it, see :func:`core.figures.heatmap_overlay`."""
    return _overlay(dataset, row, str(row["id"]), resize, heatmap, strength)


@st.cache_data(max_entries=512, show_spinner=False)
def _picture(_dataset: Dataset, _row: pd.Series, picture_id: str, resize: str) -> bytes:
    return _jpeg(_square(_dataset, _row, resize))


@st.cache_data(max_entries=1024, show_spinner=False)
def _overlay(
    _dataset: Dataset, _row: pd.Series, picture_id: str, resize: str, heatmap: Heatmap, strength: float
) -> bytes:
    square = _square(_dataset, _row, resize)
    return _jpeg(Image.fromarray(figures.heatmap_overlay(square, heatmap, strength)))


def _square(dataset: Dataset, row: pd.Series, resize: str) -> Image.Image:
    small = Image.open(BytesIO(dataset.thumbnail(row, 2 * SIDE)))
    return pixels.fit(small, SIDE, resize)


def _jpeg(image: Image.Image) -> bytes:
    buffer = BytesIO()
    image.save(buffer, "JPEG", quality=88)
    return buffer.getvalue()


@st.cache_data
def colour_bar() -> bytes:
    """Viridis from left to right, as a PNG."""
    colours = colormaps["viridis"](np.linspace(0, 1, 240))[None, :, :3].repeat(10, axis=0)
    buffer = BytesIO()
    Image.fromarray((255 * colours).astype(np.uint8)).save(buffer, "PNG")
    return buffer.getvalue()
