"""Find the images of a folder that holds one folder for each class. Only looks, never writes.

A folder whose own folders are all named train, validation, test (or val, valid, training, testing)
is already split: each of them holds the class folders, and the split is kept.
"""

from __future__ import annotations

import errno
import os
import re
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from core.errors import LabError
from core.processes.threads import Progress, ShouldStop, never, silent, stop_if

SPLIT_NAMES = {
    "train": "train",
    "training": "train",
    "val": "validation",
    "valid": "validation",
    "validation": "validation",
    "test": "test",
    "testing": "test",
}
IMAGE_SUFFIXES = frozenset(
    [".jpg", ".jpeg", ".png", ".webp", ".gif", ".bmp", ".tif", ".tiff", ".avif", ".ppm", ".pgm"]
)


@dataclass(frozen=True)
class Found:
    """A file by its place below the root; ``problem`` is a plain reason why it is not even opened.

    ``name`` is what a person calls it, where that is not its place.
    """

    file: str
    label: str = ""
    source_split: str = ""
    bytes: int = 0
    modified: int = 0
    problem: str = ""
    name: str = ""


@dataclass(frozen=True)
class Scan:
    """All files in a stable order, and all class folders, those without images included."""

    found: list[Found]
    class_names: tuple[str, ...]


def scan(root: Path, progress: Progress = silent, should_stop: ShouldStop = never) -> Scan:
    """Walk ``root``. Hidden files are ignored; links are followed only to places inside ``root``.

    Raises:
        LabError: it cannot be read, or holds no class folder.
        Stopped: ``should_stop`` said so.
    """
    folders, files = [], []
    for place, entry in _walk(root):
        stop_if(should_stop, "looking for images")
        if entry is None:
            folders.append(place)
            continue
        files.append(entry)
        if len(files) % 1000 == 0:
            progress("looking for images", len(files), 0)
    depth = class_depth({place[0] for place in folders if len(place) == 1})
    class_names = {place[depth] for place in folders if len(place) == depth + 1}
    if not class_names:
        raise LabError(
            f"{root} holds no class folders. Put the images of each class into a folder of their own, "
            "for example flowers/roses and flowers/tulips, and choose the folder flowers."
        )
    found = [placed for entry in files if (placed := _placed(entry, depth))]
    return Scan(sorted(found, key=lambda one: one.file), tuple(sorted(class_names, key=natural)))


def natural(name: str) -> list[tuple[int, str]]:
    """Sorting key that puts class 2 before class 10."""
    parts = re.split(r"(\d+)", name.casefold())
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in parts]


def class_depth(tops: Iterable[str]) -> int:
    """0 where the outermost folders are the classes, 1 where they are splits."""
    splits = {SPLIT_NAMES.get(name.casefold()) for name in tops}
    return int("train" in splits and len(splits) > 1 and None not in splits)


def _placed(entry: Found, depth: int) -> Found | None:
    """The entry with its class and split; None for a file outside the classes that is no image."""
    parts = PurePosixPath(entry.file).parts
    if len(parts) > depth + 1:
        split = SPLIT_NAMES[parts[0].casefold()] if depth else ""
        return Found(entry.file, parts[depth], split, entry.bytes, entry.modified, entry.problem)
    if PurePosixPath(entry.file).suffix.lower() not in IMAGE_SUFFIXES:
        return None
    return Found(entry.file, "", "", entry.bytes, entry.modified, "lies in no class folder")


def _walk(root: Path) -> Iterator[tuple[tuple[str, ...], Found | None]]:
    """Every visible folder, as its parts below ``root`` and None, and every visible file."""
    real_root = root.resolve()
    seen: set[tuple[int, int]] = set()
    waiting: list[tuple[str, ...]] = [()]
    while waiting:
        place = waiting.pop()
        path = root.joinpath(*place)
        try:
            info = path.stat()
            if (info.st_dev, info.st_ino) in seen:
                continue  # a link back to a folder that has been walked
            seen.add((info.st_dev, info.st_ino))
            with os.scandir(path) as entries:
                children = [entry for entry in entries if not entry.name.startswith(".")]
        except OSError as error:
            reason = f"could not be read: {error.strerror or error}"
            if not place:
                raise LabError(f"{root} {reason}.") from None
            yield place, Found("/".join(place), problem=f"the folder {reason}")
            continue
        if place:
            yield place, None
        for child in sorted(children, key=lambda entry: entry.name):
            if child.is_dir(follow_symlinks=False) or _is_inner_folder(child, real_root):
                waiting.append((*place, child.name))
            else:
                yield (*place, child.name), _file((*place, child.name), child, real_root)


def _is_inner_folder(entry: os.DirEntry[str], real_root: Path) -> bool:
    try:
        return entry.is_symlink() and entry.is_dir() and Path(entry.path).resolve().is_relative_to(real_root)
    except (OSError, RuntimeError):  # a link to itself, or to where nobody may look: _file says so
        return False


def _file(place: tuple[str, ...], entry: os.DirEntry[str], real_root: Path) -> Found:
    name = "/".join(place)
    shown = name.encode("utf-8", "replace").decode()
    if shown != name:
        return Found(shown, problem="its name is not valid UTF-8; rename it")
    try:
        if entry.is_symlink() and not Path(entry.path).resolve().is_relative_to(real_root):
            return Found(name, problem="a link that leads out of the data set's folder")
        info = entry.stat()
    except FileNotFoundError:
        return Found(name, problem="a link to a file that is not there")
    except (OSError, RuntimeError) as error:  # Python before 3.13 raises RuntimeError for such a link
        if isinstance(error, RuntimeError) or error.errno == errno.ELOOP:
            return Found(name, problem="a link that leads back to itself")
        return Found(name, problem=f"could not be read: {error.strerror or error}")
    if not stat.S_ISREG(info.st_mode):
        return Found(name, problem="not an ordinary file")
    return Found(name, bytes=info.st_size, modified=info.st_mtime_ns)
