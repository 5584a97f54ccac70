"""Drawing primitives: petals, soft noise and image compositing. All colours are RGB, 0-255."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Numbers = NDArray[np.float64]
Canvas = NDArray[np.uint8]

_FIXED_POINT_BITS = 4
_ALONG = np.linspace(0, 1, 15)


def outline(widths: Numbers) -> Numbers:
    """A closed petal outline (30, 2) of length 1 along x, from its half-widths at 15 points."""
    upper = np.stack([_ALONG, widths], axis=1)
    return np.concatenate([upper, upper[::-1] * [1, -1]])


ROUNDED = outline(np.sin(np.pi * _ALONG**0.62) ** 0.7 * 0.5)
POINTED = outline(np.sin(np.pi * _ALONG**0.85) ** 0.9 * (1 - 0.35 * _ALONG**3) * 0.5)
STRAP = outline(np.minimum(1, 6 * _ALONG) * np.where(_ALONG > 0.97, 0.75, 1) * 0.5)
BROAD = outline(np.sin(np.pi * _ALONG**1.5) ** 0.55 * (0.55 + 0.05 * np.sin(9 * _ALONG)))
EGG = outline(np.sin(np.pi * _ALONG**0.75) ** 0.65 * (1 - 0.15 * _ALONG) * 0.5)


def petals(
    canvas: Canvas,
    shape: Numbers,
    angles: Numbers,
    lengths: Numbers,
    widths: Numbers,
    colours: Numbers,
    *,
    tilt: Numbers,
    centre: Numbers,
    start: float = 0.0,
    shades: Sequence[float] = (0.8, 0.92, 1.0, 1.05),
    sizes: Sequence[float] = (1.0, 0.8, 0.58, 0.36),
    lit: float = 0.6,
) -> None:
    """Paint petals around a centre on an RGBA canvas, each over the previous one.

    Args:
        shape: an outline (P, 2).
        angles: (N,) in radians; lengths and widths (N,) in pixels; colours (N, 3).
        tilt: (2, 2), turns the flat flower away from the viewer.
        start: distance of the petals' base from the centre, in pixels.
        shades: brightness of nested petals, one inside the other, with their ``sizes``.
        lit: the point along the petal towards which the nested petals shrink.
    """
    nested = (shape - [lit, 0]) * np.asarray(sizes)[:, None, None] + [lit, 0]
    stretched = nested * np.stack([lengths, widths], axis=1)[:, None, None, :] + [start, 0]
    cosine, sine = np.cos(angles), np.sin(angles)
    turns = tilt @ np.array([[cosine, -sine], [sine, cosine]]).transpose(2, 0, 1)
    points = np.einsum("nspi,nji->nspj", stretched, turns) + centre
    fixed = np.rint(points * 2**_FIXED_POINT_BITS).astype(np.int32)
    tints = _opaque(colours[:, None, :] * np.asarray(shades)[:, None])
    for petal, petal_tints in zip(fixed, tints, strict=True):
        for layer, tint in zip(petal, petal_tints, strict=True):
            cv2.fillPoly(canvas, [layer], tint, cv2.LINE_8, _FIXED_POINT_BITS)


def polygon(canvas: Canvas, points: Numbers, colour: Numbers) -> None:
    """Fill a polygon (P, 2), in pixels."""
    fixed = np.rint(points * 2**_FIXED_POINT_BITS).astype(np.int32)
    cv2.fillPoly(canvas, [fixed], _opaque(colour), cv2.LINE_8, _FIXED_POINT_BITS)


def dots(canvas: Canvas, points: Numbers, radii: Numbers, colours: Numbers) -> None:
    """Fill discs at points (N, 2) with radii (N,) in pixels and colours (N, 3)."""
    fixed, sizes = np.rint(points * 16).astype(int).tolist(), np.rint(radii * 16).astype(int).tolist()
    for centre, radius, colour in zip(fixed, sizes, _opaque(colours), strict=True):
        cv2.circle(canvas, centre, radius, colour, -1, cv2.LINE_8, _FIXED_POINT_BITS)


def lines(canvas: Canvas, starts: Numbers, ends: Numbers, colours: Numbers, width: int) -> None:
    """Draw straight lines from (N, 2) to (N, 2) in colours (N, 3)."""
    pairs = np.rint(np.stack([starts, ends], axis=1) * 16).astype(int).tolist()
    for (start, end), colour in zip(pairs, _opaque(colours), strict=True):
        cv2.line(canvas, start, end, colour, width, cv2.LINE_AA, _FIXED_POINT_BITS)


def _opaque(colours: Numbers) -> Any:
    """Colours (..., 3) as nested lists of four numbers, as OpenCV expects."""
    alpha = np.full((*colours.shape[:-1], 1), 255.0)
    return np.concatenate([np.clip(colours, 0, 255), alpha], axis=-1).tolist()


def cloud(rng: np.random.Generator, height: int, width: int, cells: float) -> Floats:
    """Soft noise (H, W) with mean 0 and standard deviation 1; ``cells`` waves span its longer side."""
    cell = max(height, width) / cells
    coarse = rng.standard_normal(
        (max(2, round(height / cell)), max(2, round(width / cell))), dtype=np.float32
    )
    noise = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)
    return np.asarray((noise - noise.mean()) / (noise.std() + 1e-6), dtype=np.float32)


def lay_over(image: Floats, layer: Floats, left: int, top: int, shadow: float = 0.0) -> None:
    """Composite an RGBA layer with premultiplied alpha (0-255) onto an image, in place."""
    height, width = image.shape[:2]
    y0, x0 = max(0, top), max(0, left)
    y1, x1 = min(height, top + layer.shape[0]), min(width, left + layer.shape[1])
    if y1 <= y0 or x1 <= x0:
        return
    part = layer[y0 - top : y1 - top, x0 - left : x1 - left]
    under = image[y0:y1, x0:x1]
    if shadow:
        dark = cv2.GaussianBlur(part[..., 3], (0, 0), max(1.5, layer.shape[0] / 22))
        dark = np.roll(dark, (layer.shape[0] // 18, layer.shape[1] // 30), (0, 1))
        under *= _for_each_colour(1 - shadow / 255 * dark)
    under *= _for_each_colour(1 - part[..., 3] / 255)
    under += part[..., :3]


def _for_each_colour(values: NDArray[Any]) -> Floats:
    """(H, W) as (H, W, 3): NumPy multiplies equal shapes five times as fast as it broadcasts."""
    return np.asarray(cv2.merge((values, values, values)), dtype=np.float32)
