"""Get everything ready to train on top of a pretrained network: the network, and the features it finds."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

from core.config import RunConfig
from core.data.dataset import Dataset
from core.data.stored_images import Images
from core.ml import feature_cache
from core.ml.feature_cache import Recipe
from core.ml.networks import Networks
from core.ml.pretrained import Features
from core.ml.stages import Prepared
from core.processes.threads import Progress, ShouldStop, never, silent

_SAMPLE = 4
"""Training images on which features and images are compared at the end."""


def prepare(
    config: RunConfig,
    dataset: Dataset,
    rows: pd.DataFrame,
    training: Images,
    weights: Path,
    *,
    networks: Networks,
    progress: Progress = silent,
    should_stop: ShouldStop = never,
) -> Prepared:
    """Return the pretrained network of the settings and the features of index rows, by their ``split``.

    Args:
        training: the training images, in the order of their rows.
        weights: the file with the network's weights.

    Raises:
        NoWeights: the file does not hold the network's weights.
        LabError: an image can no longer be read, or the disk is full.
        Stopped: ``should_stop`` returned true.
    """
    backbone, data = config.backbone, config.data
    assert backbone is not None
    network = networks.pretrained(backbone, data.image_size, weights)
    recipe = partial(Recipe, backbone, network.fingerprint, data.image_size, data.resize)
    compute = partial(
        feature_cache.features, dataset, network=lambda: network, progress=progress, should_stop=should_stop
    )
    found, computed = compute(rows=rows, recipe=recipe())
    splits = {str(split): np.flatnonzero(rows["split"] == split) for split in rows["split"].unique()}
    features: dict[str, Features] = {split: found[index] for split, index in splits.items()}
    for variant in range(1, config.model.cached_variants + 1):
        varied = recipe(config.augment, variant)
        more, number = compute(rows=rows.iloc[splits["train"]], recipe=varied)
        features["train"] = np.concatenate([features["train"], more])
        computed += number
    return Prepared(network, features, training[:_SAMPLE], computed)
