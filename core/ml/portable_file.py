"""Write a model as a ``.keras`` file that earlier versions of Keras can open too.

Keras writes every argument of a layer, including new ones with their default value, and earlier versions
reject arguments that they do not know. Omitting such an argument leaves it at its default.
"""

from __future__ import annotations

import io
import json
import shutil
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import h5py
import keras
from numpy.typing import NDArray

from core import files

OLDEST_KERAS = "3.5"
"""The earliest version with which the tests open such a file."""
_NEW_ARGUMENTS = {
    "input_axes": None,
    "output_axes": None,
    "quantization_config": None,
    "renorm": False,
    "renorm_clipping": None,
    "renorm_momentum": 0.99,
}
"""Arguments of initialisers and layers added after ``OLDEST_KERAS``, with their defaults."""


def save(model: keras.Model, path: Path) -> None:
    """Write ``model`` to ``path`` atomically.

    Raises:
        LabError: the disk is full or the folder cannot be written.
    """
    with files.replacing(path) as beside:
        as_keras_writes_it = beside.with_name(f"{beside.stem}.whole.keras")
        try:
            model.save(as_keras_writes_it)
            _copy_without_new_arguments(as_keras_writes_it, beside)
        finally:
            files.remove(as_keras_writes_it)


class Saver:
    """Writes the models of one training to one file, each in place of the one before."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._written: Any = None

    def save(self, model: keras.Model, only_last_layer: bool = False) -> None:
        """Write ``model``, atomically.

        Args:
            model: what is written.
            only_last_layer: whether, if it is the model that was written last, nothing but its layer
                ``logits`` has changed since. That is much faster than writing a pretrained network, which
                can take longer than an epoch of training its last layer.

        Raises:
            LabError: the disk is full or the folder cannot be written.
        """
        if only_last_layer and model is self._written and self._path.exists():
            _rewrite_last_layer(model.get_layer("logits").get_weights(), self._path)
        else:
            save(model, self._path)
        self._written = model


def _rewrite_last_layer(values: Sequence[NDArray[Any]], path: Path) -> None:
    """Replace the weights of the only dense layer in a file."""
    with (
        files.replacing(path) as beside,
        zipfile.ZipFile(path) as source,
        zipfile.ZipFile(beside, "w") as new,
    ):
        for member in source.infolist():
            content = source.read(member)
            if member.filename == "model.weights.h5":
                content = _with_values(content, values)
            new.writestr(member.filename, content)


def _with_values(weights: bytes, values: Sequence[NDArray[Any]]) -> bytes:
    content = io.BytesIO(weights)
    with h5py.File(content, "r+") as stored:
        for number, value in enumerate(values):
            stored[f"layers/dense/vars/{number}"][...] = value
    return content.getvalue()


def _copy_without_new_arguments(written: Path, portable: Path) -> None:
    with zipfile.ZipFile(written) as source, zipfile.ZipFile(portable, "w") as target:
        for member in source.infolist():
            if member.filename == "config.json":
                config = _without_new_arguments(json.loads(source.read(member)))
                target.writestr(member, json.dumps(config))
            else:
                with source.open(member) as content, target.open(member, "w") as copy:
                    shutil.copyfileobj(content, copy, 2**20)


def _without_new_arguments(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            key: _without_new_arguments(inner)
            for key, inner in value.items()
            if not (key in _NEW_ARGUMENTS and inner == _NEW_ARGUMENTS[key])
        }
    return [_without_new_arguments(inner) for inner in value] if isinstance(value, list) else value
