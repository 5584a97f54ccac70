"""Inspect a ``.keras`` file without TensorFlow: is it complete, was it written by this lab, which layers.

A ``.keras`` file is a zip archive with the architecture in config.json and the weights beside it.
A foreign file can contain code (Lambda layers, classes from any module, pickled members, paths that
escape the folder), so this is an allowlist of what Keras may read.
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from core.errors import LabError

_MEMBERS = frozenset({"metadata.json", "config.json", "model.weights.h5"})
_LAYERS = "Conv2D Dense Dropout Flatten InputLayer MaxPooling2D Rescaling Softmax"
_CLASSES = frozenset(
    {
        ("keras", "DTypePolicy"),
        ("keras.initializers", "GlorotUniform"),
        ("keras.initializers", "Zeros"),
        ("keras.regularizers", "L2"),
        ("keras.src.models.functional", "Functional"),
        *(("keras.layers", name) for name in _LAYERS.split()),
    }
)
"""Every object of the lab's networks, by the module and class that Keras builds it from."""
_PLAIN = ("__keras_tensor__",)
"""Classes without a module that Keras restores itself; all others, such as ``__lambda__``, are refused."""
CONVOLUTION = "Conv2D"
_MAX_CONFIG = 32 * 2**20
_WAY_OUT = "Resume the run to save its model again, or train a new one."


def read_config(path: Path) -> dict[str, Any]:
    """Return the architecture as Keras wrote it, after checking that nothing in the file can run code.

    Raises:
        LabError: the file is missing, damaged, or was not written by this lab.
    """
    with _opened(path) as archive:
        _refuse_strange_members(path, archive)
        config = json.loads(archive.read("config.json"))
    if not isinstance(config, dict) or config.get("class_name") != "Functional":
        raise _foreign(path, "it is not a functional Keras model")
    config["compile_config"] = None  # optimizer, loss and metrics are for training alone
    _refuse_strange_classes(path, config)
    return config


def convolution_layers(path: Path) -> tuple[str, ...]:
    """Return the names of the convolution layers, from input to output; heatmaps are possible at each.

    Raises:
        LabError: as in :func:`read_config`, or the model has no such layer.
    """
    layers = read_config(path)["config"]["layers"]
    names = tuple(layer["config"]["name"] for layer in layers if layer["class_name"] == CONVOLUTION)
    if not names:
        raise _foreign(path, "it has no convolution layer")
    return names


def fingerprint(path: Path) -> str:
    """Return sixteen hex digits that change with the architecture or the weights, and survive copying.

    They are the checksums in the zip archive's directory, so nothing is unpacked.

    Raises:
        LabError: the file is missing or damaged.
    """
    with _opened(path) as archive:
        config, weights = (archive.getinfo(name).CRC for name in ("config.json", "model.weights.h5"))
    return f"{config:08x}{weights:08x}"


def refuse_damaged(path: Path) -> None:
    """Compare every member with its checksum: Keras jumps about in the weights, which skips the comparison.

    Raises:
        LabError: the file is missing or damaged.
    """
    with _opened(path) as archive:
        damaged = archive.testzip()
        if damaged:
            raise LabError(f"The model file {path} is damaged ({damaged} has changed). {_WAY_OUT}")


@contextmanager
def _opened(path: Path) -> Iterator[zipfile.ZipFile]:
    try:
        with zipfile.ZipFile(path) as archive:
            yield archive
    except LabError:
        raise
    except FileNotFoundError:
        raise LabError(f"There is no model at {path} yet. {_WAY_OUT}") from None
    except Exception as error:  # zipfile, zlib, struct and json each raise their own
        raise LabError(f"The model file {path} is damaged ({error}). {_WAY_OUT}") from None


def _refuse_strange_members(path: Path, archive: zipfile.ZipFile) -> None:
    strange = sorted(set(archive.namelist()) - _MEMBERS)
    if strange:
        raise _foreign(path, f"it contains {strange[0][:80]!r}")
    missing = sorted(_MEMBERS - set(archive.namelist()))
    if missing:
        raise LabError(f"The model file {path} is damaged: it has no {missing[0]}. {_WAY_OUT}")
    if archive.getinfo("config.json").file_size > _MAX_CONFIG:
        raise _foreign(path, "its architecture is larger than 32 MB")


def _refuse_strange_classes(path: Path, config: dict[str, Any]) -> None:
    for described in _objects(config):
        module, class_name = described.get("module"), described.get("class_name")
        if module is None and class_name in (None, *_PLAIN):
            continue
        if (str(module), str(class_name)) not in _CLASSES:
            raise _foreign(path, f"it contains {f'{module}.{class_name}'[:80]!r}, which the lab never uses")


def _objects(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
        value = list(value.values())
    if isinstance(value, list):
        for part in value:
            yield from _objects(part)


def _foreign(path: Path, reason: str) -> LabError:
    return LabError(f"The model file {path} was not written by this lab, so it was not opened: {reason}.")
