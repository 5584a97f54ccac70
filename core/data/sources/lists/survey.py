"""What is in the columns of a list, from one pass over all of its rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from core.data.sources.lists import labels
from core.data.sources.lists.table import Table
from core.processes.threads import ShouldStop, never

_MAX_DISTINCT = 10_000
"""A column of more values holds no classes; no more of them are kept."""
_MIN_REPEATED = 2


@dataclass(frozen=True)
class Survey:
    """The distinct values of each column, and the number of rows."""

    values: tuple[frozenset[str], ...]
    rows: int

    def distinct(self, index: int) -> int:
        """How many values a column has, empty cells not counted."""
        return len(self.values[index] - {""})

    def words(self, index: int) -> int:
        """How many of a column's values are no numbers: names of classes say more than their codes."""
        return sum(not _is_number(value) for value in self.values[index] if value)

    def is_class_like(self, index: int) -> bool:
        """Each value occurs twice on average, and they are no measurements."""
        values = self.values[index] - {""}
        if not 1 < len(values) <= min(_MAX_DISTINCT, self.rows / _MIN_REPEATED):
            return False
        return not all(map(_is_number, values)) or all(map(_is_whole, values))

    def is_share(self, index: int) -> bool:
        """A column of shares between 0 and 1."""
        return labels.is_share(self.values[index])


def survey(table: Table, should_stop: ShouldStop = never) -> Survey:
    """Read the whole list once. Raises as ``Table.rows`` does."""
    values: list[set[str]] = [set() for _name in table.columns]
    rows = 0
    for _line, cells in table.rows(should_stop):
        rows += 1
        for seen, cell in zip(values, cells, strict=False):
            if len(seen) <= _MAX_DISTINCT:
                seen.add(cell)
    return Survey(tuple(map(frozenset, values)), rows)


def same_classes(table: Table, columns: Sequence[int], should_stop: ShouldStop = never) -> bool:
    """All columns say the same in other words, such as a code and a name: one value for each of the first."""
    first, *others = columns
    pairs: list[set[tuple[str, str]]] = [set() for _column in others]
    for _line, cells in table.rows(should_stop):
        if len(cells) <= max(columns):
            continue
        for seen, column in zip(pairs, others, strict=True):
            seen.add((cells[first], cells[column]))
            if len(seen) > _MAX_DISTINCT:
                return False
    return all(
        len(seen) == len({one for one, _other in seen}) == len({other for _one, other in seen})
        for seen in pairs
    )


def _is_number(value: str) -> bool:
    try:
        float(value)
    except ValueError:
        return False
    return True


def _is_whole(value: str) -> bool:
    return float(value).is_integer()
