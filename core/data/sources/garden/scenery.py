"""The surroundings of the flowers: blurred meadows, sky and soil; stems, leaves, light and grain."""

from __future__ import annotations

import cv2
import numpy as np

from core.data.sources.garden import paint
from core.data.sources.garden.paint import Canvas, Floats, Numbers

Rng = np.random.Generator

_GREENS = np.array([(84, 128, 48), (56, 106, 42), (116, 146, 62), (132, 152, 88), (66, 100, 64)], np.float64)


def background(rng: Rng, height: int, width: int) -> Floats:
    """A random out-of-focus background, float32 (H, W, 3), 0-255."""
    backgrounds = (_foliage, _meadow, _soil, _shade, _sky)
    paint_background = backgrounds[int(rng.choice(len(backgrounds), p=[0.36, 0.26, 0.12, 0.12, 0.14]))]
    return np.clip(paint_background(rng, height, width), 0, 255)


def green(rng: Rng) -> Numbers:
    """A random plant colour."""
    tint: Numbers = _GREENS[rng.integers(len(_GREENS))] * rng.uniform(0.8, 1.35) + rng.normal(0, 6, 3)
    return tint


def empty_layer(height: int, width: int) -> Canvas:
    """An empty RGBA canvas."""
    return np.zeros((height, width, 4), np.uint8)


def softened(layer: Canvas, blur: float) -> Floats:
    """A blurred layer, ready for compositing."""
    return cv2.GaussianBlur(layer, (0, 0), blur).astype(np.float32)


def _mixed(rng: Rng, height: int, width: int, one: Numbers, other: Numbers, cells: float) -> Floats:
    """Two colours blended in patches of several sizes."""
    noise = paint.cloud(rng, height, width, cells) + 0.5 * paint.cloud(rng, height, width, cells * 2.7)
    share = 0.5 + 0.5 * np.tanh(0.7 * noise)[..., None]
    image: Floats = (other + (one - other) * share).astype(np.float32)
    return image


def _foliage(rng: Rng, height: int, width: int) -> Floats:
    image = _mixed(rng, height, width, green(rng), green(rng) * 0.55, rng.uniform(3, 7))
    _bokeh(image, rng, int(rng.integers(4, 22)))
    return image


def _meadow(rng: Rng, height: int, width: int) -> Floats:
    image = _mixed(rng, height, width, green(rng) * 1.1, green(rng) * 0.6, rng.uniform(4, 8))
    layer = empty_layer(height, width)
    count = int(rng.integers(40, 110))
    tint = green(rng)
    for depth in (0.6, 1.0, 1.35):
        for _ in range(count // 3):
            blade(layer, rng, rng.uniform(0.2, 0.75) * height, tint * depth * rng.uniform(0.8, 1.2))
    paint.lay_over(image, softened(layer, rng.uniform(1.0, 4.0)), 0, 0)
    _bokeh(image, rng, int(rng.integers(0, 8)))
    return image


def _soil(rng: Rng, height: int, width: int) -> Floats:
    brown = np.array([126, 96, 70.0]) * rng.uniform(0.7, 1.25) + rng.normal(0, 5, 3)
    image = _mixed(rng, height, width, brown, brown * 0.6, rng.uniform(5, 11))
    layer = empty_layer(height, width)
    crumbs = int(rng.integers(120, 260))
    points = rng.uniform(0, 1, (crumbs, 2)) * [width, height]
    paint.dots(
        layer,
        points + np.array([0.8, 1.2]),
        rng.uniform(1, 5, crumbs),
        brown * rng.uniform(0.3, 0.6, (crumbs, 1)),
    )
    paint.dots(layer, points, rng.uniform(1, 4.5, crumbs), brown * rng.uniform(0.6, 1.4, (crumbs, 1)))
    paint.lay_over(image, softened(layer, rng.uniform(0.8, 2.2)), 0, 0)
    return image


def _shade(rng: Rng, height: int, width: int) -> Floats:
    dark = np.array([34, 42, 34.0]) * rng.uniform(0.5, 1.3)
    image = _mixed(rng, height, width, dark, green(rng) * 0.5, rng.uniform(2, 5))
    _bokeh(image, rng, int(rng.integers(0, 12)))
    return image


def _sky(rng: Rng, height: int, width: int) -> Floats:
    down = np.linspace(0, 1, height, dtype=np.float32)[:, None, None]
    top, bottom = np.array([96, 150, 215.0]) + rng.normal(0, 14, 3), np.array([205, 220, 235.0])
    sky = top + (bottom - top) * down
    clouds = np.clip(paint.cloud(rng, height, width, 4), 0, 2)[..., None] * 0.3
    image: Floats = (sky * (1 - clouds) + 245 * clouds).astype(np.float32)
    horizon = int(height * rng.uniform(0.5, 1.05))
    if horizon < height - 4:
        image[horizon:] = _mixed(rng, height - horizon, width, green(rng), green(rng) * 0.7, 8)
        image = cv2.GaussianBlur(image, (0, 0), rng.uniform(2, 5)).astype(np.float32)
    return image


def _bokeh(image: Floats, rng: Rng, count: int) -> None:
    """Add discs of light, as a lens renders bright points that are out of focus."""
    height, width = image.shape[:2]
    layer = empty_layer(height, width)
    centres = rng.uniform(0, 1, (count, 2)) * [width, height]
    colours = green(rng) * 1.3 + rng.uniform(0, 110, (count, 1)) + rng.normal(0, 14, (count, 3))
    paint.dots(layer, centres, rng.uniform(5, 28, count), colours)
    paint.lay_over(image, softened(layer, rng.uniform(1.5, 4)) * np.float32(rng.uniform(0.2, 0.45)), 0, 0)


def blade(layer: Canvas, rng: Rng, length: float, colour: Numbers) -> None:
    """Paint a blade of grass at a random position, bent by its weight."""
    height, width = layer.shape[:2]
    up = np.linspace(0, 1, 9)
    foot, lean, bend = rng.uniform(-0.1, 1.1) * width, rng.normal(0, 0.25), rng.normal(0, 0.35)
    x = foot + length * (lean * up + bend * up**2.5)
    y = height * rng.uniform(0.75, 1.1) - length * up * np.sqrt(max(0.2, 1 - (lean + bend) ** 2 * 0.5))
    half = length * rng.uniform(0.012, 0.03) * (1 - up) ** 0.7
    paint.polygon(layer, np.stack([np.r_[x - half, (x + half)[::-1]], np.r_[y, y[::-1]]], axis=1), colour)


def stem(layer: Canvas, rng: Rng, head: Numbers, width: float, colour: Numbers) -> Numbers:
    """Paint a curved stem from a head (x, y) to below the image; return points along it (14, 2)."""
    down = np.linspace(0, 1, 14)[:, None]
    foot = np.array([head[0] + rng.normal(0, 30), len(layer) + 12.0])
    points: Numbers = (
        head * (1 - down) + foot * down + np.array([rng.normal(0, 18), 0.0]) * np.sin(np.pi * down)
    )
    aside, thick = np.array([width / 5, 0.0]), max(1, round(width))
    paint.lines(layer, points[:-1], points[1:], np.broadcast_to(colour * 0.72, (13, 3)), thick + 1)
    lit = np.broadcast_to(colour, (13, 3))
    paint.lines(layer, points[:-1] - aside, points[1:] - aside, lit, max(1, thick - 1))
    return points


def leaf(
    layer: Canvas, rng: Rng, foot: Numbers, length: float, slender: float, angle: float, colour: Numbers
) -> None:
    """Paint a leaf with a lighter central vein."""
    tint = colour * rng.uniform(0.75, 1.15)
    paint.petals(
        layer,
        paint.POINTED,
        np.array([angle]),
        np.array([length]),
        np.array([length * slender]),
        tint[None],
        tilt=np.eye(2),
        centre=foot,
        shades=(0.74, 0.9, 1.02),
        sizes=(1.0, 0.86, 0.5),
        lit=0.4,
    )
    tip = foot + np.array([np.cos(angle), np.sin(angle)]) * length * 0.92
    paint.lines(layer, foot[None], tip[None], tint[None] * 1.25, 1)


def daylight(image: Floats, rng: Rng) -> Floats:
    """Apply uneven light, colour temperature, exposure and lens vignetting."""
    height, width = image.shape[:2]
    x = np.linspace(-1, 1, width, dtype=np.float32)[None, :]
    y = np.linspace(-1, 1, height, dtype=np.float32)[:, None]
    angle = rng.uniform(0, 2 * np.pi)
    slope = 1 + np.float32(rng.uniform(0.05, 0.3)) * (
        np.float32(np.cos(angle)) * x + np.float32(np.sin(angle)) * y
    )
    vignette = 1 - np.float32(rng.uniform(0, 0.22)) * (x * x + y * y)
    warmth = 1 + rng.normal(0, 0.045) * np.array([1, 0.1, -1]) + rng.normal(0, 0.015, 3)
    contrast = rng.uniform(0.86, 1.14)
    gain = (warmth * rng.uniform(0.92, 1.22) * contrast).astype(np.float32)
    return image * ((slope * vignette)[..., None] * gain) + np.float32(
        115 * (1 - contrast) + rng.normal(0, 6)
    )


def sensor(image: Floats, rng: Rng) -> Canvas:
    """Apply lens softness and sensor grain; returns uint8 (H, W, 3)."""
    if rng.random() < 0.3:
        image = cv2.GaussianBlur(image, (0, 0), rng.uniform(0.5, 1.1)).astype(np.float32)
    grain = rng.standard_normal((*image.shape[:2], 1), dtype=np.float32) * np.float32(rng.uniform(1.5, 5))
    return np.clip(image + grain, 0, 255).astype(np.uint8)
