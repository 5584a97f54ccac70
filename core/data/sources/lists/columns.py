"""Which columns of a list hold the file, the class, the split and the group of an image."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from core.data.sources.layout_words import split_named
from core.data.sources.lists import column_names, labels
from core.data.sources.lists.survey import Survey, same_classes, survey
from core.data.sources.lists.table import Table
from core.processes.threads import ShouldStop, never

_SAMPLE = 200
_MIN_FOUND = 0.5
_MIN_ONE_HOT = 0.9
_MIN_ONE_HOT_ALONE = 0.5
SOFT = "gives shares of several classes for each image (soft labels) instead of one class"


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

    Args:
        table: the list.
        is_here: the image that a cell means is there.
        should_stop: asked while the whole list is read.

    Raises:
        LabError: the list cannot be read to its end; names the line.
        Stopped: ``should_stop`` returned True.
    """
    rows = table.sample(_SAMPLE)
    shares = [_share([row[i] for row in rows if i < len(row)], is_here) for i in range(len(table.columns))]
    files = _files(table.columns, shares)
    if not files:
        return Choice((), False, 0.0)
    ways = [_labels(table, rows, file, should_stop) for file in files]
    options = tuple(option for way in ways for option in way.options)
    is_clear = len(files) == 1 and ways[0].is_clear
    return Choice(options, is_clear, shares[files[0]], ways[0].reason, ways[0].base)


def is_known(table: Table) -> bool:
    """The first line names a column of files or of classes that the lab knows."""
    return any(column_names.role(name) in ("file", "label") for name in table.columns)


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


def _share(cells: Sequence[str], is_here: Callable[[str], bool]) -> float:
    filled = [cell for cell in cells if cell]
    return sum(map(is_here, filled)) / len(filled) if filled else 0.0


def _files(names: Sequence[str], shares: Sequence[float]) -> list[int]:
    """The columns that may name the images, more than one where it cannot be told which."""
    named = _named(names, "file") + _named(names, "name")
    best = max(shares, default=0.0)
    fitting = [index for index in named if shares[index] and shares[index] >= best / 2]
    if fitting:
        return fitting[:1]
    if best >= _MIN_FOUND:
        return [index for index, share in enumerate(shares) if share >= best / 2]
    return named[:1]


def _named(names: Sequence[str], role: column_names.Role) -> list[int]:
    indices = [index for index, name in enumerate(names) if column_names.role(name) == role]
    return sorted(indices, key=lambda index: column_names.rank(names[index]))


def _labels(table: Table, rows: Sequence[Sequence[str]], file: int, should_stop: ShouldStop) -> Choice:
    names = table.columns
    base = Columns(file, split=_split(names, rows, file))
    known = [index for index in _named(names, "label") if index != file]
    flags = _flags(names, rows, {file, base.split})
    certain = _share_of_one(rows, flags)
    if known and column_names.is_label_itself(names[known[0]]):
        return _choice(names, rows, base, known[:1])
    if len(flags) > 1 and certain >= _MIN_ONE_HOT and _mark_classes(table, rows, flags, should_stop):
        return _choice(names, rows, base, [], flags)
    if len(known) == 1:
        return _choice(names, rows, base, known)
    surveyed = survey(table, should_stop)
    candidates = [index for index in known if surveyed.distinct(index) > 1] or known
    candidates = candidates or _class_like(names, surveyed, {file, base.split})
    if len(candidates) > 1 and same_classes(table, candidates, should_stop):
        candidates = [max(candidates, key=surveyed.words)]
    if len(flags) > 1 and set(candidates) <= set(flags):
        marked = flags if certain >= _MIN_ONE_HOT_ALONE else ()
        return replace(_choice(names, rows, base, [], marked), reason=labels.SEVERAL)
    shares = [index for index in range(len(names)) if index != file and surveyed.is_share(index)]
    return replace(_choice(names, rows, base, candidates), reason=SOFT if len(shares) > 1 else "")


def _choice(
    names: Sequence[str],
    rows: Sequence[Sequence[str]],
    base: Columns,
    candidates: Sequence[int],
    one_hot: tuple[int, ...] = (),
) -> Choice:
    options = [replace(base, label=index) for index in candidates]
    if one_hot:
        options = [replace(base, one_hot=one_hot)]
    complete = tuple(_with_group_and_name(names, rows, option) for option in options)
    return Choice(complete, len(complete) == 1, 0.0, base=_with_group_and_name(names, rows, base))


def _with_group_and_name(names: Sequence[str], rows: Sequence[Sequence[str]], base: Columns) -> Columns:
    taken = {base.file, base.label, base.split, *base.one_hot}
    groups = [index for index in _named(names, "group") if index not in taken]
    shown = [index for index in _named(names, "name") if index not in taken]
    shown = [index for index in shown if len(set(_cells(rows, index))) == len(rows)]
    return replace(base, group=groups[0] if groups else None, name=shown[0] if shown else None)


def _split(names: Sequence[str], rows: Sequence[Sequence[str]], file: int) -> int | None:
    for index in _named(names, "split"):
        cells = _cells(rows, index)
        flags = column_names.is_training_flag(names[index]) and labels.is_binary(set(cells))
        if index != file and (flags or any(map(split_named, cells))):
            return index
    unnamed = [index for index in range(len(names)) if names[index] == column_names.unnamed(index)]
    return next((i for i in unnamed if rows and i != file and all(map(split_named, _cells(rows, i)))), None)


def _flags(
    names: Sequence[str], rows: Sequence[Sequence[str]], taken: Collection[int | None]
) -> tuple[int, ...]:
    """Columns of yes and no that may each stand for a class."""
    roles: Mapping[int, str] = {index: column_names.role(name) for index, name in enumerate(names)}
    return tuple(
        index
        for index, role in roles.items()
        if index not in taken and role in ("", "label") and labels.is_binary(set(_cells(rows, index)))
    )


def _mark_classes(
    table: Table, rows: Sequence[Sequence[str]], flags: Sequence[int], should_stop: ShouldStop
) -> bool:
    """Not always the same column is marked: the first rows show it, or in a sorted list the others."""
    first = {name for row in rows for name in labels.marked(row, {index: str(index) for index in flags})}
    if len(first) > 1:
        return True
    surveyed = survey(table, should_stop)
    return sum(labels.has_yes(surveyed.values[index]) for index in flags) > 1


def _share_of_one(rows: Sequence[Sequence[str]], flags: Sequence[int]) -> float:
    marked = [len(labels.marked(row, {index: str(index) for index in flags})) for row in rows]
    return marked.count(1) / len(marked) if marked else 0.0


def _class_like(names: Sequence[str], surveyed: Survey, taken: Collection[int | None]) -> list[int]:
    """Columns whose values repeat as those of classes do; of unknown names first, else any other."""
    left = [i for i, name in enumerate(names) if i not in taken and not column_names.role(name)]
    if len(left) == 1 and 1 < surveyed.distinct(left[0]) < surveyed.rows:
        return left
    fitting = [i for i in range(len(names)) if i not in taken and surveyed.is_class_like(i)]
    roles = {index: column_names.role(names[index]) for index in fitting}
    unknown = [index for index in fitting if not roles[index]]
    return unknown or [index for index in fitting if roles[index] in ("file", "group", "name")]


def _cells(rows: Sequence[Sequence[str]], index: int) -> list[str]:
    return [row[index] for row in rows if index < len(row)]
