"""The heatmap methods: tf-explain's gradients and weighted sums, with its misleading defaults corrected.

With Keras 3 and images of 0-255, the ``explain`` methods of tf-explain 0.3.1 cannot be used unchanged:

====================  ==============================================  ==================================
method                what tf-explain does                            what is done here
====================  ==============================================  ==================================
grad_cam              guided gradients of the softmax; evidence       plain gradients of the logit, ReLU,
                      against the class kept; stretched from minimum  divided by the maximum: a map of
                      to maximum, so there is always a hot spot       zeros stays one
gradients             the grey image overflows 8 bits into stripes  squares, cut at the 99th percentile
gradients_inputs      the same overflow; evidence against the class   sum over channels, positive part
                      is drawn like evidence for it
integrated_gradients  the factor (image - black) is missing; same   factor put back: the shares sum up to
                      overflow                                        the rise of the logit
smoothgrad            gradients of a cross-entropy that vanishes for  mean gradient of the logit, squared;
                      a sure model; noise of 1 in 255, unseeded       noise of 5% of the range, seeded
occlusion             1 - confidence: an unsure image is hot all    fall of the logit, one batch a
                      over; one ``predict`` an image                 image
activations           about no class; stretched to full range even    not a heatmap but a view of the
                      where the layer is silent                       filters: ``Explainer.activations``
====================  ==============================================  ==================================

A change that alters the maps needs a new ``version`` in :data:`core.explain.heatmaps.METHODS`.

Every method takes ``images`` float32 (N, S, S, 3) in 0-255 and returns float32 (N, h, w) in [0, 1].
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from functools import cache
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray
from tf_explain.core import GradCAM, VanillaGradients
from tf_explain.utils.image import apply_grey_patch

Array = NDArray[np.float32]

SMOOTHING_SAMPLES = 25
SMOOTHING_NOISE = 0.05 * 255
"""Standard deviation in grey levels. The SmoothGrad paper finds 10-20% of the range best for large networks;
in small ones, that much noise moves the heat off the object, see benchmarks/heatmap_quality.py."""
INTEGRATION_STEPS = 32
OCCLUSION_PATCHES = 8
"""Grey patches along a side of the image."""


class Scores:
    """The logits of a model and their gradients; each function is traced once, whatever the batch size."""

    def __init__(self, model: keras.Model) -> None:
        """Take a float32 functional model with a layer "logits"."""
        self.model = keras.Model(model.input, model.get_layer("logits").output)
        differentiate = VanillaGradients.compute_gradients.python_function
        self.of_class = self._traced(lambda images, index: self.model(images)[:, index])
        self.gradients = self._traced(lambda images, index: differentiate(images, self.model, index))
        self.at_layer = cache(self._at_layer)

    def _at_layer(self, layer: str) -> Callable[[Array, int], tuple[Array, Array]]:
        def activations_and_gradients(images: tf.Tensor, index: tf.Tensor) -> Any:
            with warnings.catch_warnings():  # tf-explain nests the inputs in one list too many
                warnings.filterwarnings("ignore", message="The structure of `inputs` doesn't match")
                return GradCAM.get_gradients_and_filters(self.model, images, layer, index, False)

        return self._traced(activations_and_gradients)

    def _traced(self, function: Callable[..., Any]) -> Callable[..., Any]:
        signature = [tf.TensorSpec(self.model.input_shape), tf.TensorSpec((), tf.int32)]
        traced = tf.function(function, input_signature=signature, autograph=False)
        return lambda *arguments: tf.nest.map_structure(np.asarray, traced(*arguments))


def grad_cam(scores: Scores, images: Array, class_index: int, layer: str) -> Array:
    """Grad-CAM: the layer's activations, weighted by the mean gradient of the class's logit.

    Source: Selvaraju et al. 2017, https://arxiv.org/abs/1610.02391
    """
    activations, gradients = scores.at_layer(layer)(images, class_index)
    weighted = GradCAM.generate_ponderated_output(activations, gradients)
    return scale(positive(np.stack(weighted)))


def gradients(scores: Scores, images: Array, class_index: int) -> Array:
    """Gradients: each pixel's share of the squared length of the logit's gradient.

    Source: Simonyan et al. 2013, https://arxiv.org/abs/1312.6034, who draw the largest channel's magnitude.
    """
    return scale_pixels(squared_length(scores.gradients(images, class_index)))


def gradients_inputs(scores: Scores, images: Array, class_index: int) -> Array:
    """Gradient times input, summed over channels, where it supports the class.

    Source: Shrikumar et al. 2016, https://arxiv.org/abs/1605.01713
    """
    return scale_pixels(positive((images * scores.gradients(images, class_index)).sum(axis=-1)))


def smoothgrad(scores: Scores, images: Array, class_index: int) -> Array:
    """SmoothGrad: the gradient averaged over noisy copies of the image, with a fixed seed.

    Source: Smilkov et al. 2017, https://arxiv.org/abs/1706.03825
    """
    rng = np.random.default_rng(0)
    total = np.zeros_like(images)
    for _ in range(SMOOTHING_SAMPLES):
        noise = rng.normal(0, SMOOTHING_NOISE, images.shape[1:]).astype(np.float32)
        total += scores.gradients(images + noise, class_index)
    return scale_pixels(squared_length(total))


def integrated_gradients(scores: Scores, images: Array, class_index: int) -> Array:
    """Integrated gradients: the rise of the logit from a black image to this one, divided among the pixels.

    Source: Sundararajan et al. 2017, https://arxiv.org/abs/1703.01365
    """
    return scale_pixels(positive(attributions(scores, images, class_index).sum(axis=-1)))


def attributions(scores: Scores, images: Array, class_index: int) -> Array:
    """Return signed integrated gradients (N, S, S, 3), which sum to logit(image) - logit(black)."""
    middles = (np.arange(INTEGRATION_STEPS, dtype=np.float32) + 0.5) / INTEGRATION_STEPS
    total = np.zeros_like(images)
    for share in middles:
        total += scores.gradients(share * images, class_index)
    return images * (total / np.float32(INTEGRATION_STEPS))


def occlusion(scores: Scores, images: Array, class_index: int) -> Array:
    """Occlusion: how far the logit falls when a grey patch covers this part of the image.

    Source: Zeiler & Fergus 2013, https://arxiv.org/abs/1311.2901
    """
    side = images.shape[1]
    patch = -(-side // OCCLUSION_PATCHES)
    corners = range(0, side, patch)
    falls = []
    for image in images:
        covered = np.stack([apply_grey_patch(image, x, y, patch) for y in corners for x in corners])
        before = scores.of_class(image[None], class_index)
        falls.append((before - scores.of_class(covered, class_index)).reshape(len(corners), len(corners)))
    return scale(positive(np.stack(falls)))


def positive(maps: Array) -> Array:
    """Keep only evidence for the class (ReLU)."""
    return np.maximum(maps, 0)


def squared_length(gradients: Array) -> Array:
    """Sum the squares over channels, (N, S, S, 3) to (N, S, S).

    Magnitudes leave a haze over the whole image; squares keep the order of pixels and add up to a total.
    """
    total: Array = np.square(gradients).sum(axis=-1)
    return total


def scale(maps: Array) -> Array:
    """Divide each map (N, h, w) by its maximum; maps of zeros, with no evidence for the class, stay zero."""
    maximum = maps.max(axis=(1, 2), keepdims=True)
    scaled: Array = np.divide(maps, maximum, out=np.zeros_like(maps), where=maximum > 0)
    return scaled


def scale_pixels(maps: Array) -> Array:
    """Scale by the 99th percentile, since a few pixels with huge gradients would make the rest dark."""
    cut = np.percentile(maps, 99, axis=(1, 2), keepdims=True).astype(np.float32)
    return scale(np.minimum(maps, np.where(cut > 0, cut, np.inf)))
