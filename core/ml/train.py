"""Train one model: epoch by epoch, reporting as it goes, ready to be stopped and to go on."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from core.config import FitConfig, RunConfig
from core.errors import Diverged, Stopped
from core.ml import checkpoint, feed
from core.ml.checkpoint import State
from core.ml.network import Network, Networks, predict

__all__ = ["LabelledImages", "Networks", "Trained", "predict", "train", "warm_up"]

LabelledImages = tuple[NDArray[np.uint8], NDArray[np.int64]]
"""Images (N, S, S, 3) uint8 and labels (N,)."""
History = list[dict[str, Any]]

_LOOK_SECONDS = 0.1
"""Between two looks at the sums; each look makes the device finish first."""
_RUNAWAY = 1000.0
"""Times the loss of guessing. Trainings with learning rate 1 went past it and ended at guessing."""


@dataclass(frozen=True)
class Trained:
    """The kept model (float32), the whole history, and how it went.

    ``kept_epoch`` counts from 1; ``images_per_second`` is of training alone, without validation.
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
    networks: Networks | None = None,
    on_start: Callable[[History], None] = lambda history: None,
    on_batch: Callable[..., None] = lambda **progress: None,
    on_epoch: Callable[[History], None] = lambda history: None,
    should_stop: Callable[[], bool] = lambda: False,
) -> Trained:
    """Train as the settings say, from the checkpoint if there is one.

    Args:
        checkpoint_folder: where the state after each epoch is kept.
        networks: the same for several trainings saves building a network for each; the model of one is
            then the next one's to train.
        on_start: gets the history so far: empty, or that of the checkpoint.
        on_batch: gets epoch, batch, batches, images_per_second, seconds_left, loss and accuracy, some
            ten times a second.
        on_epoch: gets the history whose last line is the new one, with the keys epoch, loss, accuracy,
            val_loss, val_accuracy and seconds. Training figures are the mean over the epoch's batches
            while the weights change, as in Keras; validation figures are of the weights at its end.
        should_stop: asked after every batch.

    Raises:
        Diverged: the loss is no longer a number, or past all measure.
        Stopped: before the first epoch was finished.
        LabError: the checkpoint cannot be read or written.
    """
    network = (networks or Networks()).get(config, num_classes)
    state = _go_on(network, checkpoint_folder)
    on_start(state.history)
    pace = _Pace(config, len(training[1]))
    stopped = False
    with checkpoint.Writer(checkpoint_folder) as writer:
        while not stopped and not _finished(state.history, config.fit):
            epoch = len(state.history) + 1
            stopped = _one_epoch(network, config, training, epoch, pace, on_batch, should_stop)
            if stopped:
                break
            state = _after_epoch(network, config, state, validation, pace)
            on_epoch(state.history)
            writer.save(state)
    if not state.history:
        raise Stopped("Stopped before the first epoch was finished, so there is no model to keep.")
    network.set_weights(state.best)
    return Trained(
        network.model,
        state.history,
        state.best_epoch,
        stopped,
        pace.images_per_second,
        network.precision,
    )


def warm_up() -> None:
    """Train a very small network for one step, so that the first run finds TensorFlow awake."""
    config = RunConfig().replace({"data.image_size": 32, "model.filters": (2,), "model.dense_units": 8})
    network = Network(config, 2)
    images, labels = np.zeros((2, 32, 32, 3), np.uint8), np.array([0, 1])
    network.learn(images, labels)
    network.synchronise()
    network.evaluate(images, labels)


class _Pace:
    """How fast training goes in this session, and how long it still takes."""

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
        """Of training alone; 0 before the second batch."""
        return self.images / self.seconds if self.seconds else 0.0

    @property
    def epoch_seconds(self) -> float:
        """Since the epoch began."""
        return time.perf_counter() - self._epoch_began

    def begin_epoch(self) -> None:
        self._epoch_began = self._last = time.perf_counter()

    def batch_done(self, images: int) -> None:
        """Count a batch; the very first one holds TensorFlow's own preparations and is left out."""
        now = time.perf_counter()
        if self._began:
            self.images += images
            self.seconds += now - self._last
            self._done += 1
        else:
            self._began = now
        self._last = now

    def seconds_left(self, epoch: int, batch: int) -> float | None:
        """At most, from the pace so far; validation is in it as soon as one epoch is over."""
        if not self._done:
            return None
        left = (self._epochs - epoch) * self._batches + self._batches - batch
        return left * (self._last - self._began) / self._done


def _go_on(network: Network, folder: Path) -> State:
    """The checkpoint's state, also put into the network; a new state where there is none."""
    state = checkpoint.load(folder)
    if state is None:
        return State()
    network.set_weights(state.weights)
    network.set_optimizer_state(state.optimizer)
    return state


def _finished(history: History, fit: FitConfig) -> bool:
    if len(history) >= fit.epochs:
        return True
    if not (fit.early_stopping and history):
        return False
    return len(history) - _best_epoch(history, fit.monitor) >= fit.patience


def _best_epoch(history: History, monitor: str) -> int:
    """The first epoch, counted from 1, that no other surpasses on validation."""
    sign = 1 if monitor == "val_loss" else -1
    return min(range(len(history)), key=lambda index: (sign * history[index][monitor], index)) + 1


def _one_epoch(
    network: Network,
    config: RunConfig,
    training: LabelledImages,
    epoch: int,
    pace: _Pace,
    on_batch: Callable[..., None],
    should_stop: Callable[[], bool],
) -> bool:
    """Show every training image once; returns whether that was stopped."""
    batches = feed.count(len(training[1]), config.fit.batch_size)
    network.begin_epoch()
    pace.begin_epoch()
    looked, looked_at = 0.0, 0
    for batch, (images, labels) in enumerate(feed.batches(*training, config, epoch), start=1):
        network.learn(images, labels)
        pace.batch_done(len(labels))
        if batch == batches or time.perf_counter() - looked > _LOOK_SECONDS:
            loss, accuracy = network.learned()
            where = f"batches {looked_at + 1} to {batch} of epoch {epoch}"
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
            looked, looked_at = time.perf_counter(), batch
        if should_stop():
            return True
    return False


def _after_epoch(
    network: Network, config: RunConfig, state: State, validation: LabelledImages, pace: _Pace
) -> State:
    """Score the epoch, and keep its weights if it is the one to keep."""
    network.synchronise()
    epoch = len(state.history) + 1
    loss, accuracy = network.learned()
    val_loss, val_accuracy = network.evaluate(*validation)
    _check_is_sane(val_loss, network.num_classes, f"validation after epoch {epoch}", config)
    line = {
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
    """Weights that have run away either give no number at all or a loss that they never come back from."""
    guess = math.log(num_classes)
    if loss < _RUNAWAY * guess:
        return
    now = f"{loss:.3g} (guessing would give {guess:.3g})" if math.isfinite(loss) else "not a number any more"
    rate = config.fit.learning_rate
    raise Diverged(
        f"The loss is {now} in {where}: the weights have run away.",
        f"Try a smaller learning rate: it was {rate:g}, a tenth of it is {rate / 10:g}.",
    )
