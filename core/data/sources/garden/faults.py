"""Faults found in real image collections, planted on purpose in a few garden images."""

from __future__ import annotations

import io
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageEnhance, ImageFilter

Rng = np.random.Generator
Change = Callable[[Image.Image, Rng], Image.Image]


def jpeg(image: Image.Image, quality: int) -> bytes:
    """The image as a JPEG file."""
    return _encoded(image, "JPEG", quality=quality)


def same_pixels_as_png(file: bytes) -> bytes:
    """The same pixels in another file format."""
    with Image.open(io.BytesIO(file)) as image:
        return _encoded(image, "PNG")


def _mirrored(image: Image.Image, rng: Rng) -> Image.Image:
    return image.transpose(Image.Transpose.FLIP_LEFT_RIGHT)


def _resized(image: Image.Image, rng: Rng) -> Image.Image:
    scale = rng.uniform(0.55, 0.85)
    return image.resize((round(image.width * scale), round(image.height * scale)), Image.Resampling.LANCZOS)


def _cropped(image: Image.Image, rng: Rng) -> Image.Image:
    left, top, right, bottom = rng.uniform(0.005, 0.03, 4) * [
        image.width,
        image.height,
        image.width,
        image.height,
    ]
    return image.crop((round(left), round(top), image.width - round(right), image.height - round(bottom)))


def _brighter(image: Image.Image, rng: Rng) -> Image.Image:
    return ImageEnhance.Brightness(image).enhance(rng.uniform(1.12, 1.25))


NEAR_COPIES: dict[str, Change] = {
    "recompressed": lambda image, rng: image,
    "resized": _resized,
    "cropped": _cropped,
    "mirrored": _mirrored,
    "brighter": _brighter,
}
"""Ways in which a copy can differ from its original; "recompressed" only loses quality."""


def _dark(image: Image.Image, rng: Rng) -> Image.Image:
    return ImageEnhance.Brightness(image).enhance(0.09)


def _blurred(image: Image.Image, rng: Rng) -> Image.Image:
    return image.filter(ImageFilter.GaussianBlur(9))


def _grey(image: Image.Image, rng: Rng) -> Image.Image:
    return image.convert("L")


POOR: dict[str, Change] = {"dark": _dark, "blurred": _blurred, "grey": _grey}


def _truncated(file: bytes) -> bytes:
    return file[: len(file) // 3]


def _text(file: bytes) -> bytes:
    return b"The image you asked for has moved. Please try again later.\n"


def _web_page(file: bytes) -> bytes:
    return b"<!DOCTYPE html>\n<html><title>404 Not Found</title><h1>Not Found</h1></html>\n"


def _empty(file: bytes) -> bytes:
    return b""


BROKEN: dict[str, Callable[[bytes], bytes]] = {
    "truncated": _truncated,
    "text": _text,
    "web page": _web_page,
    "empty": _empty,
}
"""Files named like images that cannot be read as images."""


def page_of_print(rng: Rng) -> NDArray[np.uint8]:
    """Off-topic image: a photographed page."""
    page = np.full((300, 240, 3), rng.uniform(205, 245), np.float64) - [0, 4, 12]
    for top in range(28, 270, 14):
        x = 22
        while x < 205:
            word = int(rng.integers(8, 34))
            page[top : top + 6, x : min(x + word, 216)] *= rng.uniform(0.25, 0.5)
            x += word + 6
    return np.clip(page + rng.normal(0, 5, page.shape), 0, 255).astype(np.uint8)


def brick_wall(rng: Rng) -> NDArray[np.uint8]:
    """Off-topic image: a wall."""
    wall = np.full((240, 320, 3), [176, 168, 156], np.float64)
    for row, top in enumerate(range(0, 240, 24)):
        for left in range(-30 * (row % 2), 320, 60):
            brick = np.array([158, 84, 62]) * rng.uniform(0.75, 1.2)
            wall[top + 2 : top + 24, max(left + 2, 0) : max(left + 60, 0)] = brick
    return np.clip(wall + rng.normal(0, 9, wall.shape), 0, 255).astype(np.uint8)


def _encoded(image: Image.Image, kind: str, **options: int) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()
