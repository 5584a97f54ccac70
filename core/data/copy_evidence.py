"""Which images of a data set are near copies: found once, while it is prepared, and kept beside its index.

Perceptual hashes (core/data/image_stats.py) name the candidates: of each image, of its middle and of the
image turned a little, also against mirror images. A second look at the pixels (core/data/copy_match.py)
decides. Pairs are kept in ``copies.parquet`` by the hash of their pixels, so that they hold for every file
with these pixels, whatever is excluded or renamed later, and are not looked at again.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core import files
from core.data import copy_match, indexing
from core.data.decoding import Unreadable, decode
from core.data.deep_pixels import Ranges
from core.data.hash_search import Hashes, hashes, within
from core.data.image_stats import VIEWS
from core.processes.threads import Progress, ShouldStop, never, ordered_map, silent

MAX_BITS = 10
"""Bits of 64 in which two hashes may differ. Of photos of flowers 6 in 11 pairs at 8 bits show one scene, 3
in 23 at 10 and 2 in 124 at 12."""
MAX_VIEW_BITS = 7
"""The same for the hash of a part or a turn against that of a whole image; copies differ in at most 6."""
MIN_CONTRAST = 5.0
"""An image of one colour has nothing that a perceptual hash could describe."""
STEP = "looking for duplicates"

_COLUMNS = {"one": "str", "other": "str", "bits": "uint8", "mirrored": "bool", "same": "bool"}
_FILE = "copies.parquet"
_PORTRAITS = 1024  # at most 0.2 GB
_DRAFT = 256


@dataclass(frozen=True, eq=False)
class Evidence:
    """What the second look found.

    Attributes:
        pairs: a row for each pair that was looked at: ``one`` and ``other`` (hashes of their pixels),
            ``bits`` (in which their perceptual hashes differ), ``mirrored`` (one against the mirror image of
            the other), and ``same`` (they are copies).
        distance: all pairs up to this many bits were looked at; below ``MAX_BITS`` where the hash takes too
            many images of a data set for copies.
    """

    pairs: pd.DataFrame
    distance: int


@dataclass(frozen=True, eq=False)
class Candidates:
    """Pairs (P, 2) of row numbers, whether one is mirrored (P,), in how many bits they differ (P,)."""

    pairs: NDArray[np.int64]
    mirrored: NDArray[np.bool_]
    bits: NDArray[np.int64]
    distance: int


def read(path: Path) -> Evidence | None:
    """What is kept in a data set's folder; None where an earlier version of the lab prepared it."""
    try:
        pairs = indexing.read(path / _FILE)
        if pairs[list(_COLUMNS)].isna().any(axis=None):
            return None
        return Evidence(pairs[list(_COLUMNS)].astype(_COLUMNS), int(pairs.attrs["distance"]))
    except Exception:  # missing or damaged: preparing again makes it anew
        return None


def stamp(path: Path) -> int:
    """Another number whenever what is kept in a data set's folder has changed; 0 for nothing."""
    try:
        return (path / _FILE).stat().st_mtime_ns
    except OSError:
        return 0


def write(path: Path, evidence: Evidence) -> None:
    """Keep it in a data set's folder. Raises LabError where it cannot be written."""
    pairs = evidence.pairs.copy()
    pairs.attrs = {"distance": evidence.distance}
    with files.replacing(path / _FILE) as beside:
        pairs.to_parquet(beside, index=False)


def gather(
    rows: pd.DataFrame,
    root: Path,
    known: Evidence | None,
    progress: Progress = silent,
    should_stop: ShouldStop = never,
    ranges: Ranges | None = None,
) -> Evidence:
    """Look for near copies among the rows of an index; pairs that are ``known`` are not looked at again.

    Raises:
        Stopped: ``should_stop`` said so.
    """
    first = rows[rows["contrast"] >= MIN_CONTRAST].drop_duplicates("content").reset_index(drop=True)
    found = candidates(first)
    content, file = first["content"].to_numpy(str), first["file"].to_list()
    pairs = pd.DataFrame(
        {
            "one": content[found.pairs[:, 0]],
            "other": content[found.pairs[:, 1]],
            "bits": found.bits,
            "mirrored": found.mirrored,
        }
    )
    before = _verdicts(known)
    keys = list(zip(pairs["one"], pairs["other"], pairs["mirrored"], strict=True))
    new = [number for number, key in enumerate(keys) if key not in before]

    @lru_cache(_PORTRAITS)
    def portrait(row: int, mirrored: bool) -> copy_match.Portrait:
        return copy_match.portrait(decode(root / file[row], _DRAFT, ranges).image, mirrored=mirrored)

    def look(number: int) -> bool:
        one, other = found.pairs[number].tolist()
        try:
            return copy_match.same(portrait(one, False), portrait(other, bool(found.mirrored[number])))
        except Unreadable:  # it has gone since it was read
            return False

    looked = list(ordered_map(look, new, step=STEP, progress=progress, should_stop=should_stop))
    verdicts = before | {keys[number]: same for number, same in zip(new, looked, strict=True)}
    pairs["same"] = [verdicts[key] for key in keys]
    return Evidence(pairs.astype(_COLUMNS), found.distance)


def _verdicts(known: Evidence | None) -> dict[tuple[str, str, bool], bool]:
    if known is None:
        return {}
    columns = (known.pairs[name].tolist() for name in ("one", "other", "mirrored", "same"))
    looked = list(zip(*columns, strict=True))
    return {(one, other, mirrored): same for one, other, mirrored, same in looked} | {
        (other, one, mirrored): same for one, other, mirrored, same in looked
    }


def candidates(rows: pd.DataFrame) -> Candidates:
    """Pairs of rows that may be near copies, each once an orientation, those with most in common first.

    Where there are more of them than ``_most(len(rows))``, only those up to a smaller distance.
    """
    most, limit = _most(len(rows)), MAX_BITS
    parts, waiting = [np.zeros((0, 4), np.int64)], 0
    for part in _searched(rows):
        parts.append(part[part[:, 3] <= limit])
        waiting += len(parts[-1])
        if waiting > 100 * most:
            found, limit = _narrowed(_unique(np.concatenate(parts)), most, limit)
            parts, waiting = [found], 0
    found, limit = _narrowed(_unique(np.concatenate(parts)), most, limit)
    return Candidates(found[:, :2], found[:, 2].astype(bool), found[:, 3], limit)


def _most(count: int) -> int:
    """How many pairs are looked at. Photos give one for 50 images; images that look alike give any number."""
    return min(max(2_000, count), 20_000)


def _searched(rows: pd.DataFrame) -> Iterator[NDArray[np.int64]]:
    """Parts (P, 4) of the candidates: both row numbers, the smaller first, mirrored, bits."""
    whole, views = hashes(rows["phash"]), hashes(rows["views"]).reshape(-1, len(VIEWS)).T
    for mirrored, column in enumerate(("phash", "mirrored")):
        other = hashes(rows[column])
        yield from _near(whole, other, MAX_BITS, mirrored)
        for view in views:
            yield from _near(view, other, MAX_VIEW_BITS, mirrored)


def _near(one: Hashes, other: Hashes, distance: int, mirrored: int) -> Iterator[NDArray[np.int64]]:
    for pairs in within(one, other, distance):
        bits = np.bitwise_count(one[pairs[:, 0]] ^ other[pairs[:, 1]])
        ends = np.sort(pairs, axis=1)
        yield np.column_stack([ends, np.full(len(ends), mirrored), bits])


def _unique(found: NDArray[np.int64]) -> NDArray[np.int64]:
    """Each pair once an orientation, with its fewest bits; sorted by pair."""
    found = found[np.lexsort(found.T[[3, 2, 1, 0]])]
    again = np.zeros(len(found), bool)
    again[1:] = (found[1:, :3] == found[:-1, :3]).all(axis=1)
    return found[~again]


def _narrowed(found: NDArray[np.int64], most: int, limit: int) -> tuple[NDArray[np.int64], int]:
    if len(found) <= most:
        return found, limit
    up_to = np.cumsum(np.bincount(found[:, 3], minlength=limit + 1))
    limit = max(int((up_to <= most).sum()) - 1, 0)
    return found[found[:, 3] <= limit][:most], limit
