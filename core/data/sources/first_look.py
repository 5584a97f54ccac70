"""A first look into a folder that is about to be chosen: does it hold anything that may be an image?"""

from __future__ import annotations

import os
import time
from pathlib import Path

from PIL import Image

from core.data.sources.layout_words import is_image

MAX_SECONDS = 1.0
"""A folder that takes longer to look through is given the benefit of the doubt."""


def problem(folder: Path) -> str:
    """Say why a folder cannot be a data set, "" as far as a first look can tell."""
    faults: list[OSError] = []
    archive, ends = "", time.monotonic() + MAX_SECONDS
    for place, _, names in os.walk(folder, onerror=faults.append):
        for name in names:
            if _may_be_image(Path(place) / name) or time.monotonic() > ends:
                return ""
            if name.lower().endswith(".zip"):
                archive = str(Path(place) / name)
    if archive:
        return f"{folder} holds no images, but an archive. Enter its path: {archive}"
    if faults:
        return f"{folder} could not be read: {faults[0].strerror}"
    return f"There are no images in {folder}"


def _may_be_image(path: Path) -> bool:
    """An image by its name or, where the name does not say, by its first bytes."""
    if path.suffix:
        return is_image(path.name)
    try:
        if not path.is_file():  # a pipe would keep the reader waiting
            return False
        with Image.open(path):
            return True
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return False
