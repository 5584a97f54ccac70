"""The lists among the files of a folder, an archive or an upload, and the images that they name."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from core.data.sources.layout_words import may_be_image
from core.data.sources.lists import columns, text
from core.data.sources.lists.layouts import (
    Listing,
    ListLayout,
    Locate,
    chosen_of,
    layouts_of,
    refusal,
    split_of,
    together,
)
from core.data.sources.lists.matching import Index
from core.data.sources.lists.table import SUFFIXES, Table, open_table
from core.data.sources.scan import Found
from core.errors import LabError, Stopped
from core.processes.threads import ShouldStop

_MAX_LISTS = 30
"""More files of this kind are notes to single images, not lists."""
WITHOUT_LABELS = "a list without labels"
_SUBMISSION = re.compile(r"submission", re.I)
_MIN_FOUND = 0.5
_KEY = 200
"""Of a longer list nobody can tell from its first rows that each class occurs once."""


@dataclass(frozen=True)
class Offer:
    """Lists that name the images here, each set of them one way to read the data set.

    ``unlabelled`` name images, too, but no column of theirs is known to hold classes. ``aside`` are lists
    that are not used and why; ``problem`` says of the first in a sentence why it cannot be, and ``stranger``
    that it names other images.
    """

    sets: tuple[tuple[Listing, ...], ...] = ()
    unlabelled: tuple[Listing, ...] = ()
    aside: Mapping[str, str] = field(default_factory=dict)
    problem: str = ""
    stranger: str = ""

    @property
    def layouts(self) -> tuple[ListLayout, ...]:
        """All ways to read them."""
        return tuple(one for listings in self.sets for one in layouts_of(listings))

    @property
    def is_clear(self) -> bool:
        """Nobody need be asked which list and which columns are meant."""
        return len(self.sets) == 1 and len(self.layouts) == 1 and self.sets[0][0].choice.is_clear

    def chosen(self, name: str) -> ListLayout | None:
        """The layout of this name."""
        return chosen_of([*self.sets, *((one,) for one in self.unlabelled)], name)


def may_be_list(found: Found) -> bool:
    """A file that is worth opening as a list."""
    suffix = PurePosixPath(found.shown).suffix.lower()
    return suffix in SUFFIXES and not found.problem and 0 < found.bytes <= text.MAX_BYTES


def offered(root: Path, found: Sequence[Found], unlikely: Collection[str], should_stop: ShouldStop) -> Offer:
    """Open what may be a list, and keep those that name images that are here.

    Args:
        root: where the files of ``found`` lie.
        found: all files, lists among them.
        unlikely: images that no list means where another fits (masks).
        should_stop: asked while lists are read.

    Raises:
        Stopped: ``should_stop`` returned True.
    """
    possible = _possible(found)
    if not possible:
        return Offer()
    index = Index((one for one in found if may_be_image(one.shown)), unlikely)
    found_lists = _Lists()
    for one in possible:
        found_lists.add(one.shown, root / one.file, index, should_stop)
    return found_lists.offer()


class _Lists:
    """Collects lists, and the reasons against what is none."""

    def __init__(self) -> None:
        self._listings: list[Listing] = []
        self._unlabelled: list[Listing] = []
        self._aside: dict[str, str] = {}
        self._problems: list[str] = []
        self._strangers: list[str] = []

    def add(self, name: str, path: Path, index: Index, should_stop: ShouldStop) -> None:
        """Open one file that may be a list."""
        if _SUBMISSION.search(name.rpartition("/")[2]):
            self._aside[name] = "a form for a submission"
            return
        try:
            self._sort(listing_of(open_table(path, name), index, should_stop))
        except Stopped:
            raise
        except LabError as error:
            if not name.lower().endswith(".txt"):  # most texts are no lists at all
                self._problems.append(str(error))

    def _sort(self, listing: Listing) -> None:
        if listing.has_labels and _names_images(listing) and not _is_key(listing):
            self._listings.append(listing)
        elif not listing.choice.found and columns.is_known(listing.table):
            self._strangers.append(refusal(listing))
        elif listing.choice.found >= _MIN_FOUND:
            self._aside[listing.name] = WITHOUT_LABELS
            self._unlabelled.append(listing)
            self._problems.append(refusal(listing))

    def offer(self) -> Offer:
        """What was found."""
        problem, stranger = (next(iter(found), "") for found in (self._problems, self._strangers))
        sets = tuple(together(self._listings))
        return Offer(sets, tuple(self._unlabelled), self._aside, problem, stranger)


def listing_of(table: Table, index: Index, should_stop: ShouldStop) -> Listing:
    """A list whose images are found by ``index``. Raises LabError where it cannot be read."""
    near, own_split = tuple(table.name.split("/")[:-1]), split_of(table.name)

    def locate(cell: str, split: str) -> Found:
        return index.locate(cell, near, split or own_split)

    def is_here(cell: str) -> bool:
        return not locate(cell, "").problem

    return settled(table, locate, is_here, should_stop)


def settled(table: Table, locate: Locate, is_here: Callable[[str], bool], should_stop: ShouldStop) -> Listing:
    """The list with its columns; a first line of which a cell names an image is no header."""
    if table.has_header and not columns.is_known(table) and any(map(is_here, table.columns)):
        table = table.headless()
    return Listing(table, columns.choose(table, is_here, should_stop), locate)


def _is_key(listing: Listing) -> bool:
    """A short list of all classes, one in each row: it explains the numbers of classes in another list."""
    label = listing.choice.options[0].label
    rows = listing.table.sample(_KEY)
    if label is None or not 1 < len(rows) < _KEY:
        return False
    cells = [row[label] for row in rows if len(row) > label]
    return len(set(cells)) == len(cells)


def _names_images(listing: Listing) -> bool:
    known = columns.is_known(listing.table)
    return listing.choice.found > 0 if known else listing.choice.found >= _MIN_FOUND


def _possible(found: Sequence[Found]) -> list[Found]:
    """Files that may be lists: no notes to single images, such as ``1.txt`` beside ``1.jpg``."""
    lists = [one for one in found if may_be_list(one)]
    if len(lists) > _MAX_LISTS:
        stems = {PurePosixPath(one.shown).stem for one in found if may_be_image(one.shown)}
        lists = [one for one in lists if PurePosixPath(one.shown).stem not in stems]
    return sorted(lists, key=lambda one: (one.shown.count("/"), one.shown))[:_MAX_LISTS]
