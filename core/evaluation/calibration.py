"""How far a model's probabilities can be trusted, and what can be done with them."""

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
"""Random answers in memory at once."""


@dataclass(frozen=True)
class Bin:
    """Images answered with a confidence in (low, high]: how sure the model was, how often right.

    accuracy: of the ``accuracy.total`` images in the bin.
    """

    low: float
    high: float
    confidence: float
    accuracy: Proportion


@dataclass(frozen=True)
class Coverage:
    """Answering only from a confidence of ``threshold`` on, for K thresholds, falling; all fields are (K,).

    share: the part of all images that gets an answer; accuracy: the part of these answered rightly.
    """

    threshold: Floats
    share: Floats
    accuracy: Floats


@dataclass(frozen=True)
class Curve:
    """A precision-recall curve (x recall, y precision) or a ROC curve (x false, y true positive rate).

    area: average precision, or the area below the ROC curve.
    """

    x: Floats
    y: Floats
    area: float


def reliability(predictions: Predictions, bins: int = 10) -> list[Bin]:
    """Bins of equal width over the confidence in [0, 1], empty ones left out (Guo et al. 2017)."""
    sure = metrics.confidence(predictions)
    right = metrics.predicted(predictions) == predictions.labels
    edges = np.linspace(0, 1, bins + 1)
    place = np.searchsorted(edges[1:-1], sure)
    return [
        Bin(float(edges[index]), float(edges[index + 1]), float(sure[here].mean()), _share(right[here]))
        for index in range(bins)
        if (here := place == index).any()
    ]


def calibration_error(predictions: Predictions, bins: int = 10) -> float | None:
    """Mean gap between confidence and accuracy over the bins, weighted by images: 0 is perfect."""
    filled = reliability(predictions, bins)
    gaps = [abs(b.accuracy.correct - b.accuracy.total * b.confidence) for b in filled]
    return sum(gaps) / len(predictions.labels) if filled else None


def calibration_error_by_luck(predictions: Predictions, bins: int = 10) -> float | None:
    """The calibration error that a perfect model stays below 95 times in 100, on so many images.

    Perfect: right as often as it is sure. Its error is above 0 all the same, and the fewer images the more;
    here it is drawn at random (Vaicenavicius et al. 2019, arXiv:1902.06977).
    """
    sure = metrics.confidence(predictions)
    if not len(sure):
        return None
    is_in_bin = np.eye(bins)[np.searchsorted(np.linspace(0, 1, bins + 1)[1:-1], sure)]
    draws = min(LUCKY_DRAWS, max(20, _MAX_DRAWN // len(sure)))
    is_right = np.random.default_rng(0).random((draws, len(sure))) < sure
    gaps = np.abs((is_right - sure) @ is_in_bin).sum(axis=1) / len(sure)
    return float(np.quantile(gaps, 0.95))


def when_sure(predictions: Predictions, threshold: float) -> tuple[Proportion, Proportion]:
    """Answering only where the confidence is at least ``threshold``.

    Returns:
        the share of images answered, and the accuracy on these.
    """
    answered = metrics.confidence(predictions) >= threshold
    right = metrics.predicted(predictions) == predictions.labels
    return _share(answered), _share(right[answered])


def coverage(predictions: Predictions) -> Coverage:
    """Share answered against accuracy for every confidence that occurs, most confident first."""
    sure = metrics.confidence(predictions)
    falling = np.argsort(-sure, kind="stable")
    right = (metrics.predicted(predictions) == predictions.labels)[falling]
    answered = np.arange(1, len(sure) + 1)
    is_last_of_equals = np.append(np.diff(sure[falling]) != 0, True)[: len(sure)]
    accuracy = np.cumsum(right) / answered
    share = answered / max(len(sure), 1)
    return Coverage(sure[falling][is_last_of_equals], share[is_last_of_equals], accuracy[is_last_of_equals])


def precision_recall(predictions: Predictions, class_index: int) -> Curve | None:
    """Precision against recall of one class over all thresholds; None if no image is of this class."""
    from sklearn.metrics import average_precision_score, precision_recall_curve

    is_class = predictions.labels == class_index
    if not is_class.any():
        return None
    score = predictions.probabilities[:, class_index]
    precision, recall, _ = precision_recall_curve(is_class, score)
    return Curve(recall, precision, float(average_precision_score(is_class, score)))


def roc(predictions: Predictions, class_index: int) -> Curve | None:
    """True against false positive rate of one class; None if all images, or none, are of this class."""
    from sklearn.metrics import roc_auc_score, roc_curve

    is_class = predictions.labels == class_index
    if is_class.all() or not is_class.any():
        return None
    score = predictions.probabilities[:, class_index]
    false_rate, true_rate, _ = roc_curve(is_class, score)
    return Curve(false_rate, true_rate, float(roc_auc_score(is_class, score)))


def _share(flags: NDArray[np.bool_]) -> Proportion:
    return metrics.proportion(np.count_nonzero(flags), len(flags))
