"""A small network of the lab's layout, trained for a moment on made images; shared by several tests."""

from __future__ import annotations

from functools import cache

import keras
import numpy as np

from samples.made_images import COLOURS, coloured_objects

SIZE = 48


def untrained(size: int = SIZE, policy: str = "float32") -> keras.Model:
    """Rescaling, two convolution blocks, a dense layer, logits and probabilities."""
    images = keras.Input((size, size, 3))
    x = keras.layers.Rescaling(1 / 255, dtype=policy)(images)
    for number, filters in enumerate((8, 16), start=1):
        x = keras.layers.Conv2D(filters, 3, activation="relu", name=f"conv_{number}", dtype=policy)(x)
        x = keras.layers.MaxPooling2D(dtype=policy)(x)
    x = keras.layers.Dense(32, activation="relu", dtype=policy)(keras.layers.Flatten(dtype=policy)(x))
    logits = keras.layers.Dense(len(COLOURS), name="logits", dtype="float32")(x)
    model = keras.Model(images, keras.layers.Softmax(name="probabilities", dtype="float32")(logits))
    model.compile(keras.optimizers.Adam(2e-3), "sparse_categorical_crossentropy")
    return model


@cache
def trained() -> keras.Model:
    """Tells red, green and blue discs apart; takes about two seconds, once a session."""
    keras.utils.set_random_seed(0)
    model = untrained()
    images = coloured_objects(400, SIZE)
    model.fit(images.images.astype(np.float32), images.labels, epochs=8, verbose=0)
    return model
