"""What the data set sees of a collection: the images that were handed over to it, each with its class."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from core.data.collected import log
from core.data.collected.log import Collected, Image
from core.data.sources.class_names import class_key, natural
from core.data.sources.scan import Found, Scan, labelled
from core.data.splits import TRAIN_ONLY
from core.errors import LabError
from core.words import and_others, count

HOW = "images collected in the lab"
MIN_GROUPS = 3
"""Takes or single images that each class needs: one each for training, validation and test."""


def found(folder: Path) -> list[Found]:
    """The images that are part of the data set; each take is a group, which a split keeps whole."""
    collected = log.read(folder)
    return [_found(folder, *one) for one in _named(collected) if one[0].is_used]


def scan(folder: Path) -> Scan:
    """A data set that consists of collected images alone. Raises LabError where there are none yet."""
    if not (handed_over := found(folder)):
        raise LabError("No images have been collected for this data set yet.")
    return labelled(handed_over, how_in_words=HOW)


def extended(folder: Path, before: Scan) -> Scan:
    """The files of an upload and what was added to it. Where it has its own split, that is for training."""
    names = {class_key(name): name for name in before.class_names}
    given = "train" if any(one.source_split for one in before.found) else ""
    added = [
        replace(
            one,
            label=names.setdefault(class_key(one.label), one.label),
            source_split=one.source_split or given,
        )
        for one in found(folder)
    ]
    if not added:
        return before
    return replace(
        before,
        found=sorted([*before.found, *added], key=lambda one: one.file),
        class_names=tuple(sorted(names.values(), key=natural)),
        read_as=f"{before.read_as.rstrip('.')}; {count(len(added), 'image')} added in the lab.",
    )


def obstacle(collected: Collected) -> str:
    """Why the images cannot be trained on yet, as a sentence; "" if they can."""
    if len(collected.classes) < 2:
        return "A classifier needs at least 2 classes. Add another one."
    own = collected.classes.keys() - collected.given
    short = [key for key in collected.classes if key in own and collected.group_count(key) < MIN_GROUPS]
    if not short:
        return ""
    number = collected.group_count(short[0])
    has = "no images yet"
    if number:
        has = count(number, "take or single image", "takes or single images")
    return (
        f"Class {collected.classes[short[0]]} has {has}; at least {MIN_GROUPS} are needed, one each for "
        f"training, validation and test{and_others(len(short) - 1, 'class')}."
    )


def _named(collected: Collected) -> Iterator[tuple[Image, str, str]]:
    """Each image, its class and its name: the file's, or for photos the take and the number in it."""
    for key, label in collected.classes.items():
        takes: Counter[str] = Counter()
        numbers: dict[str, int] = {}
        for image in collected.of_class(key):
            if not image.take:
                yield image, label, f"{label}/{image.name}"
                continue
            takes[image.take] += 1
            number = numbers.setdefault(image.take, len(numbers) + 1)
            yield image, label, f"{label}/take {number}, image {takes[image.take]}"


def _found(folder: Path, image: Image, label: str, name: str) -> Found:
    split, group = TRAIN_ONLY if image.is_correction else "", image.take or image.file
    try:
        info = (folder / image.file).stat()
    except OSError:
        problem = "was collected, but its file is gone"
        return Found(image.file, label, split, problem=problem, name=name, group=group)
    return Found(image.file, label, split, info.st_size, info.st_mtime_ns, "", name, group)
