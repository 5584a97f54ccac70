"""What a run will cost, before it starts and without TensorFlow: layers, parameters, time."""

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
"""Earlier runs looked at; older ones may be from another machine or version."""

_ROUGH_GFLOPS_A_CORE = 12.0
"""Reached in training by the machine this was written on (AVX-512, bfloat16), halved to promise little."""
SECONDS_TO_START = 2.0
"""From one run's end to the next one's first batch, on a warm worker."""


@dataclass(frozen=True)
class Layer:
    """One layer: its output (h, w, channels) or (units,), weights and biases, multiply-adds an image."""

    name: str
    kind: str
    output: tuple[int, ...]
    parameters: int
    multiply_adds: int = 0


@dataclass(frozen=True)
class Estimate:
    """Seconds that a run will take at most (early stopping may end it sooner), and how that is known."""

    seconds: float
    low: float
    high: float
    basis: str


def layers(config: RunConfig, num_classes: int) -> tuple[Layer, ...]:
    """The network's layers in order, as :func:`core.ml.model.build` makes them."""
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
    """How many numbers training adjusts."""
    return sum(layer.parameters for layer in layers(config, num_classes))


def duration(config: RunConfig, images: int) -> Estimate:
    """How long training on ``images`` training images will take here.

    Earlier runs on this machine give the speed, scaled by the work an image makes; without any, a
    cautious guess from the number of cores.
    """
    return total([config], images)


def total(configs: Sequence[RunConfig], images: int) -> Estimate:
    """How long trainings with all these settings will take one after another, see :func:`duration`."""
    start = SECONDS_TO_START * len(configs)
    operations = sum(images * config.fit.epochs * _work(config) for config in configs)
    speeds = _speeds()
    if not speeds:
        rough = (os.cpu_count() or 1) * _ROUGH_GFLOPS_A_CORE * 1e9
        seconds = start + operations / rough
        return Estimate(seconds, seconds / 3, seconds * 2, "a rough guess: no run on this machine yet")
    seconds = start + operations / statistics.median(speeds)
    low, high = start + operations / max(speeds), start + operations / min(speeds)
    basis = f"from {count(len(speeds), 'earlier run')} on this machine"
    return Estimate(seconds, min(low, seconds / 1.15), max(high, seconds * 1.15), basis)


def _work(config: RunConfig) -> float:
    """Floating-point operations of one training image: forward once, backward twice, 2 a multiply-add."""
    return 6.0 * sum(layer.multiply_adds for layer in layers(config, 2))


def _speeds() -> list[float]:
    """Operations a second that the newest finished runs of this workspace reached."""
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
