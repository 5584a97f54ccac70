"""Which classes a model confuses: its most confident mistakes, the most confused pairs, and class order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.evaluation import metrics
from core.evaluation.metrics import Counts
from core.runs import Predictions
from core.words import count, percent

MAX_OPTIMAL = 200
"""Classes whose order is the best one; more can be grouped but not be read one by one anyway."""


@dataclass(frozen=True)
class Mistake:
    """A misclassified image: its row in the predictions, and its true and predicted class indices.

    confidence: the probability, in [0, 1], of the wrongly predicted class.
    """

    row: int
    true: int
    predicted: int
    confidence: float


@dataclass(frozen=True)
class ConfusedPair:
    """``count`` of the ``support`` images of class ``true`` were classified as ``predicted``."""

    true: str
    predicted: str
    count: int
    support: int

    @property
    def sentence(self) -> str:
        """The pair as a sentence, with the class names verbatim."""
        verb = "was classified as" if self.count == 1 else "were classified as"
        share, images = percent(self.count / self.support, 0), count(self.support, "image")
        return f"{self.count:,} of {images} of {self.true} {verb} {self.predicted} ({share})."


def worst(predictions: Predictions, class_index: int | None = None, limit: int = 10) -> list[Mistake]:
    """Return the most confident mistakes, highest confidence first, for one true class or all classes."""
    predicted, confidence = metrics.predicted(predictions), metrics.confidence(predictions)
    wrong = predicted != predictions.labels
    if class_index is not None:
        wrong &= predictions.labels == class_index
    rows = np.flatnonzero(wrong)
    rows = rows[np.argsort(-confidence[rows], kind="stable")[:limit]]
    return [
        Mistake(int(r), int(predictions.labels[r]), int(predicted[r]), float(confidence[r])) for r in rows
    ]


def row_shares(matrix: Counts) -> NDArray[np.float64]:
    """Return each cell as a share of its row, the true class: (C, C) in [0, 1]; empty rows are 0."""
    counts = np.asarray(matrix, np.float64)
    shares: NDArray[np.float64] = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    return shares


def most_confused(matrix: Counts, class_names: Sequence[str], limit: int = 5) -> list[ConfusedPair]:
    """Return the (true, predicted) pairs with the most mistakes; ties by their share of the true class."""
    matrix = np.asarray(matrix)
    support = matrix.sum(axis=1)
    pairs = [
        ConfusedPair(class_names[t], class_names[p], int(matrix[t, p]), int(support[t]))
        for t, p in np.argwhere(matrix)
        if t != p
    ]
    return sorted(pairs, key=lambda pair: (-pair.count, pair.support))[:limit]


def most_mixed_up(matrix: Counts, limit: int) -> NDArray[np.int64]:
    """Return the sorted indices of at most ``limit`` classes: those in the most confused pairs."""
    matrix = np.asarray(matrix)
    wrong = matrix - np.diag(np.diag(matrix))
    descending = np.argsort(-wrong, axis=None, kind="stable")
    enough = descending[: limit**2]  # fewer classes than the limit have fewer pairs
    of_pairs = np.stack(np.unravel_index(enough, wrong.shape), axis=1).ravel()
    _, first = np.unique(of_pairs, return_index=True)
    return np.sort(of_pairs[np.sort(first)[:limit]])


def order(matrix: Counts) -> NDArray[np.int64]:
    """Return class indices (C,) in an order that places confused classes side by side.

    Average-linkage clustering on one minus the mean of both confusion rates. Up to :data:`MAX_OPTIMAL`
    classes, the leaves are ordered optimally (Bar-Joseph et al. 2001); beyond that this takes cubic time
    where many distances are equal, as when predictions collapse (15 s for 1,000 classes).
    """
    from scipy.cluster.hierarchy import leaves_list, linkage
    from scipy.spatial.distance import squareform

    matrix = np.asarray(matrix, dtype=np.float64)
    if len(matrix) < 3 or not (matrix.sum() - np.trace(matrix)):
        return np.arange(len(matrix))
    rates = row_shares(matrix)
    distances = 1 - (rates + rates.T) / 2
    np.fill_diagonal(distances, 0)
    tree = linkage(
        squareform(distances, checks=False), "average", optimal_ordering=len(matrix) <= MAX_OPTIMAL
    )
    return np.asarray(leaves_list(tree), np.int64)
