"""A heatmap overlaid on its image, and the outline of an area."""

from __future__ import annotations

import cv2
import numpy as np
from matplotlib import colormaps
from numpy.typing import NDArray
from PIL import Image

from core.explain.heatmaps import Heatmap

STRENGTH = 0.6
"""Default opacity of a heatmap."""


def heatmap_overlay(image: Image.Image, heatmap: Heatmap, strength: float = STRENGTH) -> NDArray[np.uint8]:
    """Overlay a heatmap on its image: dark violet means no evidence, yellow the strongest.

    Args:
        image: RGB, H pixels high and W wide.
        heatmap: (h, w) in [0, 1], of any resolution; it is smoothly enlarged to the image's size.
        strength: opacity; 0 shows only the image, 1 only the heatmap.

    Returns:
        uint8 (H, W, 3).
    """
    enlarged = Image.fromarray(np.asarray(heatmap, np.float32)).resize(image.size, Image.Resampling.BICUBIC)
    colours = colormaps["viridis"](np.clip(np.asarray(enlarged), 0, 1))[..., :3] * 255
    mixed = (1 - strength) * np.asarray(image.convert("RGB")) + strength * colours
    return np.asarray(np.rint(mixed), np.uint8)


def outlined(image: NDArray[np.uint8], area: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """Draw a white line, visible on any background, around an area of coarse cells (h, w) in (H, W, 3)."""
    size = image.shape[1], image.shape[0]
    smooth = cv2.resize(area.astype(np.float32), size, interpolation=cv2.INTER_LINEAR)
    outlines, _ = cv2.findContours((smooth > 0.5).astype(np.uint8), cv2.RETR_LIST, cv2.CHAIN_APPROX_NONE)
    drawn = image.copy()
    for colour, width in ((0, 4), (255, 2)):
        cv2.drawContours(drawn, outlines, -1, (colour, colour, colour), width, cv2.LINE_AA)
    return drawn
