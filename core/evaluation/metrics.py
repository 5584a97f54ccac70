"""Metrics of a run, computed from its predictions: accuracy, confusion matrix, scores per class.

Every proportion comes with the 95% interval of Wilson (1927), which also holds for few images and near
0 and 1, where the textbook's p ± 1.96 SE does not. That of an accuracy is wider where images belong together,
such as those of one patient (core/evaluation/grouped_images.py). Undefined values are None, never NaN, since
they are written to report.json.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from core.evaluation import grouped_images
from core.report import Baseline, ClassScores, Proportion, Report, Training
from core.runs import Predictions

Counts = NDArray[np.int64]

UNEVEN = 3.0
"""Times as many images in the largest class as in the smallest."""


def proportion(correct: int | np.integer, total: int | np.integer) -> Proportion:
    """Return a proportion with its 95% Wilson interval."""
    from scipy.stats import binomtest

    correct, total = int(correct), int(total)
    if total == 0:
        return Proportion(value=None, low=None, high=None, correct=0, total=0)
    low, high = binomtest(correct, total).proportion_ci(method="wilson")
    return Proportion(value=correct / total, low=float(low), high=float(high), correct=correct, total=total)


def share(flags: NDArray[np.bool_], groups: NDArray[np.int64] | None = None) -> Proportion:
    """Return the share of images (N,) that are flagged; its interval allows for their groups (N,)."""
    if groups is None or not len(flags):
        return proportion(np.count_nonzero(flags), len(flags))
    return grouped_images.proportion(flags, groups)


def predicted(predictions: Predictions) -> NDArray[np.int64]:
    """Return the predicted class index (N,) of every image; ties go to the first class."""
    return np.asarray(predictions.probabilities.argmax(axis=1), np.int64)


def confidence(predictions: Predictions) -> NDArray[np.float64]:
    """Return the probability (N,) of the predicted class."""
    return np.asarray(predictions.probabilities.max(axis=1), np.float64)


def accuracy(predictions: Predictions) -> Proportion:
    """Return the share of images classified correctly, see :func:`share`."""
    return share(predicted(predictions) == predictions.labels, predictions.groups)


def top_k_accuracy(predictions: Predictions, k: int) -> Proportion:
    """Return the share of images whose true class is among the k most probable, see :func:`share`."""
    return share(ranks(predictions) < k, predictions.groups)


def ranks(predictions: Predictions) -> NDArray[np.int64]:
    """Return how many classes (N,) rank above the true one by probability; ties go to the first class.

    Counted rather than sorted: sorting 10,000 x 100 probabilities would take a tenth of a second.
    """
    labels = predictions.labels[:, None]
    of_truth = np.take_along_axis(predictions.probabilities, labels, axis=1)
    is_earlier = np.arange(predictions.probabilities.shape[1]) < labels
    is_ahead = (predictions.probabilities > of_truth) | (is_earlier & (predictions.probabilities == of_truth))
    return np.asarray(np.count_nonzero(is_ahead, axis=1), np.int64)


def confusion_matrix(labels: Counts, predicted: Counts, num_classes: int) -> Counts:
    """Count the images by true class (row) and predicted class (column): (C, C)."""
    cells = np.bincount(labels * num_classes + predicted, minlength=num_classes**2)
    return cells.reshape(num_classes, num_classes)


def per_class(matrix: Counts, class_names: Sequence[str]) -> list[ClassScores]:
    """Return precision, recall, F1 and support of every class, from the (C, C) confusion matrix."""
    return [_scores_of_one(np.asarray(matrix), index, name) for index, name in enumerate(class_names)]


def _scores_of_one(matrix: Counts, index: int, name: str) -> ClassScores:
    correct, predicted, support = matrix[index, index], matrix[:, index].sum(), matrix[index].sum()
    precision, recall = proportion(correct, predicted), proportion(correct, support)
    return ClassScores(
        class_name=name,
        precision=precision.value,
        precision_low=precision.low,
        precision_high=precision.high,
        recall=recall.value,
        recall_low=recall.low,
        recall_high=recall.high,
        f1=float(2 * correct / (predicted + support)) if predicted + support else None,
        support=int(support),
    )


def per_class_of(predictions: Predictions, class_names: Sequence[str]) -> list[ClassScores]:
    """Return the scores of :func:`per_class` from predictions."""
    matrix = confusion_matrix(predictions.labels, predicted(predictions), len(class_names))
    return per_class(matrix, class_names)


def mean_recall(scores: Sequence[ClassScores]) -> float | None:
    """Return the balanced accuracy: the unweighted mean of recall over the classes that have images."""
    known = [score.recall for score in scores if score.recall is not None]
    return float(np.mean(known)) if known else None


def mean_f1(scores: Sequence[ClassScores]) -> float | None:
    """Return the macro F1: the unweighted mean over the classes for which F1 is defined."""
    defined = [score.f1 for score in scores if score.f1 is not None]
    return float(np.mean(defined)) if defined else None


def imbalance(counts: Mapping[str, int]) -> float:
    """How many times as many images the largest class has as the smallest that has any; 1 of none."""
    present = [images for images in counts.values() if images]
    return max(present) / min(present) if present else 1.0


def baseline(train_counts: Mapping[str, int], labels: Counts, class_names: Sequence[str]) -> Baseline:
    """Return the accuracy on these labels of always guessing the most common training class."""
    largest = max(class_names, key=lambda name: train_counts.get(name, 0))
    guessed = np.count_nonzero(labels == list(class_names).index(largest))
    return Baseline(**dict(proportion(guessed, len(labels))), class_name=largest)


def are_uneven(counts: Mapping[str, int]) -> bool:
    """Whether accuracy alone says little: the largest class has :data:`UNEVEN` times the smallest."""
    return imbalance(counts) >= UNEVEN


def share_of_largest(counts: Mapping[str, int]) -> float:
    """The accuracy of always guessing the largest class of a split, from its images by class; 0 of none."""
    return max(counts.values(), default=0) / max(sum(counts.values()), 1)


def report(
    class_names: Sequence[str],
    validation: Predictions,
    test: Predictions,
    *,
    counts: Mapping[str, Mapping[str, int]],
    training: Training,
) -> Report:
    """Return the full content of report.json.

    Args:
        class_names: C names; labels and probability columns are in this order.
        validation: the final model's predictions on the images used to choose the best epoch.
        test: its predictions on the test images; every metric except val_accuracy is computed from these.
        counts: images per split and class name; ``counts["train"]`` determines the baseline's class.
        training: the facts that only the training process knows, copied unchanged.
    """
    matrix = confusion_matrix(test.labels, predicted(test), len(class_names))
    scores = per_class(matrix, class_names)
    return Report(
        **dict(training),
        class_names=tuple(class_names),
        test_accuracy=accuracy(test),
        val_accuracy=accuracy(validation),
        baseline_accuracy=baseline(counts["train"], test.labels, class_names),
        mean_f1=mean_f1(scores),
        per_class=tuple(scores),
        confusion_matrix=tuple(map(tuple, matrix.tolist())),
        counts={split: dict(of_split) for split, of_split in counts.items()},
    )
