"""Take back the last change to a collection, burst by burst."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path

from core.data.collected import writing
from core.data.collected.log import Collected, Line
from core.errors import LabError
from core.words import count


@dataclass(frozen=True)
class Change:
    """A change that can be taken back: its lines, and what it was: ``12 images added to cup``."""

    lines: tuple[str, ...]
    words: str


def last_change(folder: Path, collected: Collected, by: str = "") -> Change | None:
    """The last change that this browser made, unless what it concerns is part of the data set by now."""
    own = [line for line in reversed(collected.lines) if line.by == by and line.kind not in ("undo", "given")]
    if not own or not _can_be_undone(folder, collected, own[0]):
        return None
    last = own[0]
    lines = list(takewhile(lambda line: _is_of_take(line, last), own)) if last.take else [last]
    images = sum(len(line.files) for line in lines)
    return Change(tuple(line.id for line in lines), _words(last, images, collected))


def undo(folder: Path, change: Change, by: str = "") -> None:
    """Take back the last change of this browser.

    Raises:
        LabError: by now it is taken back, not the last one or part of the data set, or cannot be written.
    """
    with writing.changing(folder) as collected:
        last = last_change(folder, collected, by)
        if last is None or last.lines != change.lines:
            raise LabError(
                "This can no longer be undone: it was undone in another window, or more was changed since."
            )
        writing.append(folder, [writing.line("undo", by, undoes=change.lines)])


def _is_of_take(line: Line, last: Line) -> bool:
    return line.kind == "add" and (line.take, line.of) == (last.take, last.of)


def _can_be_undone(folder: Path, collected: Collected, line: Line) -> bool:
    used = any(collected.images[file].is_used for file in line.files if file in collected.images)
    if line.kind == "use" or used or (not line.files and collected.is_used(line.of)):
        return False
    if line.kind == "class" and collected.of_class(line.of):  # of another browser by then
        return False
    return all((folder / file).exists() for file in line.files)


def _words(line: Line, images: int, collected: Collected) -> str:
    name = collected.classes.get(line.of, line.label)
    match line.kind:
        case "class":
            return f"class {name} added"
        case "rename":
            return f"class renamed to {name}"
        case "remove_class":
            return "a class removed"
        case "add":
            return f"{count(images, 'image')} added to {name}"
        case "move":
            return f"{count(images, 'image')} moved to {name}"
        case _:
            return f"{count(images, 'image')} removed"
