"""Neighbours, counted: of each image, of each class, and those that a map keeps."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.neighbors import NearestNeighbors

from core.image_map import neighbours
from core.image_map.class_neighbours import Neighbourhoods


def test_the_nearest_are_those_of_scikit_learn():
    points = np.random.default_rng(0).normal(size=(1300, 6)).astype(np.float32)
    found = neighbours.nearest(points, np.arange(1300))
    expected = NearestNeighbors(n_neighbors=11).fit(points).kneighbors(points, return_distance=False)[:, 1:]
    assert (found == expected).mean() > 0.999  # ties and rounding


def test_copies_are_no_neighbours_and_missing_ones_are_marked():
    points = np.array([[0.0], [0.0], [1.0], [5.0]], np.float32)
    found = neighbours.nearest(points, np.array([7, 7, 1, 2]), count=3)
    assert found.tolist() == [[2, 3, -1], [2, 3, -1], [0, 1, 3], [2, 0, 1]] or found.tolist()[3][0] == 2
    assert neighbours.nearest(points[:1], np.zeros(1, int)).tolist() == [[-1] * 10]
    assert neighbours.nearest(points[:0], np.zeros(0, int)).shape == (0, 10)


def test_the_share_kept_is_that_of_common_neighbours():
    in_features = np.array([[1, 2], [0, 2], [0, -1]])
    on_map = np.array([[2, 3], [3, 4], [0, 1]])
    assert neighbours.kept(in_features, on_map).tolist() == [0.5, 0.0, 1.0]


def test_the_neighbours_of_each_class_by_hand():
    around = np.array([[1, 2], [0, 2], [0, 3], [2, -1]])
    labels = np.array([0, 0, 1, 1])
    everything = np.ones(4, bool)
    found = Neighbourhoods(("daisy", "tulips"), around, labels, everything, np.arange(4))
    daisy, tulips = found.by_class()
    assert (daisy.same.correct, daisy.same.total, daisy.other) == (2, 4, "tulips")
    assert (tulips.same.correct, tulips.same.total) == (2, 3)
    assert tulips.other == "daisy" and tulips.other_share == pytest.approx(1 / 3)
    assert daisy.chance == pytest.approx(1 / 3) and daisy.images == 2
    assert found.same_class().value == pytest.approx(4 / 7)
    assert daisy.same.low < 0.5 < daisy.same.high


def test_the_interval_allows_for_neighbours_of_one_image_being_no_independent_cases():
    """Half the images have only neighbours of their class, half none: 40 images say no more than 40 flags."""
    labels = np.repeat([0, 1], 20)
    around = np.where(np.arange(40)[:, None] < 20, np.arange(10), np.arange(10))
    found = Neighbourhoods(("a", "b"), around, labels, np.ones(40, bool), np.arange(40)).same_class()
    assert found.value == 0.5 and found.high - found.low > 0.25


def test_a_class_without_images_is_left_out_and_one_class_alone_has_no_company():
    around = np.array([[1], [0], [-1]])
    found = Neighbourhoods(("a", "b"), around, np.array([0, 0, -1]), np.array([1, 1, 0], bool), np.arange(3))
    (only,) = found.by_class()
    assert (only.class_name, only.same.value, only.other, only.chance) == ("a", 1.0, "", 1.0)
