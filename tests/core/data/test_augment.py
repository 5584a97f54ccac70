"""Each augmentation on its own, on images whose result can be computed by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from core.config import AugmentConfig
from core.data import augment

OFF = AugmentConfig(flip=False)


def gradient(size: int = 33) -> NDArray[np.uint8]:
    """Dark at the left and bright at the right, (1, S, S, 3)."""
    row = np.linspace(60, 180, size).round().astype(np.uint8)
    return np.broadcast_to(row[None, None, :, None], (1, size, size, 3)).copy()


def changed(images: NDArray[np.uint8], seed: int = 0, **settings: Any) -> NDArray[np.uint8]:
    return augment.batch(images, AugmentConfig(**{"flip": False, **settings}), np.random.default_rng(seed))


def test_default_settings_change_nothing() -> None:
    images = gradient()
    assert augment.batch(images, OFF, np.random.default_rng(0)) is images


def test_flip_mirrors_about_half_of_the_images_exactly() -> None:
    images = np.repeat(gradient(), 400, axis=0)
    result = changed(images, flip=True)
    mirrored = (result == images[:, :, ::-1]).all(axis=(1, 2, 3))
    same = (result == images).all(axis=(1, 2, 3))
    assert (mirrored ^ same).all()
    assert 0.4 < mirrored.mean() < 0.6


def test_flip_also_mirrors_during_a_tiny_rotation() -> None:
    images = np.repeat(gradient(), 400, axis=0)
    result = changed(images, flip=True, rotation=1e-6).astype(int)
    mirrored = np.abs(result - images[:, :, ::-1]).max(axis=(1, 2, 3)) <= 1
    same = np.abs(result - images).max(axis=(1, 2, 3)) <= 1
    assert (mirrored ^ same).all()
    assert 0.4 < mirrored.mean() < 0.6


def test_rotation_is_about_the_centre_and_within_its_limit() -> None:
    size = 65
    image = np.zeros((1, size, size, 3), np.uint8)
    image[0, size // 2, size // 2 + 20] = 255  # a point right of the centre
    image[0, size // 2 - 1 : size // 2 + 2, size // 2 + 19 : size // 2 + 22] = 255
    angles = []
    for seed in range(60):
        result = changed(image, seed, rotation=30.0)[0, :, :, 0].astype(float)
        y, x = np.indices(result.shape)
        dy = (result * y).sum() / result.sum() - size // 2
        dx = (result * x).sum() / result.sum() - size // 2
        assert np.hypot(dx, dy) == pytest.approx(20, abs=0.5)
        angles.append(np.degrees(np.arctan2(dy, dx)))
    assert max(np.abs(angles)) < 31
    assert min(angles) < -20
    assert max(angles) > 20


def test_zoom_scales_about_the_centre_within_its_limits() -> None:
    size = 65
    image = np.zeros((1, size, size, 3), np.uint8)
    image[0, 22:43, 22:43] = 255  # 21 pixels a side
    sides = [np.sqrt((changed(image, seed, zoom=0.3)[0, :, :, 0] > 127).sum()) for seed in range(60)]
    assert 0.68 < min(sides) / 21 < 0.85
    assert 1.15 < max(sides) / 21 < 1.32


def test_brightness_shifts_every_pixel_alike_within_its_limits() -> None:
    images = np.repeat(gradient(), 200, axis=0)
    shifts = changed(images, brightness=0.2).astype(int) - images
    assert (shifts.max(axis=(1, 2, 3)) - shifts.min(axis=(1, 2, 3)) <= 1).all()
    assert np.abs(shifts).max() <= 52
    assert shifts.min() < -40
    assert shifts.max() > 40


def test_contrast_scales_about_the_mean_and_keeps_it() -> None:
    images = np.repeat(gradient(), 200, axis=0)
    result = changed(images, contrast=0.5).astype(float)
    assert np.abs(result.mean(axis=(1, 2)) - images.mean(axis=(1, 2))).max() < 1
    spread = result.std(axis=(1, 2, 3)) / images.std(axis=(1, 2, 3))
    assert 0.49 < spread.min() < 0.6
    assert 1.4 < spread.max() < 1.51


def test_values_are_clipped_and_never_wrap_around() -> None:
    images = np.full((50, 8, 8, 3), 250, np.uint8)
    assert changed(images, brightness=0.5).min() >= 250 - 128


def test_the_same_generator_gives_the_same_images_and_keeps_the_originals() -> None:
    images = np.random.default_rng(3).integers(0, 256, (9, 40, 40, 3), dtype=np.uint8)
    before = images.copy()
    everything = {"flip": True, "rotation": 20.0, "zoom": 0.2, "brightness": 0.2, "contrast": 0.3}
    np.testing.assert_array_equal(changed(images, 5, **everything), changed(images, 5, **everything))
    assert (changed(images, 5, **everything) != changed(images, 6, **everything)).any()
    np.testing.assert_array_equal(images, before)


def test_read_only_images_can_be_changed() -> None:
    images = np.repeat(gradient(), 4, axis=0)
    images.flags.writeable = False
    everything = {"flip": True, "rotation": 20.0, "zoom": 0.2, "brightness": 0.2, "contrast": 0.3}
    assert changed(images, **everything).shape == images.shape
