"""Synthetic images with known object positions, for tests and benchmarks of heatmaps."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

COLOURS = np.array([(220, 40, 40), (40, 180, 60), (50, 80, 220)], dtype=np.float64)

Draw = Callable[[int, NDArray[np.float64], np.random.Generator], tuple[NDArray[np.uint8], list[int]]]


@dataclass(frozen=True)
class MadeImages:
    """images uint8 (N, S, S, 3); labels (N,) index into COLOURS; boxes (N, 4): top, left, bottom, right."""

    images: NDArray[np.uint8]
    labels: NDArray[np.int64]
    boxes: NDArray[np.int64]


def coloured_objects(count: int, size: int, seed: int = 0) -> MadeImages:
    """A red, green or blue disc on grey noise, with two irrelevant grey discs."""
    return _made(_image, count, size, seed)


def tinted_backgrounds(count: int, size: int, seed: int = 0) -> MadeImages:
    """A grey disc on reddish, greenish or bluish noise: only the background reveals the class."""
    return _made(_tinted, count, size, seed)


def _made(draw: Draw, count: int, size: int, seed: int) -> MadeImages:
    rng = np.random.default_rng(seed)
    labels = rng.integers(len(COLOURS), size=count)
    images, boxes = zip(*(draw(size, COLOURS[label], rng) for label in labels), strict=True)
    return MadeImages(np.stack(images), labels, np.array(boxes))


def _tinted(
    size: int, tint: NDArray[np.float64], rng: np.random.Generator
) -> tuple[NDArray[np.uint8], list[int]]:
    image = 0.7 * rng.uniform(60, 190) + 0.3 * tint + rng.normal(0, 12, (size, size, 1))
    box = _disc(image, np.full(3, rng.choice([30.0, 225.0])), rng)
    return np.clip(image + rng.normal(0, 6, image.shape), 0, 255).astype(np.uint8), box


def _image(
    size: int, colour: NDArray[np.float64], rng: np.random.Generator
) -> tuple[NDArray[np.uint8], list[int]]:
    image = np.full((size, size, 3), rng.uniform(60, 190)) + rng.normal(0, 12, (size, size, 1))
    for _ in range(2):
        _disc(image, np.full(3, rng.uniform(20, 235)), rng)
    box = _disc(image, colour + rng.normal(0, 10, 3), rng)
    return np.clip(image + rng.normal(0, 6, image.shape), 0, 255).astype(np.uint8), box


def _disc(image: NDArray[np.float64], colour: NDArray[np.float64], rng: np.random.Generator) -> list[int]:
    size = len(image)
    radius = int(rng.integers(size // 8, size // 5))
    y, x = rng.integers(radius, size - radius, size=2)
    rows, columns = np.ogrid[:size, :size]
    image[(rows - y) ** 2 + (columns - x) ** 2 <= radius**2] = colour
    return [int(y - radius), int(x - radius), int(y + radius + 1), int(x + radius + 1)]
