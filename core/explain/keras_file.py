"""Inspect a ``.keras`` file without TensorFlow: is it complete, was it written by this lab, which layers.

A ``.keras`` file is a zip archive with the architecture in config.json and the weights beside it.
A foreign file can contain code (Lambda layers, classes from any module, pickled members, paths that
escape the folder), so this is an allowlist of what Keras may read.
"""

from __future__ import annotations

import json
import math
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from core import backbones
from core.backbones import LAST_MAP, MAP_TITLES
from core.errors import LabError, in_one_line
from core.explain import network_sizes
from core.words import byte_size

_MEMBERS = frozenset({"metadata.json", "config.json", "model.weights.h5"})
_OWN_LAYERS = (
    "BatchNormalization Conv2D Dense Dropout Flatten GlobalAveragePooling2D InputLayer MaxPooling2D ReLU "
    "Rescaling Softmax"
)
_PRETRAINED_LAYERS = "Activation Add DepthwiseConv2D Multiply Normalization Reshape ZeroPadding2D"
_CLASSES = frozenset(
    {
        ("keras", "DTypePolicy"),
        *(("keras.initializers", name) for name in ("GlorotUniform", "Ones", "VarianceScaling", "Zeros")),
        ("keras.regularizers", "L2"),
        ("keras.src.models.functional", "Functional"),
        *(("keras.layers", name) for name in (*_OWN_LAYERS.split(), *_PRETRAINED_LAYERS.split())),
        *(("keras.src.ops.numpy", name) for name in ("Add", "Multiply")),  # in MobileNetV3
    }
)
"""Every object of the lab's networks, by the module and class that Keras builds it from."""
_PLAIN = ("__keras_tensor__",)
"""Classes without a module that Keras restores itself; all others, such as ``__lambda__``, are refused."""
_WEIGHT_BYTES = 4
_MAX_CONFIG = 32 * 2**20
_MAX_DEPTH = 100
"""Of the architecture: Keras nests about fifteen levels, and whoever reads on goes through all."""
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


def feature_maps(path: Path) -> tuple[str, ...]:
    """Return the names of the layers at which heatmaps are possible, see :func:`select_feature_maps`.

    Raises:
        LabError: as in :func:`read_config`, or the model has no such layer.
    """
    layers = read_config(path)["config"]["layers"]
    names = select_feature_maps([(layer["config"]["name"], layer["class_name"]) for layer in layers])
    if not names:
        raise _foreign(path, "it has no convolution layer")
    return names


def select_feature_maps(layers: Sequence[tuple[str, str]]) -> tuple[str, ...]:
    """Choose the layers whose maps are explained, from input to output, by the name and class of all layers.

    In an own network they are the convolutions or, with batch normalisation between convolution and ReLU,
    the ReLUs. In a pretrained one they are the last map and the ends of three blocks before it.
    """
    names, kinds = [name for name, _ in layers], {kind for _, kind in layers}
    if LAST_MAP in names:
        network = backbones.recognise(names)
        return (*network.maps, LAST_MAP) if network else (LAST_MAP,)
    wanted = "ReLU" if "ReLU" in kinds else "Conv2D"
    return tuple(name for name, kind in layers if kind == wanted)


def titles(layers: Sequence[str]) -> dict[str, str]:
    """Return the feature maps of a model in words, such as "Late blocks"; an own network's are its layers."""
    if LAST_MAP not in layers:
        return {layer: layer for layer in layers}
    return dict(zip(layers, (*MAP_TITLES[len(MAP_TITLES) + 1 - len(layers) :], "Last map"), strict=True))


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


def refuse_other_sizes(path: Path, config: dict[str, Any]) -> None:
    """Compare the sizes that the architecture promises with the bytes that the file holds, not unpacked.

    Nothing has to be built or read for that, so a small file cannot ask for more memory than it has bytes.

    Args:
        path: the file.
        config: its architecture, from :func:`read_config`.

    Raises:
        LabError: the layers are not those of a network of this lab, or there are fewer weights than promised.
    """
    with _opened(path) as archive:
        weights = archive.getinfo("model.weights.h5")
    if weights.compress_type != zipfile.ZIP_STORED:
        raise _foreign(path, "its weights are compressed")
    promised = _WEIGHT_BYTES * sum(map(math.prod, weight_shapes(path, config)))
    if promised > weights.file_size:
        raise LabError(
            f"The model file {path} is damaged: its architecture needs {byte_size(promised)} of weights, but "
            f"it holds {byte_size(weights.file_size)}. {_WAY_OUT}"
        )


def weight_shapes(path: Path, config: dict[str, Any]) -> list[network_sizes.Shape]:
    """Return the shapes of all weights that an architecture promises.

    Raises:
        LabError: it is foreign.
    """
    try:
        return network_sizes.weight_shapes(config["config"])
    except network_sizes.Unusual as error:
        raise _foreign(path, str(error)) from None
    except (ValueError, KeyError, TypeError, AttributeError):
        raise _foreign(path, "its layers are not described as Keras does") from None


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
        raise LabError(f"The model file {path} is damaged ({in_one_line(error)}). {_WAY_OUT}") from None


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
    for depth, described in _objects(config):
        if depth > _MAX_DEPTH:
            raise _foreign(path, "its architecture is nested too deeply")
        module, class_name = described.get("module"), described.get("class_name")
        if module is None and class_name in (None, *_PLAIN):
            continue
        if (str(module), str(class_name)) not in _CLASSES:
            raise _foreign(path, f"it contains {f'{module}.{class_name}'[:80]!r}, which the lab never uses")


def _objects(value: Any, depth: int = 0) -> Iterator[tuple[int, dict[str, Any]]]:
    """Every object within a JSON value, and how deep it lies; beyond the limit, one object stands for all."""
    if depth > _MAX_DEPTH:
        yield depth, {}
    elif isinstance(value, dict | list):
        if isinstance(value, dict):
            yield depth, value
            value = list(value.values())
        for part in value:
            yield from _objects(part, depth + 1)


def _foreign(path: Path, reason: str) -> LabError:
    return LabError(f"The model file {path} was not written by this lab, so it was not opened: {reason}.")
