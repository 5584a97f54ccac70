"""Load a trained model and explain it: probabilities, heatmaps, activations."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import h5py
import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from core.data.stored_images import Images, Pixels
from core.errors import LabError, in_one_line
from core.explain import keras_file, network_sizes
from core.explain.heatmaps import METHODS
from core.ml import heatmap_methods

Array = NDArray[np.float32]

BATCH = 32
"""Images processed at once; bounds the memory use, whatever a page requests."""


def load_for_explaining(path: Path) -> keras.Model:
    """Load a ``.keras`` file as a float32 model with the same weights, whatever its training precision.

    Gradients in bfloat16 are too coarse to draw, and tf-explain does not support them.

    Raises:
        LabError: the file is missing, damaged or foreign; any code in it never runs.
    """
    config = _in_float32(keras_file.read_config(path))
    keras_file.refuse_damaged(path)
    keras_file.refuse_other_sizes(path, config)
    if _stored_shapes(path) != sorted(keras_file.weight_shapes(path, config)):
        raise LabError(f"The model file {path} is damaged: its weights are not those of its architecture.")
    try:
        model = keras.saving.deserialize_keras_object(config, safe_mode=True)
        model.load_weights(path)
    except Exception as error:  # Keras, h5py, zlib and NumPy each raise their own types
        raise _unopened(path, error) from error
    return model


def _stored_shapes(path: Path) -> list[network_sizes.Shape]:
    """The shapes of the layers' weights in a file, sorted; only of those whose values lie in the file itself.

    HDF5 can also describe values that were never written, or that lie in other files.
    """
    found = []

    def visit(_: str, item: Any) -> None:
        is_stored = isinstance(item, h5py.Dataset) and not (item.chunks or item.external or item.is_virtual)
        if is_stored and item.dtype == np.float32 and item.id.get_storage_size() == item.nbytes:
            found.append(item.shape)

    try:
        with (
            zipfile.ZipFile(path) as archive,
            archive.open("model.weights.h5") as weights,
            h5py.File(weights) as stored,
        ):
            stored["layers"].visititems(visit)
    except Exception as error:  # h5py raises many types
        raise _unopened(path, error) from error
    return sorted(found)


def _unopened(path: Path, error: Exception) -> LabError:
    return LabError(f"The model file {path} is damaged and cannot be opened: {in_one_line(error)}")


def _in_float32(config: Any) -> Any:
    """Return a Keras config with every dtype and dtype policy replaced."""
    if isinstance(config, dict):
        return {
            key: "float32" if key == "dtype" and value is not None else _in_float32(value)
            for key, value in config.items()
        }
    return [_in_float32(part) for part in config] if isinstance(config, list) else config


class Explainer:
    """One model, ready to be explained; traced functions are kept, so later calls are fast.

    Images are uint8 (N, S, S, 3) RGB, where S is the size that the model was trained on.
    """

    def __init__(self, model: keras.Model) -> None:
        """Take a float32 functional model, see :func:`load_for_explaining`.

        Raises:
            LabError: it has no convolution layer, or no layer "logits".
        """
        kinds = {layer.name: type(layer).__name__ for layer in model.layers}
        self.layers = keras_file.select_feature_maps(list(kinds.items()))
        if not self.layers or "logits" not in kinds:
            raise LabError(
                "This model has no convolution layer or no layer 'logits', so it cannot be explained."
            )
        self.model = model
        self._scores = heatmap_methods.Scores(model)
        self._probabilities = self._traced(model)
        self._features = self._traced(keras.Model(model.input, model.get_layer("logits").input))

    @staticmethod
    def _traced(model: keras.Model) -> Callable[[Array], Any]:
        signature = [tf.TensorSpec(model.input_shape)]
        traced: Callable[[Array], Any] = tf.function(model, input_signature=signature, autograph=False)
        return traced

    @property
    def image_size(self) -> int:
        """Side of the model's input images, in pixels."""
        return int(self.model.input_shape[1])

    @property
    def num_classes(self) -> int:
        """Number of classes."""
        return int(self.model.output_shape[-1])

    def predict(self, images: Pixels) -> Array:
        """Return the probabilities (N, C) of each class; rows sum to 1."""
        images = self._checked(images)
        parts = [self._probabilities(images[part].astype(np.float32)) for part in _batches(len(images))]
        return np.concatenate([np.empty((0, self.num_classes), np.float32), *parts])

    def features(self, images: Images) -> Array:
        """Return the inputs of the logits layer (N, D), similar for images that the network finds similar."""
        batches = (images[part] for part in _batches(len(images)))
        parts = [self._features(self._checked(batch).astype(np.float32)) for batch in batches]
        return np.concatenate([np.empty((0, parts[0].shape[1]), np.float32), *parts])

    def heatmaps(
        self, images: Pixels, class_indices: Sequence[int], method: str = "grad_cam", layer: str = ""
    ) -> Array:
        """Compute the evidence for one class in each image.

        Args:
            images: uint8 (N, S, S, 3), at least one.
            class_indices: N class indices, one per image.
            method: a key of :data:`core.explain.heatmaps.METHODS`.
            layer: one of ``layers``, for methods that use a layer; empty means the last.

        Returns:
            float32 (N, h, w) in [0, 1]; all zeros where nothing supports the class.

        Raises:
            LabError: images, classes, method or layer do not match the model.
        """
        images = self._checked(images)
        classes = self._checked_classes(class_indices, len(images))
        compute = self._method(method, layer)
        maps: list[Any] = [None] * len(images)
        for class_index in np.unique(classes):
            members = np.flatnonzero(classes == class_index)
            for part in _batches(len(members)):
                batch = images[members[part]].astype(np.float32)
                for member, heatmap in zip(members[part], compute(batch, class_index), strict=True):
                    maps[member] = heatmap
        return np.stack(maps)

    def activations(self, image: Pixels, layer: str = "") -> Array:
        """Compute the activations of a layer's filters for one image (S, S, 3).

        Returns:
            float32 (filters, h, w) in [0, 1] in the filters' order, scaled by the overall maximum.
        """
        self._checked(image[None])
        to_layer = keras.Model(self.model.input, self.model.get_layer(self._checked_layer(layer)).output)
        values = heatmap_methods.positive(to_layer(image[None].astype(np.float32))[0].numpy())
        return np.moveaxis(values / max(values.max(), np.finfo(np.float32).tiny), -1, 0)

    def _method(self, name: str, layer: str) -> Callable[[Array, int], Array]:
        if name not in METHODS:
            raise LabError(f"There is no method {name[:80]!r}. Available: {', '.join(METHODS)}.")
        compute = partial(getattr(heatmap_methods, name), self._scores)
        return partial(compute, layer=self._checked_layer(layer)) if METHODS[name].by_layer else compute

    def _checked_layer(self, layer: str) -> str:
        if layer and layer not in self.layers:
            raise LabError(f"The model has no layer {layer[:80]!r}. Available: {', '.join(self.layers)}.")
        return layer or self.layers[-1]

    def _checked(self, images: Pixels) -> Pixels:
        size = self.image_size
        if images.dtype != np.uint8 or images.ndim != 4 or images.shape[1:] != (size, size, 3):
            raise LabError(
                f"The model takes colour images of {size} x {size} pixels in 8 bits; "
                f"these are {images.dtype} {images.shape}."
            )
        return images

    def _checked_classes(self, class_indices: Sequence[int], count: int) -> NDArray[np.int64]:
        classes = np.asarray(class_indices, dtype=np.int64)
        if classes.shape != (count,) or not count:
            raise LabError(f"{count} images need {count} classes to explain, not {classes.size}.")
        if classes.min() < 0 or classes.max() >= self.num_classes:
            raise LabError(f"The model knows classes 0 to {self.num_classes - 1}, not {classes.tolist()}.")
        return classes


def _batches(count: int) -> Iterator[slice]:
    return (slice(start, start + BATCH) for start in range(0, count, BATCH))
