"""From which confidence a model is right as often as promised, measured on its validation images."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.errors import LabError
from core.evaluation import calibration, metrics
from core.report import Proportion
from core.runs import Predictions
from core.words import count

AIM = 0.95
"""The default promise: predictions called sure are right at least this often."""
AIMS = (0.8, 0.9, 0.95, 0.99)
RISK = 0.05
"""How likely it may be that a promise is too high because of luck on the validation images."""

_GRID: NDArray[np.float64] = 1 / (1 + np.exp(-np.linspace(9, -2, 111)))
"""Confidences to try, from 0.9999 down to 0.12; dense near 1, where those of overfitted networks lie.

It must not depend on the validation images, or the promise would not hold.
"""


@dataclass(frozen=True)
class Sureness:
    """The promise that predictions of at least this confidence are right at least ``aim`` of the time.

    Attributes:
        threshold: the smallest such confidence; None where the validation images support none.
        answered: the share of validation images that are answered; None without a threshold.
        accuracy: of the answered validation images; None without a threshold.
        total: the number of validation images.
        groups: of validation images that belong together, such as a patient's; 0 where each is on its own.
    """

    aim: float
    threshold: float | None
    answered: Proportion | None
    accuracy: Proportion | None
    total: int
    groups: int = 0

    @property
    def needed(self) -> int:
        """How many validation images must be answered, all correctly, before the promise can be made."""
        return min_answered(self.aim)

    @property
    def caution(self) -> str:
        """A sentence on what groups mean for a promise that counts images as independent; or nothing."""
        if self.threshold is None or not self.groups:
            return ""
        return (
            f"The validation images come from {count(self.groups, 'group')}, and images of one group are "
            "alike, so fewer may be right."
        )


def sureness(validation: Predictions, aim: float = AIM) -> Sureness:
    """Find the smallest confidence from which predictions are right at least ``aim`` of the time.

    Confidences are tried from the highest on down, beginning where enough images are answered for a proof,
    until one fails: the one-sided Clopper-Pearson bound of the accuracy (at risk ``RISK``) is below ``aim``.
    As each is tried only after all before it held, the risk is that of a single trial (fixed-sequence
    testing; Angelopoulos et al., "Learn then Test", arXiv:2110.01052).

    Images of one group, such as a patient's, are counted as independent, so there the promise is too high,
    see ``Sureness.caution``.

    Raises:
        LabError: ``aim`` is not between 0 and 1.
    """
    if not 0 < aim < 1:
        raise LabError(f"The aim is a share between 0 and 1, such as 0.95, not {aim}.")
    confidence = metrics.confidence(validation)
    correct = metrics.predicted(validation) == validation.labels
    found = None
    for threshold in _GRID.tolist():
        is_answered = confidence >= threshold
        number = int(is_answered.sum())
        if number < min_answered(aim):
            continue
        if lower_bound(int(correct[is_answered].sum()), number) < aim:
            break
        found = threshold
    total = len(confidence)
    if found is None:
        return Sureness(aim, None, None, None, total)
    groups = 0 if validation.groups is None else len(np.unique(validation.groups))
    answered = calibration.when_sure(validation, found)
    return Sureness(aim, found, *answered, total, groups if groups < total else 0)


def lower_bound(correct: int, total: int, risk: float = RISK) -> float:
    """One-sided lower bound of a share at a risk of being too high (Clopper and Pearson 1934)."""
    from scipy.stats import beta

    return float(beta.ppf(risk, correct, total - correct + 1)) if correct else 0.0


def min_answered(aim: float) -> int:
    """How many images, all answered correctly, prove that at least ``aim`` are right: 59 for 0.95."""
    return math.ceil(math.log(RISK) / math.log(aim))
