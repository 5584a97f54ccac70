"""Estimate the cost of a run before it starts, without TensorFlow: layers, parameters, time."""

from __future__ import annotations

import os
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from core import runs
from core.config import RunConfig
from core.errors import LabError
from core.words import count

LATEST = 30
"""Number of earlier runs considered; older ones may be from another machine or version."""

_ROUGH_GFLOPS_PER_CORE = 12.0
"""Half the training speed of the machine this was written on (AVX-512, bfloat16), to stay conservative."""
SECONDS_TO_START = 2.0
"""From the end of one run to the first batch of the next, on a warm worker."""


@dataclass(frozen=True)
class Layer:
    """One layer: its output shape (h, w, channels) or (units,), parameters, and multiply-adds per image."""

    name: str
    kind: str
    output: tuple[int, ...]
    parameters: int
    multiply_adds: int = 0


@dataclass(frozen=True)
class Estimate:
    """Maximum duration of a run in seconds (early stopping may end it sooner), and the estimate's basis."""

    seconds: float
    low: float
    high: float
    basis: str


def layers(config: RunConfig, num_classes: int) -> tuple[Layer, ...]:
    """The network's layers in order, as built by :func:`core.ml.model.build`."""
    side, channels = config.data.image_size, 3
    found = [Layer("rescaling", "Rescaling", (side, side, channels), 0)]
    for number, filters in enumerate(config.model.filters, start=1):
        side, weights = side - 2, 9 * channels * filters
        found.append(
            Layer(f"conv_{number}", "Conv2D", (side, side, filters), weights + filters, weights * side**2)
        )
        side, channels = side // 2, filters
        found.append(Layer(f"pool_{number}", "MaxPooling2D", (side, side, filters), 0))
    flat, units = side * side * channels, config.model.dense_units
    found.append(Layer("flatten", "Flatten", (flat,), 0))
    found += _dropout(config, "dropout_flatten", flat)
    found.append(Layer("dense", "Dense", (units,), (flat + 1) * units, flat * units))
    found += _dropout(config, "dropout_dense", units)
    found.append(Layer("logits", "Dense", (num_classes,), (units + 1) * num_classes, units * num_classes))
    return (*found, Layer("probabilities", "Softmax", (num_classes,), 0))


def parameters(config: RunConfig, num_classes: int) -> int:
    """The number of trainable parameters."""
    return sum(layer.parameters for layer in layers(config, num_classes))


def duration(config: RunConfig, images: int) -> Estimate:
    """Estimate how long training on ``images`` training images will take on this machine.

    The speed comes from earlier runs on this machine, scaled by the amount of work per image; without earlier
    runs, it is a conservative guess from the number of cores.
    """
    return total([config], images)


def total(configs: Sequence[RunConfig], images: int) -> Estimate:
    """Estimate how long training all these configs in sequence will take, see :func:`duration`."""
    start = SECONDS_TO_START * len(configs)
    operations = sum(images * config.fit.epochs * _work(config) for config in configs)
    speeds = _speeds()
    if not speeds:
        rough = (os.cpu_count() or 1) * _ROUGH_GFLOPS_PER_CORE * 1e9
        seconds = start + operations / rough
        return Estimate(seconds, seconds / 3, seconds * 2, "a rough guess: no earlier runs on this machine")
    seconds = start + operations / statistics.median(speeds)
    low, high = start + operations / max(speeds), start + operations / min(speeds)
    basis = f"from {count(len(speeds), 'earlier run')} on this machine"
    return Estimate(seconds, min(low, seconds / 1.15), max(high, seconds * 1.15), basis)


def _work(config: RunConfig) -> float:
    """Floating-point operations per training image: a forward pass and twice that backward."""
    return 6.0 * sum(layer.multiply_adds for layer in layers(config, 2))


def _speeds() -> list[float]:
    """Floating-point operations per second reached by the latest finished runs in this workspace."""
    speeds = []
    for run in runs.all()[:LATEST]:
        try:
            report = run.report()
            if report is not None and report.images_per_second > 0:
                speeds.append(report.images_per_second * _work(run.config))
        except LabError:
            continue
    return speeds


def _dropout(config: RunConfig, name: str, size: int) -> list[Layer]:
    return [Layer(name, "Dropout", (size,), 0)] if config.model.dropout else []
