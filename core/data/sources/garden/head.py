"""A flower head: petals and florets around a centre, seen at an angle."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.data.sources.garden import paint
from core.data.sources.garden.paint import Canvas, Numbers

Rng = np.random.Generator
GOLDEN_ANGLE = np.pi * (3 - np.sqrt(5))


@dataclass(frozen=True)
class Head:
    """A flower head at the centre of a canvas; ``tilt`` (2, 2) turns it away from the viewer.

    Its methods take lengths as fractions of ``radius``, which is in pixels.
    """

    canvas: Canvas
    rng: Rng
    radius: float
    centre: Numbers
    tilt: Numbers

    def ring(
        self,
        shape: Numbers,
        count: int,
        length: float,
        width: float,
        colour: Numbers,
        *,
        start: float = 0.0,
        ragged: float = 0.08,
        turn: float = 0.0,
        shades: Sequence[float] = (0.8, 0.92, 1.0, 1.05),
        sizes: Sequence[float] = (1.0, 0.8, 0.58, 0.36),
        lit: float = 0.6,
    ) -> None:
        """Paint a ring of petals with random variation."""
        rng = self.rng
        angles = turn + np.arange(count) * 2 * np.pi / count + rng.normal(0, 0.5 * ragged, count)
        lengths = (length - start) * (1 - np.abs(rng.normal(0, ragged, count)))
        paint.petals(
            self.canvas,
            shape,
            rng.permutation(angles),
            lengths * self.radius,
            width * rng.uniform(0.85, 1.1, count) * self.radius,
            colour * rng.uniform(0.9, 1.06, (count, 1)),
            tilt=self.tilt,
            centre=self.centre,
            start=start * self.radius,
            shades=shades,
            sizes=sizes,
            lit=lit,
        )

    def disc(self, radius: float, rim: Numbers, heart: Numbers, grain: float = 0.2) -> None:
        """Paint florets in the spiral order of a sunflower (Vogel, "A better way to construct the sunflower
        head", 1979), with colour ``heart`` at the centre.
        """
        around = np.linspace(0, 2 * np.pi, 40)
        paint.polygon(self.canvas, self.at(unit(around) * radius), rim * 0.75)
        number = np.arange(90)
        distance = np.sqrt((number + 0.5) / len(number))
        mix = np.clip(distance * 1.3 - 0.35, 0, 1)[:, None]
        colours = (rim * mix + heart * (1 - mix)) * self.rng.uniform(1 - grain, 1 + grain, (len(number), 1))
        points = unit(number * GOLDEN_ANGLE + self.rng.uniform(0, 6)) * (distance * radius * 0.95)[:, None]
        self.dots(points, radius * 0.085, colours)

    def dots(self, points: Numbers, radius: float, colours: Numbers) -> None:
        """Paint small discs of equal size at points (N, 2)."""
        paint.dots(self.canvas, self.at(points), np.full(len(points), radius * self.radius), colours)

    def at(self, points: Numbers) -> Numbers:
        """Convert points (N, 2) of the flat flower to canvas pixels."""
        pixels: Numbers = (points * self.radius) @ self.tilt.T + self.centre
        return pixels


def facing(canvas: Canvas, rng: Rng, flattest: float) -> Head:
    """A head that fills the canvas, turned away so that its height shrinks at most to ``flattest``."""
    side = len(canvas)
    squash = 1 - (1 - flattest) * rng.random() ** 1.6
    angle = rng.normal(0, 0.5)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    return Head(
        canvas, rng, side * 0.47, np.array([side / 2, side / 2]), turn @ np.diag([1.0, squash]) @ turn.T
    )


def unit(angles: Numbers) -> Numbers:
    """Points (..., 2) on the unit circle."""
    return np.stack([np.cos(angles), np.sin(angles)], axis=-1)
