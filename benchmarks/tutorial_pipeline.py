"""What a learner would write instead: decode, resize and flip in tf.data every epoch, then Keras ``fit``.

Written from the tutorial's description of its steps: float32, without cache or prefetch. These are the
baselines of :mod:`benchmarks.train_speed`.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf
import tensorflow_datasets as tfds

SPLITS = ["train[:80%]", "train[80%:90%]", "train[90%:]"]


class EpochEnds(keras.callbacks.Callback):  # type: ignore[misc]
    """When each epoch ended, validation included."""

    def __init__(self) -> None:
        super().__init__()
        self.times: list[float] = []

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Note the time."""
        self.times.append(time.perf_counter())


def network(num_classes: int, inside: Sequence[keras.Layer] = (), policy: str = "float32") -> keras.Model:
    """The tutorial's network; ``inside`` are Keras augmentation layers that the model carries."""
    layers = [*inside, keras.layers.Rescaling(1 / 255, dtype=policy)]
    for filters in (16, 32, 64):
        layers.append(keras.layers.Conv2D(filters, 3, activation="relu", dtype=policy))
        layers.append(keras.layers.MaxPooling2D(dtype=policy))
    layers += [keras.layers.Flatten(dtype=policy), keras.layers.Dense(128, activation="relu", dtype=policy)]
    return keras.Sequential([*layers, keras.layers.Dense(num_classes, activation="softmax")])


def compiled(model: keras.Model) -> keras.Model:
    """Ready for ``fit``: Adam, as in the tutorial."""
    model.compile(keras.optimizers.Adam(), "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def from_files(data: Path, size: int, batch_size: int) -> tuple[tf.data.Dataset, ...]:
    """Training, validation and test of tf_flowers, decoded and resized anew in every epoch.

    The tutorial flips validation images too; this error is not reproduced, and it costs no time.
    """
    parts = tfds.load("tf_flowers", data_dir=data, split=SPLITS, as_supervised=True, download=False)

    def resized(image: tf.Tensor, label: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        return tf.image.resize(image, (size, size)), label

    def flipped(image: tf.Tensor, label: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        return tf.image.random_flip_left_right(image), label

    training = parts[0].shuffle(1000).map(resized).map(flipped).batch(batch_size)
    return training, *(part.map(resized).batch(batch_size) for part in parts[1:])


def fit_from_files(
    data: Path, size: int, batch_size: int, epochs: int, seed: int
) -> tuple[float, list[float]]:
    """Test accuracy after the last epoch, and the time each epoch ended."""
    keras.utils.set_random_seed(seed)
    training, validation, test = from_files(data, size, batch_size)
    ends = EpochEnds()
    model = compiled(network(5))
    model.fit(training, validation_data=validation, epochs=epochs, verbose=0, callbacks=[ends])
    return float(model.evaluate(test, verbose=0)[1]), ends.times


def fit_arrays(
    model: keras.Model,
    training: tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]],
    validation: tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]],
    batch_size: int,
    epochs: int,
) -> list[float]:
    """The time each epoch of a bare ``fit`` on arrays ended."""
    ends = EpochEnds()
    compiled(model).fit(
        *training,
        validation_data=validation,
        batch_size=batch_size,
        epochs=epochs,
        verbose=0,
        callbacks=[ends],
    )
    return ends.times
