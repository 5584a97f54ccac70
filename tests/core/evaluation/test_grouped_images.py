"""The interval of an accuracy holds where test images belong together."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from core.evaluation import calibration, grouped_images, metrics
from core.report import Proportion
from core.runs import Predictions

Flags = NDArray[np.bool_]


def covers(interval: Proportion, truth: float) -> bool:
    assert interval.low is not None
    assert interval.high is not None
    return interval.low <= truth <= interval.high


def drawn(rng: np.random.Generator, groups: int, each: int, alike: float, truth: float = 0.7) -> Flags:
    """Right and wrong answers; a group's images share one answer with the probability ``alike``."""
    shared = np.repeat(rng.random(groups) < truth, each)
    own = rng.random(groups * each) < truth
    return np.where(rng.random(groups * each) < alike, shared, own)


@pytest.mark.parametrize("alike", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("groups", [8, 30])
def test_19_of_20_intervals_hold_the_truth_however_alike_a_groups_images_are(
    groups: int, alike: float
) -> None:
    rng = np.random.default_rng(0)
    belongs = np.repeat(np.arange(groups), 12)
    intervals = [grouped_images.proportion(drawn(rng, groups, 12, alike), belongs) for _ in range(1000)]
    assert np.mean([covers(one, 0.7) for one in intervals]) >= 0.93


def test_counting_the_images_of_groups_as_independent_would_hold_it_far_less_often() -> None:
    rng = np.random.default_rng(0)
    intervals = [metrics.proportion(drawn(rng, 30, 12, 1.0).sum(), 360) for _ in range(1000)]
    assert np.mean([covers(one, 0.7) for one in intervals]) < 0.6


def test_groups_of_one_image_leave_wilsons_interval_as_it_is() -> None:
    flags = np.arange(40) < 30
    grouped, plain = metrics.share(flags, np.arange(40)), metrics.proportion(30, 40)
    assert (grouped.correct, grouped.total, grouped.value) == (30, 40, 0.75)
    assert (grouped.low, grouped.high) == pytest.approx((plain.low, plain.high), abs=1e-6)


def test_the_effective_number_by_hand() -> None:
    """Two groups right, two wrong, of 3 images each: variance 4/3 * 4 * 1.5**2 / 144 = 1/12, 4 times 1/48."""
    flags, groups = np.repeat([True, True, False, False], 3), np.repeat(np.arange(4), 3)
    expected = 12 / 4 * (1.959964 / 3.182446) ** 2
    assert grouped_images.effective_number(flags, groups) == pytest.approx(expected, rel=1e-5)


def test_a_perfect_score_counts_each_group_as_one_image() -> None:
    perfect = grouped_images.proportion(np.ones(60, np.bool_), np.repeat(np.arange(12), 5))
    assert perfect.low == pytest.approx(metrics.proportion(12, 12).low, abs=1e-5)


def test_one_group_says_next_to_nothing() -> None:
    only = grouped_images.proportion(np.arange(50) < 40, np.zeros(50, np.int64))
    assert only.low is not None
    assert only.low < 0.2


def test_predictions_with_groups_get_the_wider_interval_and_no_images_none() -> None:
    labels = np.repeat([0, 1], 30)
    probabilities = np.eye(2, dtype=np.float32)[np.repeat([0, 0, 1, 1], 15)]
    probabilities[:20] = probabilities[:20, ::-1]
    ids = np.arange(60).astype(str)
    plain, grouped = (
        metrics.accuracy(Predictions(ids, labels, probabilities, groups))
        for groups in (None, np.arange(60) // 10)
    )
    assert plain.value == grouped.value
    assert None not in (plain.low, grouped.low)
    assert (grouped.high or 0) - (grouped.low or 0) > 1.5 * ((plain.high or 0) - (plain.low or 0))
    assert metrics.share(np.zeros(0, np.bool_), np.zeros(0, np.int64)).value is None
    (sure,) = calibration.reliability(Predictions(ids, labels, probabilities, np.arange(60) // 10))
    assert sure.accuracy == grouped
