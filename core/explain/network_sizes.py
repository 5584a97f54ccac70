"""How many weights the architecture in a model file promises, worked out before anything is built from it.

A description of a few bytes can promise a layer of a billion units. The lab's own networks are chains of
a few kinds of layers, whose sizes follow from the input's. Of pretrained networks only sizes are limited.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

Shape = tuple[int, ...]
Layer = Mapping[str, Any]

MAX_LAYERS, MAX_SIZE = 1000, 10_000
MAX_SIDE = 10_000
"""Of images, in pixels."""
_SIZES = ("batch_shape", "filters", "units", "kernel_size", "depth_multiplier", "target_shape", "padding")
_USUAL = {"data_format": "channels_last", "groups": 1, "dilation_rate": [1, 1]}


def weight_shapes(config: Mapping[str, Any]) -> list[Shape]:
    """Return the shapes of all kernels and biases, layer by layer, from the config of a functional model.

    Raises:
        ValueError: the layers are not a chain from images (N, S, S, 3), or one has an impossible size.
        KeyError, TypeError: a layer's description is incomplete.
    """
    first, *others = config["layers"]
    if len(others) >= MAX_LAYERS:
        raise ValueError(f"it has {len(others) + 1} layers")
    shape, name, found = _input_shape(first), first["config"]["name"], []
    for layer in others:
        if _source(layer) != name:
            raise ValueError("its layers are not a chain")
        name = layer["config"]["name"]
        shape, weights = _KINDS.get(layer["class_name"], _unchanged)(layer["config"], shape)
        found += weights
    return found


def is_chain(config: Mapping[str, Any]) -> bool:
    """Whether all layers are of kinds whose weights can be worked out, not those of a pretrained network."""
    return all(layer["class_name"] in {*_KINDS, *_WITHOUT_WEIGHTS} for layer in config["layers"])


def refuse_absurd(layers: Sequence[Layer]) -> None:
    """Raise ValueError if there are more layers, or larger ones, than any pretrained network has."""
    if len(layers) > MAX_LAYERS:
        raise ValueError(f"it has {len(layers)} layers")
    for layer in layers:
        for size in (layer["config"].get(name) for name in _SIZES):
            for one in size if isinstance(size, list) else [size]:
                if isinstance(one, int | float) and not -1 <= one <= MAX_SIZE:
                    raise ValueError(f"it has a layer of size {str(one)[:20]}")


def _input_shape(layer: Layer) -> Shape:
    images, *shape = layer["config"]["batch_shape"]
    if layer["class_name"] != "InputLayer" or images is not None or len(shape) != 3 or shape[2] != 3:
        raise ValueError("its input is not one of colour images")
    return tuple(_whole(size, MAX_SIDE) for size in shape)


def _source(layer: Layer) -> str:
    """The name of the layer whose output a layer takes."""
    (node,) = layer["inbound_nodes"]
    (tensor,) = node["args"]
    name, *indices = tensor["config"]["keras_history"]
    if indices != [0, 0]:
        raise ValueError("its layers are not a chain")
    return str(name)


def _convolution(settings: Layer, shape: Shape) -> tuple[Shape, list[Shape]]:
    if any(settings[name] != value for name, value in _USUAL.items()):
        raise ValueError("it has an unusual convolution")
    height, width, channels = shape
    filters, kernel = _whole(settings["filters"]), settings["kernel_size"]
    sides = _windows(settings, kernel, (height, width))
    bias = [(filters,)] if settings.get("use_bias", True) else []
    return (*sides, filters), [(*map(_whole, kernel), channels, filters), *bias]


def _normalization(settings: Layer, shape: Shape) -> tuple[Shape, list[Shape]]:
    """Mean and variance, and a scale and an offset if they are learned."""
    return shape, [shape[-1:]] * (2 + settings["scale"] + settings["center"])


def _average(settings: Layer, shape: Shape) -> tuple[Shape, list[Shape]]:
    if settings["keepdims"]:
        raise ValueError("it has an unusual average")
    return shape[-1:], []


def _pooling(settings: Layer, shape: Shape) -> tuple[Shape, list[Shape]]:
    height, width, channels = shape
    return (*_windows(settings, settings["pool_size"], (height, width)), channels), []


def _windows(settings: Layer, window: list[int], sides: Shape) -> Shape:
    """How often a window fits into each side."""
    covered = [_whole(size) - 1 if settings["padding"] == "valid" else 0 for size in window]
    return tuple(
        math.ceil(_whole(side - lost) / _whole(stride))
        for side, lost, stride in zip(sides, covered, settings["strides"], strict=True)
    )


def _dense(settings: Layer, shape: Shape) -> tuple[Shape, list[Shape]]:
    (inputs,), units = shape, _whole(settings["units"])
    return (units,), [(inputs, units), (units,)]


def _flat(_: Layer, shape: Shape) -> tuple[Shape, list[Shape]]:
    return (math.prod(shape),), []


def _unchanged(_: Layer, shape: Shape) -> tuple[Shape, list[Shape]]:
    return shape, []


def _whole(size: Any, maximum: float = math.inf) -> int:
    if type(size) is not int or not 1 <= size <= maximum:
        raise ValueError(f"it has a layer of size {str(size)[:20]}")
    return size


_KINDS: dict[str, Callable[[Layer, Shape], tuple[Shape, list[Shape]]]] = {
    "BatchNormalization": _normalization,
    "Conv2D": _convolution,
    "GlobalAveragePooling2D": _average,
    "MaxPooling2D": _pooling,
    "Flatten": _flat,
    "Dense": _dense,
}
_WITHOUT_WEIGHTS = ("InputLayer", "Rescaling", "ReLU", "Dropout", "Softmax")
