"""The lab's own list of an upload: under which generated name each file is stored, and what it was called."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from pathlib import Path

from core.data.sources.layout_words import split_named
from core.data.sources.scan import Found
from core.errors import LabError

_HEADER = ["file", "name"]
_EARLIER_HEADER = ["file", "label", "split", "name"]
"""An earlier version of the lab wrote the classes, too."""


def write(path: Path, rows: Iterable[tuple[str, str]]) -> None:
    """Write rows of (file, name); the classes follow from the names."""
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([_HEADER, *rows])


def read(path: Path) -> tuple[list[Found], bool]:
    """The stored files, and whether the list gives their classes.

    Raises:
        LabError: the list is damaged.
    """
    try:
        with path.open(newline="", encoding="utf-8") as file:
            header, *rows = list(csv.reader(file)) or [[]]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise LabError(f"{path} is damaged ({error}); upload the images again.") from None
    if header not in (_HEADER, _EARLIER_HEADER) or any(len(row) != len(header) for row in rows):
        raise LabError(f"{path} is damaged; upload the images again.")
    named = [dict(zip(header, row, strict=True)) for row in rows]
    return [_stored(path.parent, row) for row in named], header == _EARLIER_HEADER


def _stored(folder: Path, row: dict[str, str]) -> Found:
    file, label, name = row["file"], row.get("label", ""), row["name"]
    split = split_named(row.get("split", ""))
    try:
        info = (folder / file).stat()
    except OSError:
        return Found(file, label, split, problem="is listed, but there is no such file", name=name)
    problem = "" if label or "label" not in row else "has no label in the list"
    return Found(file, label, split, info.st_size, info.st_mtime_ns, problem, name)
