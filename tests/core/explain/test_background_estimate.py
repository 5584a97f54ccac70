"""What looks like background: by hand on flat images, and against images whose object is known."""

from __future__ import annotations

from collections.abc import Iterable

import cv2
import numpy as np
import pytest
from scipy.spatial.distance import cdist

from core.data.sources.garden import KINDS, faults, scene
from core.explain import background_estimate
from core.explain.background_estimate import CELLS, Backdrop
from samples.made_images import coloured_objects

SIZE = 10 * CELLS


def flat(shape: np.ndarray) -> np.ndarray:
    """An image that is orange on ``shape`` (CELLS, CELLS) and blue elsewhere."""
    cells = np.where(shape[..., None], (230, 140, 30), (40, 60, 160)).astype(np.uint8)
    return cells.repeat(10, axis=0).repeat(10, axis=1)


def cells(rows: slice, columns: slice) -> np.ndarray:
    shape = np.zeros((CELLS, CELLS), bool)
    shape[rows, columns] = True
    return shape


@pytest.mark.parametrize(
    "shape",
    [
        cells(slice(4, 8), slice(5, 9)),
        cells(slice(0, 6), slice(4, 9)),
        cells(slice(None), slice(6, 8)),
        cells(slice(2, 5), slice(2, 5)) | cells(slice(8, 12), slice(8, 12)),
    ],
    ids=["in the middle", "cut off by the edge", "parts the background in two", "two things"],
)
def test_a_thing_in_another_colour_is_told_from_its_background(shape):
    estimate = background_estimate.estimate(flat(shape))
    np.testing.assert_array_equal(estimate.background, ~shape)
    assert estimate.is_clear


def test_background_probability_follows_the_papers_equations():
    shape = cells(slice(4, 8), slice(5, 9)).ravel()
    colours = np.where(shape[:, None], 90.0, 0.0)
    probability = background_estimate.background_probability(cdist(colours, colours))
    edge, region = 4 * (CELLS - 1), CELLS**2 - 16
    np.testing.assert_allclose(probability[~shape], 1 - np.exp(-(edge**2) / region / 2), rtol=1e-6)
    np.testing.assert_allclose(probability[shape], 0, atol=1e-6)


def test_an_image_of_one_colour_has_no_thing():
    estimate = background_estimate.estimate(np.full((SIZE, SIZE, 3), 90, np.uint8))
    assert estimate.background.all() and not estimate.is_clear


@pytest.mark.parametrize("draw", [faults.brick_wall, lambda rng: rng.integers(0, 256, (SIZE, SIZE, 3))])
def test_where_everything_looks_alike_the_estimate_is_not_clear(draw):
    images = [np.asarray(draw(np.random.default_rng(seed)), np.uint8) for seed in range(8)]
    assert not any(background_estimate.estimate(image).is_clear for image in images)


def recognised(estimates: Iterable[Backdrop], masks: Iterable[np.ndarray]) -> tuple[float, float]:
    """Mean part of the object that is called object, and of the rest that is called background."""
    right = []
    for estimate, mask in zip(estimates, masks, strict=True):
        size = mask.shape[::-1]
        called = cv2.resize(estimate.background.astype(np.uint8), size, interpolation=cv2.INTER_NEAREST) == 0
        right.append((called[mask].mean(), 1 - called[~mask].mean()))
    objects, backgrounds = np.mean(right, axis=0)
    return objects, backgrounds


def test_flowers_of_the_garden_are_told_from_what_is_behind_them():
    drawn = [
        scene.draw_with_heads(kind, np.random.default_rng([5, index])) for index, kind in enumerate(4 * KINDS)
    ]
    estimates = [
        background_estimate.estimate(cv2.resize(image, (SIZE, SIZE), interpolation=cv2.INTER_AREA))
        for image, _ in drawn
    ]
    assert min(recognised(estimates, [heads for _, heads in drawn])) > 0.8
    assert sum(estimate.is_clear for estimate in estimates) >= 12


def test_discs_on_noise_are_told_from_it_even_beside_others():
    images = coloured_objects(24, SIZE, seed=3)
    masks = np.zeros(images.images.shape[:3], np.uint8)
    for mask, (top, left, bottom, right) in zip(masks, images.boxes.tolist(), strict=True):
        cv2.circle(mask, ((left + right) // 2, (top + bottom) // 2), (bottom - top) // 2, 1, -1)
    assert min(recognised(map(background_estimate.estimate, images.images), masks == 1)) > 0.85
