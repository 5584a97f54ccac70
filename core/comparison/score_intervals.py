"""The metrics by which trained models are compared, each with its 95% interval."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.comparison import paired_tests
from core.comparison.pairing import Pair
from core.evaluation import metrics
from core.evaluation.metrics import Counts
from core.runs import Predictions

BOOTSTRAPS = 1_000
_MAX_CELLS = 2_000_000
"""Total cells of resampled confusion matrices held in memory at once."""


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


def compute(predictions: Predictions, class_names: Sequence[str]) -> Scores:
    """Compute all metrics of one model.

    The interval of accuracy is Wilson's (1927); those of balanced accuracy and mean F1 are a bootstrap over
    the images, stratified by true class; that of the loss is normal, as a mean over many images is.
    """
    accuracy = metrics.accuracy(predictions)
    classes = len(class_names)
    matrix = metrics.confusion_matrix(predictions.labels, metrics.predicted(predictions), classes)
    balanced_accuracy, mean_f1 = _bootstrapped(matrix, _mean_recall, _mean_f1)
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


def _bootstrapped(matrix: Counts, *scores: Callable[[Counts], NDArray[np.float64]]) -> list[Interval]:
    """Return each score of a matrix (C, C) with its interval, by resampling the images of each true class."""
    if not matrix.sum():
        return [Interval(None, None, None)] * len(scores)
    drawn = max(1, min(BOOTSTRAPS, _MAX_CELLS // max(matrix.size, 1)))
    rng = np.random.default_rng(0)
    support = matrix.sum(axis=1)
    rates = matrix / np.maximum(support, 1)[:, None]
    copies = np.stack([rng.multinomial(n, row, drawn) for n, row in zip(support, rates, strict=True) if n], 1)
    rows = np.zeros((drawn, len(matrix), len(matrix)), np.int64)
    rows[:, support > 0] = copies
    found = []
    for score in scores:
        low, high = np.quantile(score(rows), [0.025, 0.975])
        found.append(Interval(float(score(matrix[None])[0]), float(low), float(high)))
    return found


def _mean_recall(matrices: Counts) -> NDArray[np.float64]:
    """Return the mean recall of each of B matrices (B, C, C), over the classes with images."""
    found, support = np.diagonal(matrices, axis1=1, axis2=2), matrices.sum(axis=2)
    shares = np.where(support > 0, found / np.maximum(support, 1), np.nan)
    return np.asarray(np.nanmean(shares, axis=1), np.float64)


def _mean_f1(matrices: Counts) -> NDArray[np.float64]:
    """Return the mean F1 of each of B matrices (B, C, C), over the classes with images or predictions."""
    found = np.diagonal(matrices, axis1=1, axis2=2)
    both = matrices.sum(axis=1) + matrices.sum(axis=2)
    with np.errstate(invalid="ignore"):
        return np.asarray(np.nanmean(np.where(both > 0, 2 * found / both, np.nan), axis=1), np.float64)


def _loss(predictions: Predictions) -> Interval:
    of_truth = predictions.probabilities[np.arange(len(predictions.labels)), predictions.labels]
    losses = -np.log(np.maximum(of_truth.astype(np.float64), 1e-7))
    if len(losses) < 2:
        return Interval(float(losses.mean()) if len(losses) else None, None, None)
    mean, half = float(losses.mean()), float(1.96 * losses.std(ddof=1) / np.sqrt(len(losses)))
    return Interval(mean, max(mean - half, 0.0), mean + half)
