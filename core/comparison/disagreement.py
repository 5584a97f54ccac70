"""On which images two trained models differ."""

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
    """Images that two models answered: ids (N,), the row of each in either's predictions, and its kind.

    The most interesting come first: those in which the two models' certainty is furthest apart.
    """

    ids: NDArray[np.str_]
    first_rows: NDArray[np.int64]
    second_rows: NDArray[np.int64]
    kinds: NDArray[np.str_]

    def indices(self, kind: Kind) -> NDArray[np.int64]:
        """Places of the images of one kind."""
        return np.flatnonzero(self.kinds == kind)


def compare(first: Predictions, second: Predictions) -> Disagreement:
    """Where two models that know the same classes differ, on the images that both answered.

    Raises:
        LabError: they do not know equally many classes.
    """
    if first.probabilities.shape[1] != second.probabilities.shape[1]:
        raise LabError("The two runs tell different classes apart: their answers cannot be set side by side.")
    ids, mine, theirs = np.intersect1d(first.ids, second.ids, return_indices=True)
    agreed = first.labels[mine] == second.labels[theirs]
    ids, mine, theirs = ids[agreed], mine[agreed], theirs[agreed]
    labels = first.labels[mine]
    predicted, said_second = metrics.predicted(first)[mine], metrics.predicted(second)[theirs]
    right, right_second = predicted == labels, said_second == labels
    kinds = np.select(
        [right & ~right_second, ~right & right_second, ~right & (predicted != said_second), ~right],
        KINDS[:4],
        KINDS[4],
    )
    indices = np.arange(len(labels))
    of_truth = first.probabilities[mine][indices, labels] - second.probabilities[theirs][indices, labels]
    order = np.argsort(-np.abs(of_truth), kind="stable")
    return Disagreement(ids[order], mine[order], theirs[order], kinds[order])
