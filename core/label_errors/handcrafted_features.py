"""Image features that need no network: outlines and colours.

Outlines are histograms of gradient directions in 8 x 8 cells (Dalal and Triggs, "Histograms of oriented
gradients for human detection", CVPR 2005; normalised over the whole image, not over blocks of cells).
Colours are histograms of hue, saturation and value, for the whole image and for its centre.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core.data import pixel_cache
from core.data.stored_images import Pixels
from core.processes.threads import Progress, ShouldStop, never, ordered_map, silent

if TYPE_CHECKING:
    from core.data.dataset import Dataset

SIZE, RESIZE = 128, "stretch"
"""The same as the default settings, so that training and this module share one pixel cache."""

_SIDE, _CELLS, _DIRECTIONS = 64, 8, 9
_SHADES = (12, 4, 4)
"""Histogram bins for hue, saturation and value."""

Vector = NDArray[np.float32]


def features(
    dataset: Dataset, rows: pd.DataFrame, *, progress: Progress = silent, should_stop: ShouldStop = never
) -> NDArray[np.float32]:
    """The features (N, 960) of index rows.

    Raises:
        LabError: an image can no longer be read, or the disk is full.
        Stopped: ``should_stop`` returned True.
    """
    images = pixel_cache.load(dataset, rows, SIZE, RESIZE, progress=progress, should_stop=should_stop)
    described = ordered_map(
        lambda index: describe(images[index : index + 1][0]),
        range(len(images)),
        step="analysing images",
        progress=progress,
        should_stop=should_stop,
    )
    return np.stack(list(described))


def describe(image: Pixels) -> Vector:
    """Outlines (576,) and colours (384,) of a uint8 image (S, S, 3), each normalised to length 1."""
    margin = len(image) // 4
    middle = image[margin:-margin, margin:-margin]
    return np.concatenate([outlines(image), colours(image), colours(middle)])


def outlines(image: Pixels) -> Vector:
    """Edge strength by cell and direction: (8 * 8 * 9,) of a uint8 image (S, S, 3)."""
    small = cv2.resize(image, (_SIDE, _SIDE), interpolation=cv2.INTER_AREA).astype(np.float32)
    gradient = np.stack([cv2.Sobel(small, cv2.CV_32F, *order, ksize=1) for order in ((1, 0), (0, 1))])
    clearest = np.hypot(*gradient).argmax(axis=2)[np.newaxis, ..., np.newaxis]
    across, down = np.take_along_axis(gradient, clearest, axis=3)[..., 0]
    turn = np.arctan2(down, across) % np.pi / np.pi
    direction = (turn * _DIRECTIONS).astype(np.int64) % _DIRECTIONS
    cell = np.arange(_SIDE) * _CELLS // _SIDE
    bins = (cell[:, np.newaxis] * _CELLS + cell) * _DIRECTIONS + direction
    strength = np.hypot(across, down)
    return _scaled(np.bincount(bins.ravel(), strength.ravel(), _CELLS * _CELLS * _DIRECTIONS))


def colours(image: Pixels) -> Vector:
    """Colour histogram: (12 * 4 * 4,) of a uint8 image (H, W, 3)."""
    hsv = cv2.cvtColor(np.ascontiguousarray(image), cv2.COLOR_RGB2HSV)
    counts = cv2.calcHist([hsv], [0, 1, 2], None, list(_SHADES), [0, 180, 0, 256, 0, 256])
    return _scaled(counts.ravel())


def _scaled(amounts: NDArray[Any]) -> Vector:
    """Square roots of the shares, as in the Hellinger distance; zeros if all amounts are zero."""
    shares: Vector = (amounts / max(amounts.sum(), 1e-30)).astype(np.float32)
    return np.sqrt(shares)
