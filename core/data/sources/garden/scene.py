"""One garden image: a background, flowers of one kind, and lighting."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from core.data.sources.garden import paint, scenery
from core.data.sources.garden.flowers import HEADS
from core.data.sources.garden.paint import Canvas, Floats, Numbers

Rng = np.random.Generator

SIDE = 240
"""Pixels on an image's shorter side."""
_LEAF_WIDTH = {"daisy": 0.22, "dandelion": 0.3, "roses": 0.5, "sunflowers": 0.55, "tulips": 0.2}


def draw(kind: str, rng: Rng) -> Canvas:
    """An image of flowers of one kind: RGB uint8 (H, W, 3)."""
    return draw_with_heads(kind, rng)[0]


def draw_with_heads(kind: str, rng: Rng) -> tuple[Canvas, NDArray[np.bool_]]:
    """An image as from :func:`draw`, and the mask (H, W) of its flower heads; grass may hide part of them."""
    height, width = _format(rng)
    image = scenery.background(rng, height, width)
    _far_blossoms(image, rng)
    heads = _heads(rng, height, width)
    _stems_and_leaves(image, rng, heads, _LEAF_WIDTH[kind])
    cover: Floats = np.zeros_like(image)
    for centre, size in heads:
        left, top = np.rint(centre - size / 2).astype(int).tolist()
        head = _head(kind, rng, round(size))
        paint.lay_over(image, head, left, top, shadow=rng.uniform(0.15, 0.5))
        paint.lay_over(cover, head[..., [3, 3, 3, 3]], left, top)
    if rng.random() < 0.25:
        _grass_in_front(image, rng)
    return scenery.sensor(scenery.daylight(image, rng), rng), cover[..., 0] > 127


def draw_empty(rng: Rng) -> Canvas:
    """A background without flowers."""
    height, width = _format(rng)
    return scenery.sensor(scenery.daylight(scenery.background(rng, height, width), rng), rng)


def _format(rng: Rng) -> tuple[int, int]:
    longer = int(rng.choice([240, 300, 320]))
    return (SIDE, longer) if rng.random() < 0.75 else (longer, SIDE)


def _heads(rng: Rng, height: int, width: int) -> list[tuple[Numbers, float]]:
    """Centres (x, y) and sizes in pixels of the flower heads, most distant first."""
    count = int(rng.choice([1, 2, 3, 4, 6], p=[0.64, 0.18, 0.1, 0.06, 0.02]))
    largest = rng.uniform(176, 236) / (1 + 0.12 * (count - 1))
    sizes = np.sort(largest * rng.uniform(0.55, 1, count))
    sizes[-1] = largest
    reach = np.array([0.3, 0.24]) if count > 1 else np.array([0.2, 0.14])
    centres = (np.array([0.5, 0.44]) + rng.uniform(-1, 1, (count, 2)) * reach) * [width, height]
    return [(centre, float(size)) for centre, size in zip(centres, sizes, strict=True)]


def _stems_and_leaves(image: Floats, rng: Rng, heads: list[tuple[Numbers, float]], leaf_width: float) -> None:
    layer = scenery.empty_layer(*image.shape[:2])
    green = scenery.green(rng)
    for centre, size in heads:
        tint = green * rng.uniform(0.85, 1.15)
        below = centre + np.array([0, size * 0.2])
        points = scenery.stem(layer, rng, below, max(2.0, size * rng.uniform(0.03, 0.055)), tint)
        for _ in range(int(rng.integers(0, 4))):
            foot = points[int(rng.integers(3, len(points)))]
            angle = -np.pi / 2 + rng.choice([-1, 1]) * rng.uniform(0.2, 1.2)
            scenery.leaf(layer, rng, foot, size * rng.uniform(0.45, 0.9), leaf_width, angle, tint)
    paint.lay_over(image, scenery.softened(layer, 0.8), 0, 0)


def _head(kind: str, rng: Rng, side: int) -> Floats:
    """A flower head with its own lighting, RGBA with premultiplied alpha."""
    twice = scenery.empty_layer(2 * side, 2 * side)  # painted at twice the size and reduced, for smooth edges
    HEADS[kind](twice, rng)
    head = cv2.resize(twice, (side, side), interpolation=cv2.INTER_AREA)
    focus = rng.choice([0.45, 0.6, 1.1], p=[0.5, 0.35, 0.15])
    layer: Floats = cv2.GaussianBlur(head, (0, 0), focus).astype(np.float32)
    across = np.linspace(-1, 1, side, dtype=np.float32)
    angle, strength = rng.uniform(np.pi, 2 * np.pi), rng.uniform(0.08, 0.25)
    sideways, downwards = np.float32(strength * np.cos(angle)), np.float32(strength * np.sin(angle))
    light = 1 + sideways * across + downwards * across[:, None]
    layer[..., :3] *= (light + 0.05 * paint.cloud(rng, side, side, 9))[..., None]
    return layer


def _far_blossoms(image: Floats, rng: Rng) -> None:
    """Blurred spots in flower colours, so that colour alone does not reveal the class."""
    count = int(rng.choice([0, 3, 7], p=[0.72, 0.18, 0.1]))
    if not count:
        return
    height, width = image.shape[:2]
    layer = scenery.empty_layer(height, width)
    tint = rng.choice(
        np.array([(240, 235, 230), (245, 205, 60), (225, 110, 150), (190, 40, 50), (170, 120, 200)])
    )
    tints = tint * rng.uniform(0.75, 1.1, (count, 1))
    paint.dots(layer, rng.uniform(0, 1, (count, 2)) * [width, height], rng.uniform(6, 18, count), tints)
    paint.lay_over(image, scenery.softened(layer, rng.uniform(6, 11)), 0, 0)


def _grass_in_front(image: Floats, rng: Rng) -> None:
    """Out-of-focus blades of grass near the lens that hide part of the image."""
    layer = scenery.empty_layer(*image.shape[:2])
    for _ in range(int(rng.integers(1, 4))):
        scenery.blade(layer, rng, rng.uniform(0.6, 1.1) * len(image), scenery.green(rng))
    paint.lay_over(image, scenery.softened(layer, rng.uniform(1.5, 3.5)), 0, 0)
