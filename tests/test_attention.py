"""Average heatmaps and heat on the border, by hand."""

from __future__ import annotations

import numpy as np
import pytest

from core import attention


def test_average_is_the_mean_scaled_to_its_hottest_place():
    one, other = np.array([[1, 0], [0, 0]], np.float32), np.array([[1, 0], [0, 1]], np.float32)
    assert attention.average([one, other]).tolist() == [[1, 0], [0, 0.5]]


def test_average_leaves_out_maps_without_heat():
    hot = np.eye(3, dtype=np.float32)
    np.testing.assert_array_equal(attention.average([hot, np.zeros((3, 3), np.float32)]), hot)
    assert not attention.average([np.zeros((3, 3), np.float32)]).any()


@pytest.mark.parametrize("side", [4, 8, 28, 126])
def test_even_heat_lies_on_the_border_by_its_area(side):
    assert attention.border_share(np.ones((side, side), np.float32)) == pytest.approx(1 - 0.75**2)


def test_border_share_is_0_in_the_middle_and_1_in_a_corner():
    middle, corner = np.zeros((8, 8), np.float32), np.zeros((8, 8), np.float32)
    middle[3:5, 3:5] = corner[0, 0] = 1
    assert attention.border_share(middle) == pytest.approx(0)
    assert attention.border_share(corner) == pytest.approx(1)
    assert attention.border_share(np.zeros((8, 8), np.float32)) is None
    assert attention.on_the_border([middle, corner, np.zeros((8, 8), np.float32)]) == (1, 2)
