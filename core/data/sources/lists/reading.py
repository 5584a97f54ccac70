"""The images of a list with their classes, row by row."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from core.data.sources.class_names import class_key
from core.data.sources.layout_words import is_image, split_named
from core.data.sources.lists import column_names, labels
from core.data.sources.lists.columns import Columns
from core.data.sources.lists.matching import MISSING
from core.data.sources.lists.table import Table
from core.data.sources.scan import Found
from core.errors import LabError
from core.processes.threads import Progress, ShouldStop
from core.words import listed

_STEP = "looking for images"
_MIN_CLASSES = 2
_LINE_END = re.compile(r"[\r\n]")
_ADVICE = (
    "Multi-label classification is not supported: each image needs exactly one class. Write the class that "
    "matters into a column of its own, or take the images with several classes out of the list"
)


@dataclass(frozen=True)
class Member:
    """A list with its columns. ``locate`` gives the image of a cell, for a split; ``split`` is its own."""

    table: Table
    columns: Columns
    locate: Callable[[str, str], Found]
    split: str = ""


def read(members: Sequence[Member], progress: Progress, should_stop: ShouldStop) -> list[Found]:
    """Every image that the lists name, each once, with its class or the reason why it has none.

    Raises:
        LabError: the text is damaged, no image is there, or none has exactly one class.
        Stopped: ``should_stop`` returned True.
    """
    separator = labels.separator_of(_distinct(members, should_stop))
    found: dict[str, Found] = {}
    for member in members:
        row = _Reader(member, separator)
        for number, (line, cells) in enumerate(member.table.rows(should_stop)):
            if number % 1000 == 0:
                progress(_STEP, len(found), 0)
            one = row.found(line, cells)
            found[one.file] = one if one.file not in found else _twice(found[one.file], one)
    _check(members, list(found.values()))
    return list(found.values())


def _distinct(members: Sequence[Member], should_stop: ShouldStop) -> set[str]:
    """The different cells of the columns of labels."""
    distinct: set[str] = set()
    for member in members:
        label = member.columns.label
        if label is not None:
            rows = member.table.rows(should_stop)
            distinct.update(cells[label] for _line, cells in rows if len(cells) > label)
    return distinct


class _Reader:
    """Makes an image of each row of one list."""

    def __init__(self, member: Member, separator: str) -> None:
        columns, names = member.columns, member.table.columns
        self._member, self._columns, self._separator = member, columns, separator
        self._width = len(names)
        self._one_hot: Mapping[int, str] = {index: names[index] for index in columns.one_hot}
        self._is_flag = columns.split is not None and column_names.is_training_flag(names[columns.split])

    def found(self, line: int, cells: list[str]) -> Found:
        """The image of one row; raises LabError where a quotation mark was left open."""
        file, label = _cell(cells, self._columns.file), _cell(cells, self._columns.label)
        long = [cell for cell in cells if _LINE_END.search(cell)]
        if long and (file in long or label in long or any(map(_holds_rows, long))):
            raise LabError(
                f"{self._member.table.name}, line {line}: a quotation mark is opened there and closed only "
                "lines later. Remove it, or write two of them for one that belongs to the text."
            )
        if not file:
            return Found(f"line {line}", label, problem="has no file name in the list")
        split = self._split(_cell(cells, self._columns.split))
        one = self._member.locate(file, split)
        label, problem = self._label(label, cells)
        if any(cells[self._width :]):
            problem = (
                f"line {line} of the list has {len(cells)} cells and the first line {self._width}: "
                "put a text that holds the separator into quotation marks"
            )
        return replace(
            one,
            label="" if problem else label,
            source_split=split,
            group=_cell(cells, self._columns.group),
            name=_cell(cells, self._columns.name) or one.name,
            problem=one.problem or problem,
        )

    def _label(self, cell: str, cells: Sequence[str]) -> tuple[str, str]:
        """The class, and the reason where there is not exactly one."""
        if self._one_hot:
            names = labels.marked(cells, self._one_hot)
        elif labels.holds_regions(cell):
            return "", "has boxes or outlines in the list instead of one class"
        else:
            names = labels.in_cell(cell, self._separator)
        if len(names) == 1:
            return names[0], ""
        return "", f"{labels.SEVERAL} ({listed(names, 4)})" if names else labels.NONE

    def _split(self, cell: str) -> str:
        if self._is_flag and cell:
            return "train" if labels.marked([cell], {0: cell}) else "test"
        return split_named(cell) or self._member.split


def _holds_rows(cell: str) -> bool:
    """A text of several lines has taken in rows of the list: one of its lines names an image in a cell."""
    below = _LINE_END.split(cell)[1:]
    return any(is_image(part.strip()) for line in below for part in re.split(r"[,;|\t]", line))


def nothing_found(tables: Sequence[Table], example: str) -> str:
    """The sentence for lists of which no image is there."""
    names = listed([table.name for table in tables], 3)
    address = " That is an address on the web: download the images first." if "://" in example else ""
    encoded = [table.note for table in tables if table.note]
    encoding = f" The list is not UTF-8 text, it was read as {encoded[0]}." if encoded else ""
    return (
        f"Not one image that {names} names is beside it or in a folder below, for example "
        f"{example[:120]}.{address}{encoding} Put the list into the folder of the images."
    )


def _cell(cells: Sequence[str], index: int | None) -> str:
    return cells[index] if index is not None and index < len(cells) else ""


def _twice(first: Found, again: Found) -> Found:
    """A file that is listed twice with one label is listed once."""
    if class_key(first.label) == class_key(again.label) or first.problem == labels.CONTRADICTED:
        return first
    problem = labels.CONTRADICTED if first.label and again.label else "is listed twice, once without a label"
    return replace(first, label=first.label or again.label, source_split="", problem=problem)


def _check(members: Sequence[Member], found: Sequence[Found]) -> None:
    """Raise LabError where nothing can be trained on."""
    names = listed([member.table.name for member in members], 3)
    if found and all(one.problem == MISSING for one in found):
        raise LabError(nothing_found([member.table for member in members], found[0].file))
    classes = {class_key(one.label) for one in found if one.label}
    several = next((one for one in found if one.problem.startswith(labels.SEVERAL)), None)
    if several is not None and len(classes) < _MIN_CLASSES:
        raise LabError(f"{several.shown} {several.problem}, and so do others of {names}. {_ADVICE}.")
    if classes:
        return
    why = next((f": {one.shown} {one.problem}" for one in found if one.problem), "")
    raise LabError(f"{names} lists no images with a label{why}.")
