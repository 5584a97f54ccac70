"""The metrics by which trained models are compared, each with its 95% interval."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from core.comparison import paired_tests
from core.comparison.pairing import Pair
from core.evaluation import metrics
from core.evaluation.grouped_images import Z
from core.evaluation.metrics import Counts
from core.runs import Predictions

BOOTSTRAPS, MIN_BOOTSTRAPS = 1_000, 200
_MAX_COUNTS = 2_000_000
"""Resampled counts held in memory at once: a few per class and draw."""


@dataclass(frozen=True)
class Interval:
    """A metric with its 95% interval; None where undefined."""

    value: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True)
class Scores:
    """One model on one split.

    Accuracy, balanced accuracy (the mean recall of the classes that have images) and mean F1 are in [0, 1];
    the mean loss is in nats per image.
    """

    accuracy: Interval
    balanced_accuracy: Interval
    mean_f1: Interval
    loss: Interval
    correct: int
    images: int


@dataclass(frozen=True)
class ClassDifference:
    """The difference in recall of one class, second side minus first, in [-1, 1].

    first, second: each side's recall on the ``images`` of the class; low, high: 95% interval of the
    difference; is_real: whether it is significant, corrected for the number of classes.
    """

    class_name: str
    images: int
    first: float
    second: float
    difference: float
    low: float
    high: float
    is_real: bool


@dataclass(frozen=True, eq=False)
class _Tally:
    """How many images of each of C classes were found, predicted and there, in each of B draws: (B, C)."""

    found: Counts
    predicted: Counts
    support: Counts


Score = Callable[[_Tally], NDArray[np.float64]]
"""Returns one number per draw (B,)."""


def compute(predictions: Predictions, class_names: Sequence[str]) -> Scores:
    """Compute all metrics of one model.

    The interval of accuracy is Wilson's (1927); those of balanced accuracy and mean F1 are a bootstrap over
    the images, stratified by true class; that of the loss is normal, as a mean over many images is. All are
    wider where images come from groups, such as patients.
    """
    accuracy = metrics.accuracy(predictions)
    balanced_accuracy, mean_f1 = _bootstrapped(predictions, len(class_names), _mean_recall, _mean_f1)
    return Scores(
        Interval(accuracy.value, accuracy.low, accuracy.high),
        balanced_accuracy,
        mean_f1,
        _loss(predictions),
        accuracy.correct,
        accuracy.total,
    )


def by_class(pair: Pair, labels: NDArray[np.str_]) -> list[ClassDifference]:
    """Return the difference in recall of each class, in descending order.

    Args:
        pair: two comparable sides, on the N images they share.
        labels: (N,) the true class name of each image.
    """
    found = []
    for class_name in np.unique(labels):
        of_class = labels == class_name
        first, second = pair.first[:, of_class], pair.second[:, of_class]
        groups = None if pair.groups is None else pair.groups[of_class]
        if len(first) == 1:
            measured = paired_tests.models(first[0], second[0], groups)
        elif first.shape[1] > 1:
            measured = paired_tests.settings(first, second, groups)
        else:
            continue
        shares = float(first.mean()), float(second.mean())
        found.append((str(class_name), int(of_class.sum()), *shares, measured))
    corrected = paired_tests.holm([measured.p for *_, measured in found])
    differences = [
        ClassDifference(
            name, number, first, second, m.difference, m.low, m.high,
            p <= paired_tests.ALPHA and not m.low <= 0 <= m.high,
        )
        for (name, number, first, second, m), p in zip(found, corrected, strict=True)
    ]  # fmt: skip
    return sorted(differences, key=lambda one: -one.difference)


def _bootstrapped(predictions: Predictions, classes: int, *scores: Score) -> list[Interval]:
    """Return each score with its interval, by resampling images and, where they belong together, groups."""
    labels, predicted, groups = predictions.labels, metrics.predicted(predictions), predictions.groups
    if not len(labels):
        return [Interval(None, None, None)] * len(scores)
    matrix = metrics.confusion_matrix(labels, predicted, classes)
    measured = _Tally(np.diag(matrix)[None], matrix.sum(axis=0)[None], matrix.sum(axis=1)[None])
    independent = _resampled_images(matrix)
    if groups is None:
        return [_interval(score, measured, independent) for score in scores]
    together = np.unique(groups, return_inverse=True)[1]
    if not together.any():  # one group says nothing of others
        return [replace(_interval(score, measured, independent), low=0.0, high=1.0) for score in scores]
    resampled, widening = _resampled_groups(labels, predicted, together, classes), _widening(together)
    return [
        _wider(_interval(score, measured, independent), _interval(score, measured, resampled, widening))
        for score in scores
    ]


def _interval(score: Score, measured: _Tally, resampled: _Tally, widening: float = 1.0) -> Interval:
    value = float(score(measured)[0])
    ends = np.nanquantile(score(resampled), [0.025, 0.975])
    low, high = np.clip(value + widening * (ends - value), 0, 1)
    return Interval(value, float(low), float(high))


def _wider(one: Interval, other: Interval) -> Interval:
    """Groups make an interval wider, never narrower; where they seem to, that is luck."""
    assert one.low is not None and one.high is not None and other.low is not None and other.high is not None
    return Interval(one.value, min(one.low, other.low), max(one.high, other.high))


def _draws(classes: int) -> int:
    return max(MIN_BOOTSTRAPS, min(BOOTSTRAPS, _MAX_COUNTS // classes))


def _resampled_images(matrix: Counts) -> _Tally:
    """Draw as many images of each true class as there are, from its row of the matrix (C, C)."""
    rng, support, drawn = np.random.default_rng(0), matrix.sum(axis=1), _draws(len(matrix))
    found, predicted = (np.zeros((drawn, len(matrix)), np.int64) for _ in range(2))
    for index in np.flatnonzero(support):
        columns = np.flatnonzero(matrix[index])
        cells = rng.multinomial(support[index], matrix[index, columns] / support[index], drawn)
        predicted[:, columns] += cells
        found[:, index] = cells[:, columns == index].sum(axis=1)
    return _Tally(found, predicted, np.broadcast_to(support, found.shape))


def _resampled_groups(labels: Counts, predicted: Counts, together: Counts, classes: int) -> _Tally:
    """Draw as many groups as there are, each with all of its images."""
    number = int(together.max()) + 1

    def of_groups(chosen: NDArray[np.bool_], of_class: Counts) -> NDArray[np.float64]:
        cells = np.bincount((together * classes + of_class)[chosen], minlength=number * classes)
        return cells.reshape(number, classes).astype(np.float64)

    drawn = np.random.default_rng(0).multinomial(number, np.full(number, 1 / number), _draws(classes))
    everything = np.ones(len(labels), np.bool_)
    chosen = ((predicted == labels, labels), (everything, predicted), (everything, labels))
    return _Tally(*((drawn @ of_groups(*one)).astype(np.int64) for one in chosen))


def _widening(together: Counts) -> float:
    """By how much an interval is too narrow that was estimated from few groups."""
    from scipy.stats import t

    number = int(together.max()) + 1
    return float(t.ppf(0.975, number - 1) / Z * np.sqrt(number / (number - 1)))


def _mean_recall(tally: _Tally) -> NDArray[np.float64]:
    """Return the mean recall (B,) over the classes with images."""
    shares = np.where(tally.support > 0, tally.found / np.maximum(tally.support, 1), np.nan)
    return np.asarray(np.nanmean(shares, axis=1), np.float64)


def _mean_f1(tally: _Tally) -> NDArray[np.float64]:
    """Return the mean F1 (B,) over the classes with images or predictions."""
    both = tally.predicted + tally.support
    shares = np.where(both > 0, 2 * tally.found / np.maximum(both, 1), np.nan)
    return np.asarray(np.nanmean(shares, axis=1), np.float64)


def _loss(predictions: Predictions) -> Interval:
    of_truth = predictions.probabilities[np.arange(len(predictions.labels)), predictions.labels]
    losses = -np.log(np.maximum(of_truth.astype(np.float64), 1e-7))
    if len(losses) < 2:
        return Interval(float(losses.mean()) if len(losses) else None, None, None)
    mean, half = float(losses.mean()), float(Z * losses.std(ddof=1) / np.sqrt(len(losses)))
    if predictions.groups is not None:
        half = max(half, paired_tests.half_width(losses, predictions.groups))
    return Interval(mean, max(mean - half, 0.0), mean + half)
