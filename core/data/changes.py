"""What has changed on disk since a data set was prepared: found by names, sizes and times of the files."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from core.data import scanning
from core.data.collected import listing
from core.data.dataset import Dataset, Facts
from core.data.sources import Source
from core.data.sources.scan import Found
from core.errors import LabError, Undecided
from core.words import count, listed

MAX_LOOKED_INTO = 20


@dataclass(frozen=True)
class Changes:
    """How many images were added, changed, removed, and moved to another class, split or group.

    ``replaced``: the archive that the images come from is another one. ``problem``: why the files can no
    longer be read as they were.
    """

    added: int = 0
    changed: int = 0
    removed: int = 0
    moved: int = 0
    replaced: bool = False
    problem: str = ""

    def __bool__(self) -> bool:
        """Whether anything has changed."""
        return self != Changes()

    @property
    def in_words(self) -> str:
        """A sentence: ``12 images were added, 3 changed and 1 removed since this data set was prepared.``"""
        if self.problem:
            return f"The files have changed since this data set was prepared: {self.problem}"
        if self.replaced:
            return "The archive was replaced by another one since this data set was prepared."
        done = {"added": self.added, "changed": self.changed, "removed": self.removed}
        done["given another class, split or group"] = self.moved
        parts = [f"{number:,} {what}" for what, number in done.items() if number]
        if not parts:
            return "Nothing has changed since this data set was prepared."
        number = next(number for number in done.values() if number)
        verb = "was" if number == 1 else "were"
        first = f"{count(number, 'image')} {verb} {parts[0].partition(' ')[2]}"
        return f"{listed([first, *parts[1:]])} since this data set was prepared."


def find(origin: Source, dataset: Dataset, facts: Facts) -> Changes:
    """Compare the files on disk with the index.

    What the lab itself has drawn, downloaded or stored stays as it is; of an archive, size and time are
    compared. A user's folder or list is scanned, which takes some seconds for 100,000 files. Files that have
    another time but the same size, as after a copy, are looked into, up to ``MAX_LOOKED_INTO`` of them.
    """
    if origin.make is not None:
        return Changes(replaced=origin.is_archive and facts.recipe not in ("", origin.recipe))
    if origin.name.startswith("upload:"):  # its files stay as they are, but some may have been added
        there = set(dataset.index["file"])
        return Changes(added=sum(one.file not in there for one in listing.found(dataset.root)))
    try:
        found = scanning.scan(origin, dataset.root, facts.layout).found
    except Undecided as undecided:
        return Changes(problem=f"{undecided.question} Rescan the files to choose.")
    except LabError as problem:
        return Changes(problem=str(problem))
    changes, touched = compare(dataset.index, found)
    return replace(changes, changed=changes.changed + _replaced(dataset, touched))


def compare(index: pd.DataFrame, found: Iterable[Found]) -> tuple[Changes, list[str]]:
    """The files that differ from the rows of an index, and the names of those with another time alone."""
    columns = ["file", "bytes", "modified", "folder_label", "source_split", "source_group"]
    before = {row[0]: row[1:] for row in zip(*(index[name].tolist() for name in columns), strict=True)}
    added = changed = moved = 0
    touched = []
    for one in found:
        known = before.pop(one.file, None)
        if known is None:
            added += 1
        elif known[0] != one.bytes:
            changed += 1
        elif known[2:] != (one.label, one.source_split, one.group):
            moved += 1
        if known is not None and known[0] == one.bytes and known[1] != one.modified:
            touched.append(one.file)
    return Changes(added, changed, len(before), moved), touched


def _replaced(dataset: Dataset, touched: list[str]) -> int:
    """How many of these show another image; all of them, if one does of the many that are looked into."""
    looked_into = touched[:: -(-len(touched) // MAX_LOOKED_INTO) or 1]
    rows = dataset.index[dataset.index["file"].isin(looked_into)].to_dict("records")
    others = sum(not _shows_the_same(dataset, row) for row in rows)
    return others if len(touched) <= MAX_LOOKED_INTO else len(touched) * bool(others)


def _shows_the_same(dataset: Dataset, row: Mapping[Any, Any]) -> bool:
    try:
        dataset.image(row)
    except LabError:
        return bool(row["problem"])
    return True
