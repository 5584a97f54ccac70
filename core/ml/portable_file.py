"""Write a model as a ``.keras`` file that earlier versions of Keras can open too.

Keras writes every argument of a layer, including new ones with their default value, and earlier versions
reject arguments that they do not know. Omitting such an argument leaves it at its default.
"""

from __future__ import annotations

import json
import shutil
import zipfile
from pathlib import Path
from typing import Any

import keras

from core import files

OLDEST_KERAS = "3.5"
"""The earliest version with which the tests open such a file."""
_NEW_ARGUMENTS = frozenset({"input_axes", "output_axes", "quantization_config"})
"""Arguments of initialisers and layers added after ``OLDEST_KERAS``; None by default."""


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
            if not (key in _NEW_ARGUMENTS and inner is None)
        }
    return [_without_new_arguments(inner) for inner in value] if isinstance(value, list) else value
