"""How a set of TensorFlow Datasets is read: which feature is the image, which the label, and its splits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from core.data.sources.class_names import class_key
from core.data.sources.layout_words import split_named
from core.errors import Candidate, LabError, Undecided
from core.words import count, listed

SHOWN = 6
_USUAL_SPLITS = frozenset({"train", "validation", "test"})


@dataclass(frozen=True)
class Reading:
    """``image`` and ``label`` are names of features; ``folders`` gives for each split that counts the folder
    of its images, "" for all in one.

    ``note`` says in a sentence what is not plain: a choice among labels, splits left aside.
    """

    image: str
    label: str
    folders: Mapping[str, str]
    note: str


def read(name: str, info: Any, chosen: str = "") -> Reading:
    """Work out how to read a data set.

    Args:
        name: of the data set, for the sentences.
        info: its ``DatasetInfo``.
        chosen: the layout, for example ``label:coarse_label``; "" for the one that is plainly meant.

    Raises:
        Undecided: it has several labels or images, and neither it nor ``chosen`` says which to take.
        LabError: it has no image with one label, or no such layout.
    """
    images, labels = _features(info.features)
    pairs = [(image, label) for image in images for label in labels]
    names = {_layout(pair, images): pair for pair in pairs}
    if not pairs:
        raise LabError(
            f"tfds:{name} does not have one label per image, so it cannot train a classifier. "
            f"Its features are {listed(_described(info.features), SHOWN)}."
        )
    image, label = _choose(name, info, names, chosen)
    folders, aside = split_folders(list(info.splits))
    others = [other for other in labels if other != label]
    notes = [
        *([f"the label is {label}, not {listed(others, SHOWN)}"] if others else []),
        *([f"the split{'s' if len(aside) > 1 else ''} {listed(aside, SHOWN)} left aside"] if aside else []),
    ]
    return Reading(image, label, folders, "; ".join(notes))


def class_folders(names: Sequence[str]) -> list[str]:
    """A folder for each class; a name that would be read as the same class as an earlier one gets its number.

    File systems forbid some characters, and names that differ in case or blanks alone are one class.
    """
    folders: list[str] = []
    for number, name in enumerate(names):
        folder = _folder_name(name)
        taken = {class_key(other) for other in folders}
        folders.append(folder if class_key(folder) not in taken else f"{folder} ({number})")
    return folders


def _folder_name(class_name: str) -> str:
    name = class_name.replace("/", "-").replace("\\", "-").replace("\0", "").strip()
    return f"_{name}" if name.startswith(".") or not name else name


def _features(features: Mapping[str, Any]) -> tuple[list[str], list[str]]:
    """The names of all image features and of all features that hold one class."""
    import tensorflow_datasets as tfds

    kinds = dict(features)
    images = [key for key, kind in kinds.items() if isinstance(kind, tfds.features.Image)]
    masks = [key for key in images if isinstance(kinds[key], tfds.features.LabeledImage)]
    labels = [key for key, kind in kinds.items() if isinstance(kind, tfds.features.ClassLabel)]
    return [key for key in images if key not in masks], labels


def _described(features: Mapping[str, Any]) -> list[str]:
    return [f"{key} ({type(kind).__name__})" for key, kind in dict(features).items()]


def _layout(pair: tuple[str, str], images: Sequence[str]) -> str:
    image, label = pair
    return f"label:{label}" if len(images) == 1 else f"image:{image},label:{label}"


def _choose(name: str, info: Any, names: Mapping[str, tuple[str, str]], chosen: str) -> tuple[str, str]:
    if chosen in names:
        return names[chosen]
    if chosen:
        raise LabError(f"tfds:{name} has no layout {chosen!r}; it may be read as {listed(list(names))}.")
    keys = set(_flat(info.supervised_keys))
    meant = [pair for pair in names.values() if set(pair) <= keys]
    if len(meant) == 1:
        return meant[0]
    if len(names) == 1:
        return next(iter(names.values()))
    raise Undecided(
        f"tfds:{name} has several labels or images per example, and does not say which to learn.",
        tuple(_candidate(layout, label, info.features) for layout, (_, label) in names.items()),
    )


def _flat(keys: Any) -> list[str]:
    """The names in ``supervised_keys``: none, a pair, a triple with weights, or nested ones."""
    if isinstance(keys, str):
        return [keys]
    parts = keys.values() if isinstance(keys, Mapping) else keys or ()
    return [name for part in parts for name in _flat(part)]


def _candidate(layout: str, label: str, features: Mapping[str, Any]) -> Candidate:
    classes = list(features[label].names)
    return Candidate(layout, f"{count(len(classes), 'class')} of {label}: {listed(classes, SHOWN)}")


def split_folders(splits: Sequence[str]) -> tuple[dict[str, str], list[str]]:
    """The folder of each split that counts, and the splits left aside.

    Of several splits for one purpose the first with its usual name counts. Without a training split there is
    nothing to keep apart: all images go into one folder and are split anew.
    """
    roles: dict[str, str] = {}
    for split in sorted(splits, key=lambda split: (split not in _USUAL_SPLITS, splits.index(split))):
        role = split_named(split)
        if role and role not in roles.values():
            roles[split] = role
    if "train" not in roles.values() or len(roles) == 1:
        roles = dict.fromkeys(roles or splits, "")
    folders = {split: roles[split] for split in splits if split in roles}
    return folders, [split for split in splits if split not in roles]
