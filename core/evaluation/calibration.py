"""How far a model's confidence can be trusted, and what can be done with it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.evaluation import metrics
from core.report import Proportion
from core.runs import Predictions

Floats = NDArray[np.float64]

LUCKY_DRAWS = 500
_MAX_DRAWN = 2_000_000
"""Random outcomes held in memory at once."""


@dataclass(frozen=True)
class Bin:
    """Images predicted with a confidence in (low, high]: their mean confidence and their accuracy.

    accuracy: on the ``accuracy.total`` images in the bin.
    """

    low: float
    high: float
    confidence: float
    accuracy: Proportion


@dataclass(frozen=True)
class Coverage:
    """Keeping only predictions with a confidence of at least ``threshold``; all fields are (K,), descending.

    share: share of all images whose prediction is kept; accuracy: accuracy on these images.
    """

    threshold: Floats
    share: Floats
    accuracy: Floats


@dataclass(frozen=True)
class Curve:
    """A precision-recall curve (x recall, y precision) or a ROC curve (x false, y true positive rate).

    area: average precision, or the area under the ROC curve.
    """

    x: Floats
    y: Floats
    area: float


def reliability(predictions: Predictions, bins: int = 10) -> list[Bin]:
    """Return bins of equal width over the confidence in [0, 1], without empty ones (Guo et al. 2017).

    Their intervals allow for groups of images, such as a patient's.
    """
    groups = predictions.groups
    confidence = metrics.confidence(predictions)
    correct = metrics.predicted(predictions) == predictions.labels
    edges = np.linspace(0, 1, bins + 1)
    bin_of_image = np.searchsorted(edges[1:-1], confidence)
    return [
        Bin(
            float(edges[index]),
            float(edges[index + 1]),
            float(confidence[members].mean()),
            metrics.share(correct[members], None if groups is None else groups[members]),
        )
        for index in range(bins)
        if (members := bin_of_image == index).any()
    ]


def calibration_error(predictions: Predictions, bins: int = 10) -> float | None:
    """Mean gap between confidence and accuracy over the bins, weighted by images: 0 is perfect."""
    filled = reliability(predictions, bins)
    gaps = [abs(b.accuracy.correct - b.accuracy.total * b.confidence) for b in filled]
    return sum(gaps) / len(predictions.labels) if filled else None


def calibration_error_by_luck(predictions: Predictions, bins: int = 10) -> float | None:
    """Return the 95th percentile of the calibration error of a perfectly calibrated model on these images.

    Such a model is correct exactly as often as its confidence implies, yet its measured error exceeds 0,
    the more so the fewer the images. The distribution is simulated (Vaicenavicius et al. 2019,
    arXiv:1902.06977).
    """
    confidence = metrics.confidence(predictions)
    if not len(confidence):
        return None
    is_in_bin = np.eye(bins)[np.searchsorted(np.linspace(0, 1, bins + 1)[1:-1], confidence)]
    draws = min(LUCKY_DRAWS, max(20, _MAX_DRAWN // len(confidence)))
    is_correct = np.random.default_rng(0).random((draws, len(confidence))) < confidence
    gaps = np.abs((is_correct - confidence) @ is_in_bin).sum(axis=1) / len(confidence)
    return float(np.quantile(gaps, 0.95))


def when_sure(predictions: Predictions, threshold: float) -> tuple[Proportion, Proportion]:
    """Keep only the predictions with a confidence of at least ``threshold``.

    Returns:
        The share of images whose prediction is kept, and the accuracy on these.
    """
    is_confident = metrics.confidence(predictions) >= threshold
    correct = metrics.predicted(predictions) == predictions.labels
    groups = predictions.groups
    return (
        metrics.share(is_confident, groups),
        metrics.share(correct[is_confident], None if groups is None else groups[is_confident]),
    )


def coverage(predictions: Predictions) -> Coverage:
    """Return the share of predictions kept and their accuracy at every distinct confidence, highest first."""
    confidence = metrics.confidence(predictions)
    descending = np.argsort(-confidence, kind="stable")
    correct = (metrics.predicted(predictions) == predictions.labels)[descending]
    kept = np.arange(1, len(confidence) + 1)
    is_last_of_ties = np.append(np.diff(confidence[descending]) != 0, True)[: len(confidence)]
    accuracy = np.cumsum(correct) / kept
    share = kept / max(len(confidence), 1)
    return Coverage(
        confidence[descending][is_last_of_ties], share[is_last_of_ties], accuracy[is_last_of_ties]
    )


def precision_recall(predictions: Predictions, class_index: int) -> Curve | None:
    """Return precision against recall of one class at all thresholds; None if it has no images."""
    from sklearn.metrics import average_precision_score, precision_recall_curve

    is_class = predictions.labels == class_index
    if not is_class.any():
        return None
    score = predictions.probabilities[:, class_index]
    precision, recall, _ = precision_recall_curve(is_class, score)
    return Curve(recall, precision, float(average_precision_score(is_class, score)))


def roc(predictions: Predictions, class_index: int) -> Curve | None:
    """Return the ROC curve of one class; None if all images belong to it, or none do."""
    from sklearn.metrics import roc_auc_score, roc_curve

    is_class = predictions.labels == class_index
    if is_class.all() or not is_class.any():
        return None
    score = predictions.probabilities[:, class_index]
    false_rate, true_rate, _ = roc_curve(is_class, score)
    return Curve(false_rate, true_rate, float(roc_auc_score(is_class, score)))
