"""The images on which two trained models disagree."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from core.errors import LabError
from core.evaluation import metrics
from core.runs import Predictions

Kind = Literal["only first", "only second", "both wrong, differently", "both wrong, alike", "both right"]
KINDS: tuple[Kind, ...] = (
    "only first", "only second", "both wrong, differently", "both wrong, alike", "both right",
)  # fmt: skip


@dataclass(frozen=True)
class Disagreement:
    """Images that two models classified: ids (N,), their row in each model's predictions, and their kind.

    Images on which the models' probabilities of the true class differ most come first.
    """

    ids: NDArray[np.str_]
    first_rows: NDArray[np.int64]
    second_rows: NDArray[np.int64]
    kinds: NDArray[np.str_]

    def indices(self, kind: Kind) -> NDArray[np.int64]:
        """Return the indices of the images of one kind."""
        return np.flatnonzero(self.kinds == kind)


def compare(first: Predictions, second: Predictions) -> Disagreement:
    """Compare two models with the same classes on the images that both classified.

    Raises:
        LabError: the numbers of classes differ.
    """
    if first.probabilities.shape[1] != second.probabilities.shape[1]:
        raise LabError("The two runs have different classes, so their predictions cannot be compared.")
    ids, mine, theirs = np.intersect1d(first.ids, second.ids, return_indices=True)
    same_label = first.labels[mine] == second.labels[theirs]
    ids, mine, theirs = ids[same_label], mine[same_label], theirs[same_label]
    labels = first.labels[mine]
    one, other = metrics.predicted(first)[mine], metrics.predicted(second)[theirs]
    correct, other_correct = one == labels, other == labels
    kinds = np.select(
        [correct & ~other_correct, ~correct & other_correct, ~correct & (one != other), ~correct],
        KINDS[:4],
        KINDS[4],
    )
    indices = np.arange(len(labels))
    of_truth = first.probabilities[mine][indices, labels] - second.probabilities[theirs][indices, labels]
    order = np.argsort(-np.abs(of_truth), kind="stable")
    return Disagreement(ids[order], mine[order], theirs[order], kinds[order])
