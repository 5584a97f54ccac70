"""A model in training: its training step, its evaluation, and its complete state.

Why the lab has its own training step instead of Keras's ``fit``:

- A run that was stopped or killed resumes exactly: weights, optimiser and random generators continue as if
  nothing had happened, which the tests verify to the last bit.
- Where training computes in bfloat16, a float32 model with the same weights is evaluated, saved and
  explained, so the scores shown are those of the saved file.
- The runs of a sweep reuse one network, traced and compiled once (:class:`Networks`).
- It costs nothing: 1.0 to 1.1 times the speed of ``fit``.
"""

from __future__ import annotations

from functools import lru_cache
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


class Network:
    """A model with one or two sets of weights.

    ``model`` is evaluated, saved and explained, always in float32, so that the scores shown are those of
    the saved model. If training computes in bfloat16 or on several devices, a twin with the same layers is
    trained instead, and ``synchronise`` copies its weights to ``model``.
    """

    def __init__(self, config: RunConfig, num_classes: int) -> None:
        self.num_classes = num_classes
        self.precision = runtime.precision(config.fit.precision)
        self._devices = Devices(runtime.devices())
        self.model = model.build(config, num_classes)
        alone = self.precision == "float32" and self._devices.count == 1
        with self._devices.scope():
            self._twin = self.model if alone else model.build(config, num_classes, self.precision)
            self._optimizer = model.optimizer(config)
            self._optimizer.build(self._twin.trainable_variables)
        self._totals = tf.Variable(tf.zeros(3, tf.float64))
        size = config.data.image_size
        pixels = tf.TensorSpec((None, size, size, 3), tf.uint8)
        labels, weights = tf.TensorSpec((None,), tf.int64), tf.TensorSpec((None,), tf.float32)
        batch = [pixels, labels, weights, tf.TensorSpec((), tf.float32)]
        self._step = self._devices.compile(self._one_step(), batch, self._totals)
        scores = model.without_softmax(self.model)
        self._score = tf.function(
            lambda images: scores(tf.cast(images, tf.float32), training=False),
            input_signature=[pixels],
            autograph=False,
        )

    def begin_anew(self, config: RunConfig) -> None:
        """Reset everything to the state of a new network with these settings.

        The settings may differ from the original ones in anything that does not affect the layers, such as
        the seed or the learning rate; traced and compiled functions are reused.
        """
        for layers in {id(self.model): self.model, id(self._twin): self._twin}.values():
            model.redraw(layers, config)
        for variable in self._optimizer.variables:
            variable.assign(np.zeros(variable.shape, variable.dtype))
        self._optimizer.learning_rate = config.fit.learning_rate

    def learn(
        self,
        images: NDArray[np.uint8],
        labels: NDArray[np.int64],
        class_weights: NDArray[np.float32] | None = None,
    ) -> None:
        """Update the weights once, from a batch (B, S, S, 3) and its labels (B,).

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

    def evaluate(self, images: Images, labels: NDArray[np.int64]) -> tuple[float, float]:
        """Return mean cross-entropy and accuracy of ``model`` on images (N, S, S, 3).

        Unlike in Keras, the L2 penalty is left out: it falls as the weights shrink, whatever they predict,
        so it must not choose the epoch, stop training or win comparisons. Earlier runs keep their curves
        with the penalty in them.
        """
        logits = self._logits(images)
        highest = logits.max(axis=1, keepdims=True)
        log_sums = np.log(np.exp(logits - highest).sum(axis=1)) + highest[:, 0]
        losses = log_sums - logits[np.arange(len(labels)), labels]
        return float(losses.mean()), float((logits.argmax(axis=1) == labels).mean())

    def probabilities(self, images: Images) -> NDArray[np.float64]:
        """Return the probabilities (N, C) of ``model`` for images (N, S, S, 3), as far as it is trained."""
        logits = self._logits(images)
        powers = np.exp(logits - logits.max(axis=1, keepdims=True))
        return np.asarray(powers / powers.sum(axis=1, keepdims=True), np.float64)

    def _logits(self, images: Images) -> NDArray[np.float64]:
        starts = range(0, len(images), _AT_ONCE)
        return np.concatenate(
            [self._score(tf.convert_to_tensor(images[index : index + _AT_ONCE])).numpy() for index in starts]
        ).astype(np.float64)

    def weights(self) -> list[Array]:
        """Return copies of all variables of the model, including the state of its random generators."""
        return [variable.numpy() for variable in self._twin.variables]

    def set_weights(self, weights: list[Array]) -> None:
        """Restore the result of :meth:`weights`."""
        for variable, value in zip(self._twin.variables, weights, strict=True):
            variable.assign(value)
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


class Networks:
    """A cache of one network, reused when the settings require the same layers.

    Building, tracing and compiling a network can take longer than a short training. The network belongs to
    the latest caller, so save whatever should be kept before requesting the next one.
    """

    def __init__(self) -> None:
        self._last: Network | None = None
        self._layers: tuple[object, ...] = ()

    def get(self, config: RunConfig, num_classes: int) -> Network:
        """Return a network with new random weights for these settings."""
        fit, size = config.fit, config.data.image_size
        layers = (config.model, size, num_classes, fit.optimizer, fit.precision)
        if self._last is not None and layers == self._layers:
            self._last.begin_anew(config)
        else:
            self._last = None  # releases its memory before the next one is built
            self._last, self._layers = Network(config, num_classes), layers
        return self._last


def predict(classifier: keras.Model, images: Images) -> NDArray[np.float32]:
    """Return probabilities (N, C) for uint8 images (N, S, S, 3); rows sum to 1 within 1e-6."""
    traced = _traced(classifier, images.shape[1:])
    starts = range(0, len(images), _AT_ONCE)
    parts = [traced(tf.convert_to_tensor(images[index : index + _AT_ONCE])).numpy() for index in starts]
    return np.concatenate([np.empty((0, classifier.output_shape[-1]), np.float32), *parts])


@lru_cache(maxsize=1)
def _traced(classifier: keras.Model, shape: tuple[int, ...]) -> Any:
    """Trace once for the validation and test images of a run; tracing takes longer than predicting."""
    return tf.function(
        lambda images: classifier(tf.cast(images, tf.float32), training=False),
        input_signature=[tf.TensorSpec((None, *shape), tf.uint8)],
        autograph=False,
    )
