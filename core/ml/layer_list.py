"""A trained network as a plain list of steps with its weights, for programs that know no Keras.

``network.json`` has the steps in the order in which they are computed, each with the names of the steps whose
results it takes; ``weights.bin`` has all numbers as little-endian float32. Normalisation and rescaling are
written as one factor and one offset per channel, and an activation as a step of its own.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from core.errors import LabError

NETWORK, WEIGHTS = "network.json", "weights.bin"
ACTIVATIONS = {
    "relu": "relu",
    "relu6": "relu6",
    "sigmoid": "sigmoid",
    "silu": "silu",
    "swish": "silu",
    "hard_sigmoid": "hard_sigmoid",
    "hard_silu": "hard_silu",
    "hard_swish": "hard_silu",
    "softmax": "softmax",
}
"""Keras's names, and those of the list. A hard sigmoid is relu6(x + 3) / 6, as in Keras 3."""


def write(model: keras.Model, folder: Path) -> None:
    """Write a float32 functional model as ``network.json`` and ``weights.bin`` into a new folder.

    Raises:
        LabError: a layer has no counterpart in the list; names it.
    """
    steps = _Steps(model)
    folder.mkdir()
    (folder / WEIGHTS).write_bytes(b"".join(steps.weights))
    (folder / NETWORK).write_text(json.dumps(steps.described, allow_nan=False), encoding="utf-8")


class _Steps:
    """Collects the steps of a model and their weights."""

    def __init__(self, model: keras.Model) -> None:
        self.weights: list[bytes] = []
        self._steps: list[dict[str, Any]] = []
        self._count = 0
        for operation in model.operations:
            if not isinstance(operation, keras.layers.InputLayer):
                table = _LOWER if isinstance(operation, keras.layers.Layer) else _ARITHMETIC
                lower = table.get(type(operation).__name__)
                if lower is None:
                    raise no_counterpart(operation)
                lower(self, operation, [_source(tensor) for tensor in _inputs(operation)])
        self.described = {
            "input": _source(model.inputs[0]),
            "output": _source(model.outputs[0]),
            "steps": self._steps,
        }

    def add(self, name: str, kind: str, inputs: Sequence[str], **arguments: Any) -> None:
        self._steps.append({"name": name, "kind": kind, "inputs": list(inputs), **arguments})

    def add_activated(
        self, layer: keras.Layer, kind: str, inputs: Sequence[str], activation: str, **arguments: Any
    ) -> None:
        """A step and its activation; other layers take the last one by the layer's name."""
        if activation == "linear":
            self.add(layer.name, kind, inputs, **arguments)
            return
        if activation not in ACTIVATIONS:
            raise no_counterpart(layer, f"the activation {activation}")
        self.add(f"{layer.name}/before", kind, inputs, **arguments)
        self.add(layer.name, ACTIVATIONS[activation], [f"{layer.name}/before"])

    def store(self, values: Any) -> dict[str, Any]:
        """Keep an array; return where in ``weights.bin`` it starts, in numbers, and its shape."""
        array: NDArray[np.float32] = np.ascontiguousarray(keras.ops.convert_to_numpy(values), "<f4")
        self.weights.append(array.tobytes())
        found = {"start": self._count, "shape": list(array.shape)}
        self._count += array.size
        return found


def no_counterpart(layer: keras.Layer, what: str = "") -> LabError:
    """The sentence about a layer that cannot be written."""
    needed = what or f"a layer of the kind {type(layer).__name__}"
    return LabError(
        f"The web page cannot compute {needed}, which this model has ({layer.name}). Choose another format."
    )


def _inputs(layer: keras.Layer) -> list[Any]:
    found = layer.input
    return list(found) if isinstance(found, list | tuple) else [found]


def _source(tensor: Any) -> str:
    """The name of the layer that a tensor comes from."""
    return str(tensor._keras_history.operation.name)


def _name(activation: Any) -> str:
    return str(getattr(activation, "__name__", activation))


def _exact(values: Any) -> NDArray[np.float64]:
    return np.asarray(keras.ops.convert_to_numpy(values), np.float64)


def _affine(steps: _Steps, layer: keras.Layer, inputs: list[str], factor: Any, offset: Any) -> None:
    stored = {
        "factor": steps.store(np.atleast_1d(factor).ravel()),
        "offset": steps.store(np.atleast_1d(offset).ravel()),
    }
    steps.add(layer.name, "affine", inputs, **stored)


def _add_number(steps: _Steps, operation: Any, inputs: list[str]) -> None:
    _affine(steps, operation, inputs, 1.0, _number(operation))


def _multiply_by_number(steps: _Steps, operation: Any, inputs: list[str]) -> None:
    _affine(steps, operation, inputs, _number(operation), 0.0)


def _number(operation: Any) -> float:
    """The number in ``x + 3`` or ``x * 3``, which Keras keeps as an operation that is no layer."""
    (node,) = operation._inbound_nodes
    numbers = [value for value in node.arguments.args if isinstance(value, int | float)]
    if len(numbers) != 1:
        raise no_counterpart(operation)
    return float(numbers[0])


def _rescaling(steps: _Steps, layer: Any, inputs: list[str]) -> None:
    _affine(steps, layer, inputs, layer.scale, layer.offset)


def _normalization(steps: _Steps, layer: Any, inputs: list[str]) -> None:
    mean, variance = (_exact(value) for value in (layer.mean, layer.variance))
    factor = 1 / np.maximum(np.sqrt(variance), keras.config.epsilon())
    _affine(steps, layer, inputs, factor, -mean * factor)


def _batch_normalization(steps: _Steps, layer: Any, inputs: list[str]) -> None:
    mean, variance = (_exact(value) for value in (layer.moving_mean, layer.moving_variance))
    factor = (_exact(layer.gamma) if layer.scale else 1.0) / np.sqrt(variance + layer.epsilon)
    offset = _exact(layer.beta) if layer.center else 0.0
    _affine(steps, layer, inputs, factor, offset - mean * factor)


def _convolution(steps: _Steps, layer: Any, inputs: list[str]) -> None:
    if getattr(layer, "groups", 1) != 1 or layer.data_format != "channels_last":
        raise no_counterpart(layer, "a convolution in groups or with channels first")
    kind = "depthwise" if isinstance(layer, keras.layers.DepthwiseConv2D) else "convolution"
    steps.add_activated(
        layer, kind, inputs, _name(layer.activation),
        kernel=steps.store(layer.kernel), bias=steps.store(layer.bias) if layer.use_bias else None,
        strides=list(layer.strides), padding=layer.padding, dilation=list(layer.dilation_rate),
    )  # fmt: skip


def _dense(steps: _Steps, layer: Any, inputs: list[str]) -> None:
    bias = steps.store(layer.bias) if layer.use_bias else None
    steps.add_activated(
        layer, "dense", inputs, _name(layer.activation), kernel=steps.store(layer.kernel), bias=bias
    )


def _pooling(steps: _Steps, layer: Any, inputs: list[str]) -> None:
    kind = "max_pool" if isinstance(layer, keras.layers.MaxPooling2D) else "average_pool"
    steps.add(
        layer.name, kind, inputs,
        size=list(layer.pool_size), strides=list(layer.strides), padding=layer.padding,
    )  # fmt: skip


def _global_average(steps: _Steps, layer: Any, inputs: list[str]) -> None:
    steps.add(layer.name, "average", inputs, keep_dimensions=bool(layer.keepdims))


def _zero_padding(steps: _Steps, layer: Any, inputs: list[str]) -> None:
    steps.add(layer.name, "pad", inputs, padding=[list(sides) for sides in layer.padding])


def _reshape(steps: _Steps, layer: Any, inputs: list[str]) -> None:
    steps.add(layer.name, "reshape", inputs, shape=list(layer.output.shape[1:]))


def _relu(steps: _Steps, layer: Any, inputs: list[str]) -> None:
    if layer.negative_slope or layer.threshold or layer.max_value not in (None, 6):
        raise no_counterpart(layer, "a ReLU with a slope, a threshold or another maximum than 6")
    steps.add(layer.name, "relu6" if layer.max_value == 6 else "relu", inputs)


def _activation(steps: _Steps, layer: Any, inputs: list[str]) -> None:
    name = _name(layer.activation)
    if name != "linear" and name not in ACTIVATIONS:
        raise no_counterpart(layer, f"the activation {name}")
    steps.add(layer.name, ACTIVATIONS.get(name, "same"), inputs)


def _softmax(steps: _Steps, layer: Any, inputs: list[str]) -> None:
    if layer.axis != -1:
        raise no_counterpart(layer, "a softmax over another axis than the last")
    steps.add(layer.name, "softmax", inputs)


def _plain(kind: str) -> Callable[[_Steps, Any, list[str]], None]:
    return lambda steps, layer, inputs: steps.add(layer.name, kind, inputs)


_LOWER: dict[str, Callable[[_Steps, Any, list[str]], None]] = {
    "Rescaling": _rescaling,
    "Normalization": _normalization,
    "BatchNormalization": _batch_normalization,
    "Conv2D": _convolution,
    "DepthwiseConv2D": _convolution,
    "Dense": _dense,
    "MaxPooling2D": _pooling,
    "AveragePooling2D": _pooling,
    "GlobalAveragePooling2D": _global_average,
    "ZeroPadding2D": _zero_padding,
    "Flatten": _reshape,
    "Reshape": _reshape,
    "ReLU": _relu,
    "Activation": _activation,
    "Softmax": _softmax,
    "Dropout": _plain("same"),
    "Add": _plain("add"),
    "Multiply": _plain("multiply"),
    "Concatenate": _plain("concatenate"),
}
"""By the kind of layer: those of the lab's own network and of the pretrained ones."""

_ARITHMETIC: dict[str, Callable[[_Steps, Any, list[str]], None]] = {
    "Add": _add_number,
    "Multiply": _multiply_by_number,
}
"""By the kind of operation that is no layer, of which MobileNetV3 has some."""
