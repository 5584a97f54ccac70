"""What a run on top of a pretrained network costs: memory, and rough seconds by part of the work."""

from __future__ import annotations

import os

import numpy as np
from numpy.typing import NDArray

from core import datasets
from core.backbones import SIZE, Backbone
from core.config import RunConfig

_START_SECONDS = 6.0
"""Building the network, reading its weights, and TensorFlow's first use of it."""
_HEAD_BATCH_SECONDS = 0.0015
_TUNING_BATCH_SECONDS = 0.05
_LIVE_SHARE = 0.25
"""Share of all layers' outputs that exist at once where no gradient is needed."""
_AT_ONCE = 64
"""Images whose features are computed at once."""


def memory(config: RunConfig, backbone: Backbone, num_classes: int, copies: float) -> int:
    """Return the bytes that training needs at least, besides the images and their features.

    Args:
        copies: numbers kept per trained weight: itself, its gradient, the optimiser's, a checkpoint's.
    """
    size = (config.data.image_size / SIZE) ** 2
    head = backbone.features * num_classes
    frozen = backbone.parameters + _AT_ONCE * _LIVE_SHARE * backbone.whole.values * size
    tuned = backbone.part(config.model.fine_tune)
    if tuned is None:
        return round(4 * (frozen + copies * head))
    frozen_values = _LIVE_SHARE * (backbone.whole.values - tuned.values)
    of_batch = config.fit.batch_size * size * (2 * tuned.values + frozen_values)
    return round(4 * (frozen + backbone.parameters + copies * (head + tuned.weights) + of_batch))


def work(
    config: RunConfig,
    backbone: Backbone,
    training: int,
    validation: int,
    epochs: int,
    tuned: int,
    features: int,
) -> NDArray[np.float64]:
    """Return rough seconds (4,) for the start, the batches, the arithmetic and the memory traffic of a run.

    The last is part of the arithmetic here, whose speed is measured per network.
    """
    batches = -(-training // config.fit.batch_size)
    forward = backbone.whole.multiply_adds
    part = backbone.part(config.model.fine_tune)
    backward = 2 * part.multiply_adds if part else 0
    passes = features * forward + tuned * (training * (forward + backward) + validation * forward)
    speed = backbone.speed * 1e9 * (os.cpu_count() or 1) * (SIZE / config.data.image_size) ** 2
    batch_seconds = batches * (epochs * _HEAD_BATCH_SECONDS + tuned * _TUNING_BATCH_SECONDS)
    parts = np.array([_START_SECONDS, batch_seconds, passes / speed, 0.0])
    parts.setflags(write=False)
    return parts


def images_to_look_at(config: RunConfig, training: int, seen: set[str]) -> int:
    """Return how many images the network has to look at before its last layer is trained.

    Args:
        training: number of training images.
        seen: networks, sizes and fits for which an earlier run of a list does so; this run's is added.
    """
    backbone, data = config.backbone, config.data
    if backbone is None:
        return 0
    recipe = f"{backbone.name}-*-{data.image_size}-{data.resize}-v*"
    is_known = recipe in seen or any(datasets.folder(data.source).glob(f"features/{recipe}"))
    seen.add(recipe)
    held_out = data.validation_share + data.test_share
    images = 0 if is_known else round(training + training / data.training_subset * held_out / (1 - held_out))
    return images + training * config.model.cached_variants
