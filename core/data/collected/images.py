"""Add images to the classes of a collection, move and remove them, and hand them over to the data set."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from hashlib import blake2b
from pathlib import Path, PurePosixPath

from core import files
from core.data.collected import writing
from core.data.collected.log import LOG, Collected, Line
from core.data.decoding import Unreadable, decode
from core.data.sources.layout_words import IMAGE_SUFFIXES
from core.errors import LabError
from core.words import visible

_LOOKED_AT = 256
"""Pixels per side at which an image is decoded to see that it can be."""

Content = tuple[str, bytes]
"""What a person calls an image, and its file's content."""


@dataclass(frozen=True)
class Added:
    """What became of images: how many are new, how many were there already, and why others are refused."""

    new: int = 0
    known: int = 0
    refused: tuple[str, ...] = ()


def add(
    folder: Path,
    key: str,
    contents: Sequence[Content],
    *,
    take: str = "",
    by: str = "",
    is_correction: bool = False,
) -> Added:
    """Add images to a class; each is stored under a name that follows from its content.

    Args:
        folder: of the collection.
        key: of the class.
        contents: the images.
        take: the burst that all of them belong to; "" if each is on its own.
        by: the browser that adds them.
        is_correction: they were predicted wrongly, see :class:`core.data.collected.log.Image`.

    Raises:
        LabError: the class is gone, or the disk is full; what was stored before is kept.
    """
    with writing.changing(folder) as collected:
        writing.check_class(collected, key)
        there = {PurePosixPath(file).stem: image for file, image in collected.images.items()}
        fresh: dict[str, tuple[str, str]] = {}
        known = 0
        refused: list[str] = []
        try:
            for name, content in contents:
                digest = blake2b(content, digest_size=8).hexdigest()
                file, earlier = f"{digest}{_suffix(name)}", there.get(digest)
                if digest in fresh or (earlier and earlier.of == key):
                    known += 1
                elif earlier:
                    refused.append(f"{visible(name)} is already in class {collected.classes[earlier.of]}")
                elif problem := _store(folder / file, content):
                    refused.append(f"{visible(name)} cannot be read: {problem}")
                else:
                    fresh[digest] = file, visible(name)
        finally:  # on a full disk, those before the one that had no room are kept
            if fresh:
                stored, names = zip(*fresh.values(), strict=True)
                line = writing.line("add", by, of=key, take=take, files=stored, names=names)
                writing.append(folder, [replace(line, is_correction=is_correction)])
        return Added(len(fresh), known, tuple(refused))


def move(folder: Path, chosen: Sequence[str], key: str, by: str = "") -> None:
    """Move images to another class. Raises LabError if one is part of the data set, or the class is gone."""
    with writing.changing(folder) as collected:
        writing.check_class(collected, key)
        writing.append(folder, [writing.line("move", by, of=key, files=_new_ones(collected, chosen))])


def remove(folder: Path, chosen: Sequence[str], by: str = "") -> None:
    """Remove images; until the data set is used, that can be undone. Raises LabError like :func:`move`."""
    with writing.changing(folder) as collected:
        writing.append(folder, [writing.line("remove", by, files=_new_ones(collected, chosen))])


def use(folder: Path, chosen: Sequence[str] | None = None, by: str = "") -> None:
    """Hand images over to the data set, by default all; preparing it then finds them.

    Chosen images that were removed in another window meanwhile are left out.
    Images that were removed are then deleted from the disk.
    """
    with writing.changing(folder) as collected:
        wanted = collected.images if chosen is None else chosen
        handed = tuple(file for file in wanted if (image := collected.images.get(file)) and not image.is_used)
        if handed:
            writing.append(folder, [writing.line("use", by, files=handed)])
        if chosen is None:
            ever = {file for line in files.read_lines(folder / LOG, Line) for file in line.files}
            for file in ever - set(collected.images):
                files.remove(folder / file)


def _store(path: Path, content: bytes) -> str:
    """Write an image that can be read; return why it cannot."""
    try:
        with files.replacing(path) as beside:
            beside.write_bytes(content)
            decode(beside, _LOOKED_AT)
    except Unreadable as reason:
        return str(reason)
    return ""


def _suffix(name: str) -> str:
    suffix = PurePosixPath(name).suffix.lower()
    return suffix if suffix in IMAGE_SUFFIXES else ".file"


def _new_ones(collected: Collected, chosen: Sequence[str]) -> tuple[str, ...]:
    there = [collected.images[file] for file in chosen if file in collected.images]
    if not there:
        raise LabError("These images were removed in another window.")
    if any(image.is_used for image in there):
        raise LabError(
            "Some of these images are part of the data set already. Change their class or leave them out in "
            "the gallery."
        )
    return tuple(image.file for image in there)
