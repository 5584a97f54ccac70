"""Whether files that lie beside images are their masks, by the pixels of a few of them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from core.data.decoding import Unreadable, decode

SAMPLES = 5
_SIDE = 128
_COLOURS, _MIN_COVERED = 8, 0.95
"""A mask is nearly all of a few colours; the rest are blended edges."""
_MIN_DIFFERENCE = 8.0
"""Grey levels of 255. A drawing has few colours, too, but saved twice it differs by less, even as JPEG."""


def are_masks(pairs: Sequence[tuple[Path, Path]]) -> bool:
    """Whether the second files of a few pairs, spread over all, are all masks of the first ones.

    A mask consists of areas of few colours and differs from its image.
    """
    some = [pairs[len(pairs) * number // SAMPLES] for number in range(min(SAMPLES, len(pairs)))]
    judged = [_is_mask(image, mask) for image, mask in some]
    return True in judged and False not in judged


def _is_mask(image: Path, mask: Path) -> bool | None:
    try:
        first, second = (decode(path, draft=_SIDE).image for path in (image, mask))
    except Unreadable:
        return None
    difference = np.abs(_small(first, Image.Resampling.BOX) - _small(second, Image.Resampling.BOX)).mean()
    return bool(_covered_by_few_colours(second) and difference >= _MIN_DIFFERENCE)


def _covered_by_few_colours(image: Image.Image) -> bool:
    pixels = _small(image, Image.Resampling.NEAREST).reshape(-1, 3).astype(np.uint8)
    _, counts = np.unique(pixels, axis=0, return_counts=True)
    return bool(np.sort(counts)[-_COLOURS:].sum() >= _MIN_COVERED * len(pixels))


def _small(image: Image.Image, how: Image.Resampling) -> np.ndarray:
    """The pixels as float32 (128, 128, 3); reducing by the nearest pixel invents no colours."""
    return np.asarray(image.resize((_SIDE, _SIDE), how), np.float32)
