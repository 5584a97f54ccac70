"""Images with more than 8 bits per channel, shown with 8: all of a data set on one scale.

A camera or scanner of 10, 12 or 14 bits stores its values in files of 16 bits or of floating point, and no
file says which of its values is white. The whole data set does: the ``Ranges`` of all its images.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from core.words import number

Kind = Literal["integer", "floating"]
KINDS: tuple[Kind, ...] = get_args(Kind)
Range = tuple[float, float]
"""The values that are shown as black and as white."""

_MAX_SAMPLED = 1_000_000
_ROBUST = 0.1
"""Per cent of an image's floating-point values at either end that may be outliers."""
_ROBUST_IMAGES = 1.0
"""Per cent of the images whose floating-point values may be outliers."""
_DIM, _OVERSHOOT = 1 / 16, 1.05
"""Floating-point values between these are meant to reach from 0 to 1; resampling overshoots a little."""
_WHITE_ALPHA = 65_535
_RAW_COLOURS = re.compile(r"(RGB|RGBA|RGBX|LA);16")


@dataclass(frozen=True)
class Ranges:
    """The range of a data set's integer and of its floating-point images; None where it has none of them."""

    integer: Range | None = None
    floating: Range | None = None

    def range_of(self, kind: Kind) -> Range | None:
        """The range of one kind of images."""
        return self.integer if kind == "integer" else self.floating

    def by_kind(self) -> dict[str, Range]:
        """Those that there are."""
        return {kind: found for kind in KINDS if (found := self.range_of(kind))}


@dataclass(frozen=True, eq=False)
class Deep:
    """The values of an image as its file has them.

    ``values``: (H, W) or (H, W, 3), RGB; ``opacity``: (H, W) in [0, 1], None where all is opaque; ``low`` and
    ``high``: its smallest and largest value, for floating point without outliers.
    """

    kind: Kind
    values: NDArray[Any]
    opacity: NDArray[np.float32] | None
    low: float
    high: float

    def scaled(self, found: Range) -> NDArray[np.uint8]:
        """RGB (H, W, 3), black and white as the range says; what lies outside is clipped, NaN is black."""
        black, white = found
        grey = self.values.astype(np.float32)
        grey -= np.float32(black)
        grey *= np.float32(255 / (white - black))
        np.nan_to_num(grey, copy=False, nan=0.0, posinf=255.0, neginf=0.0)
        if self.opacity is not None:
            shown = self.opacity if grey.ndim == 2 else self.opacity[..., None]
            grey.clip(0, 255, out=grey)
            grey *= shown
            grey += 255 * (1 - shown)
        pixels = np.rint(grey, out=grey).clip(0, 255).astype(np.uint8)
        return pixels if pixels.ndim == 3 else np.repeat(pixels[..., None], 3, axis=2)


def read(image: Image.Image, path: Path) -> Deep | None:
    """The values of an image that was opened from ``path`` and not loaded yet; None if it has 8 bits."""
    if image.mode == "F" or image.mode.startswith("I"):
        return _grey(image)
    return _colour(image, path) if _has_16_bits(image) else None


def common_range(kind: Kind, lows: Sequence[float], highs: Sequence[float]) -> Range:
    """One range for images, at least one, with these smallest and largest values.

    Integers reach up to 2^n - 1, as the smallest number of bits that holds them all; at least 8. For floating
    point it is 0 to 1 where that fits, otherwise the next power of two, so that a few more images rarely
    change it. Where there are negative values, black is a negative power of two.
    """
    if kind == "integer":
        return _integer_range(min(lows), max(highs))
    low = float(np.percentile(lows, _ROBUST_IMAGES, method="higher"))
    return _floating_range(low, float(np.percentile(highs, 100 - _ROBUST_IMAGES, method="lower")))


def in_words(found: Range) -> str:
    """``0 shown as black and 4,095 as white``."""
    black, white = map(_in_words, found)
    return f"{black} shown as black and {white} as white"


def scaling_in_words(by_kind: Mapping[str, Range]) -> str:
    """How the images of a run were scaled and others have to be; "" if none has more than 8 bits."""
    if not by_kind:
        return ""
    parts = [f"{in_words(found)} ({kind} values)" for kind, found in by_kind.items()]
    return f"Images of more than 8 bits are scaled for this model with {' and '.join(parts)}."


def values_in_words(low: float, high: float) -> str:
    """``0 to 4,001``."""
    return f"{_in_words(low)} to {_in_words(high)}"


def _in_words(value: float) -> str:
    return f"{value:,.0f}" if value.is_integer() else number(float(f"{value:.4g}"))


def _integer_range(low: float, high: float) -> Range:
    black = -_power_of_two(-low) if low < 0 else 0.0
    if high <= 1:
        return (black, 1.0)
    return (black, 2.0 ** max(8, int(high).bit_length()) - 1)


def _floating_range(low: float, high: float) -> Range:
    black = -_power_of_two(-low) if low < 0 else 0.0
    if high <= 0:
        return (black, 0.0 if black < 0 else 1.0)
    if _DIM < high <= _OVERSHOOT:
        return (black, 1.0)
    white = _power_of_two(high)
    return (black, white - 1 if white >= 256 and high <= white - 1 else white)


def _power_of_two(value: float) -> float:
    """The smallest power of two that is not below ``value``, which is positive."""
    return float(2.0 ** math.ceil(math.log2(value)))


def _has_16_bits(image: Image.Image) -> bool:
    """Whether a file of colours has 16 bits per channel, of which Pillow would keep the upper 8."""
    layouts = (tile[3] if isinstance(tile[3], str) else tile[3][0] for tile in getattr(image, "tile", ()))
    return any(_RAW_COLOURS.match(str(layout)) for layout in layouts)


def _grey(image: Image.Image) -> Deep:
    values = np.asarray(image)
    kind: Kind = "floating" if image.mode == "F" else "integer"
    transparent = image.info.get("transparency")
    opacity = None
    if isinstance(transparent, int):
        opacity = (values != transparent).astype(np.float32)
    return Deep(kind, values, opacity, *_extent(kind, values))


def _colour(image: Image.Image, path: Path) -> Deep | None:
    """Colours of 16 bits, which Pillow has no mode for; None where OpenCV cannot read the file either."""
    try:
        found = cv2.imdecode(np.fromfile(path, np.uint8), cv2.IMREAD_UNCHANGED)
    except cv2.error:
        return None
    if found is None or found.dtype != np.uint16:
        return None
    if found.ndim == 2 or found.shape[:2] != image.size[::-1]:
        return None
    opacity = found[..., 3] / np.float32(_WHITE_ALPHA) if image.mode in ("RGBA", "LA") else None
    values = found[..., 2::-1]
    return Deep("integer", values, opacity, *_extent("integer", values))


def _extent(kind: Kind, values: NDArray[Any]) -> Range:
    if kind == "integer":
        return float(values.min()), float(values.max())
    sampled = values.reshape(-1)[:: max(1, values.size // _MAX_SAMPLED)]
    finite = sampled[np.isfinite(sampled)]
    if not finite.size:
        return 0.0, 0.0
    low, high = np.percentile(finite, (_ROBUST, 100 - _ROBUST))
    return float(low), float(high)
