"""A CSV file that lists images and their classes, stored beside or above the images.

Columns: ``file`` (path relative to the CSV file), ``label``, and optionally ``split`` (train, validation or
test) and ``name`` (the image's display name).
"""

from __future__ import annotations

import csv
import io
import stat
from collections.abc import Iterable
from pathlib import Path

from core.data.sources.class_names import class_key
from core.data.sources.layout_words import split_named
from core.data.sources.scan import Found, Scan, labelled
from core.errors import LabError
from core.processes.threads import Progress, ShouldStop, never, silent, stop_if
from core.words import byte_size

_NAMES = {
    "file": ("file", "filename", "file_name", "path", "image"),
    "label": ("label", "class", "category"),
    "split": ("split", "set", "subset"),
    "name": ("name",),
}
MAX_BYTES = 200_000_000
_CONTRADICTED = "is listed twice with different labels"


def scan(path: Path, progress: Progress = silent, should_stop: ShouldStop = never) -> Scan:
    """Find the listed images.

    Raises:
        LabError: the list cannot be read, lacks the column file or label, or names no class.
        Stopped: ``should_stop`` returned True.
    """
    root = path.parent.resolve()
    rows = csv.DictReader(io.StringIO(_text(path)), dialect=_dialect(path))
    columns = _columns(path, rows.fieldnames or ())
    found: dict[str, Found] = {}
    for number, row in enumerate(rows, 2):
        if number % 1000 == 0:
            stop_if(should_stop, "looking for images")
            progress("looking for images", number, 0)
        cells = {name: (row.get(column) or "").strip() for name, column in columns.items()}
        one = _found(root, cells, number)
        found[one.file] = one if one.file not in found else _twice(found[one.file], one)
    if not any(one.label for one in found.values()):
        raise LabError(f"{path} lists no images with a label.")
    return labelled(found.values())


def write(path: Path, rows: Iterable[tuple[str, str, str, str]]) -> None:
    """Write rows of (file, label, split, name)."""
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([("file", "label", "split", "name"), *rows])


def write_names(path: Path, rows: Iterable[tuple[str, str]]) -> None:
    """Write a list of (file, name) whose classes follow from the names."""
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([("file", "name"), *rows])


def read_names(path: Path) -> list[tuple[str, str]] | None:
    """What ``write_names`` wrote; None for a list that names the classes itself.

    Raises:
        LabError: it cannot be read.
    """
    header, *rows = list(csv.reader(io.StringIO(_text(path), newline=""))) or [[]]
    return [(file, name) for file, name in rows] if header == ["file", "name"] else None


def _text(path: Path) -> str:
    try:
        if path.stat().st_size > MAX_BYTES:
            raise LabError(f"{path} is larger than {byte_size(MAX_BYTES)}, too large for a list of images.")
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise LabError(f"{path} is not UTF-8 text; save it as CSV (UTF-8).") from None
    except OSError as error:
        raise LabError(f"{path} could not be read: {error.strerror or error}.") from None


def _dialect(path: Path) -> type[csv.Dialect]:
    """Detect comma, semicolon or tab: the separator spreadsheets write depends on the locale."""
    first_line = _text(path).partition("\n")[0]

    class Dialect(csv.excel):
        delimiter = max(",;\t", key=first_line.count)

    return Dialect


def _columns(path: Path, present: Iterable[str]) -> dict[str, str]:
    by_name = {column.strip().casefold(): column for column in present if column}
    columns = {
        name: by_name[alias]
        for name, aliases in _NAMES.items()
        for alias in aliases[::-1]
        if alias in by_name
    }
    if "file" in columns and "label" in columns:
        return columns
    available = ", ".join(list(by_name)[:8]) or "none"
    raise LabError(
        f"The first line of {path} must name the columns file and label, as in file,label; "
        f"the columns found are: {available}."
    )


def _found(root: Path, cells: dict[str, str], line: int) -> Found:
    file, label, name = cells["file"].replace("\\", "/"), cells["label"], cells.get("name", "")
    split = split_named(cells.get("split", ""))
    problem = "" if label else "has no label in the list"
    if not file:
        return Found(f"line {line}", label, problem="has no file name in the list", name=name)
    try:
        path = (root / file).resolve()
        if not path.is_relative_to(root):
            return Found(file, label, split, problem="is outside the folder of the list", name=name)
        info = path.stat()
    except (OSError, ValueError, RuntimeError):
        return Found(file, label, split, problem="is listed but does not exist", name=name)
    if not stat.S_ISREG(info.st_mode):
        return Found(file, label, split, problem="not a regular file", name=name)
    return Found(file, label, split, info.st_size, info.st_mtime_ns, problem, name)


def _twice(first: Found, again: Found) -> Found:
    """A file that is listed twice with one label is listed once."""
    if class_key(first.label) == class_key(again.label) or first.problem == _CONTRADICTED:
        return first
    problem = _CONTRADICTED if first.label and again.label else "is listed twice, once without a label"
    return Found(first.file, first.label or again.label, problem=problem, name=first.name)
