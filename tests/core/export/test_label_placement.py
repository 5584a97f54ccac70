"""Words beside lines are moved apart as little as possible."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.export.label_placement import beside_ends, spread

VALUES = st.lists(st.floats(0, 1), max_size=8)


def test_positions_far_enough_apart_stay_where_they_are():
    assert spread([0.8, 0.2, 0.5], 0.1, 0, 1) == pytest.approx([0.8, 0.2, 0.5])
    assert spread([], 0.1, 0, 1) == []


def test_positions_too_close_are_moved_apart_around_their_middle():
    assert spread([0.5, 0.5], 0.1, 0, 1) == pytest.approx([0.45, 0.55])
    assert spread([0.52, 0.5, 0.9], 0.1, 0, 1) == pytest.approx([0.56, 0.46, 0.9])
    assert spread([0.4, 0.5, 0.6], 0.2, 0, 1) == pytest.approx([0.3, 0.5, 0.7])


def test_positions_at_an_end_are_moved_to_the_other_side():
    assert spread([0.0, 0.02], 0.1, 0, 1) == pytest.approx([0, 0.1])
    assert spread([1.0, 1.0, 0.95], 0.1, 0, 1) == pytest.approx([0.9, 1.0, 0.8])


def test_positions_without_room_for_all_are_spaced_evenly():
    assert spread([0.1, 0.1, 0.2], 5, 0, 1) == pytest.approx([0, 0.5, 1])


@given(VALUES, st.floats(0, 0.14))
def test_positions_keep_their_order_their_distance_and_their_range(wanted, gap):
    placed = spread(wanted, gap, 0, 1)
    order = sorted(range(len(wanted)), key=wanted.__getitem__)
    assert all(placed[two] - placed[one] >= gap - 1e-9 for one, two in pairwise(order))
    assert all(-1e-9 <= position <= 1 + 1e-9 for position in placed)


@given(VALUES, st.floats(0, 0.14))
def test_no_other_positions_are_nearer(wanted, gap):
    """Moving any one of them by itself breaks a rule or brings it further from its wish."""
    placed = spread(wanted, gap, 0, 1)
    for index, position in enumerate(placed):
        nearer = position + 1e-3 * (1 if wanted[index] > position else -1)
        others = placed[:index] + placed[index + 1 :]
        is_blocked = any(abs(nearer - other) < gap - 1e-9 for other in others) or not 0 <= nearer <= 1
        assert is_blocked or abs(wanted[index] - position) < 1e-3


def test_the_names_of_lines_stay_within_the_axis():
    assert beside_ends({"a": 0.0, "b": 2.0}, top=2.0) == pytest.approx({"a": 0.1, "b": 1.9})
    assert beside_ends({}, top=1.0) == {}
