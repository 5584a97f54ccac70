"""Each step of a heatmap by hand, and whole heatmaps against an independent computation."""

from __future__ import annotations

import cv2
import keras
import numpy as np
import pytest
import tensorflow as tf

from core.errors import LabError
from core.explain.heatmaps import METHODS
from core.ml import heatmap_methods
from core.ml.explainer import Explainer, load_for_explaining
from samples.made_images import coloured_objects
from tests.tiny_model import SIZE, trained, untrained

IMAGES = coloured_objects(40, SIZE, seed=1)


@pytest.fixture(scope="module")
def explainer() -> Explainer:
    return Explainer(trained())


def two_filter_model(weights: list[list[float]]) -> keras.Model:
    """A 1x1 convolution that passes red and green on, then a logit for each row of their weights."""
    images = keras.Input((4, 4, 3))
    x = keras.layers.Conv2D(2, 1, name="conv_1", use_bias=False)(images)
    x = keras.layers.Flatten()(x)
    logits = keras.layers.Dense(len(weights), name="logits", use_bias=False)(x)
    model = keras.Model(images, keras.layers.Softmax(name="probabilities")(logits))
    model.get_layer("conv_1").set_weights([np.array([[[[1, 0], [0, 1], [0, 0]]]], np.float32)])
    dense = np.stack([np.broadcast_to(w, (4, 4, 2)).ravel() for w in weights], axis=1)
    model.get_layer("logits").set_weights([dense.astype(np.float32)])
    return model


def image_4x4() -> np.ndarray:
    """Red 200 at (0, 1) and 100 at (2, 3), green 50 at (3, 0)."""
    image = np.zeros((1, 4, 4, 3), np.uint8)
    image[0, 0, 1, 0], image[0, 2, 3, 0], image[0, 3, 0, 1] = 200, 100, 50
    return image


def test_grad_cam_of_a_4x4_map_worked_out_by_hand():
    # Class 0: mean gradient 2 for red and -1 for green, so the sum is 400, 200 and -50 at the three pixels.
    expected = np.zeros((4, 4))
    expected[0, 1], expected[2, 3] = 1, 0.5
    heatmap = Explainer(two_filter_model([[2, -1], [-1, 0]])).heatmaps(image_4x4(), [0])
    assert heatmap.dtype == np.float32
    np.testing.assert_allclose(heatmap[0], expected, atol=1e-6)


def test_where_nothing_speaks_for_the_class_the_map_stays_zero():
    explainer = Explainer(two_filter_model([[2, -1], [-1, 0]]))
    assert not explainer.heatmaps(image_4x4(), [1]).any()


def test_gradients_inputs_of_a_4x4_map_worked_out_by_hand():
    heatmap = Explainer(two_filter_model([[2, -1], [-1, 0]])).heatmaps(image_4x4(), [0], "gradients_inputs")
    assert heatmap[0, 0, 1] == 1 and heatmap[0, 3, 0] == 0 and np.count_nonzero(heatmap) == 2


@pytest.mark.parametrize("method", ["gradients", "smoothgrad"])
def test_gradients_are_drawn_as_squares_summed_over_channels(method):
    model = two_filter_model([[2, -1], [-1, 0]])
    dense = np.zeros((4, 4, 2, 2), np.float32)
    dense[0, 1, :, 0], dense[3, 3, 0, 0] = (3, -4), -2.5
    model.get_layer("logits").set_weights([dense.reshape(32, 2)])
    expected = np.zeros((4, 4))
    expected[0, 1], expected[3, 3] = 1, 0.25
    heatmap = Explainer(model).heatmaps(image_4x4(), [0], method)[0]
    np.testing.assert_allclose(heatmap, expected, rtol=0.2, atol=1e-6)  # the 99th percentile is cut off


def test_occlusion_finds_the_pixel_whose_cover_costs_most():
    heatmap = Explainer(two_filter_model([[2, -1], [-1, 0]])).heatmaps(image_4x4(), [0], "occlusion")
    # Grey is 127.5: over red 200 it costs 2 x 72.5, and its green 127.5 more; over red 100 it gives 2 x 27.5.
    np.testing.assert_allclose(heatmap[0, 2, 3], (127.5 - 2 * 27.5) / (127.5 + 2 * 72.5), rtol=1e-5)
    assert heatmap[0].argmax() == 1


def test_positive_cuts_at_zero():
    np.testing.assert_array_equal(heatmap_methods.positive(np.array([[-1.0, 2.0]], np.float32)), [[0, 2]])


def test_scale_divides_by_the_maximum_of_each_map_and_leaves_zeros():
    maps = np.array([[[1, 2], [0, 4]], [[0, 0], [0, 0]]], np.float32)
    np.testing.assert_array_equal(heatmap_methods.scale(maps), [[[0.25, 0.5], [0, 1]], [[0, 0], [0, 0]]])


def test_scale_pixels_is_not_ruled_by_one_extreme_pixel():
    maps = np.ones((1, 20, 20), np.float32)
    maps[0, 0, 0] = 1000
    assert heatmap_methods.scale_pixels(maps).mean() == 1


def test_scale_pixels_keeps_a_single_hot_pixel():
    maps = np.zeros((1, 20, 20), np.float32)
    maps[0, 3, 4] = 5
    assert heatmap_methods.scale_pixels(maps)[0, 3, 4] == 1


@pytest.mark.parametrize("layer", ["conv_1", "conv_2"])
def test_grad_cam_agrees_with_an_independent_gradient_tape(explainer, layer):
    classes = np.arange(12) % 3
    model = explainer.model
    both = keras.Model(model.input, [model.get_layer(layer).output, model.get_layer("logits").output])
    with tf.GradientTape() as tape:
        activations, logits = both(IMAGES.images[:12].astype(np.float32))
        chosen = tf.reduce_sum(tf.gather(logits, classes, batch_dims=1))
    weights = tape.gradient(chosen, activations).numpy().mean(axis=(1, 2))
    raw = np.einsum("nhwf,nf->nhw", activations.numpy(), weights).clip(min=0)
    expected = raw / np.maximum(raw.max(axis=(1, 2), keepdims=True), 1e-30)
    np.testing.assert_allclose(
        explainer.heatmaps(IMAGES.images[:12], classes, layer=layer), expected, atol=1e-4
    )


def test_integrated_gradients_add_up_to_the_rise_of_the_logit(explainer):
    scores = heatmap_methods.Scores(explainer.model)
    images = IMAGES.images[:4].astype(np.float32)
    rise = scores.of_class(images, 1) - scores.of_class(np.zeros_like(images), 1)
    total = heatmap_methods.attributions(scores, images, 1).sum(axis=(1, 2, 3))
    np.testing.assert_allclose(total, rise, atol=0.03 * np.abs(rise).max())


def energy_inside(heatmaps: np.ndarray) -> float:
    """Mean share of the heat that falls into the object's box."""
    shares = []
    for heatmap, (top, left, bottom, right) in zip(heatmaps, IMAGES.boxes, strict=True):
        full = cv2.resize(heatmap, (SIZE, SIZE))
        shares.append(full[top:bottom, left:right].sum() / max(full.sum(), 1e-9))
    return float(np.mean(shares))


@pytest.mark.parametrize("method", ["grad_cam", "occlusion", "integrated_gradients", "gradients_inputs"])
def test_a_trained_model_is_seen_to_look_at_the_coloured_object(explainer, method):
    boxes = IMAGES.boxes
    area = ((boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])).mean() / SIZE**2
    heatmaps = explainer.heatmaps(IMAGES.images, IMAGES.labels, method)
    assert energy_inside(heatmaps) > 3 * area


@pytest.mark.parametrize("method", METHODS)
def test_every_method_gives_maps_from_0_to_1_and_the_same_ones_again(explainer, method):
    first = explainer.heatmaps(IMAGES.images[:5], IMAGES.labels[:5], method)
    again = explainer.heatmaps(IMAGES.images[:5], IMAGES.labels[:5], method)
    assert first.dtype == np.float32 and first.ndim == 3 and len(first) == 5
    assert first.min() >= 0 and first.max(axis=(1, 2)) == pytest.approx(1)
    np.testing.assert_array_equal(first, again)


MADE_BY = {
    ("grad_cam", 1): 0.33709,
    ("occlusion", 1): 0.1157,
    ("integrated_gradients", 1): 0.062296,
    ("smoothgrad", 3): 0.070588,
    ("gradients", 2): 0.078690,
    ("gradients_inputs", 1): 0.060358,
}
"""What a map of each method in its version sums up to, weighted at random. Kept maps of a version stay in
use: who draws other maps on purpose counts the version up and changes the sum here."""


@pytest.mark.parametrize("method", METHODS)
def test_a_method_that_draws_other_maps_is_another_version(method):
    network, rng = untrained(), np.random.default_rng(0)
    network.set_weights([rng.normal(0, 0.2, w.shape) for w in network.get_weights()])
    heatmap = Explainer(network).heatmaps(IMAGES.images[:1], [0], method)[0]
    weighted = float((heatmap * rng.uniform(0, 1, heatmap.shape)).mean())
    assert weighted == pytest.approx(MADE_BY[method, METHODS[method].version], rel=2e-3)


@pytest.mark.parametrize("method", METHODS)
def test_a_map_does_not_depend_on_the_images_beside_it(explainer, method):
    together = explainer.heatmaps(IMAGES.images[:4], [0, 1, 0, 2], method)
    alone = explainer.heatmaps(IMAGES.images[2:3], [0], method)
    np.testing.assert_allclose(alone[0], together[2], atol=2e-3)


def test_more_images_than_a_batch_come_back_in_order(explainer):
    classes = [int(i % 3) for i in range(40)]
    together = explainer.heatmaps(IMAGES.images, classes)
    np.testing.assert_allclose(
        explainer.heatmaps(IMAGES.images[37:38], classes[37:38])[0], together[37], atol=1e-4
    )


def test_probabilities_are_those_of_the_model_and_sum_to_1(explainer):
    probabilities = explainer.predict(IMAGES.images)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=1e-6)
    np.testing.assert_allclose(probabilities, trained().predict(IMAGES.images, verbose=0), atol=1e-6)
    assert (probabilities.argmax(axis=1) == IMAGES.labels).mean() > 0.9


def test_activations_are_one_map_a_filter_scaled_by_the_strongest(explainer):
    maps = explainer.activations(IMAGES.images[0], "conv_1")
    assert maps.shape == (8, 46, 46) and maps.max() == 1 and maps.min() >= 0


def test_a_bfloat16_model_is_explained_as_a_float32_copy_with_the_same_weights(tmp_path):
    model = untrained(policy="mixed_bfloat16")
    model.save(tmp_path / "model.keras")
    loaded = load_for_explaining(tmp_path / "model.keras")
    assert {layer.compute_dtype for layer in loaded.layers} == {"float32"}
    for ours, theirs in zip(loaded.get_weights(), model.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)
    assert Explainer(loaded).heatmaps(IMAGES.images[:2], [0, 1]).shape == (2, 21, 21)


def test_what_does_not_fit_the_model_is_refused_with_a_sentence(explainer):
    images = IMAGES.images[:2]
    with pytest.raises(LabError, match="colour images of 48 x 48 pixels in 8 bits"):
        explainer.heatmaps(images.astype(np.float32), [0, 0])
    with pytest.raises(LabError, match="2 images need 2 classes"):
        explainer.heatmaps(images, [0])
    with pytest.raises(LabError, match="classes 0 to 2"):
        explainer.heatmaps(images, [0, 3])
    with pytest.raises(LabError, match=r"no method 'magic'\. Available: grad_cam"):
        explainer.heatmaps(images, [0, 0], "magic")
    with pytest.raises(LabError, match=r"no layer 'dense'\. Available: conv_1, conv_2"):
        explainer.heatmaps(images, [0, 0], layer="dense")


def test_a_model_without_logits_cannot_be_explained():
    images = keras.Input((8, 8, 3))
    x = keras.layers.Flatten()(keras.layers.Conv2D(2, 3)(images))
    with pytest.raises(LabError, match="no layer 'logits'"):
        Explainer(keras.Model(images, keras.layers.Dense(2, activation="softmax")(x)))
