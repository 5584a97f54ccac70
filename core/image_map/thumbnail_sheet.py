"""All images of a map as small squares on one sheet, a JPEG, which a browser draws its points from."""

from __future__ import annotations

import math
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from core import files
from core.data import pixel_cache
from core.image_map.subject import Subject
from core.label_errors.handcrafted_features import RESIZE, SIZE
from core.processes.threads import Progress, ShouldStop, stop_if

STEP = "making thumbnails"
_MAX_PIXELS = 12_000_000
"""Of a sheet, which a browser has to download and hold in memory."""
_BLOCK = 16
"""Pixels a side of the blocks in which JPEG stores colours: squares of whole blocks are not mixed."""
_MIN_SIDE, _MAX_SIDE = 32, 96
_AT_ONCE = 256


def side(images: int) -> int:
    """Return the pixels a side of each of so many thumbnails."""
    affordable = math.isqrt(_MAX_PIXELS // max(images, 1)) // _BLOCK * _BLOCK
    return min(max(affordable, _MIN_SIDE), _MAX_SIDE)


def columns(images: int) -> int:
    """Return how many of so many thumbnails are in a row of the sheet."""
    return max(math.ceil(math.sqrt(images)), 1)


def write(subject: Subject, path: Path, progress: Progress, should_stop: ShouldStop) -> None:
    """Write the thumbnails of a map's images, in their order, from left to right and row by row.

    They are made from the pixels that features are computed from, and so are squares like those.

    Raises:
        LabError: an image can no longer be read, or the disk is full.
        Stopped: ``should_stop`` returned true.
    """
    size, resize = SIZE, RESIZE
    if subject.run is not None:
        size, resize = subject.run.config.data.image_size, subject.run.config.data.resize
    rows = subject.shown
    pixels = pixel_cache.load(subject.dataset, rows, size, resize, progress=progress, should_stop=should_stop)
    width, across = side(len(rows)), columns(len(rows))
    sheet = np.zeros((-(-len(rows) // across) * width, across * width, 3), np.uint8)
    for start in range(0, len(rows), _AT_ONCE):
        stop_if(should_stop, STEP)
        progress(STEP, start, len(rows))
        for index, image in enumerate(pixels[start : start + _AT_ONCE], start):
            top, left = index // across * width, index % across * width
            how = cv2.INTER_AREA if width < size else cv2.INTER_LINEAR
            sheet[top : top + width, left : left + width] = cv2.resize(
                image, (width, width), interpolation=how
            )
    with files.replacing(path) as beside:
        Image.fromarray(sheet).save(beside, "JPEG", quality=80)
