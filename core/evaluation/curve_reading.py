"""Learning curves read in words, by stated rules, with the evidence and one thing to try.

:data:`RULES` states each rule as the page shows it, with the numbers below. The rules are asked in that
order, and the first that holds is the reading. They judge smoothed curves, each value replaced by the
median of itself and its two neighbours, so that one odd epoch decides nothing; what is shown as evidence
are the values as they are.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from core.config import RunConfig
from core.evaluation import next_step
from core.evaluation.next_step import Suggestion
from core.words import count, percent, points

Kind = Literal[
    "diverged",
    "too short",
    "not learning",
    "unstable",
    "overfitting",
    "still improving",
    "lucky peak",
    "healthy",
]
Floats = NDArray[np.float64]

MIN_EPOCHS = 4
MIN_LEARNED = 0.05
JUMP, JUMPING_STEPS = 0.05, 0.20
LOSS_RISE, GAP = 0.10, 0.15
STILL_FALLING = 0.05
PEAK = 0.03


RULES: dict[Kind, str] = {
    "diverged": "A loss is no longer a number.",
    "too short": f"Fewer than {MIN_EPOCHS} epochs.",
    "not learning": "Even on its training images the network never gets "
    f"{percent(MIN_LEARNED, 0)} of the way from guessing the largest class to all right.",
    "unstable": f"In {percent(JUMPING_STEPS, 0)} of the steps from one epoch to the next, and at least two, "
    f"validation accuracy falls by {points(JUMP, 0)} or more, and by more than so few validation "
    "images explain.",
    "overfitting": f"Validation loss ends {percent(LOSS_RISE, 0)} or more above its best of two or more "
    f"epochs before, or training accuracy ends {points(GAP, 0)} or more above validation accuracy; and "
    "meanwhile training loss goes on falling.",
    "still improving": "Over the last quarter of the epochs, three at least where there are six, validation "
    f"loss is on average {percent(STILL_FALLING, 0)} or more below that of the quarter before.",
    "lucky peak": "The best epoch is not the last one, none around it has a higher validation accuracy, and "
    f"that of the two epochs before and after it is on the whole {points(PEAK, 0)} or more lower.",
    "healthy": "None of these: the curves have settled, and close enough together.",
}


@dataclass(frozen=True)
class Evidence:
    """What to mark in the chart: values of ``name`` (a key of the history) at some epochs."""

    name: str
    epochs: tuple[int, ...]
    values: tuple[float, ...]


@dataclass(frozen=True)
class Reading:
    """What the curves say, and the one thing to try; ``epoch`` is where it begins or stands, if anywhere."""

    kind: Kind
    sentence: str
    suggestion: Suggestion
    evidence: tuple[Evidence, ...] = ()
    epoch: int | None = None


class _Curves(dict[str, Floats]):
    """The curves (E,) of a history by name, as they are; ``smooth`` for judging."""

    def __init__(self, history: Sequence[Mapping[str, Any]]) -> None:
        for name in ("accuracy", "loss", "val_accuracy", "val_loss"):
            self[name] = np.array([line.get(name) for line in history], dtype=np.float64)
        self.epochs = [int(line["epoch"]) for line in history]

    def smooth(self, name: str) -> Floats:
        return _median_of_three(self[name])

    def mark(self, name: str, *indices: int) -> Evidence:
        return Evidence(
            name, tuple(self.epochs[p] for p in indices), tuple(float(self[name][p]) for p in indices)
        )


def read(
    history: Sequence[Mapping[str, Any]], config: RunConfig, *, guess: float, validation_images: int
) -> Reading:
    """What the learning curves of a run say.

    Args:
        history: one mapping an epoch, as ``Run.metrics()`` gives them.
        config: the run's settings; the suggestion is a change to these.
        guess: accuracy of always guessing the largest class, in [0, 1].
        validation_images: how many there are; few make validation accuracy jump by themselves.
    """
    curves = _Curves(history)
    reading = (
        _diverged(curves, config)
        or _too_short(curves, config)
        or _not_learning(curves, config, guess)
        or _unstable(curves, config, validation_images)
        or _overfitting(curves, config)
        or _still_improving(curves, config)
        or _lucky_peak(curves, config)
    )
    return reading or _healthy(curves, config)


def _diverged(curves: _Curves, config: RunConfig) -> Reading | None:
    broken = ~np.isfinite([curves["loss"], curves["val_loss"]]).all(axis=0)
    if not broken.any():
        return None
    epoch = curves.epochs[int(broken.argmax())]
    sentence = f"In epoch {epoch} the loss stopped being a number: the steps were too large to recover from."
    return Reading("diverged", sentence, next_step.diverged(config), epoch=epoch)


def _too_short(curves: _Curves, config: RunConfig) -> Reading | None:
    epochs = len(curves.epochs)
    if epochs >= MIN_EPOCHS:
        return None
    are = "is" if epochs == 1 else "are"
    return Reading(
        "too short",
        f"{count(epochs, 'epoch')} {are} too few to read a curve.",
        next_step.too_short(config, epochs),
    )


def _not_learning(curves: _Curves, config: RunConfig, guess: float) -> Reading | None:
    best = int(curves.smooth("accuracy").argmax())
    reached = float(curves.smooth("accuracy")[best])
    if reached >= guess + MIN_LEARNED * (1 - guess):
        return None
    sentence = (
        f"The network has not learned: even on its training images it is right on {percent(reached, 0)}, "
        f"and always guessing the largest class is right on {percent(guess, 0)}."
    )
    return Reading("not learning", sentence, next_step.not_learning(config), (curves.mark("accuracy", best),))


def _unstable(curves: _Curves, config: RunConfig, validation_images: int) -> Reading | None:
    accuracy = curves["val_accuracy"]
    chance = 1.96 * np.sqrt(accuracy[:-1] * (1 - accuracy[:-1]) / max(validation_images, 1))
    falls = np.flatnonzero(-np.diff(accuracy) >= np.maximum(JUMP, chance))
    if len(falls) < max(2, JUMPING_STEPS * (len(accuracy) - 1)):
        return None
    sentence = (
        f"The curve jumps: in {len(falls)} of {len(accuracy) - 1} steps validation accuracy fell by "
        f"{points(JUMP, 0)} or more. Which epoch is best is then partly chance."
    )
    evidence = tuple(curves.mark("val_accuracy", int(index), int(index) + 1) for index in falls)
    return Reading("unstable", sentence, next_step.unstable(config), evidence, evidence[0].epochs[1])


def _overfitting(curves: _Curves, config: RunConfig) -> Reading | None:
    validation, training = curves.smooth("val_loss"), curves.smooth("loss")
    best, last = int(curves["val_loss"].argmin()), len(validation) - 1
    gap = curves.smooth("accuracy")[-1] - curves.smooth("val_accuracy")[-1]
    parted = validation[-1] >= (1 + LOSS_RISE) * validation[best] or gap >= GAP
    if not parted or last - best < 2 or training[-1] >= training[best]:
        return None
    epoch = curves.epochs[best + 1]
    sentence = (
        f"Overfitting from epoch {epoch} on: the training loss "
        f"goes on falling, from {curves['loss'][best]:.2f} to {curves['loss'][-1]:.2f}, but validation loss "
        f"goes from {curves['val_loss'][best]:.2f} to {curves['val_loss'][-1]:.2f}."
    )
    evidence = (curves.mark("val_loss", best, last), curves.mark("loss", best, last))
    return Reading("overfitting", sentence, next_step.overfitting(config), evidence, epoch)


def _still_improving(curves: _Curves, config: RunConfig) -> Reading | None:
    loss = curves["val_loss"]
    quarter = max(len(loss) // 4, min(3, len(loss) // 2))
    before, now = float(loss[-2 * quarter : -quarter].mean()), float(loss[-quarter:].mean())
    if now > (1 - STILL_FALLING) * before:
        return None
    sentence = (
        f"Still improving when it ended: validation loss was {now:.2f} on average in the last {quarter} "
        f"epochs, and {before:.2f} in the {quarter} before."
    )
    evidence = (curves.mark("val_loss", *range(len(loss) - 2 * quarter, len(loss))),)
    return Reading("still improving", sentence, next_step.still_improving(config, len(loss)), evidence)


def _lucky_peak(curves: _Curves, config: RunConfig) -> Reading | None:
    accuracy = curves["val_accuracy"]
    by_accuracy = config.fit.monitor == "val_accuracy"
    best = int(accuracy.argmax() if by_accuracy else curves["val_loss"].argmin())
    around = np.delete(accuracy, best)[max(best - 2, 0) : best + 2]
    usual = float(np.median(around))
    is_peak = best < len(accuracy) - 1 and accuracy[best] >= around.max()
    if not is_peak or accuracy[best] - usual < PEAK:
        return None
    epoch = curves.epochs[best]
    sentence = (
        f"Epoch {epoch} looks best with {percent(accuracy[best], 0)} on the validation images, but the "
        f"epochs around it reach about {percent(usual, 0)}: part of that peak is luck."
    )
    return Reading(
        "lucky peak", sentence, next_step.lucky_peak(config), (curves.mark("val_accuracy", best),), epoch
    )


def _healthy(curves: _Curves, config: RunConfig) -> Reading:
    training, validation = (float(curves.smooth(name)[-1]) for name in ("accuracy", "val_accuracy"))
    sentence = (
        f"The curves have settled, at {percent(training, 0)} on the training images and "
        f"{percent(validation, 0)} on the validation images."
    )
    return Reading("healthy", sentence, next_step.healthy(config, training - validation))


def _median_of_three(values: Floats) -> Floats:
    """Each value (E,) as the median of itself and its neighbours; the ends take the nearest three."""
    middle = np.median(np.lib.stride_tricks.sliding_window_view(values, 3), axis=1)
    return np.concatenate([middle[:1], middle, middle[-1:]])
