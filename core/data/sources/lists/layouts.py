"""A list as a way to read a data set: its name, what it says, and lists that hold one split each."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from core.data.sources.layout_words import split_named
from core.data.sources.lists import columns, label_columns, labels
from core.data.sources.lists.columns import Choice, Columns
from core.data.sources.lists.label_columns import by_role
from core.data.sources.lists.reading import Member, nothing_found, read
from core.data.sources.lists.table import Table
from core.data.sources.scan import Found
from core.errors import Candidate, LabError
from core.processes.threads import Progress, ShouldStop, never, silent
from core.words import listed

Locate = Callable[[str, str], Found]
_SHOWN = 3
_SAMPLE = 200
_ORDER = ("train", "validation", "test")


@dataclass(frozen=True)
class Listing:
    """One list that is there: its table, its columns, and how it finds its images."""

    table: Table
    choice: Choice
    locate: Locate

    @property
    def name(self) -> str:
        """The list's place, as a person sees it."""
        return self.table.name

    @property
    def has_labels(self) -> bool:
        """There is a column that may hold the classes."""
        return bool(self.choice.options)

    @property
    def split(self) -> str:
        """The split that the name of the list, or else of its folder, means."""
        return split_of(self.name)

    @property
    def family(self) -> tuple[str, ...]:
        """The same for lists whose names differ only in the split."""
        words = re.findall(r"[^\W_]+", re.sub(r"(?<=[a-z])(?=[A-Z])", " ", self.name))
        return tuple(word.casefold() for word in words if not split_named(word))


def split_of(name: str) -> str:
    """The split that the name of a list means: ``train.csv``, ``valid/_classes.csv``; "" for none."""
    parts = re.sub(r"\.\w+$", "", name).split("/")
    return next(filter(None, map(split_named, reversed(parts))), "")


@dataclass(frozen=True)
class ListLayout:
    """One way to take the classes from lists, to be chosen by its name."""

    name: str
    members: tuple[Member, ...]

    @property
    def what(self) -> str:
        """``the column species of the list labels.csv, with images from the column id``."""
        names = [member.table.name for member in self.members]
        table, chosen = self.members[0].table, self.members[0].columns
        lists = f"{'lists' if len(names) > 1 else 'list'} {listed(names)}"
        classes = f"{len(chosen.one_hot)} one-hot columns"
        if chosen.label is not None:
            classes = _column(table, chosen.label)
        note = f", read as {table.note}" if table.note else ""
        return f"{classes} of the {lists}, with images from {_column(table, chosen.file)}{note}"

    def candidate(self) -> Candidate:
        """The layout with some of its images, for a person to choose from."""
        try:
            found = read([_few(member) for member in self.members[:1]], silent, never)
        except LabError:
            return Candidate(self.name, self.what)
        some = [found[len(found) * number // _SHOWN] for number in range(min(_SHOWN, len(found)))]
        return Candidate(
            self.name, self.what, tuple((one.shown, one.label, one.source_split) for one in some)
        )

    def read(self, progress: Progress, should_stop: ShouldStop) -> list[Found]:
        """All images of the lists. Raises as ``reading.read`` does."""
        return read(self.members, progress, should_stop)


def _column(table: Table, index: int) -> str:
    return f"the column {table.columns[index]}" if table.has_names else f"column {index + 1}"


def _few(member: Member) -> Member:
    rows = list(zip(range(_SAMPLE), member.table.rows(), strict=False))
    table = member.table
    few = replace(table, read=lambda: (row for _n, row in rows), has_header=False)
    return Member(few, member.columns, member.locate, member.split)


def together(listings: Sequence[Listing]) -> list[tuple[Listing, ...]]:
    """Lists that hold a split each are read together; each other list stands for itself."""
    families: dict[tuple[str, ...], list[Listing]] = {}
    for listing in listings:
        families.setdefault(listing.family, []).append(listing)
    sets: list[tuple[Listing, ...]] = []
    for members in families.values():
        splits = [one.split for one in members]
        in_order = tuple(sorted(members, key=lambda one: _ORDER.index(one.split) if one.split else 0))
        are_splits = "train" in splits and len(set(splits)) == len(splits) > 1 and all(splits)
        sets += [in_order] if are_splits and layouts_of(in_order) else [(one,) for one in members]
    return sets


def chosen_of(sets: Sequence[Sequence[Listing]], chosen: str) -> ListLayout | None:
    """The layout of this name; ``labels.csv:species`` takes any column as that of the classes."""
    for listings in sets:
        named = named_together(listings)
        ways = layouts_of(listings)
        if chosen.startswith(f"{named}:"):
            ways += layouts_of(listings, chosen.removeprefix(f"{named}:"))
        for one in ways:
            if one.name == chosen:
                return one
    return None


def named_together(listings: Sequence[Listing]) -> str:
    """``train.csv+test.csv``."""
    return "+".join(one.name for one in listings)


def layouts_of(listings: Sequence[Listing], column: str = "") -> tuple[ListLayout, ...]:
    """The ways to read lists that belong together; ``column`` is that of the classes where one is chosen."""
    first, *others = listings
    options: Sequence[Columns] = first.choice.options
    if column:
        options = list(filter(None, [columns.by_name(first.table, first.choice.base, column)]))
    is_clear = first.choice.is_clear and not column
    named = named_together(listings)
    several_files = len({option.file for option in options}) > 1
    layouts = []
    for option in options:
        known = [its for one in others if (its := _same_columns(first, option, one)) is not None]
        if len(known) < len(others):
            continue
        splits = [one.split if others else "" for one in listings]
        members = tuple(
            Member(one.table, its, one.locate, split)
            for one, its, split in zip(listings, [option, *known], splits, strict=True)
        )
        suffix = "" if is_clear else _suffix(first.table, option, several_files)
        layouts.append(ListLayout(named + suffix, members))
    return tuple(layouts)


def _same_columns(first: Listing, option: Columns, other: Listing) -> Columns | None:
    """The columns of another split's list: those of the same names, else what is plainly meant there."""
    its = columns.alike(first.table, option, other.table)
    if its is None and first.choice.is_clear and other.choice.is_clear:
        return other.choice.options[0]
    return its


def _suffix(table: Table, option: Columns, several_files: bool) -> str:
    file = f":{table.columns[option.file]}" if several_files else ""
    return f"{file}:{table.columns[option.label] if option.label is not None else 'one-hot'}"


def refusal(listing: Listing) -> str:
    """Why there is no way to read a list, in a sentence."""
    reason, base = listing.choice.reason, listing.choice.base
    first = next(listing.table.rows(), None)
    if base and first and not listing.choice.found and by_role(listing.table.columns, "file"):
        return nothing_found([listing.table], first[1][base.file] if len(first[1]) > base.file else "")
    available = ", ".join(listing.table.columns[:8]) or "none"
    if reason == label_columns.SOFT:
        return (
            f"{listing.name} {reason}; its columns are: {available}. Each image needs exactly one class: add "
            "a column label with the class that holds."
        )
    if reason == labels.SEVERAL:
        return (
            f"{listing.name} marks several of its columns for most images, or none: {available}. Multi-label "
            "classification is not supported: each image needs exactly one class. Add a column label, or "
            f"choose one column with --layout {listing.name}:COLUMN."
        )
    is_json = listing.table.has_names and not listing.table.has_header
    line = "Each line" if is_json else "The first line"
    return (
        f"{line} of {listing.name} must name the columns file and label, as in file,label; the columns found "
        f"are: {available}."
    )
