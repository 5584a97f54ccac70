"""A list as a table: its columns and its rows, each with its line, from CSV, TSV, text and JSON lines."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

from core.data.sources.layout_words import is_image
from core.data.sources.lists import column_names, text
from core.errors import LabError
from core.processes.threads import ShouldStop, never, stop_if

SUFFIXES = frozenset([".csv", ".tsv", ".tab", ".txt", ".jsonl"])
Row = tuple[int, list[str]]
"""The line at which a row begins, and its cells."""

_SEPARATORS = ",;\t|"
_BLANK = " "
_SHOWN_SEPARATOR = re.compile(r'"?sep=(.)"?\s*', re.I)
_HEAD = 60
_MIN_CONSISTENT = 0.9


@dataclass(frozen=True)
class Table:
    """``columns`` are the names in the first line, or ``column-1`` ... where there are none.

    ``read`` begins again at the top each time it is called: a list may be too long to keep.
    """

    name: str
    columns: tuple[str, ...]
    read: Callable[[], Iterator[Row]]
    has_header: bool = True
    has_names: bool = True
    note: str = ""

    def rows(self, should_stop: ShouldStop = never) -> Iterator[Row]:
        """All rows that are not empty, without the header.

        Raises:
            LabError: a quotation mark is not closed, or the text is damaged; names the line.
            Stopped: ``should_stop`` returned True.
        """
        for count, (line, cells) in enumerate(islice(self.read(), int(self.has_header), None)):
            if count % 1000 == 0:
                stop_if(should_stop, "reading the list")
            yield line, cells

    def sample(self, count: int) -> list[list[str]]:
        """The cells of the first rows."""
        return [cells for _line, cells in islice(self.rows(), count)]

    def named(self, name: str) -> Table:
        """The same table under another name."""
        return replace(self, name=name)

    def headless(self) -> Table:
        """The same table where the first line is a row, too."""
        names = tuple(map(column_names.unnamed, range(len(self.columns))))
        return replace(self, columns=names, has_header=False, has_names=False)


def open_table(path: Path, name: str) -> Table:
    """Open a list; ``name`` is what a person calls it.

    Raises:
        LabError: it cannot be read as a table; says why and where.
    """
    encoded = text.encoding(path, name)
    if name.lower().endswith(".jsonl"):
        return _json_lines(path, name, encoded)
    head = list(islice(text.lines(path, name, encoded), _HEAD))
    shown = _SHOWN_SEPARATOR.fullmatch(head[0]) if head else None
    separator = shown[1] if shown else _separator(head, name)
    skipped = int(bool(shown))

    def read() -> Iterator[Row]:
        records = _records(text.lines(path, name, encoded), name, separator, skipped)
        return (row for row in records if any(row[1]))

    first = next(iter(read()), (1, []))[1]
    table = Table(name, _unique(first), read, note="Windows-1252 text" if encoded == text.WESTERN else "")
    return table.headless() if any(map(is_image, first)) else table


def _records(lines: Iterator[str], name: str, separator: str, skipped: int) -> Iterator[Row]:
    """Every record of a CSV file, its cells without blanks around them.

    The line is that at which the record begins: there a quotation mark was opened that is not closed.
    """
    below = islice(lines, skipped, None)
    if separator == _BLANK:
        yield from ((number, line.rsplit(None, 1)) for number, line in enumerate(below, skipped + 1))
        return
    reader = csv.reader(below, delimiter=separator, strict=True, skipinitialspace=True)
    while True:
        line = reader.line_num + skipped + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error:
            raise LabError(
                f"{name}, line {line}: a quotation mark is opened there and not closed as it should be. "
                "Remove it, or write two of them for one that belongs to the text."
            ) from None
        yield line, [cell.strip() for cell in cells]


def _separator(head: list[str], name: str) -> str:
    """The separator that cuts nearly every line into as many cells as the first, and most of them.

    Spreadsheets write the one of their country. Where two cut alike, one leaves names of images whole.
    """
    fits = {separator: fit for separator in _SEPARATORS if (fit := _fit(head, separator))}
    if fits:
        return max(fits, key=fits.__getitem__)
    pairs = [line.rsplit(None, 1) for line in head if line.strip()]
    if not name.lower().endswith(".csv") and all(len(pair) == 2 and is_image(pair[0]) for pair in pairs):
        return _BLANK
    return max(_SEPARATORS, key=head[0].count) if head else ","


def _fit(head: list[str], separator: str) -> tuple[bool, int] | None:
    """Whether cells are names of images, and how many cells a line has; None where lines differ."""
    try:
        rows = [row for row in csv.reader(head, delimiter=separator, skipinitialspace=True) if any(row)]
    except csv.Error:
        return None
    width = len(rows[0]) if rows else 0
    even = sum(len(row) == width for row in rows)
    if width < 2 or even < _MIN_CONSISTENT * len(rows):
        return None
    return any(is_image(cell.strip()) for row in rows for cell in row), width


def _unique(names: Iterable[str]) -> tuple[str, ...]:
    """The names of columns; a second of one name gets a number."""
    unique: list[str] = []
    for index, name in enumerate(names):
        plain = name.strip().lstrip("#").strip() or column_names.unnamed(index)
        unique.append(plain if plain not in unique else f"{plain}-{index + 1}")
    return tuple(unique)


def _json_lines(path: Path, name: str, encoded: str) -> Table:
    """A line for each image, a JSON object, as Hugging Face's ``metadata.jsonl``."""

    def objects() -> Iterator[tuple[int, dict[str, object]]]:
        for number, line in enumerate(text.lines(path, name, encoded), 1):
            try:
                found = json.loads(line) if line.strip() else {}
            except (ValueError, RecursionError):
                found = None
            if not isinstance(found, dict):
                raise LabError(f"{name}, line {number}: it is not a JSON object, as in {_EXAMPLE}.")
            yield number, found

    columns = list(dict.fromkeys(key for _line, one in islice(objects(), _HEAD) for key in one))

    def read() -> Iterator[Row]:
        return ((line, [_cell(one.get(column)) for column in columns]) for line, one in objects() if one)

    return Table(name, tuple(columns), read, has_header=False)


_EXAMPLE = '{"file_name": "1.jpg", "label": "cat"}'


def _cell(value: object) -> str:
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode().strip()  # JSON may hold half a character
    return "" if value is None else json.dumps(value)
