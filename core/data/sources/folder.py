"""Find the files of a data set's folder. Only looks, never writes; what they are, their layout says."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from pathlib import Path

from core import workspace
from core.data.sources import arranging
from core.data.sources.layout_words import is_left_by_tools
from core.data.sources.scan import Found, Scan
from core.errors import LabError
from core.processes.threads import Progress, ShouldStop, never, silent, stop_if

Parts = tuple[str, ...]


def scan(root: Path, progress: Progress = silent, should_stop: ShouldStop = never, chosen: str = "") -> Scan:
    """Walk ``root``. Hidden files are left aside; links are followed only to places inside ``root``.

    Raises:
        Undecided: it may be read in several ways, and ``chosen`` names none.
        LabError: it cannot be read, or holds no class folder.
        Stopped: ``should_stop`` said so.
    """
    found, aside = files(root, progress, should_stop)
    return arranging.arrange(str(root), root, found, aside, chosen, progress, should_stop)


def files(root: Path, progress: Progress, should_stop: ShouldStop) -> tuple[list[Found], dict[str, str]]:
    """All files below ``root``, and what is left aside already: what it is, by its place.

    Raises:
        LabError: ``root`` cannot be read.
        Stopped: ``should_stop`` said so.
    """
    found: list[Found] = []
    aside: dict[str, str] = {}
    for place, entry in _walk(root):
        stop_if(should_stop, "looking for images")
        if isinstance(entry, str):
            aside[_shown(place)] = entry
            continue
        found.append(entry)
        if len(found) % 1000 == 0:
            progress("looking for images", len(found), 0)
    return found, aside


def _walk(root: Path) -> Iterator[tuple[Parts, Found | str]]:
    """Every file, as its parts below ``root`` and what was found; for what is left aside, what it is.

    Links are followed last, so that a folder is read under its own name.
    """
    real_root, own_workspace = root.resolve(), workspace.folder().resolve()
    seen: set[tuple[int, int]] = set()
    waiting: list[Parts] = [()]
    links: list[Parts] = []
    while waiting or links:
        place = waiting.pop() if waiting else links.pop()
        path = root.joinpath(*place)
        try:
            info = path.stat()
            if (info.st_dev, info.st_ino) in seen:
                yield place, "a link to a folder that is read already"
                continue
            seen.add((info.st_dev, info.st_ino))
            if place and path.resolve() == own_workspace:
                yield place, "the lab's own workspace"
                continue
            with os.scandir(path) as entries:
                children = sorted(entries, key=lambda entry: entry.name)
        except OSError as error:
            reason = f"could not be read: {error.strerror or error}"
            if not place:
                raise LabError(f"{root} {reason}.") from None
            yield place, Found(_shown(place), problem=f"the folder {reason}")
            continue
        if place and not children:
            yield place, "an empty folder"
        for child in children:
            below = (*place, child.name)
            if is_left_by_tools(child.name):
                yield below, "left by the system or a tool"
            elif child.is_dir(follow_symlinks=False):
                waiting.append(below)
            elif _is_inner_folder(child, real_root):
                links.append(below)
            else:
                yield below, _file(below, child, real_root)


def _shown(place: Parts) -> str:
    """A place in valid UTF-8; each byte that is not becomes its code, so that no two places look alike."""
    return os.fsencode("/".join(place)).decode("utf-8", "backslashreplace")


def _is_inner_folder(entry: os.DirEntry[str], real_root: Path) -> bool:
    try:
        return entry.is_symlink() and entry.is_dir() and Path(entry.path).resolve().is_relative_to(real_root)
    except (OSError, RuntimeError):  # a link to itself or without permission: _file reports it
        return False


def _file(place: tuple[str, ...], entry: os.DirEntry[str], real_root: Path) -> Found:
    name, shown = "/".join(place), _shown(place)
    if shown != name:
        return Found(shown, problem="its name is not valid UTF-8; rename it")
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
