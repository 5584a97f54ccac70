"""A film for Chromium's fake camera: red and blue scenes in turn, each with another pattern."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

WIDTH, HEIGHT, RATE = 160, 120, 10
RED, BLUE = (90, 240), (240, 110)
"""Their chroma, U and V: far apart whatever the pattern of light and dark is."""
Plane = NDArray[np.uint8]


def write(path: Path, *, seconds: float = 3.0, takes: int = 3) -> Path:
    """Write a film as YUV4MPEG2: ``takes`` scenes of each colour of some ``seconds`` each."""
    frames = round(seconds * RATE)
    with path.open("wb") as film:
        film.write(f"YUV4MPEG2 W{WIDTH} H{HEIGHT} F{RATE}:1 Ip A1:1 C420mpeg2\n".encode())
        for take in range(takes):
            for colour in (RED, BLUE):
                scene = _pattern(2 * take + (colour == BLUE))
                for frame in range(frames):
                    film.write(b"FRAME\n" + _frame(scene, colour, frame))
    return path


def _pattern(seed: int) -> Plane:
    blocks = np.random.default_rng(seed).integers(40, 220, (6, 8), np.uint8)
    return np.kron(blocks, np.ones((HEIGHT // 6, WIDTH // 8), np.uint8))


def _frame(scene: Plane, colour: tuple[int, int], number: int) -> bytes:
    light = scene.copy()
    left = 4 * number % (WIDTH - 16)
    light[52:68, left : left + 16] = 235  # something moves, so that no two frames are the same
    planes = (np.full((HEIGHT // 2, WIDTH // 2), value, np.uint8) for value in colour)
    return b"".join(plane.tobytes() for plane in (light, *planes))
