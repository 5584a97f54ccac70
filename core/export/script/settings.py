"""Where each setting of a run is found in its script: nothing is left out without a word."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from core.config import SETTINGS, RunConfig, Setting
from core.export import markdown, source_name
from core.words import setting_value

Place = Literal["constant", "code", "split", "off", "no effect"]

CHOSE_THE_IMAGES = frozenset(
    {
        "data.source",
        "data.version",
        "data.classes",
        "data.max_per_class",
        "data.split",
        "data.group_by",
        "data.validation_share",
        "data.test_share",
        "data.split_seed",
        "data.training_subset",
        "data.subset_seed",
    }
)
"""Settings whose result travels with the script, as the list of the images in each split."""
_CHOICES = (bool, str, tuple)
"""Values of these types decide what is written in the script; the others are numbers at its top."""


@dataclass(frozen=True)
class Placed:
    """A setting's label and its value as Markdown, where it is, and the constant that holds it, if any."""

    label: str
    value: str
    place: Place
    constant: str = ""
    number: int | float = 0

    @property
    def where(self) -> str:
        """The place as a phrase."""
        return _WHERE[self.place] if not self.constant else self.constant


_WHERE = {
    "code": "in the code",
    "split": "in split.jsonl",
    "off": "off, so not in the code",
    "no effect": "left out: no effect with the other settings",
    "constant": "",
}


def placed(config: RunConfig) -> Iterator[Placed]:
    """Yield every setting of a run with its place in the script, in the order of the sidebar."""
    for path, setting in SETTINGS.items():
        value, place = config.get(path), _place(config, path, setting)
        in_words = _in_words(path, value)
        if place == "constant":
            yield Placed(setting.label, in_words, place, path.rpartition(".")[2].upper(), value)
        else:
            yield Placed(setting.label, in_words, place)


def _in_words(path: str, value: Any) -> str:
    """The value as Markdown shows it. A folder is named without those that it lies in."""
    in_words = source_name.portable(value) if path == "data.source" else setting_value(path, value)
    return markdown.escaped(in_words)


def _place(config: RunConfig, path: str, setting: Setting) -> Place:
    if path in CHOSE_THE_IMAGES:
        return "split"
    if path in config.without_effect or (path.startswith("augment.") and not config.has_augmentation):
        return "no effect"
    value = config.get(path)
    if value is False or (setting.empty == "off" and not value):
        return "off"
    return "code" if isinstance(value, _CHOICES) else "constant"
