"""Random augmentation of training images, on uint8 pixels and without TensorFlow.

The page's preview calls the same function as training, so the user sees exactly what the network gets.
Rotation, zoom and flip are a single resampling; brightness and contrast a single lookup table.
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from core.config import AugmentConfig

Pixels = NDArray[np.uint8]
Array = NDArray[Any]

_LEVELS = np.arange(256, dtype=np.float32)[:, None]


def batch(images: Pixels, config: AugmentConfig, rng: np.random.Generator) -> Pixels:
    """Augment each image at random, within the limits of the settings.

    Args:
        images: uint8 (N, S, S, 3) RGB, 0-255; not modified.
        config: the maximum strength of each change; if all are zero, the images are returned unchanged.
        rng: the only source of randomness; the same state gives the same images.

    Returns:
        uint8 (N, S, S, 3), a new array unless there is nothing to change. Areas left empty by rotation or
        shrinking are filled by reflecting the image.
    """
    if config.rotation or config.zoom:
        images = _warped(images, _matrices(images.shape, config, rng))
    elif config.flip:
        images = _flipped(images, rng)
    if config.brightness or config.contrast:
        images = _relit(images, config, rng)
    return images


def _flipped(images: Pixels, rng: np.random.Generator) -> Pixels:
    mirrored = rng.random(len(images)) < 0.5
    changed = images.copy()
    changed[mirrored] = images[mirrored, :, ::-1]
    return changed


def _matrices(shape: tuple[int, ...], config: AugmentConfig, rng: np.random.Generator) -> Array:
    """(N, 2, 3) affine maps from coordinates in the new image to coordinates in the old one."""
    count, height, width = shape[:3]
    angle = np.radians(rng.uniform(-config.rotation, config.rotation, count))
    scale = 1 / rng.uniform(1 - config.zoom, 1 + config.zoom, count)
    mirror = np.where(rng.random(count) < (0.5 if config.flip else 0.0), -1.0, 1.0)
    cos, sin = scale * np.cos(angle), scale * np.sin(angle)
    linear = np.stack([np.stack([cos * mirror, -sin], -1), np.stack([sin * mirror, cos], -1)], -2)
    centre = np.array([(width - 1) / 2, (height - 1) / 2])
    return np.concatenate([linear, (centre - linear @ centre)[..., None]], axis=-1)


def _warped(images: Pixels, matrices: Array) -> Pixels:
    height, width = images.shape[1:3]
    changed = np.empty_like(images)
    for image, matrix, result in zip(images, matrices, changed, strict=True):
        cv2.warpAffine(
            image,
            matrix,
            (width, height),
            dst=result,
            flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
            borderMode=cv2.BORDER_REFLECT_101,
        )
    return changed


def _relit(images: Pixels, config: AugmentConfig, rng: np.random.Generator) -> Pixels:
    """Scale the values about each channel's mean, then shift them; clip the result to 0-255."""
    count = len(images)
    factor = rng.uniform(1 - config.contrast, 1 + config.contrast, count).astype(np.float32)
    shift = rng.uniform(-config.brightness, config.brightness, count).astype(np.float32) * 255
    changed = np.empty_like(images)
    for image, f, s, result in zip(images, factor, shift, changed, strict=True):
        mean = np.asarray(cv2.mean(image)[:3], np.float32)
        table = np.rint(f * (_LEVELS - mean) + mean + s).clip(0, 255).astype(np.uint8)
        cv2.LUT(image, table[:, None, :], dst=result)
    return changed
