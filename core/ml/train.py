"""Train one model epoch by epoch, with progress reports, and with support for stopping and resuming."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import keras
import numpy as np
from numpy.typing import NDArray

from core.config import RunConfig
from core.data.stored_images import Pixels
from core.errors import Diverged, LabError, Stopped
from core.ml import checkpoint, explainer, feed
from core.ml.checkpoint import State
from core.ml.network import Network, predict
from core.ml.networks import Networks
from core.ml.stages import History, LabelledImages, Prepared, Stage, best_epoch, plan
from core.report import Epoch
from core.words import count, number

log = logging.getLogger(__name__)

__all__ = ["LabelledImages", "Networks", "Trained", "predict", "train", "warm_up"]

_REPORT_SECONDS = 0.1
"""Interval between progress reports; each has to wait for the device to finish."""
_RUNAWAY = 1000.0
"""Multiple of the loss of guessing. Runs with learning rate 1 exceeded it, and ended up guessing."""


@dataclass(frozen=True)
class Trained:
    """The saved model (float32), the complete history, and facts about the training.

    ``kept_epoch`` counts from 1; ``images_per_second`` covers training only, without validation. ``head`` is
    the model's last layers alone, where the features of a pretrained network give the same probabilities.
    """

    model: keras.Model
    history: History
    kept_epoch: int
    stopped: bool
    images_per_second: float
    precision: str
    head: keras.Model | None = None


def train(
    config: RunConfig,
    num_classes: int,
    *,
    training: LabelledImages,
    validation: LabelledImages,
    checkpoint_folder: Path,
    pretrained: Prepared | None = None,
    before: Sequence[Epoch] = (),
    networks: Networks | None = None,
    on_start: Callable[[History], None] = lambda history: None,
    on_batch: Callable[..., None] = lambda **progress: None,
    on_epoch: Callable[[History], None] = lambda history: None,
    watched: Pixels | None = None,
    on_watched: Callable[[int, NDArray[np.float64]], None] = lambda epoch, probabilities: None,
    on_best: Callable[[keras.Model, bool], None] = lambda model, only_last_layer: None,
    should_stop: Callable[[], bool] = lambda: False,
) -> Trained:
    """Train with these settings, from the checkpoint if there is one.

    Args:
        checkpoint_folder: where the state after each epoch is stored.
        pretrained: the pretrained network and the features it found, if the settings name one.
        before: the epochs of the run that is continued. Without a checkpoint, training then starts from the
            model ``start.keras`` in the folder, that of the last of these epochs.
        networks: shared between several trainings, it avoids building a network for each; the next
            training then reuses the previous model.
        on_start: receives the history so far: empty, or that of the checkpoint.
        on_batch: receives epoch, epochs, batch, batches, images_per_second, seconds_left, loss and accuracy,
            about ten times per second.
        on_epoch: receives the history including the new epoch, with the keys epoch, loss, accuracy,
            val_loss, val_accuracy, seconds and, for a pretrained network, stage. Training values are means
            over the epoch's batches while the weights change, as in Keras; validation values are for the
            weights at its end.
        watched: a few images (N, S, S, 3) to predict after every epoch.
        on_watched: receives the epoch and the probabilities (N, C) for these.
        on_best: receives the model (float32) after each epoch that is the best so far, so that it can be
            saved: after a crash, it is there without this training. Also whether only its last layer can
            have changed since the call before with the same model.
        should_stop: called after every batch.

    Raises:
        Diverged: the loss is no longer a number, or extremely large.
        Stopped: training was stopped before the first epoch was finished.
        LabError: the checkpoint cannot be read or written.
    """
    stages = plan(config, num_classes, training, validation, pretrained, networks or Networks())
    state = _restore(stages, checkpoint_folder, before, pretrained)
    anew = len(before)
    if config.model.l2 and not state.has_plain_losses and not stages[-1].is_over(state.history, anew):
        state, anew = _without_losses(state), len(state.history)
    on_start(state.history)
    stopped, pace = False, _Pace(stages[0], state.history)
    with checkpoint.Writer(checkpoint_folder) as writer:
        for number, stage in enumerate(stages):
            if stopped or stage.is_over(state.history, anew, stages[number + 1 :]):
                continue
            state = _enter(stage, state)
            pace = _Pace(stage, state.history, stages[number + 1 :])
            seen = None if watched is None else stage.look(watched)
            while not stopped and not stage.is_over(state.history, anew):
                epoch = len(state.history) + 1
                stopped = _one_epoch(stage, epoch, stage.rates(state.history), pace, on_batch, should_stop)
                if stopped:
                    break
                state = _after_epoch(stage, state, pace)
                on_epoch(state.history)
                if seen is not None:
                    on_watched(epoch, stage.network.probabilities(seen))
                writer.save(state)
                if state.best_epoch == len(state.history):
                    on_best(stage.classifier(), stage.name == "head")
    if not state.history:
        raise Stopped("Stopped before the first epoch was finished, so there is no model to save.")
    return _trained(stages, state, stopped, pace, pretrained)


def balanced_weights(labels: NDArray[np.int64], num_classes: int) -> NDArray[np.float32]:
    """Return a weight per class (C,), inversely proportional to its images among the labels (N,).

    The weights of a class's images add up to N / C for each of the C classes that have images, so an image
    weighs 1 on average. As ``class_weight="balanced"`` in scikit-learn, after King and Zeng, "Logistic
    regression in rare events data", 2001.
    """
    counts = np.bincount(labels, minlength=num_classes)
    present = np.count_nonzero(counts)
    return np.asarray(len(labels) / (present * np.maximum(counts, 1)), np.float32)


def warm_up() -> None:
    """Train a tiny network for one step, so that TensorFlow is initialised before the first run."""
    config = RunConfig().replace({"data.image_size": 32, "model.filters": (2,), "model.dense_units": 8})
    network = Network(config, 2)
    images, labels = np.zeros((2, 32, 32, 3), np.uint8), np.array([0, 1])
    network.learn(images, labels)
    network.synchronise()
    network.evaluate(images, labels)


class _Pace:
    """The speed of a stage of training in this session, and the time left."""

    def __init__(self, stage: Stage, history: History, later: Sequence[Stage] = ()) -> None:
        self._last_epoch = stage.last_epoch(history)
        self.max_epochs = self._last_epoch + sum(one.config.fit.epochs for one in later)
        self._batches = feed.count(len(stage.training[1]), stage.config.fit.batch_size)
        self.images = 0
        self.seconds = 0.0
        self._began = 0.0
        self._done = 0
        self._epoch_began = 0.0

    @property
    def images_per_second(self) -> float:
        """Images trained on per second; 0 before the second batch."""
        return self.images / self.seconds if self.seconds else 0.0

    @property
    def epoch_seconds(self) -> float:
        """Seconds since the epoch began."""
        return time.perf_counter() - self._epoch_began

    def begin_epoch(self) -> None:
        self._epoch_began = self._last = time.perf_counter()

    def batch_done(self, images: int) -> None:
        """Count a batch; the very first one includes TensorFlow's initialisation and is left out."""
        now = time.perf_counter()
        if self._began:
            self.images += images
            self.seconds += now - self._last
            self._done += 1
        else:
            self._began = now
        self._last = now

    def seconds_left(self, epoch: int, batch: int) -> float | None:
        """Return the maximum time left, from the pace so far; includes validation after the first epoch.

        None if another stage follows, whose pace is not known yet.
        """
        if not self._done or self._last_epoch < self.max_epochs:
            return None
        left = (self._last_epoch - epoch) * self._batches + self._batches - batch
        return left * (self._last - self._began) / self._done


def _restore(
    stages: Sequence[Stage], folder: Path, before: Sequence[Epoch], pretrained: Prepared | None
) -> State:
    """Return the state of the checkpoint with its network restored, or a new state without a checkpoint."""
    weights = pretrained.network.fingerprint if pretrained else ""
    state = checkpoint.load(folder)
    if state is None:
        if not before:
            return State(pretrained=weights)
        stage = _stage_of(before[-1], stages)
        return _start_from_model(stage, folder / "start.keras", before, weights)
    if state.pretrained != weights:
        raise LabError(
            "The weights of the pretrained network are no longer those that this run started from. Put their "
            "file back, or start a new run with the same settings."
        )
    if state.history:
        network = _stage_of(state.history[-1], stages).network
        try:
            network.set_weights(state.weights)
            network.set_optimizer_state(state.optimizer)
        except (ValueError, TypeError):
            raise LabError(
                f"The checkpoint in {folder} does not fit the network of these settings: it is damaged, or "
                "from another run. Start a new run with the same settings."
            ) from None
    return state


def _start_from_model(stage: Stage, path: Path, before: Sequence[Epoch], pretrained: str) -> State:
    network, model = stage.network, explainer.load_for_explaining(path)
    if stage.name == "head":
        network.set_logits(model.get_layer("logits").get_weights())
    else:
        network.set_layer_weights(model.get_weights())
    weights = network.weights()
    return State(
        list(before),
        weights,
        network.optimizer_state(),
        best=weights,
        best_epoch=len(before),
        pretrained=pretrained,
    )


def _enter(stage: Stage, state: State) -> State:
    """Begin a stage, or go on with it: fine-tuning begins with the best last layer so far."""
    if stage.first is None or _stage_name(state.history) == stage.name:
        return state
    stage.first.network.set_weights(state.best)
    stage.network.set_logits(stage.first.network.model.get_layer("logits").get_weights())
    return state


def _trained(
    stages: Sequence[Stage],
    state: State,
    stopped: bool,
    pace: _Pace,
    pretrained: Prepared | None,
) -> Trained:
    """Give the model the weights of the best epoch, whichever stage it was in."""
    stage = _stage_of(state.history[state.best_epoch - 1], stages)
    network = stage.network
    network.set_weights(state.best)
    classifier, head = stage.classifier(), None
    if pretrained is not None and stage.name == "head":
        head = network.model
        pretrained.check_agreement(classifier, head)
    images_per_second = pace.images_per_second
    precision = network.precision
    return Trained(classifier, state.history, state.best_epoch, stopped, images_per_second, precision, head)


def _stage_of(line: Epoch, stages: Sequence[Stage]) -> Stage:
    return next(stage for stage in stages if stage.name == line.get("stage", ""))


def _stage_name(history: History) -> str:
    return history[-1].get("stage", "") if history else ""


def _without_losses(state: State) -> State:
    """Leave out losses that include the L2 penalty: compared with later ones, they would choose the epoch."""
    log.warning(
        "The losses of the first %s were recorded by an earlier version, with the L2 penalty in them; "
        "they are left out, and the best epoch is chosen from the following ones.",
        count(len(state.history), "epoch"),
    )
    history: History = [{**line, "loss": None, "val_loss": None} for line in state.history]
    return replace(state, history=history, has_plain_losses=True)


def _one_epoch(
    stage: Stage,
    epoch: int,
    rates: Sequence[float],
    pace: _Pace,
    on_batch: Callable[..., None],
    should_stop: Callable[[], bool],
) -> bool:
    """Train on every image once; return whether training was stopped."""
    network, config, training, batches = stage.network, stage.config, stage.training, len(rates)
    weights = balanced_weights(training[1], network.num_classes) if config.fit.class_weights else None
    network.begin_epoch()
    pace.begin_epoch()
    reported_at, reported_batch = 0.0, 0
    for batch, (images, labels) in enumerate(feed.batches(training[0], training[1], config, epoch), start=1):
        network.set_learning_rate(rates[batch - 1])
        network.learn(images, labels, weights)
        pace.batch_done(len(labels))
        if batch == batches or time.perf_counter() - reported_at > _REPORT_SECONDS:
            loss, accuracy = network.learned()
            where = f"batches {reported_batch + 1} to {batch} of epoch {epoch}"
            _check_is_sane(loss, network.num_classes, where, config)
            on_batch(
                epoch=epoch,
                epochs=pace.max_epochs,
                batch=batch,
                batches=batches,
                images_per_second=pace.images_per_second,
                seconds_left=pace.seconds_left(epoch, batch),
                loss=loss,
                accuracy=accuracy,
            )
            reported_at, reported_batch = time.perf_counter(), batch
        if should_stop():
            return True
    return False


def _after_epoch(stage: Stage, state: State, pace: _Pace) -> State:
    """Evaluate the epoch, and keep its weights if it is the best or the latest is wanted."""
    network, config, validation = stage.network, stage.config, stage.validation
    network.synchronise()
    epoch = len(state.history) + 1
    loss, accuracy = network.learned()
    val_loss, val_accuracy = network.evaluate(*validation)
    _check_is_sane(val_loss, network.num_classes, f"validation after epoch {epoch}", config)
    line: Epoch = {
        "epoch": epoch,
        "loss": loss,
        "accuracy": accuracy,
        "val_loss": val_loss,
        "val_accuracy": val_accuracy,
        "seconds": pace.epoch_seconds,
    }
    if stage.name:
        line["stage"] = stage.name
    history = [*state.history, line]
    weights = network.weights()
    is_best = not config.fit.restore_best or best_epoch(history, config.fit.monitor) == epoch
    return State(
        history,
        weights,
        network.optimizer_state(),
        best=weights if is_best else state.best,
        best_epoch=epoch if is_best else state.best_epoch,
        pretrained=state.pretrained,
    )


def _check_is_sane(loss: float, num_classes: int, where: str, config: RunConfig) -> None:
    """Raise Diverged if the loss is not a number, or so large that training never recovers."""
    guess = math.log(num_classes)
    if loss < _RUNAWAY * guess:
        return
    now = f"{loss:.3g} (guessing would give {guess:.3g})" if math.isfinite(loss) else "no longer a number"
    rate = config.fit.learning_rate
    raise Diverged(
        f"The loss is {now} in {where}: training diverged.",
        f"Try a smaller learning rate, such as {number(rate / 10)} instead of {number(rate)}.",
    )
