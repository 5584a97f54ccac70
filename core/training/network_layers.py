"""The layers of a network before it is built, without TensorFlow."""

from __future__ import annotations

from dataclasses import dataclass

from core.backbones import SIZE, Backbone
from core.config import ModelConfig, RunConfig

_REDUCTION = 32
"""How many times smaller than the image the last map of each pretrained network is, along a side."""


@dataclass(frozen=True)
class Layer:
    """One layer: its output shape (h, w, channels) or (units,), parameters, and multiply-adds per image."""

    name: str
    kind: str
    output: tuple[int, ...]
    parameters: int
    multiply_adds: int = 0


def layers(config: RunConfig, num_classes: int) -> tuple[Layer, ...]:
    """The network's layers in order, as built by :func:`core.ml.model.build`.

    A pretrained network counts as one layer.
    """
    settings = config.model
    if config.backbone is not None:
        return _of_pretrained(config, config.backbone, num_classes)
    side, channels = config.data.image_size, 3
    found = [Layer("rescaling", "Rescaling", (side, side, channels), 0)]
    for number, filters in enumerate(settings.filters, start=1):
        side = side - settings.kernel_size + 1
        found += _convolution(settings, number, (side, side, filters), channels)
        side, channels = side // 2, filters
        found.append(Layer(f"pool_{number}", "MaxPooling2D", (side, side, filters), 0))
    flat, units = channels if settings.global_pooling else side * side * channels, settings.dense_units
    kind = ("average", "GlobalAveragePooling2D") if settings.global_pooling else ("flatten", "Flatten")
    found.append(Layer(*kind, (flat,), 0))
    found += _dropout(config, "dropout_flatten", flat)
    found.append(Layer("dense", "Dense", (units,), (flat + 1) * units, flat * units))
    found += _dropout(config, "dropout_dense", units)
    return (*found, *_last_layers(units, num_classes))


def parameters(config: RunConfig, num_classes: int) -> int:
    """The number of parameters."""
    return sum(layer.parameters for layer in layers(config, num_classes))


def trained_parameters(config: RunConfig, num_classes: int) -> int:
    """The number of parameters that training changes: all, or those of a pretrained network not frozen."""
    if config.backbone is None:
        return parameters(config, num_classes)
    tuned = config.backbone.part(config.model.fine_tune)
    last, _ = _last_layers(config.backbone.features, num_classes)
    return last.parameters + (tuned.weights if tuned else 0)


def _convolution(
    settings: ModelConfig, number: int, output: tuple[int, int, int], channels: int
) -> list[Layer]:
    side, _, filters = output
    weights = settings.kernel_size**2 * channels * filters
    biases = 0 if settings.batch_norm else filters
    found = [Layer(f"conv_{number}", "Conv2D", output, weights + biases, weights * side**2)]
    if settings.batch_norm:
        found.append(Layer(f"norm_{number}", "BatchNormalization", output, 4 * filters))
        found.append(Layer(f"relu_{number}", "ReLU", output, 0))
    return found


def _of_pretrained(config: RunConfig, backbone: Backbone, num_classes: int) -> tuple[Layer, ...]:
    size, width = config.data.image_size, backbone.features
    side = -(-size // _REDUCTION)
    multiply_adds = round(backbone.whole.multiply_adds * (size / SIZE) ** 2)
    return (
        Layer(backbone.name, backbone.title, (side, side, width), backbone.parameters, multiply_adds),
        Layer("average", "GlobalAveragePooling2D", (width,), 0),
        *_dropout(config, "dropout", width),
        *_last_layers(width, num_classes),
    )


def _last_layers(units: int, num_classes: int) -> tuple[Layer, Layer]:
    weights = units * num_classes
    logits = Layer("logits", "Dense", (num_classes,), weights + num_classes, weights)
    return logits, Layer("probabilities", "Softmax", (num_classes,), 0)


def _dropout(config: RunConfig, name: str, size: int) -> list[Layer]:
    return [Layer(name, "Dropout", (size,), 0)] if config.model.dropout else []
