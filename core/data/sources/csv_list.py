"""A list of images and their classes that a person names: CSV, TSV, text or JSON lines.

Its images lie beside it or in folders below. Where the paths in it are those of the images, as seen from the
list, nothing else is looked at; else the images below its folder are looked up by what the list says.
"""

from __future__ import annotations

import stat
from dataclasses import replace
from pathlib import Path

from core.data.sources import folder, layout
from core.data.sources.lists import columns
from core.data.sources.lists.layouts import (
    Listing,
    ListLayout,
    chosen_of,
    layouts_of,
    named_together,
    refusal,
    together,
)
from core.data.sources.lists.matching import MISSING, Index
from core.data.sources.lists.offers import WITHOUT_LABELS, listing_of, settled
from core.data.sources.lists.table import SUFFIXES, open_table
from core.data.sources.scan import Found, NoSuchLayout, Scan, labelled
from core.errors import LabError, Stopped, Undecided
from core.processes.threads import Progress, ShouldStop, never, silent
from core.words import listed

_MIN_EXACT = 0.5


def is_list(path: Path) -> bool:
    """The file is a list by its name; a text file only where it is a table, too."""
    suffix = path.suffix.lower()
    if suffix != ".txt":
        return suffix in SUFFIXES
    try:
        return len(open_table(path, path.name).columns) > 1
    except LabError:
        return False


def scan(path: Path, progress: Progress = silent, should_stop: ShouldStop = never, chosen: str = "") -> Scan:
    """Find the listed images; lists of the other splits beside a list for training are read with it.

    Raises:
        Undecided: several columns may hold the classes, and ``chosen`` names none.
        LabError: the list cannot be read, lacks a column, or names no class.
        Stopped: ``should_stop`` returned True.
    """
    listing = _opened(path, should_stop)
    if not listing.has_labels and not chosen:
        raise LabError(refusal(listing))
    listings, aside = _with_siblings(path, listing, should_stop)
    how = _choose(listings, chosen)
    ways = {one.name: one for one in (*_ways(listings), how)}
    found = labelled(how.read(progress, should_stop), aside=aside, how_in_words=how.what)
    return replace(found, candidates=tuple(one.candidate() for one in ways.values()))


def on_disk(root: Path, file: str) -> Found:
    """The file of this path as seen from ``root``, or the reason why it is none."""
    file = file.replace("\\", "/")
    try:
        path = (root / file).resolve()
        if not path.is_relative_to(root):
            return Found(file, problem="is outside the folder of the list")
        info = path.stat()
    except (OSError, ValueError, RuntimeError):
        return Found(file, problem=MISSING)
    if not stat.S_ISREG(info.st_mode):
        return Found(file, problem="not a regular file")
    return Found(file, bytes=info.st_size, modified=info.st_mtime_ns)


def _opened(path: Path, should_stop: ShouldStop) -> Listing:
    root, table = path.parent.resolve(), open_table(path, path.name)

    def locate(cell: str, _split: str) -> Found:
        return on_disk(root, cell)

    exact = settled(table, locate, lambda cell: not on_disk(root, cell).problem, should_stop)
    is_plain = exact.choice.found >= _MIN_EXACT and columns.is_by_name(exact.table, exact.choice)
    if is_plain or not any(exact.table.rows()):
        return exact
    files, _aside = folder.files(root, silent, should_stop)
    images = [one for one in files if one.file != path.name]
    masks = layout.masks_in(layout.read(one.file for one in images))
    by_end = listing_of(table, Index(images, masks), should_stop)
    is_better = columns.is_by_name(by_end.table, by_end.choice) and by_end.choice.found >= _MIN_EXACT
    return by_end if is_better or by_end.choice.found > exact.choice.found else exact


def _with_siblings(
    path: Path, listing: Listing, should_stop: ShouldStop
) -> tuple[tuple[tuple[Listing, ...], ...], dict[str, str]]:
    """The sets of lists that may be meant, and the lists beside it that cannot be read with it."""
    alone = (listing,)
    aside: dict[str, str] = {}
    siblings: list[Listing] = []
    if listing.split == "train":
        for other in sorted(path.parent.iterdir()):
            if other == path or other.suffix.lower() != path.suffix.lower() or not other.is_file():
                continue
            sibling = _sibling(other, listing, should_stop)
            if sibling is not None and sibling.has_labels and sibling.choice.found:
                siblings.append(sibling)
            elif sibling is not None:
                aside[other.name] = WITHOUT_LABELS if not sibling.has_labels else "a list of other images"
    sets = together([listing, *siblings])
    whole = next(one for one in sets if listing in one)
    return ((whole, alone) if len(whole) > 1 else (alone,)), aside


def _sibling(path: Path, listing: Listing, should_stop: ShouldStop) -> Listing | None:
    """The list at ``path`` if its name is that of ``listing`` for another split."""
    named = Listing(listing.table.named(path.name), listing.choice, listing.locate)
    if named.family != listing.family or named.split in ("", listing.split):
        return None
    try:
        return _opened(path, should_stop)
    except Stopped:
        raise
    except LabError:
        return None


def _choose(sets: tuple[tuple[Listing, ...], ...], chosen: str) -> ListLayout:
    ways = _ways(sets)
    if chosen:
        how = chosen_of(sets, chosen)
        if how is None:
            raise NoSuchLayout(
                f"{named_together(sets[-1])} has no layout {chosen!r}; "
                f"it may be read as {listed([one.name for one in ways])}."
            )
        return how
    if ways and sets[0][0].choice.is_clear:
        return ways[0]
    raise Undecided(
        f"It is not clear which column of {named_together(sets[-1])} holds the classes.",
        tuple(one.candidate() for one in ways),
    )


def _ways(sets: tuple[tuple[Listing, ...], ...]) -> tuple[ListLayout, ...]:
    """The ways to read a list with those of the other splits, and alone."""
    return tuple(one for listings in sets for one in layouts_of(listings))
