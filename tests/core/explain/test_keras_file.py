"""Only whole model files of the lab's own making are opened."""

from __future__ import annotations

import io
import json
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path

import h5py
import keras
import numpy as np
import pytest

from core.config import RunConfig
from core.errors import LabError
from core.explain import keras_file
from core.ml import model, portable_file
from core.ml.explainer import load_for_explaining
from tests.tiny_model import untrained


@pytest.fixture(scope="module")
def good(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("models") / "model.keras"
    untrained().save(path)
    return path


def rewritten(good: Path, folder: Path, change: Callable[[dict[str, bytes]], None]) -> Path:
    """A copy of a model file with its members changed."""
    with zipfile.ZipFile(good) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    change(members)
    path = folder / "changed.keras"
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def layer_config(**changes: object) -> Callable[[dict[str, bytes]], None]:
    """Settings of the first convolution layer changed."""

    def change(members: dict[str, bytes]) -> None:
        config = json.loads(members["config.json"])
        layers = config["config"]["layers"]
        next(layer for layer in layers if layer["class_name"] == "Conv2D")["config"].update(changes)
        members["config.json"] = json.dumps(config).encode()

    return change


def layer_replaced(described: dict[str, object]) -> Callable[[dict[str, bytes]], None]:
    def change(members: dict[str, bytes]) -> None:
        config = json.loads(members["config.json"])
        config["config"]["layers"][1].update(described)
        members["config.json"] = json.dumps(config).encode()

    return change


TAMPERED = {
    "no weights": lambda members: members.pop("model.weights.h5"),
    "no description": lambda members: members.pop("config.json"),
    "bad json": lambda members: members.update({"config.json": b'{"module": "keras'}),
    "not an object": lambda members: members.update({"config.json": b"[1, 2]"}),
    "deep json": lambda members: members.update({"config.json": b"[" * 100_000 + b"]" * 100_000}),
    "deep layers": layer_replaced({"inbound_nodes": json.loads("[" * 500 + "]" * 500)}),
    "weights are text": lambda members: members.update({"model.weights.h5": b"hello"}),
    "weights cut": lambda members: members.update({"model.weights.h5": members["model.weights.h5"][:4000]}),
    "path traversal": lambda members: members.update({"../../evil.py": b"print('in')"}),
    "pickle": lambda members: members.update({"assets/lookup/data.pickle": b"cos\nsystem\n."}),
    "os.system": layer_replaced({"module": "os", "class_name": "system", "config": "touch evil"}),
    "builtins.eval": layer_replaced({"module": "builtins", "class_name": "eval", "config": "1"}),
    "lambda": layer_replaced({"module": "keras.layers", "class_name": "Lambda"}),
    "unknown layer": layer_replaced({"module": "keras.layers", "class_name": "NoSuchLayer"}),
    "dotted lambda": layer_replaced({"module": "keras", "class_name": "layers.Lambda"}),
    "dotted TFSMLayer": layer_replaced({"module": "keras", "class_name": "layers.TFSMLayer"}),
    "get_file as initialiser": layer_config(
        kernel_initializer={"module": "keras.utils", "class_name": "get_file", "config": {"fname": "evil"}}
    ),
    "a vocabulary file": layer_replaced(
        {"module": "keras.layers", "class_name": "StringLookup", "config": {"vocabulary": "/etc/passwd"}}
    ),
    "names that are lists": layer_replaced({"module": ["keras"], "class_name": {"a": 1}}),
    "get_file": layer_replaced({"module": "keras.utils", "class_name": "get_file"}),
}


@pytest.mark.fault("F17", "A12")
@pytest.mark.parametrize("name", TAMPERED)
def test_a_tampered_file_is_refused_with_a_sentence_and_nothing_is_written(name, good, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = rewritten(good, tmp_path, TAMPERED[name])
    with pytest.raises(LabError, match=r"damaged|was not written by this lab"):
        load_for_explaining(path)
    assert [file.name for file in tmp_path.iterdir()] == ["changed.keras"]


@pytest.mark.fault("F17")
@pytest.mark.parametrize("size", [0, 100, 5000])
def test_a_truncated_file_is_damaged(size, good, tmp_path):
    path = tmp_path / "model.keras"
    path.write_bytes(good.read_bytes()[:size])
    with pytest.raises(LabError, match="is damaged"):
        load_for_explaining(path)
    with pytest.raises(LabError, match="is damaged"):
        keras_file.fingerprint(path)


def test_a_missing_file_says_so(tmp_path):
    with pytest.raises(LabError, match="There is no model"):
        load_for_explaining(tmp_path / "model.keras")


@pytest.mark.fault("F17")
def test_a_flipped_byte_in_the_weights_is_noticed(good, tmp_path):
    content = bytearray(good.read_bytes())
    content[len(content) // 2] ^= 0xFF
    path = tmp_path / "model.keras"
    path.write_bytes(content)
    with pytest.raises(LabError, match="is damaged"):
        load_for_explaining(path)


@pytest.mark.fault("F17")
def test_a_foreign_model_with_a_lambda_layer_is_refused_before_keras_sees_it(tmp_path):
    images = keras.Input((8, 8, 3))
    keras.Model(images, keras.layers.Lambda(lambda x: x + 1)(images)).save(tmp_path / "foreign.keras")
    with pytest.raises(LabError, match=r"keras\.layers\.Lambda', which the lab never uses"):
        keras_file.read_config(tmp_path / "foreign.keras")


def test_layers_are_known_without_tensorflow(good):
    assert keras_file.feature_maps(good) == ("conv_1", "conv_2")


def test_the_fingerprint_survives_copying_and_changes_with_the_weights(good, tmp_path):
    copy = Path(shutil.copyfile(good, tmp_path / "copy.keras"))
    other = tmp_path / "other.keras"
    untrained().save(other)
    assert keras_file.fingerprint(copy) == keras_file.fingerprint(good) != keras_file.fingerprint(other)


def of_layer(number: int, **changes: object) -> Callable[[dict[str, bytes]], None]:
    """Settings of one layer changed."""

    def change(members: dict[str, bytes]) -> None:
        config = json.loads(members["config.json"])
        config["config"]["layers"][number]["config"].update(changes)
        members["config.json"] = json.dumps(config).encode()

    return change


def many_layers(members: dict[str, bytes]) -> None:
    config = json.loads(members["config.json"])
    config["config"]["layers"] += config["config"]["layers"][1:2] * 5000
    members["config.json"] = json.dumps(config).encode()


def weights_changed(change: Callable[[h5py.File], None]) -> Callable[[dict[str, bytes]], None]:
    def changed(members: dict[str, bytes]) -> None:
        content = io.BytesIO(members["model.weights.h5"])
        with h5py.File(content, "r+") as stored:
            change(stored)
        members["model.weights.h5"] = content.getvalue() + b" " * 2**20

    return changed


def never_written(stored: h5py.File) -> None:
    kernel = stored["layers/dense/vars/0"]
    shape = kernel.shape
    del stored["layers/dense/vars/0"]
    stored["layers/dense/vars"].create_dataset("0", shape, "float32", chunks=True)


def in_another_file(stored: h5py.File) -> None:
    del stored["layers/dense/vars/0"]
    stored["layers/dense/vars/0"] = h5py.ExternalLink("/etc/passwd", "x")


def larger_than_promised(stored: h5py.File) -> None:
    del stored["layers/dense/vars/1"]
    stored["layers/dense/vars"].create_dataset("1", data=np.zeros(33, np.float32))


LYING = {
    "a billion units": of_layer(-3, units=10**9),
    "a few units more": of_layer(-3, units=33),
    "a few units less": of_layer(-3, units=31),
    "half a unit": of_layer(-3, units=31.5),
    "a billion filters": layer_config(filters=10**9),
    "no filters": layer_config(filters=0),
    "a larger kernel": layer_config(kernel_size=[5, 5]),
    "a kernel of text": layer_config(kernel_size=["3", "3"]),
    "a stride of nothing": layer_config(strides=[0, 0]),
    "larger images": of_layer(0, batch_shape=[None, 10**6, 10**6, 3]),
    "grey images": of_layer(0, batch_shape=[None, 48, 48, 1]),
    "a batch of a million": of_layer(0, batch_shape=[10**6, 48, 48, 3]),
    "thousands of layers": many_layers,
    "weights never written": weights_changed(never_written),
    "weights in another file": weights_changed(in_another_file),
    "weights of another size": weights_changed(larger_than_promised),
}


@pytest.mark.fault("F17", "A12")
@pytest.mark.parametrize("name", LYING)
def test_a_model_that_promises_other_shapes_than_its_weights_have_is_never_built(
    name, good, tmp_path, monkeypatch
):
    def build(*_: object, **__: object) -> None:
        raise AssertionError("it was built")

    monkeypatch.setattr(keras.saving, "deserialize_keras_object", build)
    path = rewritten(good, tmp_path, LYING[name])
    with pytest.raises(LabError, match=r"is damaged|was not written by this lab"):
        load_for_explaining(path)


@pytest.mark.fault("F17", "A12")
@pytest.mark.parametrize(
    "name", ["a billion units", "a billion filters", "larger images", "thousands of layers"]
)
def test_absurd_sizes_are_noticed_without_reading_the_weights(name, good, tmp_path):
    path = rewritten(good, tmp_path, LYING[name])
    with pytest.raises(LabError, match=r"needs .* of weights|was not written by this lab"):
        keras_file.refuse_other_sizes(path, keras_file.read_config(path))


@pytest.mark.fault("F17")
@pytest.mark.parametrize(
    "settings", [{}, {"model.dropout": 0.3, "model.l2": 0.01}, {"model.filters": (4,) * 5}]
)
def test_every_network_of_the_lab_opens_again(settings, tmp_path):
    config = RunConfig().replace({"data.image_size": 128, "model.dense_units": 8, **settings})
    network = model.build(config, 3)
    portable_file.save(network, tmp_path / "model.keras")
    loaded = load_for_explaining(tmp_path / "model.keras")
    for one, other in zip(network.get_weights(), loaded.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
