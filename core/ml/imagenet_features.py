"""Image features for judging labels, from a small network pretrained on ImageNet.

MobileNetV2 (Sandler et al., CVPR 2018) with width multiplier 0.35: 2 MB of weights, which are downloaded
once, see :mod:`core.training.pretrained_weights`.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core.backbones import BACKBONES
from core.data.dataset import Dataset
from core.label_errors.handcrafted_features import RESIZE, SIZE
from core.ml import feature_cache
from core.ml.feature_cache import Recipe
from core.ml.pretrained import Pretrained
from core.processes.threads import Progress, ShouldStop, never, silent
from core.training import pretrained_weights

BACKBONE = BACKBONES["mobilenet_v2_035"]


def features(
    dataset: Dataset, rows: pd.DataFrame, *, progress: Progress = silent, should_stop: ShouldStop = never
) -> NDArray[np.float32]:
    """Return the features (N, 1280) of index rows; computed features are stored beside the index.

    Raises:
        NoWeights: the network's weights are not available.
        LabError: an image can no longer be read, or the disk is full.
        Stopped: ``should_stop`` returned true.
    """
    weights = pretrained_weights.get(BACKBONE, progress=progress, should_stop=should_stop)
    recipe = Recipe(BACKBONE, pretrained_weights.fingerprint(weights), SIZE, RESIZE)
    vectors, _ = feature_cache.features(
        dataset,
        rows,
        recipe,
        lambda: Pretrained(BACKBONE, SIZE, weights),
        progress=progress,
        should_stop=should_stop,
    )
    return vectors
