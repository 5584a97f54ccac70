"""Estimate the cost of a run before it starts, without TensorFlow: memory and time."""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from core import runs
from core.config import RunConfig
from core.errors import LabError
from core.training import pretrained_cost, time_model
from core.training.network_layers import layers
from core.training.time_model import TimeModel
from core.words import about, count, number

_PARTS, _MIN_SECONDS = 4, 0.01
LATEST = 30
"""Number of earlier runs considered; older ones may be from another machine or version."""

_START_SECONDS, _BATCH_SECONDS, _SECONDS_PER_VALUE = 2.5, 0.006, 1e-9
_OPERATIONS_PER_CORE = 12e9
"""Rough guesses, from the machine this was written on (2 cores with AVX-512); earlier runs correct them."""
_MAX_USUAL_RATES = {"adam": 0.01, "adamw": 0.01, "rmsprop": 0.01, "sgd": 0.5}
"""Learning rates above which training of the lab's networks usually fails."""
LONG_SECONDS = 3600.0
SECONDS_TO_START = 2.0
"""From the end of one run to the first batch of the next, on a warm worker."""


@dataclass(frozen=True)
class Estimate:
    """Maximum duration of a run in seconds (early stopping may end it sooner), and the estimate's basis.

    low, high: 90 of 100 actual times are expected between these.
    """

    seconds: float
    low: float
    high: float
    basis: str


def cautions(config: RunConfig, time: Estimate) -> list[str]:
    """Say in sentences what would usually go wrong, or take very long by the estimate."""
    return [*_rate_caution(config), *_time_caution(time.seconds)]


def _rate_caution(config: RunConfig) -> list[str]:
    rate, usual = config.fit.learning_rate, _MAX_USUAL_RATES[config.fit.optimizer]
    if rate <= usual:
        return []
    return [
        f"A learning rate of {number(rate)} is usually too large for {config.fit.optimizer}: the loss "
        f"jumps about or grows instead of falling. Up to {number(usual)} is usual."
    ]


def _time_caution(seconds: float) -> list[str]:
    if seconds < LONG_SECONDS:
        return []
    return [
        f"This will take {about(seconds)}. Smaller images, fewer epochs or fewer images per class are "
        "quicker, and “Stop and save” keeps the best epoch at any time."
    ]


def duration(config: RunConfig, images: int) -> Estimate:
    """Estimate how long training on ``images`` training images will take on this machine.

    The speed comes from earlier runs on this machine; without any, it is a guess from the number of cores.
    The range is meant to hold 90 of 100 actual times, see :mod:`core.training.time_model`.
    """
    return total([config], [images])


def total(configs: Sequence[RunConfig], images: Sequence[int]) -> Estimate:
    """Estimate how long training all these configs in sequence will take, see :func:`duration`.

    Args:
        images: training images of each.
    """
    work, seen = np.zeros(_PARTS), set[str]()
    for config, training in zip(configs, images, strict=True):
        data = config.data
        share = (1 - data.validation_share - data.test_share) * data.training_subset
        tuned = config.fit.fine_tune_epochs if config.is_fine_tuned else 0
        features = pretrained_cost.images_to_look_at(config, training, seen)
        validation = round(training * data.validation_share / share)
        work += _work(config, training, validation, config.fit.epochs, tuned, features)
    earlier = _earlier()
    model = _fitted(tuple(tuple(work.tolist()) for work, _ in earlier), tuple(sec for _, sec in earlier))
    basis = "a rough guess: no earlier runs on this machine"
    if earlier:
        basis = f"from {count(len(earlier), 'earlier run')} on this machine"
    return Estimate(*model.predict(work), basis)


@lru_cache(maxsize=4096)  # asked at every click, of every earlier run
def _work(
    config: RunConfig, training: int, validation: int, epochs: int, tuned: int = 0, features: int = 0
) -> NDArray[np.float64]:
    """Return rough seconds (4,) for the start, the batches, the arithmetic and the memory traffic of a run.

    An image in training costs a forward pass and twice that backward; in validation the forward pass alone.

    Args:
        tuned: epochs in which a pretrained network is fine-tuned, after the others.
        features: images that it looks at beforehand.
    """
    if config.backbone is not None:
        return pretrained_cost.work(config, config.backbone, training, validation, epochs, tuned, features)
    of_network = layers(config, 2)
    multiply_adds = sum(layer.multiply_adds for layer in of_network)
    values = sum(math.prod(layer.output) for layer in of_network)
    passes = 3 * training + validation
    each_epoch = np.array(
        [
            -(-training // config.fit.batch_size) * _BATCH_SECONDS,
            passes * 2 * multiply_adds / ((os.cpu_count() or 1) * _OPERATIONS_PER_CORE),
            passes * values * _SECONDS_PER_VALUE,
        ]
    )
    work = np.array([_START_SECONDS, *(epochs * each_epoch)])
    work.setflags(write=False)
    return work


@lru_cache(maxsize=4)  # asked at every click, and fitting takes milliseconds
def _fitted(work: tuple[tuple[float, ...], ...], seconds: tuple[float, ...]) -> TimeModel:
    """Return the model of the parts of work and the seconds of earlier runs."""
    return time_model.fit(np.reshape(work, (-1, _PARTS)), np.array(seconds))


def _earlier() -> list[tuple[NDArray[np.float64], float]]:
    """Return the work and the actual seconds of the latest finished runs in this workspace."""
    found = []
    for run in runs.all()[:LATEST]:
        try:
            report, history = run.report(), run.metrics()
            if report is None or not history:
                continue
            images = {split: sum(of_split.values()) for split, of_split in report.counts.items()}
            tuned = sum(line.get("stage") == "fine_tuning" for line in history)
            work = _work(
                run.config,
                images.get("train", 0),
                images.get("validation", 0),
                len(history) - tuned,
                tuned,
                report.feature_images,
            )
        except LabError:
            continue
        # Reports of resumed runs once gave the seconds of the last part alone.
        seconds = max(report.seconds, sum(line.get("seconds") or 0 for line in history), _MIN_SECONDS)
        found.append((work, seconds))
    return found
