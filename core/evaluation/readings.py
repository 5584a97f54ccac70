"""What learning curves can say: the kinds of readings, and the rule and thresholds of each.

:data:`RULES` states each rule as the page shows it. They apply to smoothed curves, so that a single outlier
decides nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from core.evaluation.curves import Evidence
from core.evaluation.next_step import Suggestion
from core.words import percent, points

Kind = Literal[
    "diverged",
    "too short",
    "not learning",
    "collapsed",
    "unstable",
    "perfect",
    "overfitting",
    "still improving",
    "too slow",
    "lucky peak",
    "healthy",
]

MIN_EPOCHS = 4
MIN_LEARNED = 0.05
JUMP, JUMPING_STEPS = 0.05, 0.20
LOSS_RISE, GAP = 0.10, 0.15
STILL_FALLING = 0.05
EVEN_FALL, MIN_FALL = 0.5, 0.01
PEAK = 0.03

RULES: dict[Kind, str] = {
    "diverged": "The training or validation loss is no longer a number.",
    "too short": f"Fewer than {MIN_EPOCHS} epochs.",
    "not learning": "Even on the training images, accuracy never covers "
    f"{percent(MIN_LEARNED, 0)} of the distance between guessing and 100%, and validation accuracy does not "
    "either, by more than the number of validation images explains. Guessing is to answer the most common "
    "class always; with class weights, to answer any class.",
    "collapsed": f"Training accuracy covered at least {percent(2 * MIN_LEARNED, 0)} of that distance, and "
    f"ends below {percent(MIN_LEARNED, 0)} of it.",
    "unstable": f"In at least {percent(JUMPING_STEPS, 0)} of the steps between epochs, and at least two, "
    f"validation accuracy falls by {points(JUMP, 0)} or more, and by more than the number of validation "
    "images explains.",
    "perfect": "Validation accuracy is 100% over the last quarter of the epochs, and at least two of them.",
    "overfitting": "Training loss keeps falling, while validation loss ends at least "
    f"{percent(LOSS_RISE, 0)} above its best value from two or more epochs earlier, or training accuracy "
    f"ends at least {points(GAP, 0)} above validation accuracy.",
    "still improving": "Over the last quarter of the epochs (at least three, given six or more), the mean "
    f"validation loss is at least {percent(STILL_FALLING, 0)} lower than in the quarter before.",
    "too slow": "Training and validation loss are still falling at the end: both are at least "
    f"{percent(MIN_FALL, 0)} lower than halfway, and fell at least {percent(EVEN_FALL, 0)} as much in the "
    "second half of the epochs as in the first.",
    "lucky peak": "The best epoch is not the last, no epoch around it has a higher validation accuracy, and "
    f"the median of the two epochs before and after it is at least {points(PEAK, 0)} lower.",
    "healthy": "None of the above: the curves have levelled off close together.",
}


@dataclass(frozen=True)
class Reading:
    """An interpretation of the curves with one suggestion; ``epoch`` is where it starts, if applicable."""

    kind: Kind
    sentence: str
    suggestion: Suggestion
    evidence: tuple[Evidence, ...] = ()
    epoch: int | None = None
