"""Networks trained on ImageNet: the features they find in images, and classifiers on top of them.

A classifier is one flat model, so that each of its layers can be explained and frozen. Its normalisation
layers always use the statistics that they were trained with: new ones would undo what the weights know
(keras-team/keras issue 9214).
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from core.backbones import LAST_MAP, Backbone
from core.config import RunConfig
from core.data.stored_images import Images
from core.errors import NoWeights
from core.ml import model, runtime
from core.ml.network import Architecture
from core.processes.threads import Progress, ShouldStop, never, silent, stop_if
from core.training import pretrained_weights

Features = NDArray[np.float32]

BATCH = 64
STEP = "Computing features"


class Pretrained:
    """A network with its weights from ImageNet, at one image size; its weights never change.

    ``model`` takes float32 pixels (N, S, S, 3) of 0-255 and returns features (N, F). ``fingerprint``
    identifies the weights.
    """

    def __init__(self, backbone: Backbone, image_size: int, weights: Path) -> None:
        """Build the network and read its weights.

        Raises:
            NoWeights: the file does not hold the weights of this network.
        """
        self.backbone, self.image_size = backbone, image_size
        self.fingerprint = pretrained_weights.fingerprint(weights)
        self.model = build(backbone, image_size)
        _read_weights(self.model, backbone, weights)
        self._traced = tf.function(
            lambda images: self.model(tf.cast(images, tf.float32), training=False),
            input_signature=[tf.TensorSpec((None, image_size, image_size, 3), tf.uint8)],
            autograph=False,
        )

    def extract(
        self, images: Images, *, progress: Progress = silent, should_stop: ShouldStop = never
    ) -> Iterator[Features]:
        """Yield the features of uint8 images (N, S, S, 3), in batches (B, F).

        Raises:
            Stopped: ``should_stop``, which is called once per batch, returned true.
        """
        for start in range(0, len(images), BATCH):
            stop_if(should_stop, STEP.lower())
            progress(STEP, start, len(images))
            yield self._traced(tf.convert_to_tensor(images[start : start + BATCH])).numpy()

    def classifier(self, config: RunConfig, num_classes: int) -> keras.Model:
        """Return a float32 classifier that shares this network's layers; only its logits are its own."""
        return _with_head(self.model, config, num_classes)


def build(backbone: Backbone, image_size: int, precision: str = "float32") -> keras.Model:
    """Return a network with random weights, from pixels to features, as :class:`Pretrained` has it.

    Pixels are scaled once: by its own first layers where it has them, otherwise by ``rescaling`` to -1 to 1.
    Layers that drop whole blocks at random, in EfficientNetV2, are off: a frozen block must not be dropped.
    """
    pixels = keras.Input((image_size, image_size, 3), name="pixels")
    construct = getattr(keras.applications, backbone.constructor)
    with _computing_in(model.policy_of(precision)):
        scaled = pixels
        if not backbone.is_scaled_inside:
            scaled = keras.layers.Rescaling(1 / 127.5, offset=-1, name="rescaling")(pixels)
        network = construct(include_top=False, weights=None, input_tensor=scaled, **backbone.arguments)
        for layer in network.layers:
            if isinstance(layer, keras.layers.Dropout):
                layer.rate = 0.0
        last_map = keras.layers.Activation("linear", name=LAST_MAP)(network.output)
    features = keras.layers.GlobalAveragePooling2D(name="average", dtype="float32")(last_map)
    return keras.Model(pixels, features, name=backbone.name)


def head(config: RunConfig, num_classes: int, backbone: Backbone) -> Architecture:
    """Return the last layers of a classifier alone, which take features (N, F)."""
    settings = config.model
    key = ("head", backbone.features, settings.dropout, settings.l2, num_classes)

    def build_head(precision: str) -> keras.Model:
        features = keras.Input((backbone.features,), name="features")
        return _with_head(keras.Model(features, features), config, num_classes)

    return Architecture(key, build_head, redraw_head, precision="float32")


def tuned(config: RunConfig, num_classes: int, pretrained: Pretrained) -> Architecture:
    """Return a classifier that starts from the weights from ImageNet, and of which a part is trained."""
    settings = config.model
    key = (
        "tuned", pretrained.backbone.name, pretrained.image_size, pretrained.fingerprint, settings.fine_tune,
        settings.dropout, settings.l2, num_classes,
    )  # fmt: skip

    def redraw(model: keras.Model, config: RunConfig) -> None:
        restore(model, pretrained)
        redraw_head(model, config)

    precision = runtime.pretrained_precision(config.fit.precision)
    return Architecture(key, partial(build_tuned, pretrained, config, num_classes), redraw, precision)


def build_tuned(pretrained: Pretrained, config: RunConfig, num_classes: int, precision: str) -> keras.Model:
    """Return a classifier of its own, in which what is to be fine-tuned can be trained."""
    backbone = pretrained.backbone
    part = backbone.part(config.model.fine_tune)
    assert part is not None
    whole = _with_head(build(backbone, pretrained.image_size, precision), config, num_classes)
    names = [layer.name for layer in whole.layers]
    first = names.index(part.first_layer)
    for number, layer in enumerate(whole.layers):
        if layer.weights and (number < first or isinstance(layer, keras.layers.BatchNormalization)):
            layer.trainable = False
    restore(whole, pretrained)
    return whole


def restore(tuned: keras.Model, pretrained: Pretrained) -> None:
    """Give a fine-tuned classifier the weights from ImageNet again."""
    values = {layer.name: layer for layer in pretrained.model.layers if layer.weights}
    ours = [layer for layer in tuned.layers if layer.weights and layer.name != "logits"]
    for layer, original in zip(ours, values.values(), strict=True):  # names of some layers are counted on
        layer.set_weights(original.get_weights())


def redraw_head(classifier: keras.Model, config: RunConfig) -> None:
    """Reset the last layers to their initial weights for the seed of ``config``."""
    runtime.seed_weights(config.fit.seed)
    for layer in classifier.layers:
        if layer.name == "dropout":
            model.reseed(layer, config.fit.seed)
        elif layer.name == "logits":
            model.redraw_layer(layer)


def _with_head(base: keras.Model, config: RunConfig, num_classes: int) -> keras.Model:
    runtime.seed_weights(config.fit.seed)
    x = model.dropout(base.output, config, "dropout", "float32")
    probabilities = model.probabilities(x, num_classes, model.penalty(config.model))
    return keras.Model(base.input, probabilities, name="classifier")


def _read_weights(network: keras.Model, backbone: Backbone, path: Path) -> None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Keras says that the file has no optimiser, which is meant
            network.load_weights(path)
    except Exception as error:  # Keras, h5py and NumPy each raise their own types
        reason = str(error).strip().partition("\n")[0]
        raise NoWeights(f"{path} does not hold the weights of {backbone.title} ({reason})") from None


@contextmanager
def _computing_in(policy: str) -> Iterator[None]:
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(policy)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)
