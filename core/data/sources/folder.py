"""Find the images in a folder with one subfolder per class. Only reads, never writes.

A folder whose subfolders are all named train, validation, test (or val, valid, training, testing) is already
split: each subfolder contains the class folders, and the split is kept.
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
    """A file by its path relative to the root; ``problem`` is a plain reason why it is not opened.

    ``name`` is its display name, if different from its path.
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
    """All files in a stable order, and all class folders, including those without images."""

    found: list[Found]
    class_names: tuple[str, ...]


def scan(root: Path, progress: Progress = silent, should_stop: ShouldStop = never) -> Scan:
    """Walk ``root``. Hidden files are ignored; links are followed only if they stay inside ``root``.

    Raises:
        LabError: the folder cannot be read or contains no class folders.
        Stopped: ``should_stop`` returned True.
    """
    folders, files = [], []
    for parts, entry in _walk(root):
        stop_if(should_stop, "looking for images")
        if entry is None:
            folders.append(parts)
            continue
        files.append(entry)
        if len(files) % 1000 == 0:
            progress("looking for images", len(files), 0)
    depth = class_depth({parts[0] for parts in folders if len(parts) == 1})
    class_names = {parts[depth] for parts in folders if len(parts) == depth + 1}
    if not class_names:
        raise LabError(
            f"{root} contains no class folders. Put the images of each class into a separate folder, "
            "for example flowers/roses and flowers/tulips, and choose the folder flowers."
        )
    found = [placed for entry in files if (placed := _placed(entry, depth))]
    return Scan(sorted(found, key=lambda one: one.file), tuple(sorted(class_names, key=natural)))


def natural(name: str) -> list[tuple[int, str]]:
    """Sort key that puts class 2 before class 10."""
    parts = re.split(r"(\d+)", name.casefold())
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in parts]


def class_depth(tops: Iterable[str]) -> int:
    """0 if the top-level folders are the classes, 1 if they are splits."""
    splits = {SPLIT_NAMES.get(name.casefold()) for name in tops}
    return int("train" in splits and len(splits) > 1 and None not in splits)


def _placed(entry: Found, depth: int) -> Found | None:
    """The entry with its class and split; None for a file outside the class folders that is not an image."""
    parts = PurePosixPath(entry.file).parts
    if len(parts) > depth + 1:
        split = SPLIT_NAMES[parts[0].casefold()] if depth else ""
        return Found(entry.file, parts[depth], split, entry.bytes, entry.modified, entry.problem)
    if PurePosixPath(entry.file).suffix.lower() not in IMAGE_SUFFIXES:
        return None
    return Found(entry.file, "", "", entry.bytes, entry.modified, "is not in a class folder")


def _walk(root: Path) -> Iterator[tuple[tuple[str, ...], Found | None]]:
    """Yield every visible folder, as its path parts and None, and every visible file."""
    real_root = root.resolve()
    seen: set[tuple[int, int]] = set()
    waiting: list[tuple[str, ...]] = [()]
    while waiting:
        parts = waiting.pop()
        path = root.joinpath(*parts)
        try:
            info = path.stat()
            if (info.st_dev, info.st_ino) in seen:
                continue  # a link back to a folder already visited
            seen.add((info.st_dev, info.st_ino))
            with os.scandir(path) as entries:
                children = [entry for entry in entries if not entry.name.startswith(".")]
        except OSError as error:
            reason = f"could not be read: {error.strerror or error}"
            if not parts:
                raise LabError(f"{root} {reason}.") from None
            yield parts, Found("/".join(parts), problem=f"the folder {reason}")
            continue
        if parts:
            yield parts, None
        for child in sorted(children, key=lambda entry: entry.name):
            if child.is_dir(follow_symlinks=False) or _is_inner_folder(child, real_root):
                waiting.append((*parts, child.name))
            else:
                yield (*parts, child.name), _file((*parts, child.name), child, real_root)


def _is_inner_folder(entry: os.DirEntry[str], real_root: Path) -> bool:
    try:
        return entry.is_symlink() and entry.is_dir() and Path(entry.path).resolve().is_relative_to(real_root)
    except (OSError, RuntimeError):  # a link to itself or without permission: _file reports it
        return False


def _file(parts: tuple[str, ...], entry: os.DirEntry[str], real_root: Path) -> Found:
    name = "/".join(parts)
    printable = name.encode("utf-8", "replace").decode()
    if printable != name:
        return Found(printable, problem="its name is not valid UTF-8; rename it")
    try:
        if entry.is_symlink() and not Path(entry.path).resolve().is_relative_to(real_root):
            return Found(name, problem="a link that points outside the data set's folder")
        info = entry.stat()
    except FileNotFoundError:
        return Found(name, problem="a link to a file that does not exist")
    except (OSError, RuntimeError) as error:  # Python before 3.13 raises RuntimeError for such a link
        if isinstance(error, RuntimeError) or error.errno == errno.ELOOP:
            return Found(name, problem="a link that points back to itself")
        return Found(name, problem=f"could not be read: {error.strerror or error}")
    if not stat.S_ISREG(info.st_mode):
        return Found(name, problem="not a regular file")
    return Found(name, bytes=info.st_size, modified=info.st_mtime_ns)
