"""A network as a plain list of steps: what is written, and what is refused by name."""

from __future__ import annotations

import json
from pathlib import Path

import keras
import numpy as np
import pytest

from core.config import RunConfig
from core.errors import LabError
from core.ml import layer_list, model

OPTIONS = {"model.batch_norm": True, "model.global_pooling": True, "model.dropout": 0.2, "model.l2": 0.01}


def test_every_layer_of_the_own_network_becomes_a_step_with_its_weights(tmp_path: Path):
    settings = RunConfig().replace({**OPTIONS, "data.image_size": 64})
    built = model.build(settings, 3)
    layer_list.write(built, tmp_path / "network")
    network = json.loads((tmp_path / "network" / layer_list.NETWORK).read_text())
    names = {step["name"] for step in network["steps"]}
    assert {layer.name for layer in built.layers if layer.name != "pixels"} <= names
    known = {network["input"]}
    for step in network["steps"]:
        assert set(step["inputs"]) <= known, step
        known.add(step["name"])
    weights = np.fromfile(tmp_path / "network" / layer_list.WEIGHTS, "<f4")
    (logits,) = [step for step in network["steps"] if step["name"] == "logits"]
    start, shape = logits["kernel"]["start"], logits["kernel"]["shape"]
    kernel = weights[start : start + np.prod(shape)].reshape(shape)
    np.testing.assert_array_equal(kernel, built.get_layer("logits").kernel.numpy())


@pytest.mark.parametrize(
    ("layer", "named"),
    [
        (keras.layers.LayerNormalization(name="levelled"), r"kind LayerNormalization, .*\(levelled\)"),
        (keras.layers.Conv2D(4, 3, groups=2, name="split"), r"convolution in groups .*\(split\)"),
        (keras.layers.Activation("gelu", name="curved"), r"activation gelu, .*\(curved\)"),
        (keras.layers.ReLU(negative_slope=0.1, name="leaky"), r"ReLU with a slope.*\(leaky\)"),
    ],
)
def test_what_the_page_cannot_compute_is_named(layer: keras.Layer, named: str, tmp_path: Path):
    pixels = keras.Input((8, 8, 4))
    with pytest.raises(LabError, match=rf"The web page cannot compute .*{named}\. Choose another format"):
        layer_list.write(keras.Model(pixels, layer(pixels)), tmp_path / "network")
    assert not (tmp_path / "network").exists()
