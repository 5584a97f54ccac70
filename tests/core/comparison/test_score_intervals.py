"""Figures with intervals, differences by class, disagreements, and seeds that make settings comparable."""

from __future__ import annotations

import numpy as np
import pytest

from core.comparison import disagreement, pairing, score_intervals
from core.comparison.pairing import Result
from core.errors import LabError
from core.runs import Predictions
from core.sweeps import repeats


def test_differences_by_class_are_corrected_and_in_order():
    rng = np.random.default_rng(0)
    names = ("daisy", "roses")
    labels = np.repeat(names, 200)
    first = rng.random(400) < 0.5
    second = np.where(labels == "roses", rng.random(400) < 0.9, first)
    ids = np.array([f"{number:016x}" for number in range(400)])
    results = [[Result(ids, labels, right, names)] for right in (first, second)]
    pair = pairing.pair(("A", "B"), *results)
    assert pair.ids.tolist() == ids.tolist()
    better, same = score_intervals.by_class(pair, labels)
    assert (better.class_name, better.is_real, same.is_real) == ("roses", True, False)
    assert better.difference == pytest.approx(better.second - better.first)
    assert better.low < better.difference < better.high


def test_scores_come_with_intervals_that_hold_the_value():
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 3, 200)
    probabilities = rng.dirichlet([1, 1, 1], 200).astype(np.float32)
    predictions = Predictions(np.arange(200).astype(str), labels, probabilities)
    found = score_intervals.compute(predictions, ("a", "b", "c"))
    for interval in (found.accuracy, found.balanced_accuracy, found.mean_f1, found.loss):
        assert None not in (interval.value, interval.low, interval.high)
        assert interval.low < interval.value < interval.high
    right = probabilities.argmax(axis=1) == labels
    recalls = [right[labels == index].mean() for index in range(3)]
    assert found.balanced_accuracy.value == pytest.approx(np.mean(recalls))
    expected = -np.log(probabilities[np.arange(200), labels]).mean()
    assert found.loss.value == pytest.approx(expected, rel=1e-5)
    empty = Predictions(np.zeros(0, str), np.zeros(0, np.int64), np.zeros((0, 3), np.float32))
    assert score_intervals.compute(empty, ("a", "b", "c")).mean_f1.value is None
    only_a = Predictions(predictions.ids, labels * 0, probabilities)
    recall = score_intervals.compute(only_a, ("a", "b", "c")).balanced_accuracy
    assert recall.value == pytest.approx((probabilities.argmax(axis=1) == 0).mean())


def answered(labels, predicted, classes, groups=None):
    ids = np.array([f"{number:016x}" for number in range(len(labels))])
    probabilities = (0.9 * np.eye(classes)[predicted] + 0.1 / classes).astype(np.float32)
    return Predictions(ids, labels, probabilities, groups)


def test_intervals_of_many_classes_come_from_enough_draws():
    """A few draws of 1,000 classes would give an interval of next to no width."""
    rng = np.random.default_rng(0)
    widths = []
    for classes in (10, 1_000):
        labels = np.repeat(np.arange(classes), 4_000 // classes)
        predicted = np.where(rng.random(4_000) < 0.7, labels, rng.integers(0, classes, 4_000))
        found = score_intervals.compute(answered(labels, predicted, classes), list(map(str, range(classes))))
        recall, f1 = found.balanced_accuracy, found.mean_f1
        assert recall.low < recall.value < recall.high
        widths.append((recall.high - recall.low, f1.high - f1.low))
    assert widths[1] == pytest.approx(widths[0], rel=0.3)


def test_every_interval_is_wider_where_images_of_one_patient_share_their_answer():
    rng = np.random.default_rng(0)
    groups = np.repeat(np.arange(12), 20)
    labels = rng.integers(0, 2, 240)
    predicted = np.where(np.repeat(rng.random(12) < 0.7, 20), labels, 1 - labels)
    plain, grouped = (
        score_intervals.compute(answered(labels, predicted, 2, belongs), ("a", "b"))
        for belongs in (None, groups)
    )
    for name in ("accuracy", "balanced_accuracy", "mean_f1", "loss"):
        one, other = getattr(plain, name), getattr(grouped, name)
        assert other.value == one.value
        assert other.high - other.low > 2 * (one.high - one.low), name
    only = score_intervals.compute(answered(labels, predicted, 2, groups * 0), ("a", "b"))
    assert (only.balanced_accuracy.low, only.balanced_accuracy.high) == (0, 1)


def test_sides_get_the_same_seeds_with_the_least_work():
    for sides_, times in (([[0], [4]], 3), ([[0, 1, 2], [0]], 2), ([[5]], 4)):
        missing = repeats.missing_seeds(sides_, times)
        before = set.intersection(*map(set, sides_))
        after = set.intersection(*(set(side) | set(more) for side, more in zip(sides_, missing, strict=True)))
        assert len(after) == len(before) + times
        assert all(not set(side) & set(more) for side, more in zip(sides_, missing, strict=True))
    assert repeats.missing_seeds([[0, 1, 2], [0]], 2) == [[], [1, 2]]


def test_images_are_sorted_by_who_is_right_about_them():
    labels = np.array([0, 0, 0, 0, 0])
    predicted, said_second = np.array([0, 1, 1, 1, 0]), np.array([1, 0, 2, 1, 0])
    ids = np.array([f"{number:016x}" for number in range(5)])

    def answered(classes, rows=slice(None)):
        chances = (0.5 * np.eye(3)[classes] + 0.5 / 3).astype(np.float32)
        return Predictions(ids[rows], labels[rows], chances[rows])

    found = disagreement.compare(answered(predicted), answered(said_second, slice(None, None, -1)))
    by_id = dict(zip(found.ids.tolist(), found.kinds.tolist(), strict=True))
    assert [by_id[name] for name in ids.tolist()] == list(disagreement.KINDS)
    assert set(found.kinds[:2]) == {"only first", "only second"}
    assert disagreement.compare(answered(predicted), answered(said_second, slice(2, 4))).ids.tolist() == [
        *ids[2:4]
    ]
    two = Predictions(ids, labels, np.full((5, 2), 0.5, np.float32))
    with pytest.raises(LabError, match="different classes"):
        disagreement.compare(two, answered(predicted))
