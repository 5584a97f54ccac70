"""Which column of a list holds the classes, or which columns do (one-hot)."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from core.data.sources.lists import column_names, labels
from core.data.sources.lists.survey import Survey, same_classes, survey
from core.data.sources.lists.table import Table
from core.processes.threads import ShouldStop

_MIN_ONE_HOT = 0.9
_MIN_ONE_HOT_ALONE = 0.5
"""Share of rows in which exactly one of the columns is marked, where no other column may hold the classes."""
SOFT = "gives shares of several classes for each image (soft labels) instead of one class"
Rows = Sequence[Sequence[str]]


@dataclass(frozen=True)
class LabelColumns:
    """The columns that may hold the classes, the likeliest first, or the one-hot columns.

    ``reason`` is ``SOFT`` or ``labels.SEVERAL`` where neither is there because an image has several classes.
    """

    columns: tuple[int, ...] = ()
    one_hot: tuple[int, ...] = ()
    reason: str = ""

    @property
    def is_clear(self) -> bool:
        """Nobody need be asked."""
        return len(self.columns) == 1 or bool(self.one_hot)


def find(table: Table, rows: Rows, taken: Collection[int | None], should_stop: ShouldStop) -> LabelColumns:
    """Work out the columns by their names and by what is in them.

    Args:
        table: the list; all of it is read where names do not tell.
        rows: the first of its rows.
        taken: the columns of the file and the split.
        should_stop: asked while the list is read.
    """
    by_name = known(table.columns, taken)
    if by_name and column_names.is_label_itself(table.columns[by_name[0]]):
        return LabelColumns(by_name[:1])
    flags = _flags(table.columns, rows, taken)
    if _share_of_one(rows, flags) >= _MIN_ONE_HOT and _mark_classes(table, rows, flags, should_stop):
        return LabelColumns(one_hot=flags)
    if len(by_name) == 1:
        return LabelColumns(by_name)
    surveyed = survey(table, should_stop)
    candidates = [index for index in by_name if surveyed.distinct(index) > 1] or list(by_name)
    candidates = candidates or _class_like(table.columns, surveyed, taken)
    if len(candidates) > 1 and same_classes(table, candidates, should_stop):
        candidates = [max(candidates, key=surveyed.words)]
    if len(flags) > 1 and set(candidates) <= set(flags):
        is_one_hot = _share_of_one(rows, flags) >= _MIN_ONE_HOT_ALONE
        return LabelColumns(one_hot=flags) if is_one_hot else LabelColumns(reason=labels.SEVERAL)
    shares = [index for index in range(len(table.columns)) if index not in taken and surveyed.is_share(index)]
    return LabelColumns(tuple(candidates), reason=SOFT if len(shares) > 1 else "")


def known(names: Sequence[str], taken: Collection[int | None]) -> tuple[int, ...]:
    """The columns that are called as those of classes usually are, the likeliest first."""
    return tuple(index for index in by_role(names, "label") if index not in taken)


def by_role(names: Sequence[str], role: column_names.Role) -> list[int]:
    """The columns whose names have a role, the likeliest first."""
    indices = [index for index, name in enumerate(names) if column_names.role(name) == role]
    return sorted(indices, key=lambda index: column_names.rank(names[index]))


def cells(rows: Rows, index: int) -> list[str]:
    """A column's cells; rows that end before it have none."""
    return [row[index] for row in rows if index < len(row)]


def _flags(names: Sequence[str], rows: Rows, taken: Collection[int | None]) -> tuple[int, ...]:
    """Columns of yes and no that may each stand for a class; one alone has two classes itself."""
    flags = [
        index
        for index, name in enumerate(names)
        if index not in taken
        and column_names.role(name) in ("", "label")
        and labels.is_binary(set(cells(rows, index)))
    ]
    return tuple(flags) if len(flags) > 1 else ()


def _share_of_one(rows: Rows, flags: Sequence[int]) -> float:
    """The share of rows in which exactly one column is marked."""
    names = {index: str(index) for index in flags}
    return sum(len(labels.marked(row, names)) == 1 for row in rows) / max(len(rows), 1)


def _mark_classes(table: Table, rows: Rows, flags: Sequence[int], should_stop: ShouldStop) -> bool:
    """Not always the same column is marked: the first rows show it, or in a sorted list the others."""
    if sum(labels.has_yes(cells(rows, index)) for index in flags) > 1:
        return True
    surveyed = survey(table, should_stop)
    return sum(labels.has_yes(surveyed.values[index]) for index in flags) > 1


def _class_like(names: Sequence[str], surveyed: Survey, taken: Collection[int | None]) -> list[int]:
    """Columns whose values repeat as those of classes do; of unknown names first, else any other."""
    left = [index for index, name in enumerate(names) if index not in taken and not column_names.role(name)]
    if len(left) == 1 and 1 < surveyed.distinct(left[0]) < surveyed.rows:
        return left
    fitting = [i for i in range(len(names)) if i not in taken and surveyed.is_class_like(i)]
    roles = {index: column_names.role(names[index]) for index in fitting}
    unknown = [index for index in fitting if not roles[index]]
    return unknown or [index for index in fitting if roles[index] in ("file", "group", "name")]
