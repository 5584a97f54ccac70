"""Files of random weights for pretrained networks, for tests that need no real ones."""

from __future__ import annotations

from pathlib import Path

import keras
import numpy as np

from core.backbones import Backbone
from core.ml import pretrained
from samples.made_images import coloured_objects


def write_weights(backbone: Backbone, size: int, path: Path) -> Path:
    """Write weights with which different images have different features.

    Without the normalisation of real activations, hardly anything of an image would be left after fifty
    layers, and every comparison of features would succeed.
    """
    keras.utils.set_random_seed(0)
    network = pretrained.build(backbone, size)
    for layer in network.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.momentum = 0.0
    network(coloured_objects(16, size).images.astype(np.float32), training=True)
    network.save_weights(path)
    return path
