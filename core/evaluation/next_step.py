"""For each reading of the learning curves, the one change of settings to try next.

One at a time, so that the next run says whether it helped; the order within a reading is from the
cheapest and likeliest remedy to the last.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from core.config import SETTINGS, RunConfig, final_map_size

USUAL_LEARNING_RATE = {"adam": 0.001, "adamw": 0.001, "rmsprop": 0.001, "sgd": 0.01}

LOOK = "Look through them for wrong labels, or add more."


@dataclass(frozen=True)
class Suggestion:
    """What to try, in words, and as changes for ``RunConfig.replace``; none where no setting would help."""

    text: str
    changes: dict[str, Any] = field(default_factory=dict)


def diverged(config: RunConfig) -> Suggestion:
    """After a loss that is no number."""
    return _learning_rate(
        config, config.fit.learning_rate / 10, "Take smaller steps: a tenth of the learning rate."
    )


def too_short(config: RunConfig, epochs: int) -> Suggestion:
    """After too few epochs to read anything."""
    if config.fit.epochs > epochs:
        return _before_its_time(config)
    return Suggestion("Train for 10 epochs: then there is a curve to read.", {"fit.epochs": 10})


def not_learning(config: RunConfig) -> Suggestion:
    """After a network that stays at guessing."""
    usual, rate = USUAL_LEARNING_RATE[config.fit.optimizer], config.fit.learning_rate
    if _is_far_too_small(config) or rate >= usual * 2:
        return _usual_learning_rate(config)
    if config.model.l2 > 0.005:
        return Suggestion("Weaken the penalty on large weights.", {"model.l2": 0.001})
    if config.model.dropout > 0.5:
        return Suggestion("Switch off fewer neurons: less dropout.", {"model.dropout": 0.2})
    if rate > usual / 2:
        return _learning_rate(config, usual / 3, "Take smaller steps: a third of the usual learning rate.")
    return _larger(config)


def collapsed(config: RunConfig) -> Suggestion:
    """After a network that had learned and lost it again."""
    return _learning_rate(
        config, config.fit.learning_rate / 3, "Take smaller steps: a third of the learning rate."
    )


def unstable(config: RunConfig) -> Suggestion:
    """After curves that jump up and down."""
    return _learning_rate(
        config, config.fit.learning_rate / 3, "Take smaller steps: a third of the learning rate."
    )


def perfect() -> Suggestion:
    """After validation images that are all right: a setting has nothing left to improve there."""
    return Suggestion(
        "See whether the test accuracy agrees. If it looks too good to be true, check the data for copies "
        "of an image in several splits; only harder or more images can show a difference now."
    )


def far_below_validation() -> Suggestion:
    """After a test accuracy far below that on validation: a matter of the images, not of a setting."""
    return Suggestion(
        "Compare the test images with the training images before you change a setting: look for another "
        "source, camera or background, and check the data for near copies."
    )


def overfitting(config: RunConfig) -> Suggestion:
    """After training images learned by heart."""
    if config.augment.rotation == 0 and config.augment.zoom == 0:
        return Suggestion(
            "Show each image a little turned and zoomed every time, so that it cannot be learned by heart.",
            {"augment.rotation": 15.0, "augment.zoom": 0.2},
        )
    if config.model.dropout < 0.2:
        return Suggestion("Switch off 30% of the neurons at random while training.", {"model.dropout": 0.3})
    if config.model.l2 == 0:
        return Suggestion("Put a small penalty on large weights.", {"model.l2": 0.001})
    if not config.fit.early_stopping:
        return Suggestion("Stop when validation no longer improves.", {"fit.early_stopping": True})
    if config.model.dense_units >= 64:
        units = config.model.dense_units // 16 * 8
        return Suggestion("Take a smaller network: half the dense units.", {"model.dense_units": units})
    return Suggestion("No setting is left to weaken: more training images would help most.")


def still_improving(config: RunConfig, epochs: int) -> Suggestion:
    """After curves that were cut off on their way."""
    if config.fit.epochs > epochs:
        return _before_its_time(config)
    if _is_far_too_small(config):
        return _usual_learning_rate(config)
    longer = min(2 * epochs, 500)
    if longer <= epochs:
        return _learning_rate(
            config, config.fit.learning_rate * 2, "Take larger steps: twice the learning rate."
        )
    return Suggestion(f"Train for longer: {longer} epochs.", {"fit.epochs": longer})


def too_slow(config: RunConfig, epochs: int) -> Suggestion:
    """After losses that fell evenly, and little, to the end."""
    if config.fit.learning_rate < USUAL_LEARNING_RATE[config.fit.optimizer]:
        return _usual_learning_rate(config)
    return still_improving(config, epochs)


def lucky_peak(config: RunConfig) -> Suggestion:
    """After a kept epoch that owes its place to chance."""
    if config.fit.monitor == "val_accuracy":
        text = "Choose the epoch by validation loss: it jumps about less than accuracy does."
        return Suggestion(text, {"fit.monitor": "val_loss"})
    return _learning_rate(config, config.fit.learning_rate / 2, "Take smaller steps: half the learning rate.")


def healthy(config: RunConfig, gap: float) -> Suggestion:
    """After curves that settled ``gap`` (training minus validation accuracy) apart."""
    if gap <= -0.05 and config.model.dropout >= 0.2:
        half = round(config.model.dropout / 2, 2)
        return Suggestion("Switch off fewer neurons: half the dropout.", {"model.dropout": half})
    if gap < 0.05:
        return _larger(config)
    seed = (config.fit.seed + 1) % (2**31 - 1)
    text = "Train the same settings from another seed, to see how much of the score is luck."
    return Suggestion(text, {"fit.seed": seed})


def _before_its_time(config: RunConfig) -> Suggestion:
    if config.fit.early_stopping and config.fit.patience < 50:
        patience = min(2 * config.fit.patience, 50)
        return Suggestion(f"It was stopped early: wait {patience} epochs.", {"fit.patience": patience})
    return Suggestion("The run ended before its time: resume it, or start it again, and let it finish.")


def _is_far_too_small(config: RunConfig) -> bool:
    return config.fit.learning_rate <= USUAL_LEARNING_RATE[config.fit.optimizer] / 5


def _usual_learning_rate(config: RunConfig) -> Suggestion:
    usual = USUAL_LEARNING_RATE[config.fit.optimizer]
    text = f"Take the usual learning rate for {config.fit.optimizer}: {usual:g}."
    return _learning_rate(config, usual, text)


def _learning_rate(config: RunConfig, wanted: float, text: str) -> Suggestion:
    setting = SETTINGS["fit.learning_rate"]
    rate = min(max(float(f"{wanted:.0e}"), setting.minimum or wanted), setting.maximum or wanted)
    if rate == config.fit.learning_rate:
        return Suggestion(f"The learning rate is as far as it goes; it may be the images. {LOOK}")
    return Suggestion(text, {"fit.learning_rate": rate})


def _larger(config: RunConfig) -> Suggestion:
    filters, units = config.model.filters, config.model.dense_units
    if len(filters) < 6 and final_map_size(config.data.image_size, len(filters) + 1) >= 2:
        more = (*filters, min(2 * filters[-1], 512))
        return Suggestion("Take a larger network: one more convolution block.", {"model.filters": more})
    if units < 1024:
        larger = min(2 * units, 1024)
        return Suggestion("Take a larger network: twice the dense units.", {"model.dense_units": larger})
    return Suggestion(f"The network is as large as it gets; it may be the images. {LOOK}")
