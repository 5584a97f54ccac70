"""The log of a collection, and what it amounts to: the classes, and the images of each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from core import files
from core.files import Moment

LOG = "collected.jsonl"

Kind = Literal["class", "given", "rename", "remove_class", "add", "move", "remove", "use", "undo"]
File = Annotated[str, Field(pattern=r"^[0-9a-f]{16}\.[a-z]{1,5}$")]
"""A name that the lab has made up, never one that came with an image."""


@dataclass(frozen=True)
class Line:
    """One change.

    Attributes:
        id: identifies the line.
        time: seconds since 1970.
        kind: the type of change; "given" names a class that an upload has already, "use" hands images over
            to the data set.
        by: the browser that made it, "" for none.
        of: the class that it concerns, by its key.
        label: the name of the class, for "class", "given" and "rename".
        files: the images that it concerns.
        names: what a person calls each of them, for "add".
        take: the burst that added images belong to, "" for images on their own.
        is_correction: the added images were predicted wrongly, see :class:`Image`.
        undoes: the lines that an "undo" takes back.
    """

    id: str
    time: Moment
    kind: Kind
    by: str = ""
    of: str = ""
    label: str = ""
    files: tuple[File, ...] = ()
    names: tuple[str, ...] = ()
    take: str = ""
    is_correction: bool = False
    undoes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Image:
    """A collected image.

    Attributes:
        file: its name in the folder, which follows from its content.
        name: what a person calls it.
        of: the key of its class.
        take: the burst it belongs to, "" if it is on its own.
        by: the browser that added it.
        is_correction: it was added because a model predicted it wrongly, so it is for training only: a test
            on images that were chosen for being hard would say nothing.
        is_used: it is part of the data set, where its class is changed like that of any other image.
    """

    file: str
    name: str
    of: str
    take: str
    by: str
    is_correction: bool = False
    is_used: bool = False


@dataclass(frozen=True)
class Collected:
    """What a log amounts to.

    Attributes:
        classes: the names by key.
        images: by file.
        lines: those that are in force.
        given: the classes that the upload had before.
    """

    classes: dict[str, str] = field(default_factory=dict)
    images: dict[str, Image] = field(default_factory=dict)
    lines: tuple[Line, ...] = ()
    given: frozenset[str] = frozenset()

    def of_class(self, key: str) -> list[Image]:
        """The images of a class, in the order in which they were added."""
        return [image for image in self.images.values() if image.of == key]

    def new(self, key: str) -> list[Image]:
        """The images of a class that are not part of the data set yet."""
        return [image for image in self.of_class(key) if not image.is_used]

    def is_used(self, key: str) -> bool:
        """Whether a class is part of the data set, so that its name stays."""
        return key in self.given or any(image.is_used for image in self.of_class(key))

    def group_count(self, key: str) -> int:
        """How many takes and single images a class has: what can be split, since a take is kept whole."""
        return len({image.take or image.file for image in self.of_class(key) if not image.is_correction})


def exists(folder: Path) -> bool:
    """Whether anything was collected into the folder of an upload."""
    return (folder / LOG).exists()


def read(folder: Path) -> Collected:
    """What has been collected in a folder; nothing where there is no log."""
    return fold(files.read_lines(folder / LOG, Line))


def fold(lines: Sequence[Line]) -> Collected:
    """What the lines amount to, in order, without those that were undone."""
    undone = {line_id for line in lines for line_id in line.undoes}
    kept = tuple(line for line in lines if line.id not in undone)
    classes: dict[str, str] = {}
    images: dict[str, Image] = {}
    for line in kept:
        _apply(line, classes, images)
    shown = {file: image for file, image in images.items() if image.of in classes}
    given = frozenset(line.of for line in kept if line.kind == "given")
    return Collected(classes, shown, kept, given)


def _apply(line: Line, classes: dict[str, str], images: dict[str, Image]) -> None:
    known = [file for file in line.files if file in images]
    match line.kind:
        case "class" | "given":
            classes[line.of] = line.label
        case "rename" if line.of in classes:
            classes[line.of] = line.label
        case "remove_class":
            classes.pop(line.of, None)
        case "add":
            for file, name in zip(line.files, line.names, strict=False):
                images[file] = Image(file, name, line.of, line.take, line.by, line.is_correction)
        case "move":
            images.update({file: replace(images[file], of=line.of) for file in known})
        case "use":
            images.update({file: replace(images[file], is_used=True) for file in known})
        case "remove":
            for file in known:
                del images[file]
        case _:
            pass
