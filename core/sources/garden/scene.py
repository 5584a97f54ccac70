"""One garden picture: a place, some flowers of one kind in it, and the light on them."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from core.sources.garden import paint, scenery
from core.sources.garden.flowers import HEADS

Rng = np.random.Generator
SIDE = 240
_OVERSAMPLING = 2
_LEAVES = {"daisy": 0.22, "dandelion": 0.3, "roses": 0.55, "sunflowers": 0.6, "tulips": 0.22}


def draw(kind: str, rng: Rng) -> NDArray[np.uint8]:
    """A picture of ``kind``: RGB uint8, 240 pixels on its shorter side."""
    height, width = _format(rng)
    picture = scenery.background(rng, height, width)
    _distant_colours(picture, rng)
    for head, size in _places(rng, height, width):
        _plant(picture, rng, kind, head, size)
    if rng.random() < 0.3:
        _in_front(picture, rng)
    return scenery.sensor(scenery.daylight(picture, rng), rng)


def draw_empty(rng: Rng) -> NDArray[np.uint8]:
    """The same places without a flower."""
    height, width = _format(rng)
    return scenery.sensor(scenery.daylight(scenery.background(rng, height, width), rng), rng)


def _format(rng: Rng) -> tuple[int, int]:
    long = int(rng.choice([240, 300, 320, 360]))
    return (SIDE, long) if rng.random() < 0.75 else (long, SIDE)


def _places(rng: Rng, height: int, width: int) -> list[tuple[NDArray[np.float64], float]]:
    """Centres and sizes in pixels of the flower heads, far ones first."""
    count = int(rng.choice([1, 2, 3, 4, 6], p=[0.42, 0.22, 0.16, 0.12, 0.08]))
    largest = rng.uniform(70, 190) / (1 + 0.22 * (count - 1))
    sizes = np.sort(largest * rng.uniform(0.5, 1, count))
    sizes[-1] = largest
    x = rng.uniform(0.18, 0.82, count) * width
    y = rng.uniform(0.2, 0.68, count) * height
    return [(np.array([x[n], y[n]]), float(sizes[n])) for n in range(count)]


def _plant(picture: paint.Floats, rng: Rng, kind: str, head: NDArray[np.float64], size: float) -> None:
    height, width = picture.shape[:2]
    layer = np.zeros((height, width, 4), np.uint8)
    green = scenery.GREENS[rng.integers(len(scenery.GREENS))] * rng.uniform(0.9, 1.4)
    points = scenery.stem(layer, rng, head + [0, size * 0.2], max(2.0, size * rng.uniform(0.03, 0.06)), green)
    for _ in range(int(rng.integers(0, 4))):
        foot = points[int(rng.integers(3, len(points)))]
        angle = -np.pi / 2 + rng.choice([-1, 1]) * rng.uniform(0.2, 1.2)
        scenery.leaf(layer, rng, foot, size * rng.uniform(0.5, 1.1), _LEAVES[kind], angle, green)
    paint.lay_over(picture, cv2.GaussianBlur(layer.astype(np.float32), (0, 0), 0.8), 0, 0, shadow=0.25)
    sprite = _sprite(kind, rng, size)
    paint.lay_over(
        picture, sprite, round(head[0] - size / 2), round(head[1] - size / 2), shadow=rng.uniform(0.15, 0.5)
    )


def _sprite(kind: str, rng: Rng, size: float) -> paint.Floats:
    """A flower head in its own light: RGBA, colours multiplied by alpha."""
    large = np.zeros((round(size * _OVERSAMPLING),) * 2 + (4,), np.uint8)
    HEADS[kind](large, rng)
    side = round(size)
    sprite = cv2.resize(large, (side, side), interpolation=cv2.INTER_AREA).astype(np.float32)
    y, x = np.mgrid[-1 : 1 : side * 1j, -1 : 1 : side * 1j].astype(np.float32)
    angle = rng.uniform(np.pi, 2 * np.pi)
    light = 1 + rng.uniform(0.08, 0.25) * (np.cos(angle) * x + np.sin(angle) * y)
    sprite[..., :3] *= (light + 0.05 * paint.cloud(rng, side, side, 9))[..., None]
    return cv2.GaussianBlur(sprite, (0, 0), rng.choice([0.45, 0.6, 1.2], p=[0.5, 0.35, 0.15]))


def _distant_colours(picture: paint.Floats, rng: Rng) -> None:
    """Blurred blobs in flower colours: colour alone must not tell the kind."""
    count = int(rng.choice([0, 3, 7, 12], p=[0.4, 0.25, 0.2, 0.15]))
    height, width = picture.shape[:2]
    layer = np.zeros((height, width, 4), np.uint8)
    centres = np.stack([rng.uniform(0, width, count), rng.uniform(0, height, count)], 1)
    paint.dots(
        layer,
        centres,
        rng.uniform(6, 20, count),
        rng.choice([0, 1], (count, 1)) * 30 + rng.uniform(60, 245, (count, 3)),
    )
    paint.lay_over(picture, cv2.GaussianBlur(layer.astype(np.float32), (0, 0), rng.uniform(4, 9)) * 0.8, 0, 0)


def _in_front(picture: paint.Floats, rng: Rng) -> None:
    """Blades of grass near the lens, out of focus, hide a part."""
    height, width = picture.shape[:2]
    layer = np.zeros((height, width, 4), np.uint8)
    for _ in range(int(rng.integers(1, 4))):
        foot = np.array([rng.uniform(0, width), height + 10.0])
        angle = -np.pi / 2 + rng.normal(0, 0.35)
        green = scenery.GREENS[rng.integers(len(scenery.GREENS))] * rng.uniform(0.7, 1.4)
        scenery.leaf(layer, rng, foot, rng.uniform(0.5, 1.1) * height, rng.uniform(0.05, 0.1), angle, green)
    paint.lay_over(picture, cv2.GaussianBlur(layer.astype(np.float32), (0, 0), rng.uniform(2, 4)), 0, 0)
