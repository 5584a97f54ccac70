"""The network: convolution blocks that extract patterns, and dense layers that classify."""

from __future__ import annotations

import keras
import numpy as np

from core.config import RunConfig
from core.ml import runtime


def build(config: RunConfig, num_classes: int, precision: str = "float32") -> keras.Model:
    """Return a functional Keras model for images of the configured size, with new random weights.

    Args:
        num_classes: C, at least 2.
        precision: "float32", or "bfloat16" to compute in it; weights are float32 either way.

    Returns:
        float32 (N, S, S, 3) pixels of 0-255 -> ``rescaling`` -> blocks of ``conv_1``, ``pool_1`` ... ->
        ``flatten`` -> ``dense`` -> ``logits`` (N, C) -> ``probabilities`` (N, C), whose rows sum to 1.
        It has only standard layers, so the saved file opens in any Keras 3.
    """
    settings = config.model
    policy = "mixed_bfloat16" if precision == "bfloat16" else "float32"
    penalty = keras.regularizers.L2(settings.l2) if settings.l2 else None
    runtime.seed(config.fit.seed)

    pixels = keras.Input((config.data.image_size, config.data.image_size, 3), name="pixels")
    x = keras.layers.Rescaling(1 / 255, name="rescaling", dtype=policy)(pixels)
    for number, filters in enumerate(settings.filters, start=1):
        x = keras.layers.Conv2D(
            filters, 3, activation="relu", kernel_regularizer=penalty, name=f"conv_{number}", dtype=policy
        )(x)
        x = keras.layers.MaxPooling2D(name=f"pool_{number}", dtype=policy)(x)
    x = keras.layers.Flatten(name="flatten", dtype=policy)(x)
    x = _dropout(x, config, "dropout_flatten", policy)
    x = keras.layers.Dense(
        settings.dense_units, activation="relu", kernel_regularizer=penalty, name="dense", dtype=policy
    )(x)
    x = _dropout(x, config, "dropout_dense", policy)
    logits = keras.layers.Dense(num_classes, name="logits", dtype="float32")(x)
    probabilities = keras.layers.Softmax(name="probabilities", dtype="float32")(logits)
    return keras.Model(pixels, probabilities, name="classifier")


def redraw(classifier: keras.Model, config: RunConfig) -> None:
    """Reset a model from :func:`build` to the initial weights for the seed of ``config``."""
    runtime.seed_weights(config.fit.seed)
    for layer in classifier.layers:
        if isinstance(layer, keras.layers.Dropout):
            layer.seed = config.fit.seed
            layer.seed_generator.state.assign(keras.random.SeedGenerator(config.fit.seed).state.value)
        elif layer.weights:
            layer.kernel.assign(layer.kernel_initializer.clone()(layer.kernel.shape, layer.kernel.dtype))
            layer.bias.assign(np.zeros(layer.bias.shape, layer.bias.dtype))


def without_softmax(model: keras.Model) -> keras.Model:
    """Return a model with the same layers and weights that ends in the logits."""
    return keras.Model(model.input, model.get_layer("logits").output)


def optimizer(config: RunConfig) -> keras.optimizers.Optimizer:
    """Return the configured optimiser, with Keras's defaults except for the learning rate."""
    kinds = {
        "adam": keras.optimizers.Adam,
        "adamw": keras.optimizers.AdamW,
        "sgd": keras.optimizers.SGD,
        "rmsprop": keras.optimizers.RMSprop,
    }
    return kinds[config.fit.optimizer](config.fit.learning_rate)


def _dropout(x: keras.KerasTensor, config: RunConfig, name: str, policy: str) -> keras.KerasTensor:
    rate = config.model.dropout
    return keras.layers.Dropout(rate, seed=config.fit.seed, name=name, dtype=policy)(x) if rate else x
