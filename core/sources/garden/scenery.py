"""What lies behind and around the flowers: blurred meadows, sky, soil; stems, leaves, light and noise."""

from __future__ import annotations

import cv2
import numpy as np

from core.sources.garden import paint

Rng = np.random.Generator
GREENS = np.array(
    [(70, 110, 40), (45, 90, 35), (100, 130, 55), (120, 140, 80), (55, 85, 55)], dtype=np.float64
)


def background(rng: Rng, height: int, width: int) -> paint.Floats:
    """A place out of focus, float32 (H, W, 3), 0-255."""
    place = rng.choice([_foliage, _meadow, _soil, _shade, _sky], p=[0.36, 0.24, 0.14, 0.14, 0.12])
    return np.clip(place(rng, height, width), 0, 255).astype(np.float32)


def _mixed(
    rng: Rng, height: int, width: int, one: np.ndarray, other: np.ndarray, cells: float
) -> paint.Floats:
    """Two colours run into each other, with patches of several sizes."""
    noise = paint.cloud(rng, height, width, cells) + 0.5 * paint.cloud(rng, height, width, cells * 2.7)
    share = 1 / (1 + np.exp(-1.4 * noise[..., None]))
    picture: paint.Floats = (one * share + other * (1 - share)).astype(np.float32)
    return picture


def _green(rng: Rng) -> np.ndarray:
    return GREENS[rng.integers(len(GREENS))] * rng.uniform(0.75, 1.3) + rng.normal(0, 6, 3)


def _foliage(rng: Rng, height: int, width: int) -> paint.Floats:
    picture = _mixed(rng, height, width, _green(rng), _green(rng) * 0.55, rng.uniform(3, 7))
    _bokeh(picture, rng, int(rng.integers(4, 22)))
    return picture


def _meadow(rng: Rng, height: int, width: int) -> paint.Floats:
    picture = _mixed(rng, height, width, _green(rng) * 1.1, _green(rng) * 0.7, rng.uniform(5, 10))
    blades = np.ascontiguousarray(
        np.dstack([picture, np.zeros(picture.shape[:2])]).clip(0, 255).astype(np.uint8)
    )
    count = int(rng.integers(60, 140))
    starts = np.stack([rng.uniform(0, width, count), rng.uniform(height * 0.1, height * 1.15, count)], 1)
    ends = starts + np.stack([rng.normal(0, 14, count), -rng.uniform(20, 75, count)], 1)
    paint.lines(
        blades, starts, ends, _green(rng) * rng.uniform(0.6, 1.45, (count, 1)), int(rng.integers(1, 4))
    )
    picture = cv2.GaussianBlur(blades[..., :3].astype(np.float32), (0, 0), rng.uniform(0.8, 3.5))
    _bokeh(picture, rng, int(rng.integers(0, 8)))
    return picture


def _soil(rng: Rng, height: int, width: int) -> paint.Floats:
    brown = np.array([112, 84, 60.0]) * rng.uniform(0.6, 1.2) + rng.normal(0, 5, 3)
    picture = _mixed(rng, height, width, brown, brown * 0.55, rng.uniform(6, 14))
    picture += 14 * paint.cloud(rng, height, width, 60)[..., None]
    return cv2.GaussianBlur(picture, (0, 0), rng.uniform(0.8, 2.5))


def _shade(rng: Rng, height: int, width: int) -> paint.Floats:
    dark = np.array([26, 34, 26.0]) * rng.uniform(0.5, 1.3)
    picture = _mixed(rng, height, width, dark, _green(rng) * 0.45, rng.uniform(2, 5))
    _bokeh(picture, rng, int(rng.integers(0, 12)))
    return picture


def _sky(rng: Rng, height: int, width: int) -> paint.Floats:
    top = np.array([96, 150, 215.0]) + rng.normal(0, 14, 3)
    down = np.linspace(0, 1, height)[:, None, None]
    sky = top * (1 - down) + np.array([205, 220, 235.0]) * down + np.zeros((height, width, 3))
    clouds = np.clip(paint.cloud(rng, height, width, 4), 0, 2)[..., None] * 0.3
    picture = (sky * (1 - clouds) + 245 * clouds).astype(np.float32)
    horizon = int(height * rng.uniform(0.55, 1.05))
    if horizon < height:
        field = _mixed(rng, height - horizon, width, _green(rng), _green(rng) * 0.7, 8)
        picture[horizon:] = field
        picture = cv2.GaussianBlur(picture, (0, 0), rng.uniform(2, 5))
    return picture


def _bokeh(picture: paint.Floats, rng: Rng, count: int) -> None:
    """Discs of light, as a lens makes of bright points out of focus."""
    height, width = picture.shape[:2]
    layer = np.zeros((height, width, 4), np.uint8)
    centres = np.stack([rng.uniform(0, width, count), rng.uniform(0, height, count)], 1)
    colours = _green(rng) * 1.3 + rng.uniform(0, 110, (count, 1)) + rng.normal(0, 14, (count, 3))
    paint.dots(layer, centres, rng.uniform(5, 26, count), colours)
    soft = cv2.GaussianBlur(layer.astype(np.float32), (0, 0), rng.uniform(1.5, 4)) * rng.uniform(0.2, 0.5)
    paint.lay_over(picture, soft, 0, 0)


def stem(layer: paint.Canvas, rng: Rng, head: np.ndarray, width: float, colour: np.ndarray) -> np.ndarray:
    """A curved stem from a head (x, y) to below the picture; returns its points (N, 2)."""
    height = len(layer)
    down = np.linspace(0, 1, 14)[:, None]
    foot = np.array([head[0] + rng.normal(0, 30), height + 12.0])
    bend = np.array([rng.normal(0, 18), 0.0])
    points = head * (1 - down) + foot * down + bend * np.sin(np.pi * down)
    thick = max(1, round(width))
    paint.lines(layer, points[:-1], points[1:], np.broadcast_to(colour * 0.72, (13, 3)), thick + 1)
    paint.lines(
        layer,
        points[:-1] - [width / 5, 0],
        points[1:] - [width / 5, 0],
        np.broadcast_to(colour, (13, 3)),
        max(1, thick - 1),
    )
    return np.asarray(points)


def leaf(
    layer: paint.Canvas,
    rng: Rng,
    foot: np.ndarray,
    length: float,
    slender: float,
    angle: float,
    colour: np.ndarray,
) -> None:
    """One leaf with a lighter middle vein."""
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
        shades=(0.78, 0.95, 1.05),
        lit=0.4,
    )
    tip = foot + np.array([np.cos(angle), np.sin(angle)]) * length * 0.92
    paint.lines(layer, foot[None], tip[None], tint[None] * 1.25, 1)


def daylight(picture: paint.Floats, rng: Rng) -> paint.Floats:
    """Uneven light, the colour of the hour, exposure, a lens's vignette."""
    height, width = picture.shape[:2]
    y, x = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j].astype(np.float32)
    angle = rng.uniform(0, 2 * np.pi)
    slope = 1 + rng.uniform(0.05, 0.3) * (np.cos(angle) * x + np.sin(angle) * y)
    vignette = 1 - rng.uniform(0, 0.22) * (x * x + y * y)
    warmth = np.array([1, 1, 1]) + rng.normal(0, 0.045) * np.array([1, 0.1, -1]) + rng.normal(0, 0.015, 3)
    lit = picture * (slope * vignette * rng.uniform(0.72, 1.16))[..., None] * warmth
    contrast = rng.uniform(0.82, 1.12)
    return np.asarray((lit - 115) * contrast + 115 + rng.normal(0, 6), dtype=np.float32)


def sensor(picture: paint.Floats, rng: Rng) -> np.ndarray:
    """Softness of the lens, grain of the sensor; uint8 (H, W, 3)."""
    if rng.random() < 0.3:
        picture = cv2.GaussianBlur(picture, (0, 0), rng.uniform(0.5, 1.1))
    grain = rng.standard_normal(picture.shape[:2], dtype=np.float32)[..., None] * rng.uniform(1.5, 6)
    colour_grain = rng.standard_normal(picture.shape, dtype=np.float32) * rng.uniform(0.5, 3)
    return np.clip(picture + grain + colour_grain, 0, 255).astype(np.uint8)
