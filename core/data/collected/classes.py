"""Begin a collection, and change its classes."""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Sequence
from pathlib import Path

from core import workspace
from core.data.collected import log, writing
from core.data.collected.log import LOG, Collected, Line
from core.data.sources.class_names import class_key
from core.errors import LabError
from core.words import visible

MAX_NAME = 60
"""Characters of the name of a class."""


def create(title: str, class_names: Sequence[str] = (), by: str = "") -> str:
    """Begin a data set of one's own; return its source. Raises LabError where it cannot be written."""
    from core.data.sources import uploads

    def write(folder: Path) -> None:
        writing.append(folder, [_new_class(_named(name), by) for name in class_names])

    return f"upload:{uploads.keep(workspace.folder() / 'uploads', title, write)}"


def begin(folder: Path, class_names: Sequence[str]) -> None:
    """Let images be added to an upload that has these classes."""
    with writing.changing(folder) as collected:
        missing = [name for name in class_names if name not in collected.classes.values()]
        if missing:
            given = (writing.line("given", "", of=secrets.token_hex(4), label=name) for name in missing)
            writing.append(folder, list(given))


def add(folder: Path, name: str, by: str = "") -> str:
    """Add a class and return its key. Raises LabError if the name is empty, too long or taken."""
    with writing.changing(folder) as collected:
        line = _new_class(_free(name, collected), by)
        writing.append(folder, [line])
        return line.of


def rename(folder: Path, key: str, name: str, by: str = "") -> None:
    """Rename a class.

    Raises:
        LabError: the name is not possible, or the class is part of the data set, whose runs know its name.
    """
    with writing.changing(folder) as collected:
        _refuse_used_class(collected, key)
        if _named(name) != collected.classes[key]:
            writing.append(folder, [writing.line("rename", by, of=key, label=_free(name, collected, key))])


def remove(folder: Path, key: str, by: str = "") -> None:
    """Remove a class with its images. Raises LabError if it is part of the data set."""
    with writing.changing(folder) as collected:
        _refuse_used_class(collected, key)
        writing.append(folder, [writing.line("remove_class", by, of=key)])


def _refuse_used_class(collected: Collected, key: str) -> None:
    writing.check_class(collected, key)
    if collected.is_used(key):
        raise LabError(
            f"Class {collected.classes[key]} is part of the data set that runs were trained on, so it stays "
            "as it is. Its images are changed or left out in the gallery."
        )


def _new_class(name: str, by: str) -> Line:
    return writing.line("class", by, of=secrets.token_hex(4), label=name)


def _named(name: str) -> str:
    cleaned = visible(" ".join(name.split()))
    if not cleaned:
        raise LabError("A class needs a name.")
    if len(cleaned) > MAX_NAME:
        raise LabError(f"The name of a class has at most {MAX_NAME} characters; this one has {len(cleaned)}.")
    return cleaned


def _free(name: str, collected: Collected, own: str = "") -> str:
    cleaned = _named(name)
    for key, label in collected.classes.items():
        if key != own and class_key(label) == class_key(cleaned):
            raise LabError(f"There is a class {label} already. Choose another name.")
    return cleaned


def discard(folder: Path) -> None:
    """Delete a collection that was never used. Raises LabError if it is part of a data set."""
    with writing.changing(folder) as collected:
        if collected.given or any(image.is_used for image in collected.images.values()):
            raise LabError("This data set is in use. Its images are left out in the gallery.")
    shutil.rmtree(folder, ignore_errors=True)


def unfinished(by: str) -> list[tuple[str, str, float]]:
    """Collections with images or classes that are not used yet: id, browser and time of the last change.

    This browser's come first, then the newest.
    """
    found = []
    for path in (workspace.folder() / "uploads").glob(f"[!.]*/{LOG}"):
        collected = log.read(path.parent)
        used = [image.is_used for image in collected.images.values()]
        if collected.lines and (not all(used) or not (used or collected.given)):
            last = collected.lines[-1]
            found.append((path.parent.name, last.by, last.time))
    return sorted(found, key=lambda one: (one[1] != by, -one[2]))
