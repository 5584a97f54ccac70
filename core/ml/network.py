"""A model in training: its training step, its evaluation, and its complete state.

Why the lab has its own training step instead of Keras's ``fit``:

- A run that was stopped or killed resumes exactly: weights, optimiser and random generators continue as if
  nothing had happened, which the tests verify to the last bit.
- Where training computes in bfloat16, a float32 model with the same weights is evaluated, saved and
  explained, so the scores shown are those of the saved file.
- The runs of a sweep reuse one network, traced and compiled once (:mod:`core.ml.networks`).
- It costs nothing: 1.0 to 1.1 times the speed of ``fit``.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from core.config import RunConfig
from core.data.stored_images import Images
from core.ml import model, runtime
from core.ml.devices import Devices

Array = NDArray[Any]

_AT_ONCE = 64
"""Images processed at once outside training; bounds the memory use."""


@dataclass(frozen=True)
class Architecture:
    """How the model of a network is built, and how it gets its initial weights again.

    key: what decides its layers, with the kind of network first; networks with the same key are alike.
    build: returns the model for computing in "float32" or "bfloat16"; takes uint8 images (N, S, S, 3) or
        float32 features (N, F), and has layers ``logits`` and ``probabilities``.
    redraw: resets a model to what ``build`` would return for the seed of other settings.
    precision: what training computes in; "" for what the settings say.
    """

    key: tuple[object, ...]
    build: Callable[[str], keras.Model]
    redraw: Callable[[keras.Model, RunConfig], None]
    precision: str = ""


def own(config: RunConfig, num_classes: int) -> Architecture:
    """Return the lab's own network with these settings."""
    build = partial(model.build, config, num_classes)
    return Architecture(("own", config.model, config.data.image_size, num_classes), build, model.redraw)


class Network:
    """A model with one or two sets of weights.

    ``model`` is evaluated, saved and explained, always in float32, so that the scores shown are those of
    the saved model. If training computes in bfloat16 or on several devices, a twin with the same layers is
    trained instead, and ``synchronise`` copies its weights to ``model``.
    """

    def __init__(self, config: RunConfig, num_classes: int, architecture: Architecture | None = None) -> None:
        """Build the network, by default the lab's own, with new random weights."""
        self.num_classes = num_classes
        self._architecture = architecture = architecture or own(config, num_classes)
        self.precision = architecture.precision or runtime.precision(config.fit.precision)
        self._devices = Devices(runtime.devices())
        self.model = architecture.build("float32")
        alone = self.precision == "float32" and self._devices.count == 1
        with self._devices.scope():
            self._twin = self.model if alone else architecture.build(self.precision)
            self._optimizer = model.optimizer(config)
            self._optimizer.build(self._twin.trainable_variables)
        self._rate = config.fit.learning_rate
        self._changing = _changing(self._twin)
        self._totals = tf.Variable(tf.zeros(3, tf.float64))
        inputs = _input_spec(self.model.input_shape[1:])
        labels, weights = tf.TensorSpec((None,), tf.int64), tf.TensorSpec((None,), tf.float32)
        batch = [inputs, labels, weights, tf.TensorSpec((), tf.float32)]
        self._step = self._devices.compile(self._one_step(), batch, self._totals)
        scores = model.without_softmax(self.model)
        self._score = tf.function(
            lambda images: scores(tf.cast(images, tf.float32), training=False),
            input_signature=[inputs],
            autograph=False,
        )

    def begin_anew(self, config: RunConfig) -> None:
        """Reset everything to the state of a new network with these settings.

        The settings may differ from the original ones in anything that does not affect the layers, such as
        the seed or the learning rate; traced and compiled functions are reused.
        """
        for layers in {id(self.model): self.model, id(self._twin): self._twin}.values():
            self._architecture.redraw(layers, config)
        for variable in self._optimizer.variables:
            variable.assign(np.zeros(variable.shape, variable.dtype))
        self._rate = math.nan
        self.set_learning_rate(config.fit.learning_rate)

    def set_learning_rate(self, rate: float) -> None:
        """Set the learning rate of the next updates."""
        if rate != self._rate:  # or each update of a small network would take noticeably longer
            self._optimizer.learning_rate = self._rate = rate

    def learn(
        self,
        images: Array,
        labels: NDArray[np.int64],
        class_weights: NDArray[np.float32] | None = None,
    ) -> None:
        """Update the weights once, from a batch of images (B, S, S, 3) or features (B, F) and its labels.

        Args:
            class_weights: (C,), by which the loss of each class's images is multiplied; None for 1 each.
        """
        weights = np.ones(len(labels), np.float32) if class_weights is None else class_weights[labels]
        split, count = self._devices.split, tf.constant(len(labels), tf.float32)
        self._step(split(images), split(labels), split(weights), count)

    def begin_epoch(self) -> None:
        """Reset the sums for :meth:`learned`."""
        self._totals.assign([0.0, 0.0, 0.0])

    def learned(self) -> tuple[float, float]:
        """Return mean cross-entropy and accuracy since ``begin_epoch``, each measured during its step.

        The L2 penalty and the class weights are part of what is minimised but not of this figure, to match
        :meth:`evaluate`.
        """
        loss, correct, count = self._totals.numpy().tolist()
        return loss / count, correct / count

    def synchronise(self) -> None:
        """Copy the trained weights to ``model``."""
        if self._twin is not self.model:
            for kept, learned in zip(self.model.variables, self._twin.variables, strict=True):
                kept.assign(learned)

    def evaluate(self, images: Images | Array, labels: NDArray[np.int64]) -> tuple[float, float]:
        """Return mean cross-entropy and accuracy of ``model`` on images (N, S, S, 3) or features.

        Unlike in Keras, the L2 penalty is left out: it falls as the weights shrink, whatever they predict,
        so it must not choose the epoch, stop training or win comparisons. Earlier runs keep their curves
        with the penalty in them.
        """
        logits = self._logits(images)
        highest = logits.max(axis=1, keepdims=True)
        log_sums = np.log(np.exp(logits - highest).sum(axis=1)) + highest[:, 0]
        losses = log_sums - logits[np.arange(len(labels)), labels]
        return float(losses.mean()), float((logits.argmax(axis=1) == labels).mean())

    def probabilities(self, images: Images | Array) -> NDArray[np.float64]:
        """Return the probabilities (N, C) of ``model`` for images or features, as far as it is trained."""
        logits = self._logits(images)
        powers = np.exp(logits - logits.max(axis=1, keepdims=True))
        return np.asarray(powers / powers.sum(axis=1, keepdims=True), np.float64)

    def _logits(self, images: Images | Array) -> NDArray[np.float64]:
        starts = range(0, len(images), _AT_ONCE)
        return np.concatenate(
            [self._score(tf.convert_to_tensor(images[index : index + _AT_ONCE])).numpy() for index in starts]
        ).astype(np.float64)

    def weights(self) -> list[Array]:
        """Return copies of what training changes, including the state of random generators.

        What is frozen is left out: a checkpoint of a fine-tuned network has only the part that is trained.
        """
        return [variable.numpy() for variable in self._changing]

    def set_weights(self, weights: list[Array]) -> None:
        """Restore the result of :meth:`weights`."""
        for variable, value in zip(self._changing, weights, strict=True):
            variable.assign(value)
        self.synchronise()

    def set_logits(self, weights: list[Array]) -> None:
        """Set kernel (F, C) and bias (C,) of the last layer."""
        self._twin.get_layer("logits").set_weights(weights)
        self.synchronise()

    def set_layer_weights(self, weights: list[Array]) -> None:
        """Set the weights of the layers, in the order of Keras's ``get_weights``."""
        for variable, value in zip(self._twin.weights, weights, strict=True):
            variable.assign(value)
        self.synchronise()

    def optimizer_state(self) -> list[Array]:
        """Return copies of the optimiser's variables, including its step counter."""
        return [variable.numpy() for variable in self._optimizer.variables]

    def set_optimizer_state(self, state: list[Array]) -> None:
        """Restore the result of :meth:`optimizer_state`."""
        for variable, value in zip(self._optimizer.variables, state, strict=True):
            variable.assign(value)
        self._rate = math.nan

    def _one_step(self) -> Any:
        twin, trainable = self._twin, self._twin.trainable_variables
        scores = model.without_softmax(twin)

        def step(images: tf.Tensor, labels: tf.Tensor, weights: tf.Tensor, count: tf.Tensor) -> tf.Tensor:
            """Learn from a device's part of a batch of ``count`` images; return loss, correct and images."""
            with tf.GradientTape() as tape:
                logits = scores(tf.cast(images, tf.float32), training=True)
                losses = tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits)
                loss = tf.reduce_sum(losses * weights) / count + sum(twin.losses) / self._devices.count
            self._optimizer.apply(tape.gradient(loss, trainable), trainable)
            right = tf.math.count_nonzero(tf.argmax(logits, axis=1) == labels)
            sums = [tf.reduce_sum(losses), right, tf.shape(labels)[0]]
            return tf.stack([tf.cast(value, tf.float64) for value in sums])

        return step


def predict(classifier: keras.Model, images: Images | Array) -> NDArray[np.float32]:
    """Return probabilities (N, C); rows sum to 1 within 1e-6.

    ``images`` are uint8 (N, S, S, 3), or features (N, F) for a classifier of features.
    """
    traced = _traced(classifier, images.shape[1:])
    starts = range(0, len(images), _AT_ONCE)
    parts = [traced(tf.convert_to_tensor(images[index : index + _AT_ONCE])).numpy() for index in starts]
    return np.concatenate([np.empty((0, classifier.output_shape[-1]), np.float32), *parts])


@lru_cache(maxsize=1)
def _traced(classifier: keras.Model, shape: tuple[int, ...]) -> Any:
    """Trace once for the validation and test images of a run; tracing takes longer than predicting."""
    return tf.function(
        lambda images: classifier(tf.cast(images, tf.float32), training=False),
        input_signature=[_input_spec(shape)],
        autograph=False,
    )


def _input_spec(shape: tuple[int, ...]) -> tf.TensorSpec:
    """Images are bytes, features are not."""
    return tf.TensorSpec((None, *shape), tf.uint8 if len(shape) == 3 else tf.float32)


def _changing(trained: keras.Model) -> list[Any]:
    frozen = {id(variable) for layer in trained.layers if not layer.trainable for variable in layer.variables}
    return [variable for variable in trained.variables if id(variable) not in frozen]
