"""A model of any number of classes, whose names have what formats and shells trip over."""

from __future__ import annotations

import keras

COUNTS = (2, 10, 100)


def names(classes: int) -> tuple[str, ...]:
    """Names with commas, quotes, markup and Chinese, none of which sorts as it counts."""
    return tuple(f'{"猫犬鳥"[number % 3]} <b> "{number}", it\'s; $HOME' for number in range(classes))


def model(classes: int, size: int) -> keras.Model:
    """The smallest one, untrained, for images of size x size pixels; its answers are clear."""
    pixels = keras.Input((size, size, 3))
    flat = keras.layers.Flatten()(keras.layers.Rescaling(1 / 255)(pixels))
    weights = keras.initializers.RandomNormal(stddev=0.3, seed=0)
    logits = keras.layers.Dense(classes, kernel_initializer=weights)(flat)
    return keras.Model(pixels, keras.layers.Softmax()(logits))
