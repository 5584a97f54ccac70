"""The five flowers: each function paints one flower head at a random angle on an RGBA canvas."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from core.data.sources.garden import paint
from core.data.sources.garden.head import GOLDEN_ANGLE, facing, unit
from core.data.sources.garden.paint import Canvas, Numbers

Rng = np.random.Generator


def daisy(canvas: Canvas, rng: Rng) -> None:
    """Narrow rounded petals, mostly white, around a yellow disc."""
    head = facing(canvas, rng, flattest=0.4)
    colour = _pick(rng, {(246, 245, 241): 7, (250, 225, 120): 1.2, (240, 190, 215): 1, (205, 190, 235): 0.7})
    count, disc = int(rng.integers(13, 27)), rng.uniform(0.24, 0.36)
    width = rng.uniform(3.2, 4.4) / count
    for length, shade in ((0.98, 0.85), (0.87, 1.0)):
        turn = rng.uniform(0, 6)
        head.ring(paint.ROUNDED, count, length, width, colour * shade, start=disc * 0.5, turn=turn)
    head.disc(disc, np.array([236, 184, 40.0]), np.array([176, 112, 14.0]))


def sunflower(canvas: Canvas, rng: Rng) -> None:
    """Pointed golden petals around a large disc."""
    head = facing(canvas, rng, flattest=0.45)
    golds = {
        (250, 190, 25): 6,
        (250, 215, 70): 3,
        (235, 140, 25): 2,
        (190, 80, 30): 0.8,
        (245, 235, 170): 0.6,
    }
    colour, count, disc = _pick(rng, golds), int(rng.integers(17, 30)), rng.uniform(0.36, 0.54)
    width = rng.uniform(3.6, 5) / count
    for length, shade in ((1.0, 0.8), (0.92, 1.0)):
        turn = rng.uniform(0, 6)
        head.ring(
            paint.POINTED, count, length, width, colour * shade, start=disc * 0.55, ragged=0.12, turn=turn
        )
    rim = _pick(rng, {(96, 58, 24): 5, (60, 36, 20): 3, (150, 105, 35): 2})
    head.disc(disc, rim, _pick(rng, {(40, 24, 14): 4, (96, 104, 40): 3}), grain=0.33)


def dandelion(canvas: Canvas, rng: Rng) -> None:
    """A dense yellow head, or the white puff it turns into."""
    (_puff if rng.random() < 0.32 else _yellow_dandelion)(canvas, rng)


def _yellow_dandelion(canvas: Canvas, rng: Rng) -> None:
    head = facing(canvas, rng, flattest=0.4)
    colour = _pick(rng, {(250, 205, 25): 5, (250, 225, 70): 3, (240, 180, 20): 2})
    for inner in np.linspace(0, 0.85, 6):
        head.ring(
            paint.STRAP,
            round(34 - 18 * inner),
            0.98 - 0.8 * inner,
            0.085,
            colour * (0.8 + 0.22 * inner) - [0, 10 * inner, 0],
            ragged=0.14,
            turn=rng.uniform(0, 6),
            shades=(0.76, 1.04),
            sizes=(1.0, 0.7),
        )
    head.dots(_in_disc(rng, 40, 0.2), 0.02, colour * rng.uniform(0.75, 1.05, (40, 1)))


def _puff(canvas: Canvas, rng: Rng) -> None:
    """A ball of seeds, each on a thread with a star of hairs."""
    head = facing(canvas, rng, flattest=0.85)
    seeds, rays = int(rng.integers(70, 110)), 9
    white = np.array([240, 242, 238.0]) * rng.uniform(0.86, 1.02)
    stars = _in_disc(rng, seeds, 0.9)
    paint.lines(canvas, head.at(stars * 0), head.at(stars), white * rng.uniform(0.55, 0.8, (seeds, 1)), 1)
    angles = rng.uniform(0, 6, (seeds, 1)) + np.arange(rays) * 2 * np.pi / rays
    tips = stars[:, None] + unit(angles) * rng.uniform(0.1, 0.17, (seeds, 1, 1))
    ends = head.at(tips.reshape(-1, 2))
    middles = np.repeat(head.at(stars), rays, axis=0)
    paint.lines(canvas, middles, ends, np.repeat(white * rng.uniform(0.8, 1.05, (seeds, 1)), rays, axis=0), 1)
    head.dots(_in_disc(rng, 34, 0.2), 0.026, np.array([112, 92, 62.0]) * rng.uniform(0.7, 1.3, (34, 1)))


def tulip(canvas: Canvas, rng: Rng) -> None:
    """A cup of broad petals seen from the side, occasionally open towards the viewer."""
    colours = {(205, 30, 45): 3, (235, 120, 160): 3, (250, 205, 50): 2, (245, 240, 232): 1.8}
    colours |= {(150, 60, 150): 1.5, (240, 120, 40): 1.5, (110, 25, 55): 0.7}
    (_open_tulip if rng.random() < 0.14 else _tulip_cup)(canvas, rng, _pick(rng, colours))


def _tulip_cup(canvas: Canvas, rng: Rng, colour: Numbers) -> None:
    side = len(canvas)
    spread, upwards = rng.uniform(0.1, 0.42), -np.pi / 2 + rng.normal(0, 0.16)
    flamed = rng.random() < 0.35
    heart = colour * 0.6 + np.array([250, 225, 140]) * 0.4 if flamed else colour
    rows = (
        ((-0.9, 0.9), 0.7, 0.95),
        ((-0.45, 0.45, 0), 0.84, 1.0),
        ((-1.15, 1.15), 0.95, 0.94),
        ((0.35, -0.35), 1.06, 0.97),
    )
    for indices, shade, reach in rows:
        count = len(indices)
        paint.petals(
            canvas,
            paint.EGG,
            upwards + np.array(indices) * spread + rng.normal(0, 0.05, count),
            side * 0.76 * reach * rng.uniform(0.93, 1.04, count),
            side * 0.47 * rng.uniform(0.72, 0.95, count),
            (heart if shade > 1 else colour) * shade * rng.uniform(0.94, 1.05, (count, 1)),
            tilt=np.eye(2),
            centre=np.array([side / 2, side * 0.9]),
            shades=(0.74, 0.88, 0.95, 1.02, 1.08),
            sizes=(1.0, 0.93, 0.74, 0.52, 0.3),
            lit=rng.uniform(0.45, 0.75),
        )


def _open_tulip(canvas: Canvas, rng: Rng, colour: Numbers) -> None:
    head, turn = facing(canvas, rng, flattest=0.6), rng.uniform(0, 6)
    for layer in range(2):
        tint, angle = colour * (0.85 + 0.15 * layer), turn + layer * np.pi / 3
        head.ring(paint.EGG, 3, 0.95, 0.85, tint, ragged=0.05, turn=angle)
    head.ring(paint.POINTED, 6, 0.34, 0.2, _pick(rng, {(40, 30, 40): 1, (235, 200, 60): 1}), turn=turn)
    head.disc(0.07, np.array([220, 215, 120.0]), np.array([160, 170, 80.0]))


def rose(canvas: Canvas, rng: Rng) -> None:
    """Broad petals with light rims wrapped around each other, tighter and darker towards the centre."""
    head = facing(canvas, rng, flattest=0.62)
    colours = {(196, 22, 44): 4, (236, 132, 162): 3, (247, 240, 226): 1.4, (250, 210, 90): 1.2}
    colour = _pick(rng, colours | {(246, 166, 120): 1.5, (168, 70, 134): 0.8})
    turn, layers = rng.uniform(0, 6), int(rng.integers(6, 9))
    for layer in range(layers):
        inner = layer / (layers - 1)
        reach = 0.97 - 0.76 * inner**0.85
        head.ring(
            paint.BROAD,
            int(rng.integers(4, 7)) if inner < 0.8 else 3,
            reach,
            reach * rng.uniform(1.0, 1.35),
            colour * (1.08 - 0.42 * inner),
            ragged=0.1,
            turn=turn + layer * GOLDEN_ANGLE,
            shades=(0.74, 1.12, 1.02, 0.88, 0.7, 0.52),
            sizes=(1.0, 0.955, 0.88, 0.76, 0.62, 0.48),
            lit=0.0,
        )
    angles = np.linspace(0, 4.5 * np.pi, 26)
    spiral = head.at(unit(angles + turn) * np.linspace(0.01, 0.19, 26)[:, None])
    width = max(1, round(head.radius / 45))
    paint.lines(canvas, spiral[:-1], spiral[1:], np.broadcast_to(colour * 0.42, (25, 3)), width)


HEADS: dict[str, Callable[[Canvas, Rng], None]] = {
    "daisy": daisy,
    "dandelion": dandelion,
    "roses": rose,
    "sunflowers": sunflower,
    "tulips": tulip,
}


def _in_disc(rng: Rng, count: int, radius: float) -> Numbers:
    distances: Numbers = radius * np.sqrt(rng.random((count, 1)))
    return unit(rng.uniform(0, 2 * np.pi, count)) * distances


def _pick(rng: Rng, weighted: dict[tuple[int, int, int], float]) -> Numbers:
    """A random colour, drawn by weight and varied slightly."""
    weights = np.array(list(weighted.values()))
    chosen = list(weighted)[int(rng.choice(len(weighted), p=weights / weights.sum()))]
    return np.clip(np.array(chosen, dtype=np.float64) + rng.normal(0, 9, 3), 8, 255)
