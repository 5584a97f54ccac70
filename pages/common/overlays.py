"""Images as the network sees them, and heatmaps over them, ready for the screen."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO

import numpy as np
import pandas as pd
import streamlit as st
from matplotlib import colormaps
from numpy.typing import NDArray
from PIL import Image

from core.data import pixel_cache
from core.data.dataset import Dataset
from core.explain import background_estimate
from core.explain.background_estimate import Backdrop
from core.explain.heatmaps import Heatmap
from core.export.overlay import STRENGTH, heatmap_overlay
from core.export.overlay import outlined as outlined_over

GREY = 127
SIDE = 320
"""Pixels per side: sharper than what the network sees, but the same shape, so that the heatmap fits."""


def image(dataset: Dataset, row: pd.Series, resize: str) -> bytes:
    """Return an image, made square as the run's settings specify, as a JPEG.

    Raises:
        LabError: the image can no longer be read.
    """
    return _image(dataset, row, str(row["id"]), resize)


def overlay(dataset: Dataset, row: pd.Series, resize: str, heatmap: Heatmap, strength: float) -> bytes:
    """Return the image with a heatmap over it; see :func:`core.export.overlay.heatmap_overlay`."""
    return _overlay(dataset, row, str(row["id"]), resize, heatmap, strength)


@st.cache_data(max_entries=512, show_spinner=False)
def _image(_dataset: Dataset, _row: pd.Series, image_id: str, resize: str) -> bytes:
    return _jpeg(_square(_dataset, _row, resize))


@st.cache_data(max_entries=1024, show_spinner=False)
def _overlay(
    _dataset: Dataset, _row: pd.Series, image_id: str, resize: str, heatmap: Heatmap, strength: float
) -> bytes:
    square = _square(_dataset, _row, resize)
    return _jpeg(Image.fromarray(heatmap_overlay(square, heatmap, strength)))


def over(square: NDArray[np.uint8], heatmap: Heatmap, strength: float = STRENGTH) -> bytes:
    """Return any image (S, S, 3) with a heatmap over it, as a JPEG."""
    return _jpeg(Image.fromarray(heatmap_overlay(Image.fromarray(square), heatmap, strength)))


def mean_image(
    dataset: Dataset, rows: Sequence[pd.Series], ids: tuple[str, ...], resize: str
) -> NDArray[np.uint8]:
    """Return the average of images as the network sees them: uint8 (S, S, 3)."""
    return _mean_image(dataset, rows, ids, resize)


@st.cache_data(max_entries=64, show_spinner=False)
def _mean_image(
    _dataset: Dataset, _rows: Sequence[pd.Series], ids: tuple[str, ...], resize: str
) -> NDArray[np.uint8]:
    small = [np.asarray(_square(_dataset, row, resize).resize((160, 160)), np.float32) for row in _rows]
    mean: NDArray[np.uint8] = np.mean(small, axis=0).astype(np.uint8)
    return mean


@st.cache_data(max_entries=4096, show_spinner=False)
def estimated_backdrop(_dataset: Dataset, _row: pd.Series, image_id: str, resize: str) -> Backdrop:
    """Estimate the background of an image, made square as the run's settings specify.

    Raises:
        LabError: the image can no longer be read.
    """
    return background_estimate.estimate(np.asarray(_square(_dataset, _row, resize)))


def greyed(dataset: Dataset, row: pd.Series, resize: str, mask: NDArray[np.bool_]) -> bytes:
    """Return the image with the masked area (S, S) in mid-grey, as a JPEG."""
    square = np.array(_square(dataset, row, resize))
    enlarged = Image.fromarray(mask).resize((SIDE, SIDE), Image.Resampling.NEAREST)
    square[np.asarray(enlarged)] = GREY
    return _jpeg(Image.fromarray(square))


def outlined(
    dataset: Dataset, row: pd.Series, resize: str, heatmap: Heatmap, area: NDArray[np.bool_]
) -> bytes:
    """Return the image with a heatmap over it and a white line around an area (h, w), as a JPEG."""
    coloured = heatmap_overlay(_square(dataset, row, resize), heatmap)
    return _jpeg(Image.fromarray(outlined_over(coloured, area)))


def mosaic(maps: NDArray[np.float32], columns: int = 8, gap: int = 2) -> bytes:
    """Return maps (N, h, w) in [0, 1] side by side in viridis, as a PNG."""
    count, height, width = maps.shape
    rows = -(-count // columns)
    sheet = np.full((rows * (height + gap) - gap, columns * (width + gap) - gap, 3), GREY, np.uint8)
    for index, one in enumerate(maps):
        top, left = (index // columns) * (height + gap), (index % columns) * (width + gap)
        sheet[top : top + height, left : left + width] = _coloured(one)
    scale = max(1, 900 // sheet.shape[1])
    buffer = BytesIO()
    Image.fromarray(sheet.repeat(scale, axis=0).repeat(scale, axis=1)).save(buffer, "PNG")
    return buffer.getvalue()


def _coloured(values: NDArray[np.float32]) -> NDArray[np.uint8]:
    return (255 * colormaps["viridis"](values)[..., :3]).astype(np.uint8)


def _square(dataset: Dataset, row: pd.Series, resize: str) -> Image.Image:
    small = Image.open(BytesIO(dataset.thumbnail(row, 2 * SIDE)))
    return pixel_cache.fit(small, SIDE, resize)


def _jpeg(image: Image.Image) -> bytes:
    buffer = BytesIO()
    image.save(buffer, "JPEG", quality=88)
    return buffer.getvalue()


@st.cache_data
def colour_bar() -> bytes:
    """Return the viridis scale from left to right, as a PNG."""
    colours = _coloured(np.linspace(0, 1, 240, dtype=np.float32)[None, :].repeat(10, axis=0))
    buffer = BytesIO()
    Image.fromarray(colours).save(buffer, "PNG")
    return buffer.getvalue()
