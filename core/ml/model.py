"""The lab's own network: convolution blocks that extract patterns, and dense layers that classify."""

from __future__ import annotations

import keras
import numpy as np

from core.config import ModelConfig, RunConfig
from core.ml import runtime


def build(config: RunConfig, num_classes: int, precision: str = "float32") -> keras.Model:
    """Return a functional Keras model for images of the configured size, with new random weights.

    Args:
        num_classes: C, at least 2.
        precision: "float32", or "bfloat16" to compute in it; weights are float32 either way.

    Returns:
        float32 (N, S, S, 3) pixels of 0-255 -> ``rescaling`` -> blocks of ``conv_1``, ``pool_1`` ... ->
        ``flatten`` -> ``dense`` -> ``logits`` (N, C) -> ``probabilities`` (N, C), whose rows sum to 1.
        With batch normalisation, a block is ``conv_1``, ``norm_1``, ``relu_1``, ``pool_1``; with global
        average pooling, ``average`` takes the place of ``flatten``.
        It has only standard layers, so the saved file opens in any Keras 3.
    """
    settings = config.model
    policy = policy_of(precision)
    runtime.seed(config.fit.seed)

    pixels = keras.Input((config.data.image_size, config.data.image_size, 3), name="pixels")
    x = keras.layers.Rescaling(1 / 255, name="rescaling", dtype=policy)(pixels)
    for number, filters in enumerate(settings.filters, start=1):
        x = _convolution(x, number, filters, settings, policy)
        x = keras.layers.MaxPooling2D(name=f"pool_{number}", dtype=policy)(x)
    if settings.global_pooling:
        x = keras.layers.GlobalAveragePooling2D(name="average", dtype=policy)(x)
    else:
        x = keras.layers.Flatten(name="flatten", dtype=policy)(x)
    x = dropout(x, config, "dropout_flatten", policy)
    x = keras.layers.Dense(
        settings.dense_units, activation="relu", kernel_regularizer=penalty(settings), name="dense",
        dtype=policy,
    )(x)  # fmt: skip
    x = dropout(x, config, "dropout_dense", policy)
    return keras.Model(pixels, probabilities(x, num_classes), name="classifier")


def probabilities(
    x: keras.KerasTensor, num_classes: int, regularizer: keras.regularizers.Regularizer | None = None
) -> keras.KerasTensor:
    """Return the softmax of a last dense layer ``logits``, in float32 whatever the precision before it."""
    logits = keras.layers.Dense(num_classes, kernel_regularizer=regularizer, name="logits", dtype="float32")
    return keras.layers.Softmax(name="probabilities", dtype="float32")(logits(x))


def penalty(settings: ModelConfig) -> keras.regularizers.Regularizer | None:
    """Return the configured penalty on large weights."""
    return keras.regularizers.L2(settings.l2) if settings.l2 else None


def dropout(x: keras.KerasTensor, config: RunConfig, name: str, policy: str) -> keras.KerasTensor:
    """Return ``x`` with the configured dropout."""
    rate = config.model.dropout
    return keras.layers.Dropout(rate, seed=config.fit.seed, name=name, dtype=policy)(x) if rate else x


def policy_of(precision: str) -> str:
    """Return Keras's name for computing in "float32" or "bfloat16"."""
    return "mixed_bfloat16" if precision == "bfloat16" else "float32"


def redraw(classifier: keras.Model, config: RunConfig) -> None:
    """Reset a model from :func:`build` to the initial weights for the seed of ``config``."""
    runtime.seed_weights(config.fit.seed)
    for layer in classifier.layers:
        if isinstance(layer, keras.layers.Dropout):
            reseed(layer, config.fit.seed)
        elif isinstance(layer, keras.layers.BatchNormalization):
            scale, shift, mean, variance = (weight.shape for weight in layer.weights)
            layer.set_weights([np.ones(scale), np.zeros(shift), np.zeros(mean), np.ones(variance)])
        elif layer.weights:
            redraw_layer(layer)


def redraw_layer(layer: keras.Layer) -> None:
    """Draw the kernel of a dense or convolution layer anew; its bias becomes 0."""
    layer.kernel.assign(layer.kernel_initializer.clone()(layer.kernel.shape, layer.kernel.dtype))
    if layer.bias is not None:
        layer.bias.assign(np.zeros(layer.bias.shape, layer.bias.dtype))


def reseed(layer: keras.layers.Dropout, seed: int) -> None:
    """Reset the random generator of a dropout layer."""
    layer.seed = seed
    layer.seed_generator.state.assign(keras.random.SeedGenerator(seed).state.value)


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


def _convolution(
    x: keras.KerasTensor, number: int, filters: int, settings: ModelConfig, policy: str
) -> keras.KerasTensor:
    """Convolve, with normalisation between convolution and ReLU (Ioffe and Szegedy, ICML 2015) if asked."""
    is_plain = not settings.batch_norm
    x = keras.layers.Conv2D(
        filters,
        settings.kernel_size,
        activation="relu" if is_plain else None,
        use_bias=is_plain,
        kernel_regularizer=penalty(settings),
        name=f"conv_{number}",
        dtype=policy,
    )(x)
    if is_plain:
        return x
    x = keras.layers.BatchNormalization(name=f"norm_{number}", dtype=policy)(x)
    return keras.layers.ReLU(name=f"relu_{number}", dtype=policy)(x)
