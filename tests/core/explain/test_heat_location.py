"""Average heatmaps, and heat on the border and on background, by hand."""

from __future__ import annotations

import numpy as np
import pytest

from core.explain import heat_location
from core.explain.heat_location import HeatOn


def test_average_is_the_mean_scaled_to_its_hottest_place():
    one, other = np.array([[1, 0], [0, 0]], np.float32), np.array([[1, 0], [0, 1]], np.float32)
    assert heat_location.average([one, other]).tolist() == [[1, 0], [0, 0.5]]


def test_average_leaves_out_maps_without_heat():
    hot = np.eye(3, dtype=np.float32)
    np.testing.assert_array_equal(heat_location.average([hot, np.zeros((3, 3), np.float32)]), hot)
    assert not heat_location.average([np.zeros((3, 3), np.float32)]).any()


@pytest.mark.parametrize("side", [4, 8, 28, 126])
def test_even_heat_lies_on_the_border_by_its_area(side):
    assert heat_location.border_share(np.ones((side, side), np.float32)) == pytest.approx(1 - 0.75**2)


def test_border_share_is_0_in_the_middle_and_1_in_a_corner():
    middle, corner = np.zeros((8, 8), np.float32), np.zeros((8, 8), np.float32)
    middle[3:5, 3:5] = corner[0, 0] = 1
    assert heat_location.border_share(middle) == pytest.approx(0)
    assert heat_location.border_share(corner) == pytest.approx(1)
    assert heat_location.border_share(np.zeros((8, 8), np.float32)) is None
    assert heat_location.on_the_border([middle, corner, np.zeros((8, 8), np.float32)]) == (1, 2)


def test_heat_on_background_is_shared_out_by_area():
    background = np.ones((14, 14), bool)
    background[:7, :7] = False
    even = heat_location.heat_on(np.ones((3, 5), np.float32), background)
    assert even is not None and even == pytest.approx((0.75, 0.75)) and not even.is_most
    corner = np.zeros((2, 2), np.float32)
    corner[0, 0] = 1
    assert heat_location.heat_on(corner, background) == pytest.approx((0, 0.75))
    on_it = heat_location.heat_on(1 - corner, background)
    assert on_it == pytest.approx((1, 0.75)) and on_it.is_most
    assert heat_location.heat_on(np.zeros((2, 2), np.float32), background) is None


def test_half_on_it_is_most_heat_only_where_background_is_small():
    assert HeatOn(0.6, 0.5).is_most
    assert not HeatOn(0.6, 0.7).is_most
    assert not HeatOn(0.4, 0.2).is_most


def test_five_maps_are_needed_and_more_of_them_on_background_than_luck_explains():
    on_it, beside_it = HeatOn(0.9, 0.6), HeatOn(0.3, 0.6)
    assert not heat_location.is_on_background([on_it] * 4)
    assert heat_location.is_on_background([on_it] * 5)
    assert heat_location.is_on_background([on_it] * 9 + [beside_it] * 2)
    assert not heat_location.is_on_background([on_it] * 8 + [beside_it] * 3)


def test_maps_whose_heat_lies_anywhere_are_seldom_taken_for_maps_of_background():
    rng = np.random.default_rng(0)
    classes = [[HeatOn(share, 0.8) for share in rng.uniform(0.7, 0.9, 12)] for _ in range(400)]
    assert np.mean([heat_location.is_on_background(found) for found in classes]) <= heat_location.LUCK
