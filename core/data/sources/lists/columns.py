"""Which columns of a list hold the file, the class, the split and the group of an image."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from core.data.sources.layout_words import is_image, split_named
from core.data.sources.lists import column_names, label_columns, labels
from core.data.sources.lists.label_columns import LabelColumns, Rows, by_role, cells
from core.data.sources.lists.table import Table
from core.processes.threads import ShouldStop, never

_SAMPLE = 200
_MIN_FOUND = 0.5


@dataclass(frozen=True)
class Columns:
    """Positions of columns, None where the list has none; the class is in ``label`` or in ``one_hot``."""

    file: int
    label: int | None = None
    one_hot: tuple[int, ...] = ()
    split: int | None = None
    group: int | None = None
    name: int | None = None


@dataclass(frozen=True)
class Choice:
    """The ways to take the columns, the likeliest first, and whether nobody need be asked.

    ``found`` is the share of the first rows whose image is there; ``reason`` says why there is no way, and
    ``base`` holds the other columns for a person who names that of the classes.
    """

    options: tuple[Columns, ...]
    is_clear: bool
    found: float
    reason: str = ""
    base: Columns | None = None


def choose(table: Table, is_here: Callable[[str], bool], should_stop: ShouldStop = never) -> Choice:
    """Work out the columns by their names, and where these do not tell, by what is in them.

    A table that names no image here is not read any further: it may be long, and no list at all.

    Args:
        table: the list.
        is_here: the image that a cell means is there.
        should_stop: asked while the whole list is read.

    Raises:
        LabError: the list cannot be read to its end; names the line.
        Stopped: ``should_stop`` returned True.
    """
    rows = table.sample(_SAMPLE)
    shares = _shares(table.columns, rows, is_here)
    files = _files(table.columns, rows, shares)
    ways = [_way(table, rows, file, should_stop if any(shares) else None) for file in files]
    if not ways:
        return Choice((), False, 0.0)
    options = tuple(option for way in ways for option in way.options)
    is_clear = len(ways) == 1 and ways[0].is_clear
    return replace(ways[0], options=options, is_clear=is_clear, found=shares[files[0]])


def _way(table: Table, rows: Rows, file: int, should_stop: ShouldStop | None) -> Choice:
    """The ways to take the other columns where that of the images is known; None: by their names alone."""
    names = table.columns
    base = Columns(file, split=_split(names, rows, file))
    taken = {file, base.split}
    if should_stop:
        found = label_columns.find(table, rows, taken, should_stop)
    else:
        found = LabelColumns(label_columns.known(names, taken))
    options = [_complete(names, rows, base, index) for index in found.columns]
    if found.one_hot:
        options = [_complete(names, rows, base, None, found.one_hot)]
    return Choice(tuple(options), found.is_clear, 0.0, found.reason, _complete(names, rows, base, None))


def is_known(table: Table) -> bool:
    """The first line names a column of files or of classes that the lab knows."""
    return any(column_names.role(name) in ("file", "label") for name in table.columns)


def is_by_name(table: Table, choice: Choice) -> bool:
    """The column of the images is called as such columns are, or the list has no column that is."""
    if choice.base is None or not by_role(table.columns, "file"):
        return True
    return column_names.role(table.columns[choice.base.file]) == "file"


def by_name(table: Table, columns: Columns | None, label: str) -> Columns | None:
    """The same columns with the class in that of this name; None where there is no such column."""
    if columns is None or label not in table.columns:
        return None
    return replace(columns, label=table.columns.index(label), one_hot=())


def alike(table: Table, columns: Columns, other: Table) -> Columns | None:
    """The columns of the same names in another list; None where one of file and class is missing."""

    def place(index: int | None) -> int | None:
        name = table.columns[index] if index is not None else ""
        return other.columns.index(name) if name in other.columns else None

    file, label = place(columns.file), place(columns.label)
    one_hot = [place(index) for index in columns.one_hot]
    if file is None or (columns.label is not None and label is None) or None in one_hot:
        return None
    known = tuple(index for index in one_hot if index is not None)
    return Columns(file, label, known, place(columns.split), place(columns.group), place(columns.name))


def _shares(names: Sequence[str], rows: Rows, is_here: Callable[[str], bool]) -> list[float]:
    """The share of each column's cells that name an image; of others than usual ones only where need be."""

    def share(index: int) -> float:
        filled = [cell for cell in cells(rows, index) if cell]
        return sum(map(is_here, filled)) / max(len(filled), 1)

    shares = {index: share(index) for index in _usual(names, rows)}
    if max(shares.values(), default=0.0) < _MIN_FOUND:
        shares |= {index: share(index) for index in range(len(names)) if index not in shares}
    return [shares.get(index, 0.0) for index in range(len(names))]


def _usual(names: Sequence[str], rows: Rows) -> list[int]:
    """Columns that usually name images, the likeliest first: any with image files comes before the ids."""
    named = by_role(names, "file") + by_role(names, "name")
    others = [index for index in range(len(names)) if index not in named]
    with_suffix = [i for i in (*named, *others) if any(map(is_image, cells(rows, i)))]
    return with_suffix + [index for index in named if index not in with_suffix]


def _files(names: Sequence[str], rows: Rows, shares: Sequence[float]) -> list[int]:
    """The columns that may name the images, more than one where it cannot be told which."""
    usual = _usual(names, rows)
    best = max(shares, default=0.0)
    fitting = [index for index in usual if shares[index] and shares[index] >= best / 2]
    known = [index for index in fitting if column_names.role(names[index]) in ("file", "name")]
    if known and column_names.is_id(names[known[0]]):
        return [index for index in fitting if _contradicts(rows, known[0], index)] or known[:1]
    if known:
        return known[:1]
    if fitting:
        return fitting
    if best >= _MIN_FOUND:
        return [index for index, share in enumerate(shares) if share >= best / 2]
    return usual[:1]


def _contradicts(rows: Rows, number: int, file: int) -> bool:
    """The ids are no part of the names of files in the other column: they number the rows."""
    pairs = [(row[number], row[file]) for row in rows if len(row) > max(number, file)]
    return sum(is_image(name) and number not in name for number, name in pairs) > len(pairs) / 2


def _complete(
    names: Sequence[str], rows: Rows, base: Columns, label: int | None, one_hot: tuple[int, ...] = ()
) -> Columns:
    """The columns with those of the group and of the image's own name."""
    taken = {base.file, base.split, label, *one_hot}
    groups = [index for index in by_role(names, "group") if index not in taken]
    shown = [index for index in by_role(names, "name") if index not in taken]
    shown = [index for index in shown if len(set(cells(rows, index))) == len(rows)]
    group, name = (found[0] if found else None for found in (groups, shown))
    return replace(base, label=label, one_hot=one_hot, group=group, name=name)


def _split(names: Sequence[str], rows: Rows, file: int) -> int | None:
    for index in by_role(names, "split"):
        values = cells(rows, index)
        flags = column_names.is_training_flag(names[index]) and labels.is_binary(set(values))
        if index != file and (flags or any(map(split_named, values))):
            return index
    unnamed = [i for i, name in enumerate(names) if name == column_names.unnamed(i) and i != file]
    return next((i for i in unnamed if rows and all(map(split_named, cells(rows, i)))), None)
