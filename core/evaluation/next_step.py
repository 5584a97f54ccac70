"""The one change of settings to try next, for each reading of the learning curves.

One change at a time, so that the next run shows whether it helped. Within a reading, the cheapest and
most promising remedies come first.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from core.backbones import BACKBONES
from core.config import SETTINGS, RunConfig, final_map_size

USUAL_LEARNING_RATE = {"adam": 0.001, "adamw": 0.001, "rmsprop": 0.001, "sgd": 0.01}

MOSTLY_ONE_CLASS = 0.75
"""Share of the largest class from which it has three times the images of all others together."""

CHECK_IMAGES = "Check them for wrong labels, or add more."


_OF_TUNING = {"fit.epochs": "fit.fine_tune_epochs", "fit.learning_rate": "fit.fine_tune_learning_rate"}


@dataclass(frozen=True)
class Suggestion:
    """A suggestion in words, and as changes for ``RunConfig.replace``; empty if no setting would help."""

    text: str
    changes: dict[str, Any] = field(default_factory=dict)


def diverged(config: RunConfig) -> Suggestion:
    """Suggest a change after the loss diverged."""
    return _learning_rate(
        config, config.fit.learning_rate / 10, "Use a tenth of the learning rate, for smaller steps."
    )


def too_short(config: RunConfig, epochs: int) -> Suggestion:
    """Suggest a change after too few epochs to interpret."""
    if config.fit.epochs > epochs:
        return _before_its_time(config)
    return Suggestion("Train for 10 epochs, enough to interpret the curve.", {"fit.epochs": 10})


def not_learning(config: RunConfig, guess: float) -> Suggestion:
    """Suggest a change after training that did no better than ``guess``, always the largest class."""
    if guess >= MOSTLY_ONE_CLASS and not config.fit.class_weights:
        return rare_class_missed()
    usual, rate = USUAL_LEARNING_RATE[config.fit.optimizer], config.fit.learning_rate
    if _is_far_too_small(config) or rate >= usual * 2:
        return _usual_learning_rate(config)
    if config.model.l2 > 0.005:
        return Suggestion("Reduce the penalty on large weights.", {"model.l2": 0.001})
    if config.model.dropout > 0.5:
        return Suggestion("Reduce dropout, so that fewer neurons are switched off.", {"model.dropout": 0.2})
    if rate > usual / 2:
        return _learning_rate(config, usual / 3, "Use a third of the usual learning rate, for smaller steps.")
    return _larger(config)


def collapsed(config: RunConfig) -> Suggestion:
    """Suggest a change after training accuracy collapsed."""
    return _learning_rate(
        config, config.fit.learning_rate / 3, "Use a third of the learning rate, for smaller steps."
    )


def unstable(config: RunConfig) -> Suggestion:
    """Suggest a change after unstable curves."""
    return _learning_rate(
        config, config.fit.learning_rate / 3, "Use a third of the learning rate, for smaller steps."
    )


def perfect() -> Suggestion:
    """Suggest what to do when every validation image is classified correctly."""
    return Suggestion(
        "See whether the test accuracy agrees. If it looks too good to be true, check the data for copies "
        "of an image in several splits; only harder or more images can show a difference now."
    )


def far_below_validation() -> Suggestion:
    """Suggest what to do when test accuracy is far below validation accuracy, which is down to the images."""
    return Suggestion(
        "Compare the test images with the training images before you change a setting: look for another "
        "source, camera or background, and check the data for near copies."
    )


def rare_class_missed() -> Suggestion:
    """Suggest a change after a rare class was hardly found."""
    return Suggestion(
        "Use class weights, so that images of rare classes count more in training.",
        {"fit.class_weights": True},
    )


def overfitting(config: RunConfig) -> Suggestion:
    """Suggest a change after overfitting."""
    if config.augment.rotation == 0 and config.augment.zoom == 0:
        return Suggestion(
            "Rotate and zoom each image slightly at random; this reduces overfitting.",
            {"augment.rotation": 15.0, "augment.zoom": 0.2},
        )
    if config.model.dropout < 0.2:
        return Suggestion(
            "Use dropout: switch off 30% of the neurons at random during training.", {"model.dropout": 0.3}
        )
    if config.model.l2 == 0:
        return Suggestion("Add a small penalty on large weights.", {"model.l2": 0.001})
    if not config.fit.early_stopping:
        return Suggestion("Stop early when validation no longer improves.", {"fit.early_stopping": True})
    if config.model.dense_units >= 64:
        units = config.model.dense_units // 16 * 8
        return Suggestion("Use a smaller network: half the dense units.", {"model.dense_units": units})
    return Suggestion("The settings are already cautious. More training images would help most.")


def still_improving(config: RunConfig, epochs: int) -> Suggestion:
    """Suggest a change after training that ended while still improving."""
    if config.fit.epochs > epochs:
        return _before_its_time(config)
    if _is_far_too_small(config):
        return _usual_learning_rate(config)
    longer = min(2 * epochs, 500)
    if longer <= epochs:
        return _learning_rate(
            config, config.fit.learning_rate * 2, "Use twice the learning rate, for larger steps."
        )
    return Suggestion(f"Train longer: {longer} epochs.", {"fit.epochs": longer})


def too_slow(config: RunConfig, epochs: int) -> Suggestion:
    """Suggest a change after losses that fell slowly and evenly to the end."""
    if config.fit.learning_rate < USUAL_LEARNING_RATE[config.fit.optimizer]:
        return _usual_learning_rate(config)
    return still_improving(config, epochs)


def lucky_peak(config: RunConfig) -> Suggestion:
    """Suggest a change after the best epoch was partly luck."""
    if config.fit.monitor == "val_accuracy":
        text = "Choose the best epoch by validation loss, which fluctuates less than accuracy."
        return Suggestion(text, {"fit.monitor": "val_loss"})
    return _learning_rate(
        config, config.fit.learning_rate / 2, "Use half the learning rate, for smaller steps."
    )


def healthy(config: RunConfig, gap: float) -> Suggestion:
    """Suggest a change after curves that levelled off ``gap`` (training minus validation accuracy) apart."""
    if gap <= -0.05 and config.model.dropout >= 0.2:
        half = round(config.model.dropout / 2, 2)
        return Suggestion(
            "Halve the dropout, so that fewer neurons are switched off.", {"model.dropout": half}
        )
    if gap < 0.05:
        return _larger(config)
    seed = (config.fit.seed + 1) % (2**31 - 1)
    text = "Train with the same settings and another seed, to see how much of the score is luck."
    return Suggestion(text, {"fit.seed": seed})


def _map_size(config: RunConfig, blocks: int) -> int:
    return final_map_size(config.data.image_size, blocks, config.model.kernel_size)


def suited(suggestion: Suggestion, config: RunConfig, *, is_tuned: bool) -> Suggestion:
    """Make a suggestion for the lab's own network one for the network of these settings.

    ``is_tuned``: whether it is about fine-tuning, whose settings have names of their own.
    """
    if config.backbone is None:
        return suggestion
    rate = suggestion.changes.get("fit.learning_rate", 0.0)
    if is_tuned and rate > config.fit.fine_tune_learning_rate:  # what is usual would undo what it knows
        longer = min(2 * config.fit.fine_tune_epochs, 500)
        return Suggestion(f"Fine-tune longer: {longer} epochs.", {"fit.fine_tune_epochs": longer})
    changes = {_OF_TUNING.get(path, path) if is_tuned else path: v for path, v in suggestion.changes.items()}
    idle = config.without_effect
    if not config.has_augmentation:
        idle |= {path for path in changes if path.startswith("augment.")}
    return _for_pretrained(config) if idle & set(changes) else Suggestion(suggestion.text, changes)


def _for_pretrained(config: RunConfig) -> Suggestion:
    if not config.is_fine_tuned:
        return Suggestion("Fine-tune the last third of the network.", {"model.fine_tune": "last_third"})
    names = list(BACKBONES)
    larger = names[names.index(config.model.network) + 1 :]
    if not larger:
        return Suggestion("The settings are already cautious. More training images would help most.")
    text = f"Use a larger pretrained network: {BACKBONES[larger[0]].title}."
    return Suggestion(text, {"model.network": larger[0]})


def _before_its_time(config: RunConfig) -> Suggestion:
    if config.fit.early_stopping and config.fit.patience < 50:
        patience = min(2 * config.fit.patience, 50)
        return Suggestion(
            f"Training stopped early. Set the patience to {patience} epochs.", {"fit.patience": patience}
        )
    return Suggestion("The run ended early. Resume or restart it and let it finish.")


def _is_far_too_small(config: RunConfig) -> bool:
    return config.fit.learning_rate <= USUAL_LEARNING_RATE[config.fit.optimizer] / 5


def _usual_learning_rate(config: RunConfig) -> Suggestion:
    usual = USUAL_LEARNING_RATE[config.fit.optimizer]
    text = f"Use the usual learning rate for {config.fit.optimizer}: {usual:g}."
    return _learning_rate(config, usual, text)


def _learning_rate(config: RunConfig, wanted: float, text: str) -> Suggestion:
    setting = SETTINGS["fit.learning_rate"]
    rate = min(max(float(f"{wanted:.0e}"), setting.minimum or wanted), setting.maximum or wanted)
    if rate == config.fit.learning_rate:
        return Suggestion(f"The learning rate is at its limit; the images may be the cause. {CHECK_IMAGES}")
    return Suggestion(text, {"fit.learning_rate": rate})


def _larger(config: RunConfig) -> Suggestion:
    filters, units = config.model.filters, config.model.dense_units
    if len(filters) < 6 and _map_size(config, len(filters) + 1) >= 2:
        more = (*filters, min(2 * filters[-1], 512))
        return Suggestion("Use a larger network: one more convolution block.", {"model.filters": more})
    if units < 1024:
        larger = min(2 * units, 1024)
        return Suggestion("Use a larger network: twice the dense units.", {"model.dense_units": larger})
    return Suggestion(f"The network is at its maximum size; the images may be the cause. {CHECK_IMAGES}")
