"""What a trained model says about new images, in three states: sure, not sure, unlike the training images."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from core.explain.nearest_images import Features, Kind, Similar
from core.prediction import likely_classes
from core.prediction.familiarity import FALSE_ALARMS, MIN_VALIDATION, Familiarity
from core.prediction.sureness import AIM, Sureness, sureness
from core.runs import Predictions
from core.words import percent

State = Literal["sure", "not sure", "unlike"]
STATES: dict[State, str] = {
    "sure": "Sure",
    "not sure": "Not sure",
    "unlike": "Unlike the training images",
}
"""The states in words."""


@dataclass(frozen=True, eq=False)
class Answer:
    """The answer for one image.

    Attributes:
        predicted: index of the most probable class.
        probabilities: (C,) float32 that sum to 1.
        likely: the classes that the image may well belong to, the most probable first; never empty.
        familiarity: share of images like the training images that lie at least as far from them; None where
            this was not measured.
        neighbours: the most similar training images, the most similar first.
    """

    state: State
    predicted: int
    probabilities: NDArray[np.float32]
    likely: tuple[int, ...]
    familiarity: float | None
    neighbours: tuple[Similar, ...]

    @property
    def confidence(self) -> float:
        """The probability of the predicted class."""
        return float(self.probabilities[self.predicted])

    def sentence(self, class_names: Sequence[str]) -> str:
        """The answer in a sentence."""
        name, confidence = class_names[self.predicted], percent(self.confidence, 0)
        if self.state == "unlike":
            return (
                "This looks unlike anything the model was trained on, so do not rely on its answer. "
                f"Of the classes it knows, {name} fits best ({confidence} confidence)."
            )
        if self.state == "sure":
            return f"This is {name} ({confidence} confidence)."
        if len(self.likely) == 2:
            return (
                f"Best guess: {name} ({confidence} confidence); it may also be {class_names[self.likely[1]]}."
            )
        return f"Best guess: {name} ({confidence} confidence)."


@dataclass(frozen=True, eq=False)
class Judge:
    """Judges the predictions of one model by what was measured on its validation images.

    Attributes:
        sure: from which confidence it is right as often as promised.
        smallest: the probability from which a class may well be the true one; None with too few images.
        familiar: how far images usually lie from the training images; None where it was not measured.
    """

    sure: Sureness
    smallest: float | None
    familiar: Familiarity | None

    @classmethod
    def from_validation(
        cls,
        validation: Predictions,
        features: Features | None = None,
        kind: Kind = "own",
        aim: float = AIM,
    ) -> Judge:
        """Measure all promises on a run's validation images.

        Args:
            validation: the model's predictions on them.
            features: of all images of the run; without them nothing is called unlike the training images.
            kind: the network that these features are of.
            aim: how often an answer that is called sure must be right.

        Raises:
            LabError: ``aim`` is not between 0 and 1.
        """
        familiar = Familiarity.measure(features, kind) if features is not None else None
        return cls(sureness(validation, aim), likely_classes.smallest_probability(validation), familiar)

    def answers(
        self, probabilities: NDArray[np.float32], vectors: NDArray[np.float32] | None = None
    ) -> list[Answer]:
        """Judge N images.

        Args:
            probabilities: (N, C) float32, whose rows sum to 1.
            vectors: (N, D), their features, of the same kind as the run's.
        """
        count = len(probabilities)
        p_values: list[float | None] = [None] * count
        neighbours: list[tuple[Similar, ...]] = [()] * count
        if self.familiar is not None and vectors is not None and count:
            distances, neighbours = self.familiar.nearest(vectors)
            p_values = list(self.familiar.p_values(distances).tolist())
        return [self._answer(*one) for one in zip(probabilities, p_values, neighbours, strict=True)]

    def promises(self) -> list[str]:
        """What each state promises and how that was measured, a sentence each."""
        return [_sure_in_words(self.sure), _unlike_in_words(self.familiar, self.sure.total)]

    def _answer(
        self,
        probabilities: NDArray[np.float32],
        familiarity: float | None,
        neighbours: tuple[Similar, ...],
    ) -> Answer:
        predicted = int(probabilities.argmax())
        is_sure = self.sure.threshold is not None and probabilities[predicted] >= self.sure.threshold
        state: State = "sure" if is_sure else "not sure"
        if familiarity is not None and familiarity <= FALSE_ALARMS:
            state = "unlike"
        likely = likely_classes.likely(probabilities, self.smallest)
        return Answer(state, predicted, probabilities, likely, familiarity, neighbours)


def _sure_in_words(sure: Sureness) -> str:
    aim = percent(sure.aim, 0)
    if sure.threshold is None or sure.answered is None:
        if sure.total < sure.needed:
            why = f"that takes at least {sure.needed} validation images, and this run has {sure.total}"
        else:
            why = f"on the {sure.total:,} validation images it was not, at any confidence"
        return f"Sure: never. It would mean that at least {aim} of such answers are right; {why}."
    return (
        f"Sure: a confidence of at least {percent(sure.threshold)}. At least {aim} of such answers are right "
        f"on images like these: {sure.accuracy} of the validation images it answered, which are "
        f"{percent(sure.answered.value, 0)} of all {sure.total:,}. {sure.caution}"
    ).rstrip()


def _unlike_in_words(familiar: Familiarity | None, validation_images: int) -> str:
    if familiar is None:
        why = "since the images of the run are not at hand"
        if validation_images < MIN_VALIDATION:
            why = (
                f"which takes at least {MIN_VALIDATION} validation images, and this run has "
                f"{validation_images}"
            )
        return f"Unlike the training images: not measured, {why}."
    by = {
        "imagenet": "Compared by a network trained on ImageNet.",
        "own": "Compared by the run's own network, which overlooks more than one trained on ImageNet "
        "would; the label check of the Data page downloads that.",
    }[familiar.kind]
    return (
        "Unlike the training images: farther from the nearest of them than 98 of 100 images of the same kind "
        f"are, measured on {len(familiar.usual):,} validation images; so it is said wrongly of at most "
        f"{percent(FALSE_ALARMS, 0)} of such images. {by}"
    )
