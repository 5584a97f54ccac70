"""The networks trained on ImageNet that a run can start from, in figures, without TensorFlow.

All are from ``keras.applications`` 3.15 and take square RGB images. Sizes, parameters and multiply-adds are
those of the network without its own classifier, at :data:`SIZE` pixels; tests compare them with Keras.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Network = Literal[
    "own",
    "mobilenet_v2_035",
    "mobilenet_v2_100",
    "mobilenet_v3_small",
    "mobilenet_v3_large",
    "efficientnet_v2_b0",
    "resnet50_v2",
]
FineTune = Literal["none", "last_block", "last_third", "all"]

SIZE = 224
"""Side of the images in pixels for which the weights were trained and the figures below hold."""
LAST_MAP = "last_map"
"""The layer of the lab's model with the last feature map of any of these networks."""
MAP_TITLES = ("Early blocks (fine)", "Middle blocks", "Late blocks")
"""The feature maps before the last in words, from fine to coarse. A layer's name does not tell which it is:
networks of one family have layers of the same names in different places."""
_STORE = "https://storage.googleapis.com/tensorflow/keras-applications/"


@dataclass(frozen=True)
class WeightsFile:
    """The file that Keras publishes: its address, length in bytes, and digest (``md5:...``, ``sha256:...``).

    The digests are those in Keras's source; where it has none, that of a published copy, or "".
    """

    url: str
    bytes: int
    digest: str = ""

    @property
    def name(self) -> str:
        """File name."""
        return self.url.rpartition("/")[2]


@dataclass(frozen=True)
class Part:
    """The layers from ``first_layer`` to the end: weights of its convolutions, multiply-adds and outputs.

    ``values`` is the sum of the sizes of all layers' outputs, per image.
    """

    first_layer: str
    weights: int
    multiply_adds: int
    values: int


@dataclass(frozen=True)
class Backbone:
    """A network trained on ImageNet, without its classifier.

    Attributes:
        constructor: its name in ``keras.applications``, called with ``arguments``.
        is_scaled_inside: whether its first layers scale pixels of 0-255; otherwise it takes -1 to 1.
        features: channels of its last map, and so the length of an image's features.
        parameters: all weights, including those of its normalisation layers.
        whole, last_third, last_block: what fine-tuning trains, by :data:`FineTune`.
        maps: the layers whose feature maps are explained besides the last, in the order of
            :data:`MAP_TITLES`.
        speed: 10^9 multiply-adds per second and core, measured at :data:`SIZE` pixels on the machine that
            this was written on (2 cores with AVX-512).
    """

    name: Network
    title: str
    constructor: str
    is_scaled_inside: bool
    features: int
    parameters: int
    whole: Part
    last_third: Part
    last_block: Part
    maps: tuple[str, str, str]
    speed: float
    file: WeightsFile
    arguments: Mapping[str, Any] = field(default_factory=dict)
    license: str = "Apache 2.0"

    def part(self, fine_tune: FineTune) -> Part | None:
        """What fine-tuning trains; None if nothing."""
        parts = {"last_block": self.last_block, "last_third": self.last_third, "all": self.whole}
        return parts.get(fine_tune)

    @property
    def known_layers(self) -> set[str]:
        """Names of some of its layers, by which it is recognised among networks of its family."""
        parts = (self.whole, self.last_third, self.last_block)
        return {*(part.first_layer for part in parts), *self.maps}


_MOBILENET_V2_MAPS = ("block_3_expand_relu", "block_6_expand_relu", "block_13_expand_relu")

_ALL = (
    Backbone(
        name="mobilenet_v2_035",
        title="MobileNetV2 (0.35)",
        constructor="MobileNetV2",
        arguments={"alpha": 0.35},
        is_scaled_inside=False,
        features=1280,
        parameters=410_208,
        whole=Part("Conv1", 382_048, 58_005_808, 9_323_936),
        last_third=Part("block_12_expand", 316_784, 18_485_936, 946_368),
        last_block=Part("block_16_expand", 202_832, 9_938_768, 297_920),
        maps=_MOBILENET_V2_MAPS,
        speed=7.1,
        file=WeightsFile(
            f"{_STORE}mobilenet_v2/mobilenet_v2_weights_tf_dim_ordering_tf_kernels_0.35_224_no_top.h5",
            2_019_640,
            "sha256:df1c3db1d0d9193719c4c70f707c56f7021f999f825bdc57454c275cf6def19f",
        ),
    ),
    Backbone(
        name="mobilenet_v2_100",
        title="MobileNetV2 (1.0)",
        constructor="MobileNetV2",
        arguments={"alpha": 1.0},
        is_scaled_inside=False,
        features=1280,
        parameters=2_257_984,
        whole=Part("Conv1", 2_189_760, 299_494_272, 21_663_152),
        last_third=Part("block_12_expand", 1_779_136, 112_325_248, 2_415_744),
        last_block=Part("block_16_expand", 879_040, 43_072_960, 501_760),
        maps=_MOBILENET_V2_MAPS,
        speed=14.2,
        file=WeightsFile(
            f"{_STORE}mobilenet_v2/mobilenet_v2_weights_tf_dim_ordering_tf_kernels_1.0_224_no_top.h5",
            9_406_464,
        ),
    ),
    Backbone(
        name="mobilenet_v3_small",
        title="MobileNetV3 small",
        constructor="MobileNetV3Small",
        is_scaled_inside=True,
        features=576,
        parameters=939_120,
        whole=Part("conv", 914_896, 54_896_576, 5_054_528),
        last_third=Part("expanded_conv_8_expand", 729_000, 19_749_024, 831_504),
        last_block=Part("expanded_conv_10_expand", 346_896, 9_000_000, 298_368),
        maps=("expanded_conv_project_bn", "expanded_conv_2_add", "expanded_conv_7_add"),
        speed=9.8,
        file=WeightsFile(
            f"{_STORE}mobilenet_v3/weights_mobilenet_v3_small_224_1.0_float_no_top_v2.h5",
            4_334_752,
            "md5:d3e8ec802a04aa4fc771ee12a9a9b836",
        ),
    ),
    Backbone(
        name="mobilenet_v3_large",
        title="MobileNetV3 large",
        constructor="MobileNetV3Large",
        is_scaled_inside=True,
        features=960,
        parameters=2_996_352,
        whole=Part("conv", 2_947_552, 214_080_960, 15_122_848),
        last_third=Part("expanded_conv_11_expand", 2_549_424, 92_889_504, 2_582_720),
        last_block=Part("expanded_conv_14_expand", 946_800, 24_216_000, 497_280),
        maps=("expanded_conv_2_add", "expanded_conv_5_add", "expanded_conv_11_add"),
        speed=12.7,
        file=WeightsFile(
            f"{_STORE}mobilenet_v3/weights_mobilenet_v3_large_224_1.0_float_no_top_v2.h5",
            12_683_000,
            "md5:07fb09a5933dd0c8eaafa16978110389",
        ),
    ),
    Backbone(
        name="efficientnet_v2_b0",
        title="EfficientNetV2-B0",
        constructor="EfficientNetV2B0",
        is_scaled_inside=True,
        features=1280,
        parameters=5_919_312,
        whole=Part("stem_conv", 5_798_096, 716_806_176, 15_713_168),
        last_third=Part("block6b_expand_conv", 4_197_456, 168_104_832, 3_242_064),
        last_block=Part("block6h_expand_conv", 810_288, 34_336_896, 624_432),
        maps=("block2b_add", "block3b_add", "block5e_add"),
        speed=26.5,
        file=WeightsFile(
            f"{_STORE}efficientnet_v2/efficientnetv2-b0_notop.h5",
            24_274_472,
            "md5:893217f2bb855e2983157299931e43ff",
        ),
    ),
    Backbone(
        name="resnet50_v2",
        title="ResNet50V2",
        constructor="ResNet50V2",
        is_scaled_inside=False,
        features=2048,
        parameters=23_564_800,
        whole=Part("conv1_conv", 23_473_920, 3_480_207_360, 31_068_928),
        last_third=Part("conv4_block5_preact_bn", 17_180_672, 1_043_660_800, 3_955_968),
        last_block=Part("conv5_block3_preact_bn", 4_458_496, 218_365_952, 794_112),
        maps=("conv2_block2_out", "conv3_block3_out", "conv4_block5_out"),
        speed=42.6,
        file=WeightsFile(
            f"{_STORE}resnet/resnet50v2_weights_tf_dim_ordering_tf_kernels_notop.h5",
            94_668_760,
            "md5:fac2f116257151a9d068a22e544a4917",
        ),
    ),
)


def recognise(layers: Collection[str]) -> Backbone | None:
    """Return the network that has layers of these names; None if it is none of these.

    A large network has all the names of the small one of its family, hence the largest that fits.
    """
    return next((one for one in reversed(_ALL) if one.known_layers <= set(layers)), None)


BACKBONES: Mapping[str, Backbone] = {backbone.name: backbone for backbone in _ALL}
"""By their name as a setting, from the smallest to the largest."""
