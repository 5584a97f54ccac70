"""What a model mixes up: its most confident mistakes, the pairs it confuses, an order that groups them."""

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
    """An image answered wrongly: its row in the predictions, true and predicted class index.

    confidence: the probability in [0, 1] that the model gave to its wrong answer.
    """

    row: int
    true: int
    predicted: int
    confidence: float


@dataclass(frozen=True)
class ConfusedPair:
    """``count`` of the ``support`` images of class ``true`` were called ``predicted``."""

    true: str
    predicted: str
    count: int
    support: int

    @property
    def sentence(self) -> str:
        """The pair in words, the names letter by letter."""
        called = "was classified as" if self.count == 1 else "were classified as"
        share, images = percent(self.count / self.support, 0), count(self.support, "image")
        return f"{self.count:,} of {images} of {self.true} {called} {self.predicted} ({share})."


def worst(predictions: Predictions, class_index: int | None = None, most: int = 10) -> list[Mistake]:
    """The most confident mistakes, most confident first; of one true class, or of all."""
    predicted, sure = metrics.predicted(predictions), metrics.confidence(predictions)
    wrong = predicted != predictions.labels
    if class_index is not None:
        wrong &= predictions.labels == class_index
    rows = np.flatnonzero(wrong)
    rows = rows[np.argsort(-sure[rows], kind="stable")[:most]]
    return [Mistake(int(r), int(predictions.labels[r]), int(predicted[r]), float(sure[r])) for r in rows]


def row_shares(matrix: Counts) -> NDArray[np.float64]:
    """Each cell's share of all images of its row, the true class: (C, C) in [0, 1]; 0 without images."""
    counts = np.asarray(matrix, np.float64)
    shares: NDArray[np.float64] = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    return shares


def most_confused(matrix: Counts, class_names: Sequence[str], most: int = 5) -> list[ConfusedPair]:
    """The pairs (true, predicted) with the most mistakes; equal ones by their share of the true class."""
    matrix = np.asarray(matrix)
    support = matrix.sum(axis=1)
    pairs = [
        ConfusedPair(class_names[t], class_names[p], int(matrix[t, p]), int(support[t]))
        for t, p in np.argwhere(matrix)
        if t != p
    ]
    return sorted(pairs, key=lambda pair: (-pair.count, pair.support))[:most]


def most_mixed_up(matrix: Counts, most: int) -> NDArray[np.int64]:
    """Indices of at most ``most`` classes: those of the pairs with the most mistakes; in order."""
    matrix = np.asarray(matrix)
    wrong = matrix - np.diag(np.diag(matrix))
    falling = np.argsort(-wrong, axis=None, kind="stable")
    of_pairs = np.stack(np.unravel_index(falling, wrong.shape), axis=1).ravel()
    _, first = np.unique(of_pairs, return_index=True)
    return np.sort(of_pairs[np.sort(first)[:most]])


def order(matrix: Counts) -> NDArray[np.int64]:
    """Class indices (C,) in an order in which classes that are mixed up stand together.

    Average-linkage clustering on 1 - the mean of both confusion rates, leaves in the order that keeps
    neighbours closest (Bar-Joseph et al. 2001), where there are at most :data:`MAX_OPTIMAL` of them: it
    takes cubic time where many distances are equal, as when predictions collapse (15 s for 1,000 classes).
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
