"""Positions on a map: similar images side by side, for any number of images and with identical ones."""

from __future__ import annotations

import numpy as np
import pytest

from core.errors import Stopped
from core.image_map import embedding, making, neighbours


def clusters(each: int = 40, kinds: int = 4, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Features of images of several kinds that differ clearly, and the kind of each."""
    rng = np.random.default_rng(seed)
    kind = np.repeat(np.arange(kinds), each)
    centres = rng.normal(size=(kinds, 30))
    return (centres[kind] + 0.25 * rng.normal(size=(len(kind), 30))).astype(np.float32), kind


def test_images_of_one_kind_lie_together_and_the_map_is_the_same_each_time():
    vectors, kind = clusters()
    positions = embedding.place(vectors)
    beside = neighbours.nearest(positions, np.arange(len(kind)), 5)
    assert (kind[beside] == kind[:, None]).mean() > 0.99
    assert positions.shape == (160, 2) and np.abs(positions).max() == pytest.approx(1, abs=1e-6)
    assert np.array_equal(positions, embedding.place(vectors))


def test_the_trustworthiness_tells_a_map_from_one_at_random():
    vectors, _ = clusters()
    positions = embedding.place(vectors)
    shuffled = np.random.default_rng(0).permutation(positions)
    assert making.trustworthiness(vectors, positions) > 0.9
    assert making.trustworthiness(vectors, shuffled) < 0.7


@pytest.mark.parametrize("count", [0, 1, 2, 3, 11, 13])
def test_a_few_images_have_places_of_their_own(count):
    vectors = np.random.default_rng(1).normal(size=(count, 8)).astype(np.float32)
    positions = embedding.place(vectors)
    assert positions.shape == (count, 2) and np.isfinite(positions).all()
    assert len(np.unique(positions, axis=0)) == count


@pytest.mark.parametrize("vectors", [np.ones((30, 5)), np.zeros((30, 5)), np.ones((30, 1))])
def test_identical_images_lie_beside_each_other_instead_of_on_top(vectors):
    positions = embedding.place(vectors.astype(np.float32))
    assert len(np.unique(positions.round(4), axis=0)) == 30
    assert np.abs(positions).max() < 0.1


def test_copies_among_different_images_stay_together():
    vectors, _ = clusters(each=10)
    positions = embedding.place(np.concatenate([vectors, vectors[:1]]))
    assert 0 < np.linalg.norm(positions[0] - positions[-1]) < 0.05


def test_progress_is_reported_and_a_stop_ends_the_work_while_images_are_placed(capsys):
    vectors, _ = clusters(each=10)
    steps: list[int] = []
    embedding.place(vectors, progress=lambda step, done, total: steps.append(done))
    assert steps[0] == 0 and steps[-1] == embedding.ITERATIONS and 50 in steps and 450 in steps
    calls = iter([False, False, True])
    with pytest.raises(Stopped, match="placing images"):
        embedding.place(vectors, should_stop=lambda: next(calls))
    assert capsys.readouterr().out == ""
