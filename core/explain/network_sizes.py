"""How many weights the architecture in a model file promises, worked out before anything is built from it.

A description of a few bytes can promise a layer of a billion units. The lab's networks, pretrained ones
included, consist of a few kinds of layers, whose sizes follow from those of what they take.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from typing import Any

Shape = tuple[int, ...]
Layer = Mapping[str, Any]

MAX_LAYERS = 1000
MAX_SIDE = 10_000
"""Of images and feature maps, in pixels."""
_USUAL = {"data_format": "channels_last", "groups": 1, "dilation_rate": [1, 1]}


class Unusual(Exception):
    """A network that this lab never builds."""


def weight_shapes(config: Mapping[str, Any]) -> list[Shape]:
    """Return the shapes of all weights, layer by layer, from the config of a functional model.

    Raises:
        Unusual: the layers are not those of a network of this lab, or one has an impossible size.
        ValueError, KeyError, TypeError, AttributeError: a layer is not described as Keras does.
    """
    first, *others = config["layers"]
    if len(others) >= MAX_LAYERS:
        raise Unusual(f"it has {len(others) + 1} layers")
    outputs, found = {first["config"]["name"]: _input_shape(first)}, []
    for layer in others:
        shape, weights = _KINDS[layer["class_name"]](layer["config"], *_inputs(layer, outputs))
        if layer["config"]["name"] in outputs or max(shape[:-1], default=1) > MAX_SIDE:
            raise Unusual("its layers are not those of any network")
        outputs[layer["config"]["name"]] = shape
        found += weights
    return found


def _input_shape(layer: Layer) -> Shape:
    images, *shape = layer["config"]["batch_shape"]
    if layer["class_name"] != "InputLayer" or images is not None or len(shape) != 3 or shape[2] != 3:
        raise Unusual("its input is not one of colour images")
    return tuple(_whole(size, MAX_SIDE) for size in shape)


def _inputs(layer: Layer, outputs: Mapping[str, Shape]) -> list[Shape]:
    """The shapes that a layer takes, which are those of earlier layers."""
    (node,) = layer["inbound_nodes"]
    sources = list(_tensors([node["args"], node["kwargs"]]))
    if any(indices != [0, 0] or name not in outputs for name, *indices in sources):
        raise Unusual("its layers are not in order")
    return [outputs[name] for name, *_ in sources]


def _tensors(value: Any) -> Iterator[list[Any]]:
    """Every tensor among the arguments of a layer, as its layer's name and two indices."""
    if isinstance(value, dict) and value.get("class_name") == "__keras_tensor__":
        yield value["config"]["keras_history"]
    elif isinstance(value, dict | list):
        for part in value.values() if isinstance(value, dict) else value:
            yield from _tensors(part)


def _convolution(settings: Layer, shape: Shape) -> tuple[Shape, list[Shape]]:
    _refuse_unusual(settings)
    height, width, channels = shape
    filters, kernel = _whole(settings["filters"]), settings["kernel_size"]
    sides = _windows(settings, kernel, (height, width))
    return (*sides, filters), [(*map(_whole, kernel), channels, filters), *_bias(settings, filters)]


def _depthwise(settings: Layer, shape: Shape) -> tuple[Shape, list[Shape]]:
    _refuse_unusual(settings)
    height, width, channels = shape
    multiplier, kernel = _whole(settings["depth_multiplier"]), settings["kernel_size"]
    sides, filters = _windows(settings, kernel, (height, width)), channels * multiplier
    return (*sides, filters), [(*map(_whole, kernel), channels, multiplier), *_bias(settings, filters)]


def _normalization(settings: Layer, shape: Shape) -> tuple[Shape, list[Shape]]:
    """Mean and variance, and a scale and an offset if they are learned."""
    if settings["axis"] not in (-1, len(shape)) or settings.get("renorm"):
        raise Unusual("it has an unusual normalisation")
    return shape, [shape[-1:]] * (2 + bool(settings["scale"]) + bool(settings["center"]))


def _fixed_normalization(settings: Layer, shape: Shape) -> tuple[Shape, list[Shape]]:
    """With the mean and variance of its settings; learned ones would be weights."""
    if settings["mean"] is None or settings["variance"] is None:
        raise Unusual("it has an unusual normalisation")
    return shape, []


def _average(settings: Layer, shape: Shape) -> tuple[Shape, list[Shape]]:
    _refuse_unusual(settings)
    return (1, 1, shape[-1]) if settings["keepdims"] else shape[-1:], []


def _padded(settings: Layer, shape: Shape) -> tuple[Shape, list[Shape]]:
    height, width, channels = shape
    rows, columns = (sum(_whole(one + 1) - 1 for one in pair) for pair in settings["padding"])
    return (height + rows, width + columns, channels), []


def _reshaped(settings: Layer, shape: Shape) -> tuple[Shape, list[Shape]]:
    target = tuple(map(_whole, settings["target_shape"]))
    if math.prod(target) != math.prod(shape):
        raise Unusual("it has an impossible change of shape")
    return target, []


def _merged(_: Layer, *shapes: Shape) -> tuple[Shape, list[Shape]]:
    """One of the shapes, to which the others are stretched."""
    largest = max(shapes, key=math.prod)
    for shape in shapes:
        if any(one not in (1, other) for one, other in zip(shape, largest, strict=True)):
            raise Unusual("it adds or multiplies maps of different sizes")
    return largest, []


def _pooling(settings: Layer, shape: Shape) -> tuple[Shape, list[Shape]]:
    _refuse_unusual(settings)
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
    return (units,), [(inputs, units), *_bias(settings, units)]


def _bias(settings: Layer, units: int) -> list[Shape]:
    return [(units,)] if settings["use_bias"] else []


def _flat(_: Layer, shape: Shape) -> tuple[Shape, list[Shape]]:
    return (math.prod(shape),), []


def _unchanged(_: Layer, shape: Shape) -> tuple[Shape, list[Shape]]:
    return shape, []


def _refuse_unusual(settings: Layer) -> None:
    if any(settings.get(name, usual) != usual for name, usual in _USUAL.items()):
        raise Unusual("it has an unusual convolution or pooling")


def _whole(size: Any, maximum: float = math.inf) -> int:
    if type(size) is not int or not 1 <= size <= maximum:
        raise Unusual(f"it has a layer of size {str(size)[:20]}")
    return size


_KINDS: dict[str, Callable[..., tuple[Shape, list[Shape]]]] = {
    "BatchNormalization": _normalization,
    "Conv2D": _convolution,
    "DepthwiseConv2D": _depthwise,
    "GlobalAveragePooling2D": _average,
    "MaxPooling2D": _pooling,
    "Flatten": _flat,
    "Dense": _dense,
    "Normalization": _fixed_normalization,
    "ZeroPadding2D": _padded,
    "Reshape": _reshaped,
    **dict.fromkeys(("Add", "Multiply"), _merged),
    **dict.fromkeys(("Activation", "Rescaling", "ReLU", "Dropout", "Softmax"), _unchanged),
}
