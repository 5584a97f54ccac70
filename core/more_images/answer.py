"""Would more images help? The answer in a sentence, and silence where it cannot be given."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from core.comparison.verdicts import WORTH_HAVING
from core.more_images.measuring import DataCurve
from core.more_images.power_law import Fit
from core.words import count, percent, points

Kind = Literal["helps", "does not help", "cannot tell", "not measured"]

FACTOR = 2.0
"""The forecast is for this many times the images; further ahead, little is certain."""
_SURE_GAIN = 0.005
"""A gain counts as sure if even the lower end of its interval is as large as this."""
_TOO_FEW = (
    "Cannot tell: there are too few training images, or groups of them, for a quarter and a half to differ. "
    "Add images first."
)
_MAX_MISFIT = 3.84
"""Squared standard deviations beyond which the scores do not follow the law: 95% of chi-squared with the one
degree of freedom that three sizes leave."""


@dataclass(frozen=True)
class Answer:
    """Whether more images would help, and the curve that says so.

    gain, low, high: what twice the images would add to the accuracy, with its 95% interval; None if that is
    not measured.
    """

    kind: Kind
    sentence: str
    curve: DataCurve
    gain: float | None = None
    low: float | None = None
    high: float | None = None

    def __str__(self) -> str:
        """The sentence, followed by what was measured."""
        return f"{self.sentence}\n{measured_in_words(self.curve)}"


def answer(curve: DataCurve) -> Answer:
    """Return the answer that a curve gives."""
    fit = curve.fit
    if not curve.is_finished:
        return Answer("not measured", "The runs that can tell are not finished yet.", curve)
    if fit is None:
        return Answer("cannot tell", _TOO_FEW, curve)
    gain = fit.gain(FACTOR)
    value, low, high = (float(part[0]) for part in (gain.value, gain.low, gain.high))
    kind, sentence = _in_words(curve, fit, value, low, high)
    return Answer(kind, sentence, curve, value, low, high)


def _in_words(curve: DataCurve, fit: Fit, gain: float, low: float, high: float) -> tuple[Kind, str]:
    if fit.misfit > _MAX_MISFIT:
        return "cannot tell", (
            "Cannot tell. The scores do not follow the usual law, by which each doubling of the images "
            "brings somewhat less than the one before; they may depend more on chance or on the settings."
        )
    if low >= _SURE_GAIN:
        return "helps", (
            f"Twice the images per class would add about {points(gain, 0)} "
            f"(95% CI: {_points(low)} to {_points(high)})."
        )
    if high < WORTH_HAVING:
        return "does not help", (
            f"More of the same will not help: twice the images per class would add {points(high)} at most. "
            "Look at the labels, or for images of what the model gets wrong."
        )
    runs = count(min(len(size.right) for size in curve.sizes), "run")
    return "cannot tell", (
        f"Cannot tell: twice the images per class would add {_points(low)} to {points(high, 0)}. "
        f"With {count(curve.held_out, 'held-out image')} and {runs} on each share, no more can be said."
    )


def measured_in_words(curve: DataCurve) -> str:
    """Say what was measured: the accuracy at each size, and on which images."""
    reached = ", ".join(f"{percent(size.accuracy)} with {size.images:,}" for size in curve.sizes)
    return f"On the {count(curve.held_out, 'validation and test image')}: {reached} training images."


def _points(difference: float) -> str:
    return points(difference, 0).partition(" ")[0]
