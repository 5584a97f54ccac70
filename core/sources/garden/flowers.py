"""The five flowers: each function paints one head, seen at some angle, on an RGBA canvas."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from core.sources.garden import paint

Colour = NDArray[np.float64]
Rng = np.random.Generator


def daisy(canvas: paint.Canvas, rng: Rng) -> None:
    """Narrow rounded petals, mostly white, around a yellow disc."""
    size, centre, tilt = _view(canvas, rng, flattest=0.4)
    colour = _pick(
        rng, {(245, 244, 240): 6, (250, 225, 120): 2.5, (240, 190, 215): 1.5, (205, 190, 235): 0.8}
    )
    count = int(rng.integers(13, 27))
    disc = rng.uniform(0.24, 0.36)
    for layer in range(2):
        _ring(
            canvas,
            rng,
            paint.ROUNDED,
            count,
            size * (0.98 - 0.12 * layer),
            rng.uniform(1.25, 1.7) * size / count * 2.6,
            colour * (0.86 + 0.14 * layer),
            tilt,
            centre,
            start=size * disc * 0.5,
            ragged=0.08,
            turn=rng.uniform(0, 6),
        )
    _disc(canvas, rng, size * disc, np.array([236, 184, 40.0]), np.array([176, 112, 14.0]), tilt, centre)


def sunflower(canvas: paint.Canvas, rng: Rng) -> None:
    """Pointed golden petals around a large dark disc."""
    size, centre, tilt = _view(canvas, rng, flattest=0.45)
    colour = _pick(
        rng,
        {(250, 190, 25): 6, (250, 215, 70): 3, (235, 140, 25): 2, (190, 80, 30): 0.8, (245, 235, 170): 0.6},
    )
    count = int(rng.integers(17, 30))
    disc = rng.uniform(0.4, 0.56)
    for layer in range(2):
        _ring(
            canvas,
            rng,
            paint.POINTED,
            count,
            size * (1 - 0.08 * layer),
            rng.uniform(1.5, 2.1) * size / count * 2.4,
            colour * (0.8 + 0.2 * layer),
            tilt,
            centre,
            start=size * disc * 0.55,
            ragged=0.12,
            turn=rng.uniform(0, 6),
        )
    rim, heart = (
        _pick(rng, {(96, 58, 24): 5, (60, 36, 20): 3, (150, 105, 35): 2}),
        _pick(rng, {(40, 24, 14): 4, (96, 104, 40): 3}),
    )
    _disc(canvas, rng, size * disc, rim, heart, tilt, centre, grain=1.5)


def dandelion(canvas: paint.Canvas, rng: Rng) -> None:
    """A dense yellow head, or the white puff it turns into."""
    (_puff if rng.random() < 0.36 else _yellow_dandelion)(canvas, rng)


def _yellow_dandelion(canvas: paint.Canvas, rng: Rng) -> None:
    size, centre, tilt = _view(canvas, rng, flattest=0.4)
    colour = _pick(rng, {(250, 205, 25): 5, (250, 225, 70): 3, (240, 180, 20): 2})
    layers = 6
    for layer in range(layers):
        inner = layer / layers
        _ring(
            canvas,
            rng,
            paint.STRAP,
            34 - 3 * layer,
            size * (0.98 - 0.8 * inner),
            size * 0.085,
            colour * (0.8 + 0.22 * inner) - [0, 10 * inner, 0],
            tilt,
            centre,
            start=0,
            ragged=0.14,
            turn=rng.uniform(0, 6),
            shades=(0.78, 1.04),
        )
    spread = _in_disc(rng, 40, size * 0.2) @ tilt.T + centre
    paint.dots(canvas, spread, np.full(40, size * 0.02), colour * rng.uniform(0.75, 1.05, (40, 1)))


def _puff(canvas: paint.Canvas, rng: Rng) -> None:
    size, centre, tilt = _view(canvas, rng, flattest=0.85)
    count = int(rng.integers(90, 150))
    white = np.array([238, 240, 236.0]) * rng.uniform(0.86, 1.02)
    ends = _in_disc(rng, count, size * 0.93)
    paint.lines(
        canvas, np.zeros_like(ends) + centre, ends + centre, white * rng.uniform(0.6, 0.85, (count, 1)), 1
    )
    for end in ends + centre:
        rays = int(rng.integers(8, 12))
        angle = rng.uniform(0, 6) + np.arange(rays) * 2 * np.pi / rays
        reach = size * rng.uniform(0.1, 0.17)
        tips = end + np.stack([np.cos(angle), np.sin(angle)], 1) * reach
        paint.lines(
            canvas,
            np.broadcast_to(end, tips.shape),
            tips,
            np.broadcast_to(white * rng.uniform(0.85, 1.05), (rays, 3)),
            1,
        )
    heart = _in_disc(rng, 34, size * 0.2) @ tilt.T + centre
    paint.dots(
        canvas, heart, np.full(34, size * 0.026), np.array([112, 92, 62.0]) * rng.uniform(0.7, 1.3, (34, 1))
    )


def tulip(canvas: paint.Canvas, rng: Rng) -> None:
    """A cup of six broad petals from the side, now and then open towards the viewer."""
    colour, edge = _tulip_colours(rng)
    if rng.random() < 0.2:
        _open_tulip(canvas, rng, colour)
        return
    side = len(canvas)
    size = side * 0.47
    lean = rng.normal(0, 0.16)
    base = np.array([side / 2, side * 0.9])
    spread = rng.uniform(0.1, 0.42)
    up = -np.pi / 2 + lean
    flat = np.eye(2)
    for angles, shade, reach in (
        ((-0.9, 0.9), 0.72, 0.95),
        ((-0.45, 0.45, 0), 0.84, 1.0),
        ((-1.15, 1.15), 0.95, 0.94),
        ((0.35, -0.35), 1.06, 0.97),
    ):
        offsets = np.array(angles) * spread + rng.normal(0, 0.05, len(angles))
        count = len(offsets)
        lengths = size * 1.62 * reach * rng.uniform(0.93, 1.04, count)
        widths = size * rng.uniform(0.72, 0.95, count)
        tints = (
            (colour * (1 - 0.25 * edge[3]) + edge[:3] * 0.25 * edge[3])
            * shade
            * rng.uniform(0.94, 1.05, (count, 1))
        )
        paint.petals(
            canvas,
            paint.EGG,
            up + offsets,
            lengths,
            widths,
            tints,
            tilt=flat,
            centre=base,
            shades=(0.8, 0.9, 0.97, 1.03, 1.08),
            lit=rng.uniform(0.45, 0.75),
        )


def _tulip_colours(rng: Rng) -> tuple[Colour, Colour]:
    colour = _pick(
        rng,
        {
            (205, 30, 45): 3,
            (235, 120, 160): 3,
            (250, 205, 50): 2.5,
            (245, 240, 232): 2.5,
            (150, 60, 150): 1.5,
            (240, 120, 40): 1.5,
            (110, 25, 55): 0.7,
        },
    )
    edge = _pick(rng, {(250, 235, 200): 1, (250, 210, 80): 1, (255, 255, 255): 1})
    return colour, np.append(edge, float(rng.random() < 0.35))


def _open_tulip(canvas: paint.Canvas, rng: Rng, colour: Colour) -> None:
    size, centre, tilt = _view(canvas, rng, flattest=0.6)
    turn = rng.uniform(0, 6)
    for layer in range(2):
        _ring(
            canvas,
            rng,
            paint.EGG,
            3,
            size * 0.95,
            size * 0.85,
            colour * (0.85 + 0.15 * layer),
            tilt,
            centre,
            start=0,
            ragged=0.05,
            turn=turn + layer * np.pi / 3,
        )
    heart = _pick(rng, {(40, 30, 40): 1, (235, 200, 60): 1})
    _ring(
        canvas,
        rng,
        paint.POINTED,
        6,
        size * 0.34,
        size * 0.2,
        heart,
        tilt,
        centre,
        start=0,
        ragged=0.1,
        turn=turn,
    )
    _disc(canvas, rng, size * 0.07, np.array([220, 215, 120.0]), np.array([160, 170, 80.0]), tilt, centre)


def rose(canvas: paint.Canvas, rng: Rng) -> None:
    """Broad petals wrapped around each other, tighter and darker towards the heart."""
    size, centre, tilt = _view(canvas, rng, flattest=0.62)
    colour = _pick(
        rng,
        {
            (190, 20, 40): 4,
            (235, 130, 160): 3,
            (246, 240, 226): 2,
            (250, 210, 90): 2,
            (245, 165, 120): 1.5,
            (165, 70, 130): 0.8,
        },
    )
    turn = rng.uniform(0, 6)
    layers = int(rng.integers(6, 9))
    for layer in range(layers):
        inner = layer / (layers - 1)
        reach = size * (0.96 - 0.76 * inner**0.85)
        count = int(rng.integers(4, 7)) if inner < 0.8 else 3
        drift = centre + rng.normal(0, size * 0.03 * (1 - inner), 2)
        _ring(
            canvas,
            rng,
            paint.BROAD,
            count,
            reach,
            reach * rng.uniform(1.15, 1.5),
            colour * (1.02 - 0.2 * inner),
            tilt,
            drift,
            start=0,
            ragged=0.09,
            turn=turn + layer * 2.4,
            shades=(1.1, 0.98, 0.86, 0.72, 0.6),
            lit=0.0,
        )
    _spiral(canvas, size * 0.2, colour * 0.5, tilt, centre, turn)


def _spiral(
    canvas: paint.Canvas, size: float, colour: Colour, tilt: Colour, centre: Colour, turn: float
) -> None:
    angle = np.linspace(0, 4.5 * np.pi, 26)
    points = (
        np.stack([np.cos(angle + turn), np.sin(angle + turn)], 1) * (size * np.linspace(0.05, 1, 26))[:, None]
    )
    points = points @ tilt.T + centre
    paint.lines(canvas, points[:-1], points[1:], np.broadcast_to(colour, (25, 3)), max(1, round(size / 9)))


HEADS: dict[str, Callable[[paint.Canvas, Rng], None]] = {
    "daisy": daisy,
    "dandelion": dandelion,
    "roses": rose,
    "sunflowers": sunflower,
    "tulips": tulip,
}


def _view(canvas: paint.Canvas, rng: Rng, flattest: float) -> tuple[float, Colour, Colour]:
    """Largest radius in pixels, centre, and how the head is turned away from the viewer."""
    side = len(canvas)
    squash = 1 - (1 - flattest) * rng.random() ** 1.6
    angle = rng.normal(0, 0.5)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    return side * 0.47, np.array([side / 2, side / 2]), turn @ np.diag([1.0, squash]) @ turn.T


def _ring(
    canvas: paint.Canvas,
    rng: Rng,
    shape: Colour,
    count: int,
    length: float,
    width: float,
    colour: Colour,
    tilt: Colour,
    centre: Colour,
    *,
    start: float,
    ragged: float,
    turn: float,
    shades: tuple[float, ...] = (0.8, 0.92, 1.0, 1.05),
    lit: float = 0.6,
) -> None:
    """Petals all around, none quite like the next."""
    angles = turn + np.arange(count) * 2 * np.pi / count + rng.normal(0, 0.5 * ragged, count)
    lengths = (length - start) * (1 - np.abs(rng.normal(0, ragged, count)))
    widths = np.full(count, width) * rng.uniform(0.85, 1.1, count)
    tints = colour * rng.uniform(0.9, 1.06, (count, 1))
    shuffled = rng.permutation(count)
    paint.petals(
        canvas,
        shape,
        angles[shuffled],
        lengths[shuffled],
        widths[shuffled],
        tints[shuffled],
        tilt=tilt,
        centre=centre,
        start=start,
        shades=shades,
        lit=lit,
    )


def _disc(
    canvas: paint.Canvas,
    rng: Rng,
    radius: float,
    rim: Colour,
    heart: Colour,
    tilt: Colour,
    centre: Colour,
    grain: float = 1.0,
) -> None:
    """A disc of florets in the spiral order of a sunflower (Vogel, 1979)."""
    circle = np.stack([np.cos(np.linspace(0, 6.283, 40)), np.sin(np.linspace(0, 6.283, 40))], 1)
    paint.polygon(canvas, circle * radius @ tilt.T + centre, rim * 0.75)
    number = np.arange(90)
    distance = np.sqrt((number + 0.5) / len(number))
    angle = number * 2.39996 + rng.uniform(0, 6)
    points = np.stack([np.cos(angle), np.sin(angle)], 1) * (distance * radius * 0.95)[:, None]
    mix = np.clip(distance * 1.3 - 0.35, 0, 1)[:, None]
    colours = (rim * mix + heart * (1 - mix)) * rng.uniform(
        1 - 0.22 * grain, 1 + 0.22 * grain, (len(number), 1)
    )
    paint.dots(canvas, points @ tilt.T + centre, np.full(len(number), radius * 0.085), colours)


def _in_disc(rng: Rng, count: int, radius: float) -> Colour:
    angle, distance = rng.uniform(0, 2 * np.pi, count), radius * np.sqrt(rng.random(count))
    return np.stack([np.cos(angle), np.sin(angle)], 1) * distance[:, None]


def _pick(rng: Rng, weighted: dict[tuple[int, int, int], float]) -> Colour:
    """One of the colours, by weight, varied a little."""
    weights = np.array(list(weighted.values()))
    chosen = list(weighted)[int(rng.choice(len(weighted), p=weights / weights.sum()))]
    return np.clip(np.array(chosen, dtype=np.float64) + rng.normal(0, 9, 3), 8, 255)
