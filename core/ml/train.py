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

from core.config import FitConfig, RunConfig
from core.data.stored_images import Images
from core.errors import Diverged, Stopped
from core.ml import checkpoint, explainer, feed
from core.ml.checkpoint import State
from core.ml.network import Network, Networks, predict
from core.report import Epoch, Metric
from core.words import count

log = logging.getLogger(__name__)

__all__ = ["LabelledImages", "Networks", "Trained", "predict", "train", "warm_up"]

LabelledImages = tuple[Images, NDArray[np.int64]]
"""Images (N, S, S, 3) uint8 and labels (N,)."""
History = list[Epoch]

_REPORT_SECONDS = 0.1
"""Interval between progress reports; each has to wait for the device to finish."""
_RUNAWAY = 1000.0
"""Multiple of the loss of guessing. Runs with learning rate 1 exceeded it, and ended up guessing."""


@dataclass(frozen=True)
class Trained:
    """The saved model (float32), the complete history, and facts about the training.

    ``kept_epoch`` counts from 1; ``images_per_second`` covers training only, without validation.
    """

    model: keras.Model
    history: History
    kept_epoch: int
    stopped: bool
    images_per_second: float
    precision: str


def train(
    config: RunConfig,
    num_classes: int,
    *,
    training: LabelledImages,
    validation: LabelledImages,
    checkpoint_folder: Path,
    before: Sequence[Epoch] = (),
    networks: Networks | None = None,
    on_start: Callable[[History], None] = lambda history: None,
    on_batch: Callable[..., None] = lambda **progress: None,
    on_epoch: Callable[[History], None] = lambda history: None,
    watched: Images | None = None,
    on_watched: Callable[[int, NDArray[np.float64]], None] = lambda epoch, probabilities: None,
    should_stop: Callable[[], bool] = lambda: False,
) -> Trained:
    """Train with these settings, from the checkpoint if there is one.

    Args:
        checkpoint_folder: where the state after each epoch is stored.
        before: the epochs of the run that is continued. Without a checkpoint, training then starts from the
            model ``start.keras`` in the folder, that of the last of these epochs.
        networks: shared between several trainings, it avoids building a network for each; the next
            training then reuses the previous model.
        on_start: receives the history so far: empty, or that of the checkpoint.
        on_batch: receives epoch, batch, batches, images_per_second, seconds_left, loss and accuracy,
            about ten times per second.
        on_epoch: receives the history including the new epoch, with the keys epoch, loss, accuracy,
            val_loss, val_accuracy and seconds. Training values are means over the epoch's batches while
            the weights change, as in Keras; validation values are for the weights at its end.
        watched: a few images (N, S, S, 3) to predict after every epoch.
        on_watched: receives the epoch and the probabilities (N, C) for these.
        should_stop: called after every batch.

    Raises:
        Diverged: the loss is no longer a number, or extremely large.
        Stopped: training was stopped before the first epoch was finished.
        LabError: the checkpoint cannot be read or written.
    """
    network = (networks or Networks()).get(config, num_classes)
    state = _restore(network, checkpoint_folder, before)
    anew = len(before)
    if config.model.l2 and not state.has_plain_losses and not _finished(state.history, config.fit, anew):
        state, anew = _without_losses(state), len(state.history)
    on_start(state.history)
    pace = _Pace(config, len(training[1]))
    stopped = False
    with checkpoint.Writer(checkpoint_folder) as writer:
        while not stopped and not _finished(state.history, config.fit, anew):
            epoch = len(state.history) + 1
            stopped = _one_epoch(network, config, training, epoch, pace, on_batch, should_stop)
            if stopped:
                break
            state = _after_epoch(network, config, state, validation, pace)
            on_epoch(state.history)
            if watched is not None:
                on_watched(epoch, network.probabilities(watched))
            writer.save(state)
    if not state.history:
        raise Stopped("Stopped before the first epoch was finished, so there is no model to save.")
    network.set_weights(state.best)
    return Trained(
        network.model,
        state.history,
        state.best_epoch,
        stopped,
        pace.images_per_second,
        network.precision,
    )


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
    """The speed of training in this session, and the time left."""

    def __init__(self, config: RunConfig, images: int) -> None:
        self._epochs = config.fit.epochs
        self._batches = feed.count(images, config.fit.batch_size)
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
        """Return the maximum time left, from the pace so far; includes validation after the first epoch."""
        if not self._done:
            return None
        left = (self._epochs - epoch) * self._batches + self._batches - batch
        return left * (self._last - self._began) / self._done


def _restore(network: Network, folder: Path, before: Sequence[Epoch]) -> State:
    """Restore the network from the checkpoint and return its state, or a new state without a checkpoint."""
    state = checkpoint.load(folder)
    if state is None:
        return _start_from_model(network, folder / "start.keras", before) if before else State()
    network.set_weights(state.weights)
    network.set_optimizer_state(state.optimizer)
    return state


def _start_from_model(network: Network, path: Path, before: Sequence[Epoch]) -> State:
    network.set_layer_weights(explainer.load_for_explaining(path).get_weights())
    weights = network.weights()
    return State(list(before), weights, network.optimizer_state(), best=weights, best_epoch=len(before))


def _without_losses(state: State) -> State:
    """Leave out losses that include the L2 penalty: compared with later ones, they would choose the epoch."""
    log.warning(
        "The losses of the first %s were recorded by an earlier version, with the L2 penalty in them; "
        "they are left out, and the best epoch is chosen from the following ones.",
        count(len(state.history), "epoch"),
    )
    history: History = [{**line, "loss": None, "val_loss": None} for line in state.history]
    return replace(state, history=history, has_plain_losses=True)


def _finished(history: History, fit: FitConfig, continued_after: int) -> bool:
    """Patience counts from the best epoch, or from where training was continued."""
    if len(history) >= fit.epochs:
        return True
    if not (fit.early_stopping and history):
        return False
    since = max(_best_epoch(history, fit.monitor), continued_after)
    return len(history) - since >= fit.patience


def _best_epoch(history: History, monitor: Metric) -> int:
    """Return the first epoch, counted from 1, with the best validation score; no score is the worst."""
    sign = 1 if monitor == "val_loss" else -1
    scores = [line.get(monitor) for line in history]
    costs = [math.inf if score is None else sign * score for score in scores]
    return costs.index(min(costs)) + 1


def _one_epoch(
    network: Network,
    config: RunConfig,
    training: LabelledImages,
    epoch: int,
    pace: _Pace,
    on_batch: Callable[..., None],
    should_stop: Callable[[], bool],
) -> bool:
    """Train on every image once; return whether training was stopped."""
    batches = feed.count(len(training[1]), config.fit.batch_size)
    weights = balanced_weights(training[1], network.num_classes) if config.fit.class_weights else None
    network.begin_epoch()
    pace.begin_epoch()
    reported_at, reported_batch = 0.0, 0
    for batch, (images, labels) in enumerate(feed.batches(*training, config, epoch), start=1):
        network.learn(images, labels, weights)
        pace.batch_done(len(labels))
        if batch == batches or time.perf_counter() - reported_at > _REPORT_SECONDS:
            loss, accuracy = network.learned()
            where = f"batches {reported_batch + 1} to {batch} of epoch {epoch}"
            _check_is_sane(loss, network.num_classes, where, config)
            on_batch(
                epoch=epoch,
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


def _after_epoch(
    network: Network, config: RunConfig, state: State, validation: LabelledImages, pace: _Pace
) -> State:
    """Evaluate the epoch, and keep its weights if it is the best or the latest is wanted."""
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
    history = [*state.history, line]
    weights = network.weights()
    is_best = not config.fit.restore_best or _best_epoch(history, config.fit.monitor) == epoch
    return State(
        history,
        weights,
        network.optimizer_state(),
        best=weights if is_best else state.best,
        best_epoch=epoch if is_best else state.best_epoch,
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
        f"Try a smaller learning rate, such as {rate / 10:g} instead of {rate:g}.",
    )
