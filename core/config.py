"""The single definition of every setting of a run: its range, default and help text.

The sidebar's widgets, the command line's ``--set``, the validation and the documentation are all
generated from the fields below; nothing else in the project repeats a range or a help text.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import lru_cache
from operator import attrgetter
from typing import Any, Literal, get_args, get_origin

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic.fields import FieldInfo
from pydantic_core import PydanticCustomError

from core.backbones import BACKBONES, Backbone, FineTune, Network
from core.errors import InvalidSettings, LabError

Scale = Literal["linear", "log"]
PRETRAINED = tuple(BACKBONES)
"""The networks that start from weights trained on ImageNet."""


def _setting(
    default: Any,
    label: str,
    help: str,
    *,
    minimum: float | None = None,
    maximum: float | None = None,
    step: float | None = None,
    scale: Scale = "linear",
    unit: str = "",
    empty: str = "",
    simple: bool = False,
    advanced: bool = False,
    only_if: Mapping[str, Any] | None = None,
    option_names: tuple[str, ...] = (),
) -> Any:
    """A pydantic field that also carries what a widget needs to display it.

    Args:
        simple: it is among the few settings shown at first.
        advanced: it is rarely needed.
        only_if: other settings by dotted path, with a value of each or several; the setting means something
            only while one of them has one of these and means something itself. Without it, it always does.
    """
    return Field(
        default=default,
        title=label,
        description=help,
        ge=minimum,
        le=maximum,
        json_schema_extra={
            "step": step,
            "scale": scale,
            "unit": unit,
            "empty": empty,
            "simple": simple,
            "advanced": advanced,
            "only_if": dict(only_if or {}),
            "option_names": list(option_names),
        },
    )


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True)


class DataConfig(_Section):
    """Which images are used, at what size, and how they are split."""

    source: str = _setting(
        "garden",
        "Data set",
        "Source of the images: garden, digits, tfds:NAME, or a folder with one subfolder per class.",
        simple=True,
    )
    version: str = _setting(
        "",
        "Data version",
        "Identifies a set of exclusions and label changes; leave empty for the newest version.",
        empty="newest",
        advanced=True,
    )
    classes: tuple[str, ...] = _setting(
        (),
        "Classes",
        "Train on these classes only; leave empty for all classes. Start with 20 or fewer.",
        empty="all",
        simple=True,
    )
    max_per_class: int = _setting(
        0,
        "Max. images per class",
        "Limits the number of images per class, for quick experiments; 0 = no limit.",
        minimum=0,
        maximum=100_000,
        step=10,
        empty="all",
        simple=True,
    )
    training_subset: float = _setting(
        1.0,
        "Share of training images",
        "Trains on this share of each class's training images only, to see what more images bring. The "
        "validation and test images stay the same, and a smaller share is part of a larger one.",
        minimum=0.05,
        maximum=1.0,
        step=0.05,
        advanced=True,
    )
    subset_seed: int = _setting(
        0,
        "Subset seed",
        "Changes which training images a share below 1 takes; repeats of a run take another part each.",
        minimum=0,
        maximum=2**31 - 1,
        step=1,
        advanced=True,
    )
    image_size: int = _setting(
        128,
        "Image size",
        "Side length to which every image is resized. Larger images show more detail but train more slowly.",
        minimum=32,
        maximum=256,
        step=16,
        unit="px",
        simple=True,
    )
    resize: Literal["stretch", "crop", "pad"] = _setting(
        "stretch",
        "Fit to square",
        "How non-square images become square: stretch, crop to the centre, or pad with black bars.",
        advanced=True,
    )
    split: Literal["source", "anew"] = _setting(
        "source",
        "Split",
        "Keeps the training, validation and test split that the data set comes with (source), or splits all "
        "images anew by the shares below (anew). No difference for a data set without its own split.",
        advanced=True,
    )
    group_by: Literal["list", "name", "folder", "none"] = _setting(
        "list",
        "Keep together",
        "Keeps images that belong together, such as a patient's, in one split: by the group column of the "
        "list, if there is one (list), by file name, by folder, or not at all (none). Copies always stay "
        "together.",
        advanced=True,
    )
    validation_share: float = _setting(
        0.1,
        "Validation share",
        "Share of images held out for choosing settings and the best epoch.",
        minimum=0.05,
        maximum=0.4,
        step=0.05,
        advanced=True,
    )
    test_share: float = _setting(
        0.1,
        "Test share",
        "Share of images held out for the final score; never used for choosing.",
        minimum=0.05,
        maximum=0.4,
        step=0.05,
        advanced=True,
    )
    split_seed: int = _setting(
        0,
        "Split seed",
        "Changes how the images are split. Use the same seed for runs you want to compare.",
        minimum=0,
        maximum=2**31 - 1,
        step=1,
        advanced=True,
    )


class AugmentConfig(_Section):
    """Random changes to training images; validation and test images are never changed."""

    flip: bool = _setting(
        True,
        "Flip left-right",
        "Mirrors each training image with a 50% chance. Suits flowers, but not letters or digits; "
        "initially off if some classes mirror each other.",
    )
    rotation: float = _setting(
        0.0,
        "Rotation",
        "Rotates each training image by a random angle, up to this limit in either direction.",
        minimum=0,
        maximum=90,
        step=5,
        unit="°",
        empty="off",
    )
    zoom: float = _setting(
        0.0,
        "Zoom",
        "Enlarges or shrinks each training image at random, by up to this share of its size.",
        minimum=0,
        maximum=0.5,
        step=0.05,
        empty="off",
    )
    brightness: float = _setting(
        0.0,
        "Brightness",
        "Brightens or darkens each training image at random, by up to this share of the full range.",
        minimum=0,
        maximum=0.5,
        step=0.05,
        empty="off",
    )
    contrast: float = _setting(
        0.0,
        "Contrast",
        "Raises or lowers the contrast of each training image at random, by up to this share.",
        minimum=0,
        maximum=0.9,
        step=0.05,
        empty="off",
    )


class ModelConfig(_Section):
    """The network: a pretrained one, or blocks of convolution and max pooling, then dense layers."""

    network: Network = _setting(
        "own",
        "Network",
        "An own network that learns from these images alone, or one that has been trained on the photos of "
        "ImageNet: it needs far fewer images and usually scores higher on photos.",
        option_names=("own CNN", *(backbone.title for backbone in BACKBONES.values())),
        simple=True,
    )
    fine_tune: FineTune = _setting(
        "none",
        "Fine-tune",
        "How much of a pretrained network is trained after its new last layer: nothing (seconds), its last "
        "block, its last third, or all of it.",
        option_names=("none", "last block", "last third", "all"),
        simple=True,
        only_if={"model.network": PRETRAINED},
    )
    cached_variants: int = _setting(
        0,
        "Cached variants",
        "For a pretrained network: number of augmented variants of each training image that its last layer "
        "learns from. Each costs as much time as the images themselves; without any, only fine-tuning "
        "augments.",
        minimum=0,
        maximum=20,
        step=1,
        empty="off",
        advanced=True,
        only_if={"model.network": PRETRAINED},
    )
    filters: tuple[int, ...] = _setting(
        (16, 32, 64),
        "Filters",
        "Number of patterns each convolution block detects: one number per block.",
        only_if={"model.network": "own"},
    )
    dense_units: int = _setting(
        128,
        "Dense units",
        "Number of neurons in the layer that combines the detected patterns into a decision.",
        minimum=8,
        maximum=1024,
        step=8,
        only_if={"model.network": "own"},
    )
    kernel_size: int = _setting(
        3,
        "Kernel size",
        "Side length of the patterns that a convolution detects. Larger ones see more at once but cost more.",
        minimum=3,
        maximum=7,
        step=2,
        unit="px",
        advanced=True,
        only_if={"model.network": "own"},
    )
    batch_norm: bool = _setting(
        False,
        "Batch normalisation",
        "Normalises what each convolution passes on; often speeds up training and allows a larger learning "
        "rate.",
        advanced=True,
        only_if={"model.network": "own"},
    )
    global_pooling: bool = _setting(
        False,
        "Global average pooling",
        "Averages each pattern over the whole image instead of keeping every position: far fewer weights, "
        "so less overfitting.",
        advanced=True,
        only_if={"model.network": "own"},
    )
    dropout: float = _setting(
        0.0,
        "Dropout",
        "Share of neurons switched off at random in each step; reduces overfitting.",
        minimum=0,
        maximum=0.8,
        step=0.05,
        empty="off",
        simple=True,
    )
    l2: float = _setting(
        0.0,
        "L2 regularisation",
        "Penalty on large weights; reduces overfitting. Typical: 0.001; 0 = off.",
        minimum=0,
        maximum=0.1,
        step=0.0001,
        scale="log",
        empty="off",
        simple=True,
    )


class FitConfig(_Section):
    """How the network is trained."""

    epochs: int = _setting(
        10,
        "Epochs",
        "Maximum number of passes through all training images.",
        minimum=1,
        maximum=500,
        step=1,
        simple=True,
    )
    batch_size: int = _setting(
        32,
        "Batch size",
        "Number of images processed per weight update. 32 is a common choice.",
        minimum=1,
        maximum=512,
        step=1,
    )
    optimizer: Literal["adam", "adamw", "sgd", "rmsprop"] = _setting(
        "adam",
        "Optimiser",
        "The algorithm that updates the weights to reduce the error. Adam is a good default.",
    )
    learning_rate: float = _setting(
        0.001,
        "Learning rate",
        "Size of each weight update: too large never converges, too small takes forever.",
        minimum=0.000001,
        maximum=1.0,
        step=0.0001,
        scale="log",
        simple=True,
    )
    class_weights: bool = _setting(
        False,
        "Class weights",
        "Gives images of rare classes more weight in training, so that every class counts the same. For "
        "classes of uneven size; accuracy may fall a little as rare classes are found more often.",
    )
    early_stopping: bool = _setting(
        False,
        "Early stopping",
        "Stops training when the monitored metric has stopped improving.",
        simple=True,
    )
    monitor: Literal["val_loss", "val_accuracy"] = _setting(
        "val_loss",
        "Metric to monitor",
        "The validation metric that determines the best epoch and when to stop early.",
        only_if={"fit.early_stopping": True, "fit.restore_best": True},
    )
    patience: int = _setting(
        5,
        "Patience",
        "Number of epochs without improvement before early stopping ends training.",
        minimum=1,
        maximum=50,
        step=1,
        unit="epochs",
        simple=True,
        only_if={"fit.early_stopping": True},
    )
    fine_tune_epochs: int = _setting(
        5,
        "Fine-tuning epochs",
        "Maximum number of passes through all training images while a pretrained network is fine-tuned.",
        minimum=1,
        maximum=500,
        step=1,
        only_if={"model.fine_tune": ("last_block", "last_third", "all")},
    )
    fine_tune_learning_rate: float = _setting(
        0.0005,
        "Fine-tuning learning rate",
        "Size of each weight update during fine-tuning; small, so that what the network knows is kept.",
        minimum=0.0,
        maximum=0.1,
        step=0.0001,
        scale="log",
        empty="no change",
        only_if={"model.fine_tune": ("last_block", "last_third", "all")},
    )
    fine_tune_schedule: Literal["cosine", "constant"] = _setting(
        "cosine",
        "Fine-tuning schedule",
        "Cosine warms up to the learning rate and then lowers it to 0 by the last of the fine-tuning epochs; "
        "constant keeps it.",
        only_if={"model.fine_tune": ("last_block", "last_third", "all")},
    )
    restore_best: bool = _setting(
        True,
        "Keep the best epoch",
        "Keeps the weights from the best epoch on the validation images instead of the last epoch.",
    )
    seed: int = _setting(
        0,
        "Seed",
        "Seeds all randomness; the same seed on the same machine reproduces the run.",
        minimum=0,
        maximum=2**31 - 1,
        step=1,
    )
    precision: Literal["auto", "float32", "bfloat16"] = _setting(
        "auto",
        "Precision",
        "Auto uses bfloat16 if the processor supports it (faster, same accuracy), otherwise float32.",
        advanced=True,
    )


class RunConfig(_Section):
    """All settings of one run, in four sections."""

    data: DataConfig = DataConfig()
    augment: AugmentConfig = AugmentConfig()
    model: ModelConfig = ModelConfig()
    fit: FitConfig = FitConfig()

    @property
    def backbone(self) -> Backbone | None:
        """The pretrained network; None for an own one."""
        return BACKBONES.get(self.model.network)

    @property
    def is_fine_tuned(self) -> bool:
        """Whether part of a pretrained network is trained after its last layer."""
        return self.backbone is not None and self.model.fine_tune != "none"

    @property
    def max_epochs(self) -> int:
        """The largest number of epochs, both stages together if there are two."""
        return self.fit.epochs + (self.fit.fine_tune_epochs if self.is_fine_tuned else 0)

    @property
    def has_augmentation(self) -> bool:
        """Whether training images are changed; a frozen network sees each once, as it is."""
        return self.backbone is None or self.is_fine_tuned or self.model.cached_variants > 0

    @property
    def for_fine_tuning(self) -> RunConfig:
        """The settings of fine-tuning in the places of the usual ones; its rate may be 0."""
        changes = {"epochs": self.fit.fine_tune_epochs, "learning_rate": self.fit.fine_tune_learning_rate}
        return self.model_copy(update={"fit": self.fit.model_copy(update=changes)})

    @property
    def without_effect(self) -> frozenset[str]:
        """The settings that change nothing, because of others."""
        return frozenset(path for path, setting in SETTINGS.items() if not setting.matters(self.get))

    @property
    def effective(self) -> RunConfig:
        """The settings with those without effect at their defaults: equal for all that train the same."""
        return _effective(self)

    @model_validator(mode="after")
    def _check_the_image_survives_the_blocks(self) -> RunConfig:
        blocks = len(self.model.filters)
        if not 1 <= blocks <= 6 or not all(1 <= n <= 512 for n in self.model.filters):
            raise _fault_in(
                ("model.filters",), "Filters must be 1 to 6 numbers from 1 to 512, for example 16, 32, 64"
            )
        if self.backbone is not None:
            return self
        if final_map_size(self.data.image_size, blocks, self.model.kernel_size) < 1:
            raise _fault_in(
                ("model.filters", "data.image_size"),
                f"{blocks} convolution blocks are too many for an image size of {self.data.image_size} px: "
                "each block halves the image; use fewer blocks or a larger image size",
            )
        return self

    @model_validator(mode="after")
    def _check_enough_is_left_for_training(self) -> RunConfig:
        held_out = self.data.validation_share + self.data.test_share
        if held_out > 0.6:
            raise _fault_in(
                ("data.validation_share", "data.test_share"),
                f"validation and test share add up to {held_out:.0%}; leave at least 40% for training",
            )
        return self

    def get(self, path: str) -> Any:
        """The value at a dotted path such as ``"fit.learning_rate"``."""
        section, name = _split(path)
        return getattr(getattr(self, section), name)

    def replace(self, changes: Mapping[str, Any]) -> RunConfig:
        """Return a validated copy with the values at dotted paths changed: ``replace({"fit.epochs": 3})``.

        Raises:
            LabError: a path does not exist or a value is out of range.
        """
        values = self.model_dump()
        for path, value in changes.items():
            section, name = _split(path)
            values[section][name] = value
        return parse(values)


@dataclass(frozen=True)
class Setting:
    """Everything a widget, a validator or the documentation needs to know about one setting."""

    path: str
    label: str
    help: str
    default: Any
    kind: type
    minimum: float | None = None
    maximum: float | None = None
    step: float | None = None
    scale: Scale = "linear"
    unit: str = ""
    empty: str = ""
    """The meaning of 0 or an empty value in words: off, all, newest."""
    options: tuple[str, ...] = ()
    simple: bool = False
    advanced: bool = False
    only_if: Mapping[str, Any] = field(default_factory=dict)
    option_names: tuple[str, ...] = ()
    """The options in words, in their order; empty where they speak for themselves."""

    def matters(self, value_of: Callable[[str], Any]) -> bool:
        """Whether it changes anything, given the values of the other settings by dotted path."""
        return not self.only_if or any(
            SETTINGS[path].matters(value_of) and value_of(path) in _values(wanted)
            for path, wanted in self.only_if.items()
        )

    def option_name(self, option: str) -> str:
        """An option in words."""
        names = dict(zip(self.options, self.option_names, strict=False))
        return names.get(option, option)


def _values(wanted: Any) -> tuple[Any, ...]:
    return wanted if isinstance(wanted, tuple) else (wanted,)


def _describe(path: str, info: FieldInfo) -> Setting:
    assert isinstance(info.json_schema_extra, dict)
    extra: dict[str, Any] = dict(info.json_schema_extra)
    option_names = tuple(extra.pop("option_names"))
    bounds = {type(m).__name__: m for m in info.metadata}
    options = get_args(info.annotation) if get_origin(info.annotation) is Literal else ()
    return Setting(
        path=path,
        label=str(info.title),
        help=str(info.description),
        default=info.default,
        kind=type(info.default),
        minimum=getattr(bounds.get("Ge"), "ge", None),
        maximum=getattr(bounds.get("Le"), "le", None),
        options=options,
        option_names=option_names,
        **extra,
    )


SECTIONS: dict[str, type[_Section]] = {
    "data": DataConfig,
    "augment": AugmentConfig,
    "model": ModelConfig,
    "fit": FitConfig,
}

SETTINGS: dict[str, Setting] = {
    f"{section}.{name}": _describe(f"{section}.{name}", field)
    for section, cls in SECTIONS.items()
    for name, field in cls.model_fields.items()
}
"""Every setting by its dotted path, in sidebar order."""

PRESETS: dict[str, dict[str, Any]] = {
    "first look": {"data.image_size": 64, "fit.epochs": 5},
    "tutorial": {},
    "regularised": {
        "augment.rotation": 15.0,
        "augment.zoom": 0.2,
        "augment.brightness": 0.1,
        "augment.contrast": 0.2,
        "model.dropout": 0.2,
        "model.l2": 0.001,
        "fit.epochs": 40,
        "fit.early_stopping": True,
    },
    "transfer": {
        "data.image_size": 224,
        "model.network": "mobilenet_v2_035",
        "model.dropout": 0.2,
        "fit.epochs": 40,
        "fit.early_stopping": True,
    },
}
"""Named presets, as changes to the defaults; the defaults are the tutorial's settings."""

_AUGMENTATIONS: dict[str, dict[str, Any]] = {
    "off": {"augment.flip": False},
    "flip": {},
    "light": {"augment.rotation": 10.0, "augment.zoom": 0.1},
    "medium": {"augment.rotation": 15.0, "augment.zoom": 0.2},
    "strong": {
        "augment.rotation": 15.0,
        "augment.zoom": 0.2,
        "augment.brightness": 0.1,
        "augment.contrast": 0.2,
    },
}


def augmentations(*, flips: bool = True) -> dict[str, dict[str, Any]]:
    """All settings of augmentation as one strength: its name, and the value of each setting.

    Args:
        flips: mirrored images still belong to their class; otherwise no strength mirrors them.
    """
    defaults = {path: one.default for path, one in SETTINGS.items() if path.startswith("augment.")}
    defaults["augment.flip"] = flips
    found = {name: {**defaults, **changes} for name, changes in _AUGMENTATIONS.items()}
    return {name: values for name, values in found.items() if flips or name != "flip"}


def final_map_size(image_size: int, blocks: int, kernel_size: int = 3) -> int:
    """The side of the last feature map in pixels: a 3x3 convolution trims 2, each pooling halves."""
    for _ in range(blocks):
        image_size = (image_size - kernel_size + 1) // 2
    return image_size


def preset(name: str, base: RunConfig | None = None) -> RunConfig:
    """Return the settings of a preset; data set, subset and seed are taken from ``base``."""
    base = base or RunConfig()
    kept = {path: base.get(path) for path in SETTINGS if path.startswith("data.") or path == "fit.seed"}
    return RunConfig().replace({**kept, "data.image_size": 128, **PRESETS[name]})


def parse_stored(values: Mapping[str, Any], *, is_varied: bool = False) -> RunConfig:
    """Return the config of a file that this version or an earlier one wrote.

    What training did before there was a choice is not always what is now chosen by default.

    Args:
        is_varied: the settings of runs are made from these, so what has no effect here may have one there.

    Raises:
        InvalidSettings: names every invalid setting and its range.
    """
    config = parse(values)
    lacking = {path: value for path, value in _BEFORE.items() if not _has(values, path)}
    return config.replace(
        {path: value for path, value in lacking.items() if is_varied or path not in config.without_effect}
    )


_BEFORE = {"fit.fine_tune_schedule": "constant"}
"""Settings that files of earlier versions lack, and how these trained."""


def _has(values: Mapping[str, Any], path: str) -> bool:
    section, name = _split(path)
    return name in values.get(section, {})


def parse(values: Mapping[str, Any]) -> RunConfig:
    """Return a validated config from plain nested values.

    Raises:
        InvalidSettings: names every invalid setting and its range.
    """
    try:
        return RunConfig.model_validate(values)
    except ValidationError as error:
        faults = [dict(one) for one in error.errors()]
        paths = tuple(path for one in faults for path in _paths(one))
        raise InvalidSettings("; ".join(map(_sentence, faults)), paths) from None


def valid(path: str, value: Any) -> Any:
    """Return ``value`` as its setting has it, whatever the other settings are; None if it cannot have it."""
    section, name = _split(path)
    try:
        return getattr(type(getattr(RunConfig(), section)).model_validate({name: value}), name)
    except ValidationError:
        return None


def from_assignments(assignments: Iterable[str], base: RunConfig | None = None) -> RunConfig:
    """Return a config from ``section.name=value`` assignments, the format of ``--set``.

    Raises:
        LabError: an assignment has no ``=``, names no setting, or its value is invalid.
    """
    changes: dict[str, Any] = {}
    for assignment in assignments:
        path, equals, text = assignment.partition("=")
        if not equals:
            raise LabError(f"--set {assignment!r} has no '='; write it as fit.epochs=10")
        _split(path)
        is_list = SETTINGS[path].kind is tuple
        changes[path] = split_list(text) if is_list else text
    return (base or RunConfig()).replace(changes)


def split_list(text: str) -> tuple[str, ...]:
    """The parts of a list, as in a line of CSV: ``a, "b, c"`` is ``a`` and ``b, c``.

    Blanks around a part do not count, unless it is quoted; a quote in a quoted part is doubled.
    """
    parts = _LIST_PART.findall(text)
    return tuple(
        part for quoted, plain in parts if (part := quoted[1:-1].replace('""', '"') or plain.strip())
    )


def join_list(parts: Iterable[Any]) -> str:
    """What ``split_list`` takes apart again."""
    return ",".join(map(_quoted, map(str, parts)))


_LIST_PART = re.compile(r'\s*("(?:[^"]|"")*")\s*(?:,|$)|([^,]+)')


def _quoted(part: str) -> str:
    needs_quotes = "," in part or part.startswith('"') or part != part.strip()
    return '"' + part.replace('"', '""') + '"' if needs_quotes else part


@lru_cache(maxsize=4096)  # asked of every run at every click
def _effective(config: RunConfig) -> RunConfig:
    return config.replace({path: SETTINGS[path].default for path in config.without_effect})


def find_path(name: str, paths: Collection[str] = tuple(SETTINGS)) -> str:
    """Return the dotted path of a setting from its path or its short name: ``"epochs"`` is ``"fit.epochs"``.

    Raises:
        LabError: no setting or more than one has this name; suggests the closest or lists all of them.
    """
    if name in paths:
        return name
    by_short_name = {path.rpartition(".")[2]: path for path in paths}
    matches = [path for path in paths if path.endswith(f".{name}")]
    if len(matches) == 1:
        return matches[0]
    if matches:
        raise LabError(f"The setting {name!r} could be {' or '.join(matches)}; use the full name.")
    close = get_close_matches(name.lower(), paths if "." in name else by_short_name, cutoff=0.7)
    if close:
        raise LabError(f"There is no setting {name!r}. Did you mean {' or '.join(close)}?")
    raise LabError(f"There is no setting {name!r}; the settings are: {', '.join(by_short_name)}.")


def differences(configs: Iterable[RunConfig]) -> dict[str, list[Any]]:
    """Return the settings in which the configs differ: dotted path to one value per config.

    A setting that changes nothing in any of them, because of others, makes no difference.
    """
    configs = list(configs)
    table = {path: list(map(attrgetter(path), configs)) for path in SETTINGS}
    differing = {path: values for path, values in table.items() if any(v != values[0] for v in values)}
    return {
        path: values
        for path, values in differing.items()
        if any(SETTINGS[path].matters(config.get) for config in configs)
    }


def _split(path: str) -> tuple[str, str]:
    if path not in SETTINGS:
        raise LabError(f"There is no setting {path!r}; the settings are: {', '.join(SETTINGS)}.")
    section, _, name = path.partition(".")
    return section, name


def _fault_in(paths: tuple[str, ...], sentence: str) -> PydanticCustomError:
    """What is wrong with several settings together, or with one that has more than a range."""
    return PydanticCustomError("settings", "{sentence}", {"sentence": sentence, "paths": paths})


def _paths(error: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(error.get("ctx", {}).get("paths", (".".join(map(str, error["loc"][:2])),)))


def _sentence(error: Mapping[str, Any]) -> str:
    path = ".".join(str(part) for part in error["loc"][:2])
    message = str(error["msg"]).removeprefix("Value error, ")
    if path not in SETTINGS:
        return f"{path}: {message}" if path else message
    setting = SETTINGS[path]
    allowed = _allowed(setting) or message.partition(", unable")[0].replace("Input should be", "it must be")
    return f"{setting.label} ({path}) cannot be {error['input']!r}: {allowed}"


def _allowed(setting: Setting) -> str:
    """Describe the allowed values in plain words; empty where pydantic's own message is clear enough."""
    if setting.kind is bool:
        return "it must be true or false"
    if setting.minimum is None:
        return ""
    number = "a whole number" if setting.kind is int else "a number"
    return f"it must be {number} from {_plain(setting.minimum)} to {_plain(setting.maximum)}"


def _plain(number: float | None) -> str:
    """Format ``1e-06`` as ``0.000001``."""
    return f"{number:.6f}".rstrip("0").rstrip(".")
