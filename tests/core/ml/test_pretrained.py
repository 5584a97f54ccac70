"""Each pretrained network is what Keras makes of it: scaled once, found by its parts, saved and explained."""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from core.backbones import BACKBONES, LAST_MAP, MAP_TITLES, SIZE, Backbone, Part
from core.config import RunConfig
from core.errors import LabError
from core.explain import keras_file
from core.ml import heatmap_checks, portable_file, pretrained, train
from core.ml.explainer import Explainer, load_for_explaining
from core.ml.pretrained import Pretrained
from core.training import network_layers
from core.workspace import PROJECT
from samples.made_images import coloured_objects
from tests import old_keras
from tests.random_backbone import write_weights

ALL = os.environ.get("LAB_TEST_ALL_NETWORKS")
NETWORKS = [
    pytest.param(
        backbone,
        id=name,
        marks=pytest.mark.skipif(
            name != "mobilenet_v2_035" and not ALL, reason="`make test-extras` tries the larger networks"
        ),
    )
    for name, backbone in BACKBONES.items()
]
IMAGES = coloured_objects(3, 64, seed=1).images
MODULES = {"MobileNetV2": "mobilenet_v2", "MobileNetV3": "mobilenet_v3", "ResNet50V2": "resnet_v2"}


@pytest.fixture(scope="module", params=NETWORKS)
def backbone(request: pytest.FixtureRequest) -> Backbone:
    chosen: Backbone = request.param
    return chosen


@pytest.fixture(scope="module")
def network(backbone: Backbone, tmp_path_factory: pytest.TempPathFactory) -> Pretrained:
    """The network at 64 px with random weights, read from a file."""
    path = tmp_path_factory.mktemp("weights") / "random.weights.h5"
    return Pretrained(backbone, 64, write_weights(backbone, 64, path))


@pytest.fixture(scope="module")
def classifier(network: Pretrained) -> keras.Model:
    keras.utils.set_random_seed(0)
    changes = {"model.network": network.backbone.name, "data.image_size": 64, "model.dropout": 0.2}
    return network.classifier(RunConfig().replace(changes), 4)


def keras_own(backbone: Backbone) -> tuple[keras.Model, Any]:
    """The network as Keras documents it, with its own preprocessing."""
    construct = getattr(keras.applications, backbone.constructor)
    prefix = next((one for one in MODULES if backbone.constructor.startswith(one)), "")
    module = getattr(keras.applications, MODULES.get(prefix, "efficientnet_v2"))
    arguments = {**backbone.arguments, "include_top": False, "weights": None, "pooling": "avg"}
    return construct(input_shape=(64, 64, 3), **arguments), module.preprocess_input


def test_its_features_are_those_of_keras_with_its_own_preprocessing(network: Pretrained) -> None:
    reference, preprocess = keras_own(network.backbone)
    reference.set_weights(network.model.get_weights())
    scaled = preprocess(IMAGES.astype(np.float32))
    expected = reference(scaled).numpy()
    (found,) = network.extract(IMAGES)
    assert found.shape == (3, network.backbone.features)
    largest = np.abs(expected).max()
    assert np.abs(expected[0] - expected[1]).max() > 0.1 * largest
    # Fifty layers of random weights enlarge rounding; one rounding step of all pixels shows by how much.
    rounding = np.abs(reference(np.nextafter(scaled, np.float32(1000))).numpy() - expected).max()
    assert rounding < 1e-4 * largest
    np.testing.assert_allclose(found, expected, atol=max(1e-5 * largest, 4 * rounding))


def test_pixels_are_scaled_once(network: Pretrained) -> None:
    kinds = [type(layer).__name__ for layer in network.model.layers]
    assert kinds.count("Rescaling") == 1 and kinds[:2] == ["InputLayer", "Rescaling"]


def test_the_table_agrees_with_keras(backbone: Backbone) -> None:
    model = pretrained.build(backbone, SIZE)
    assert model.count_params() == backbone.parameters
    assert model.output_shape == (None, backbone.features)
    names = [layer.name for layer in model.layers]
    for part in (backbone.whole, backbone.last_third, backbone.last_block):
        layers = model.layers[names.index(part.first_layer) : names.index(LAST_MAP)]
        convolutions = [layer for layer in layers if "Conv2D" in type(layer).__name__]
        weights = sum(math.prod(weight.shape) for layer in convolutions for weight in layer.weights)
        multiply_adds = sum(
            math.prod(layer.kernel.shape) * math.prod(layer.output.shape[1:3]) for layer in convolutions
        )
        values = sum(math.prod(layer.output.shape[1:]) for layer in layers)
        assert Part(part.first_layer, weights, multiply_adds, values) == part
    assert [model.get_layer(layer).output.shape[1] for layer in backbone.maps] == [56, 28, 14]


def test_the_estimated_layers_add_up_to_the_model(network: Pretrained, classifier: keras.Model) -> None:
    changes = {"model.network": network.backbone.name, "data.image_size": 64, "model.dropout": 0.2}
    config = RunConfig().replace(changes)
    assert network_layers.parameters(config, 4) == classifier.count_params()
    estimated = network_layers.layers(config, 4)
    assert estimated[0].output == classifier.get_layer(LAST_MAP).output.shape[1:]
    assert [one.name for one in estimated[1:]] == [
        layer.name for layer in classifier.layers[-len(estimated) + 1 :]
    ]


def test_fine_tuning_trains_a_part_and_never_the_normalisation(network: Pretrained) -> None:
    for fine_tune in ("last_block", "last_third", "all") if ALL else ("last_third",):
        changes = {"model.network": network.backbone.name, "model.fine_tune": fine_tune}
        config = RunConfig().replace(changes)
        tuned = pretrained.build_tuned(network, config, 4, "float32")
        trained = [layer for layer in tuned.layers if layer.trainable_weights]
        assert not any(isinstance(layer, keras.layers.BatchNormalization) for layer in trained)
        count = sum(math.prod(weight.shape) for weight in tuned.trainable_weights)
        assert count == network_layers.trained_parameters(config, 4)
        for one, other in zip(tuned.weights, network.model.weights, strict=False):
            np.testing.assert_array_equal(one, other)


@pytest.fixture(scope="module")
def saved(classifier: keras.Model, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    path = tmp_path_factory.mktemp("models") / "model.keras"
    portable_file.save(classifier, path)
    yield path


@old_keras.needed
def test_the_saved_model_opens_in_keras_3_5_with_the_same_answers(
    saved: Path, classifier: keras.Model, tmp_path: Path
) -> None:
    answers = old_keras.predict(saved, IMAGES, tmp_path)
    np.testing.assert_allclose(answers, train.predict(classifier, IMAGES), atol=1e-5)


def test_a_fresh_process_reads_the_saved_model_with_the_same_answers(
    saved: Path, classifier: keras.Model, tmp_path: Path
) -> None:
    np.save(tmp_path / "images.npy", IMAGES)
    program = (
        "import sys, numpy as np; from pathlib import Path; from core.ml.explainer import *\n"
        "model, images, answers = map(Path, sys.argv[1:])\n"
        "np.save(answers, Explainer(load_for_explaining(model)).predict(np.load(images)))"
    )
    paths = [str(saved), str(tmp_path / "images.npy"), str(tmp_path / "answers.npy")]
    subprocess.run([sys.executable, "-c", program, *paths], cwd=PROJECT, check=True, timeout=200)
    expected = train.predict(classifier, IMAGES)
    np.testing.assert_allclose(np.load(tmp_path / "answers.npy"), expected, atol=1e-6)


def test_its_file_names_no_argument_that_keras_3_5_does_not_know(saved: Path) -> None:
    assert old_keras.new_arguments(saved) == set()


def test_its_file_promises_the_weights_that_it_holds(saved: Path, classifier: keras.Model) -> None:
    promised = keras_file.weight_shapes(saved, keras_file.read_config(saved))
    assert promised == [weight.shape for layer in classifier.layers for weight in layer.weights]


LYING: dict[str, tuple[str, dict[str, Any]]] = {
    "one filter more": ("Conv2D", {"filters": 17}),
    "a billion filters": ("Conv2D", {"filters": 10**9}),
    "no bias": ("Dense", {"use_bias": False}),
    "two filters per channel": ("DepthwiseConv2D", {"depth_multiplier": 2}),
    "a larger window": ("DepthwiseConv2D", {"kernel_size": [9, 9]}),
    "no scale": ("BatchNormalization", {"scale": False}),
    "scales of rows": ("BatchNormalization", {"axis": 1}),
    "a border without end": ("ZeroPadding2D", {"padding": [[0, 10**9], [0, 1]]}),
    "one class more": ("Dense", {"units": 5}),
    "larger images": ("InputLayer", {"batch_shape": [None, 10**6, 10**6, 3]}),
}


@pytest.mark.fault("F17", "A12")
@pytest.mark.parametrize("lie", LYING)
def test_a_file_that_promises_other_weights_is_never_built(
    lie: str, saved: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kind, changes = LYING[lie]
    path = tmp_path / "lying.keras"
    with zipfile.ZipFile(saved) as archive, zipfile.ZipFile(path, "w") as changed:
        config = json.loads(archive.read("config.json"))
        layers = [layer for layer in config["config"]["layers"] if layer["class_name"] == kind]
        if not layers:
            pytest.skip(f"this network has no {kind}")
        layers[0]["config"].update(changes)
        changed.writestr("config.json", json.dumps(config))
        for name in ("metadata.json", "model.weights.h5"):
            changed.writestr(name, archive.read(name))

    def build(*_: object, **__: object) -> None:
        raise AssertionError("it was built")

    monkeypatch.setattr(keras.saving, "deserialize_keras_object", build)
    with pytest.raises(LabError, match=r"is damaged|was not written by this lab"):
        load_for_explaining(path)


def grad_cams(model: keras.Model, images: Any, class_index: int) -> Any:
    """Compute the maps (N, h, w) of a model that returns a layer's activations and the logits."""
    with tf.GradientTape() as tape:
        activations, logits = model(images, training=False)
        score = tf.reduce_sum(logits[:, class_index])
    weights = tape.gradient(score, activations).numpy().mean(axis=(1, 2))
    maps = np.maximum(np.einsum("nhwc,nc->nhw", activations.numpy(), weights), 0)
    return maps / np.maximum(maps.max(axis=(1, 2), keepdims=True), 1e-30)


def test_blocks_are_named_and_grad_cam_agrees_with_an_independent_tape(
    saved: Path, classifier: keras.Model, backbone: Backbone
) -> None:
    maps = keras_file.feature_maps(saved)
    assert maps == (*backbone.maps, LAST_MAP)
    assert list(keras_file.titles(maps).values()) == [*MAP_TITLES, "Last map"]
    explainer = Explainer(load_for_explaining(saved))
    assert explainer.layers == maps
    for layer in maps if ALL else maps[-1:]:
        (heatmap,) = explainer.heatmaps(IMAGES[:1], [2], "grad_cam", layer)
        model = keras.Model(
            classifier.input, [classifier.get_layer(layer).output, classifier.get_layer("logits").output]
        )
        differences = np.abs(grad_cams(model, a_rounding_away(IMAGES[0]), 2) - heatmap)
        assert differences.max(axis=(1, 2)).min() < 1e-4


def a_rounding_away(image: Any) -> Any:
    """Return the image and 23 copies whose pixels are rounded differently, (24, S, S, 3).

    MobileNetV3's activations have kinks, at which a last digit decides between two gradients: in one of these
    images, that changed a map by 2%. The map must agree with the tape on one side or the other.
    """
    steps = 1e-7 * np.random.default_rng(1).uniform(-1, 1, (24, *image.shape))
    steps[0] = 0
    return (image * (1 + steps)).astype(np.float32)


def test_its_saved_weights_are_in_the_same_order_and_its_control_still_responds_to_images(
    saved: Path, classifier: keras.Model, network: Pretrained
) -> None:
    loaded = load_for_explaining(saved)
    changes = {"model.network": network.backbone.name, "model.fine_tune": "last_block"}
    tuned = pretrained.build_tuned(network, RunConfig().replace(changes), 4, "float32")
    for one, other in zip(loaded.weights, tuned.weights, strict=True):
        assert one.shape == other.shape
    for mine, theirs in zip(loaded.get_weights(), classifier.get_weights(), strict=True):
        np.testing.assert_array_equal(mine, theirs)
    explainer = Explainer(loaded)
    control = heatmap_checks.shuffled(explainer)
    features = control.features(IMAGES)
    assert np.isfinite(features).all()
    assert np.abs(features[0] - features[1]).max() > 0.05 * np.abs(features).max() > 0
    heatmap = control.heatmaps(IMAGES, [0, 1, 2])
    assert np.isfinite(heatmap).all() and heatmap.any()
