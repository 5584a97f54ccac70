"""The rules that interpret learning curves, each with the evidence and one suggested change.

The evidence consists of the original values, not of the smoothed ones that the rules apply to.
"""

from __future__ import annotations

import numpy as np

from core.config import RunConfig
from core.evaluation import next_step
from core.evaluation.curves import Curves
from core.evaluation.readings import (
    EVEN_FALL,
    GAP,
    JUMP,
    JUMPING_STEPS,
    LOSS_RISE,
    MIN_EPOCHS,
    MIN_FALL,
    MIN_LEARNED,
    PEAK,
    STILL_FALLING,
    Reading,
)
from core.words import count, percent, points

_VALIDATION_ABOVE = (
    "Validation accuracy is above training accuracy because dropout and augmentation make only the training "
    "images harder."
)


def first_match(curves: Curves, config: RunConfig, guess: float, validation_images: int) -> Reading:
    """Check the rules in the order in which the page states them; the first match is the reading."""
    return (
        _diverged(curves, config)
        or _too_short(curves, config)
        or _not_learning(curves, config, guess, validation_images)
        or _collapsed(curves, config, guess)
        or _unstable(curves, config, validation_images)
        or _perfect(curves, validation_images)
        or _overfitting(curves, config)
        or _still_improving(curves, config)
        or _too_slow(curves, config)
        or _lucky_peak(curves, config)
        or _healthy(curves, config)
    )


def _diverged(curves: Curves, config: RunConfig) -> Reading | None:
    broken = ~np.isfinite([curves["loss"], curves["val_loss"]]).all(axis=0)
    if not broken.any():
        return None
    epoch = curves.epochs[int(broken.argmax())]
    sentence = (
        f"Training diverged in epoch {epoch}: the steps were too large, and the loss is no longer a number."
    )
    return Reading("diverged", sentence, next_step.diverged(config), epoch=epoch)


def _too_short(curves: Curves, config: RunConfig) -> Reading | None:
    epochs = len(curves.epochs)
    if epochs >= MIN_EPOCHS:
        return None
    are = "is" if epochs == 1 else "are"
    return Reading(
        "too short",
        f"{count(epochs, 'epoch')} {are} too few to read a curve.",
        next_step.too_short(config, epochs),
    )


def _not_learning(curves: Curves, config: RunConfig, guess: float, validation_images: int) -> Reading | None:
    """Dropout and augmentation can hold training accuracy down while validation shows what is learned."""
    best = int(curves.smooth("accuracy").argmax())
    reached = float(curves.smooth("accuracy")[best])
    learned = _learned(guess)
    validated = float(curves.smooth("val_accuracy").max())
    chance = 1.96 * np.sqrt(learned * (1 - learned) / max(validation_images, 1))
    if reached >= learned or validated >= learned + chance:
        return None
    sentence = (
        f"The network has not learned: its accuracy is {percent(reached, 0)} even on the training images, "
        f"and guessing reaches {percent(guess, 0)}."
    )
    evidence = (curves.mark("accuracy", best),)
    return Reading("not learning", sentence, next_step.not_learning(config, guess), evidence)


def _collapsed(curves: Curves, config: RunConfig, guess: float) -> Reading | None:
    accuracy = curves.smooth("accuracy")
    best, last = int(accuracy.argmax()), len(accuracy) - 1
    if accuracy[best] < _learned(guess, 2 * MIN_LEARNED) or accuracy[last] >= _learned(guess):
        return None
    still_learned = np.flatnonzero(accuracy >= (accuracy[best] + guess) / 2)
    epoch = curves.epochs[int(still_learned.max()) + 1]
    sentence = (
        f"The network learned at first, then collapsed to guessing in epoch {epoch}: training accuracy fell "
        f"from {percent(accuracy[best], 0)} to {percent(accuracy[last], 0)}, and guessing reaches "
        f"{percent(guess, 0)}."
    )
    evidence = (curves.mark("accuracy", best, last),)
    return Reading("collapsed", sentence, next_step.collapsed(config), evidence, epoch)


def _unstable(curves: Curves, config: RunConfig, validation_images: int) -> Reading | None:
    accuracy = curves["val_accuracy"]
    chance = 1.96 * np.sqrt(accuracy[:-1] * (1 - accuracy[:-1]) / max(validation_images, 1))
    falls = np.flatnonzero(-np.diff(accuracy) >= np.maximum(JUMP, chance))
    if len(falls) < max(2, JUMPING_STEPS * (len(accuracy) - 1)):
        return None
    sentence = (
        f"The curve is unstable: validation accuracy fell by {points(JUMP, 0)} or more in {len(falls)} of "
        f"{len(accuracy) - 1} steps. Which epoch comes out best is partly chance."
    )
    evidence = tuple(curves.mark("val_accuracy", int(index), int(index) + 1) for index in falls)
    return Reading("unstable", sentence, next_step.unstable(config), evidence, evidence[0].epochs[1])


def _perfect(curves: Curves, validation_images: int) -> Reading | None:
    last = max(2, len(curves.epochs) // 4)
    one_wrong = 1 / validation_images if validation_images else 1e-6
    if (curves["val_accuracy"][-last:] < 1 - one_wrong / 2).any():
        return None
    images = f"All {count(validation_images, 'validation image')}" if validation_images > 1 else "All images"
    sentence = (
        f"{images} were classified correctly in each of the last {last} epochs: no setting can do better."
    )
    evidence = (curves.mark("val_accuracy", *range(len(curves.epochs) - last, len(curves.epochs))),)
    return Reading("perfect", sentence, next_step.perfect(), evidence)


def _overfitting(curves: Curves, config: RunConfig) -> Reading | None:
    validation, training = curves.smooth("val_loss"), curves.smooth("loss")
    best, last = int(curves["val_loss"].argmin()), len(validation) - 1
    gap = curves.smooth("accuracy")[-1] - curves.smooth("val_accuracy")[-1]
    diverge = validation[-1] >= (1 + LOSS_RISE) * validation[best] or gap >= GAP
    if not diverge or last - best < 2 or training[-1] >= training[best]:
        return None
    epoch = curves.epochs[best + 1]
    sentence = (
        f"Overfitting from epoch {epoch}: training loss keeps falling, "
        f"from {curves['loss'][best]:.2f} to {curves['loss'][-1]:.2f}, while validation loss "
        f"goes from {curves['val_loss'][best]:.2f} to {curves['val_loss'][-1]:.2f}."
    )
    evidence = (curves.mark("val_loss", best, last), curves.mark("loss", best, last))
    return Reading("overfitting", sentence, next_step.overfitting(config), evidence, epoch)


def _still_improving(curves: Curves, config: RunConfig) -> Reading | None:
    loss = curves["val_loss"]
    quarter = max(len(loss) // 4, min(3, len(loss) // 2))
    before, now = float(loss[-2 * quarter : -quarter].mean()), float(loss[-quarter:].mean())
    if now > (1 - STILL_FALLING) * before:
        return None
    sentence = (
        f"Still improving when training ended: validation loss averaged {now:.2f} over the last {quarter} "
        f"epochs, compared with {before:.2f} over the {quarter} before."
    )
    evidence = (curves.mark("val_loss", *range(len(loss) - 2 * quarter, len(loss))),)
    return Reading("still improving", sentence, next_step.still_improving(config, len(loss)), evidence)


def _too_slow(curves: Curves, config: RunConfig) -> Reading | None:
    losses = [curves.smooth(name) for name in ("loss", "val_loss")]
    middle = len(curves.epochs) // 2
    for loss in losses:
        before, since = loss[0] - loss[middle], loss[middle] - loss[-1]
        if since < max(EVEN_FALL * before, MIN_FALL * loss[middle]):
            return None
    start, end = float(losses[0][0]), float(losses[0][-1])
    sentence = (
        f"Learning is slow, and was not finished: training loss fell evenly from {start:.2f} to {end:.2f}, "
        "without levelling off."
    )
    evidence = (curves.mark("loss", 0, middle, len(curves.epochs) - 1),)
    return Reading("too slow", sentence, next_step.too_slow(config, len(curves.epochs)), evidence)


def _lucky_peak(curves: Curves, config: RunConfig) -> Reading | None:
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
        f"Epoch {epoch} looks best, with {percent(accuracy[best], 0)} on the validation images, but the "
        f"epochs around it reach only about {percent(usual, 0)}: part of this peak is luck."
    )
    return Reading(
        "lucky peak", sentence, next_step.lucky_peak(config), (curves.mark("val_accuracy", best),), epoch
    )


def _healthy(curves: Curves, config: RunConfig) -> Reading:
    training, validation = (float(curves.smooth(name)[-1]) for name in ("accuracy", "val_accuracy"))
    sentence = (
        f"The curves have levelled off at {percent(training, 0)} on the training images and "
        f"{percent(validation, 0)} on the validation images."
    )
    if validation - training >= MIN_LEARNED:
        sentence += " " + _VALIDATION_ABOVE
    return Reading("healthy", sentence, next_step.healthy(config, training - validation))


def _learned(guess: float, part: float = MIN_LEARNED) -> float:
    """The accuracy that lies ``part`` of the way from guessing to all right."""
    return guess + part * (1 - guess)
