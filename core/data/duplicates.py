"""Find images that are the same or nearly the same.

The same: equal pixels, whatever the file says. Nearly the same: 64-bit perceptual hashes (see
core/data/image_stats.py) that differ in a few bits, those of the mirror image included. All pairs among many
are found by multi-index hashing (Norouzi, Punjani, Fleet, "Fast exact search in Hamming space with
multi-index hashing", 2014). Hashes within ``distance`` bits agree in at least one of four bands of 16 bits up
to ``distance // 4`` bits, so only the images in a few buckets of each band are compared.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

Hashes = NDArray[np.uint64]
Pairs = NDArray[np.int64]

NEAR = 6
"""Bits. Looked at by eye in tf_flowers, 5 of 5 pairs 6 bits apart show one scene, 6 of 11 at 8 bits and 3 of
23 at 10. What is caught of copies made on purpose: benchmarks/quality.py."""
FURTHEST = 12
MAX_COPIES = 10
"""A larger group of near copies is looked at with suspicion."""
MAX_CHAINED = 0.1
"""Share of all images in chains; half of the built-in digits, none of the photos or the garden."""
MIN_CONTRAST = 5.0
"""An image of one colour has nothing that a perceptual hash could describe."""

_BANDS, _BAND_BITS = 4, 16
_CANDIDATES_AT_ONCE = 2_000_000
_PAIRS_AT_ONCE = 2_000_000


@dataclass(frozen=True, eq=False)
class Copies:
    """groups: a number (N,) for each row, copies of one image share one, near copies included.

    too_alike: the hash cannot tell the images of this data set apart, so only exact copies share one.
    """

    groups: NDArray[np.int64]
    too_alike: bool


def find(rows: pd.DataFrame, distance: int = NEAR) -> Copies:
    """Copies among the rows of an index, near ones as far as the hash can be trusted.

    Each image of a chain may be near the next without being its copy. A large group with several labels,
    or with more than half of a class, is taken for such a chain and dissolved into exact copies; and where
    many images are in chains, as with handwritten digits, no near copy is believed.
    """
    exact, near = exact_groups(rows), near_groups(rows, distance)
    chained = _chained(rows["label"], near)
    if chained.mean() > MAX_CHAINED:
        return Copies(exact, too_alike=True)
    dissolved = np.where(chained, exact + near.max(initial=0) + 1, near)
    return Copies(pd.factorize(dissolved)[0].astype(np.int64), too_alike=False)


def _chained(labels: pd.Series, near: NDArray[np.int64]) -> NDArray[np.bool_]:
    grouped = labels.reset_index(drop=True).groupby(near)
    size, kinds = grouped.transform("size"), grouped.transform("nunique")
    half = labels.groupby(labels).transform("size").to_numpy() / 2
    return ((size > MAX_COPIES) & ((kinds > 1) | (size > half))).to_numpy(bool)


def exact_groups(rows: pd.DataFrame) -> NDArray[np.int64]:
    """A group number for each row; images with the same pixels share one, unreadable files never do."""
    keys = rows["content"].where(rows["content"] != "", rows["id"])
    return pd.factorize(keys)[0].astype(np.int64)


def near_groups(rows: pd.DataFrame, distance: int) -> NDArray[np.int64]:
    """A group number for each row; images that are the same or nearly so, or linked by such, share one.

    Args:
        rows: columns content, id, phash, mirrored and contrast of an index.
        distance: of the hashes, in bits, 0 to ``FURTHEST``.
    """
    exact = exact_groups(rows)
    first = np.unique(exact, return_index=True)[1]
    looked = first[(rows["contrast"].to_numpy()[first] >= MIN_CONTRAST)]
    parts = _near(hashes(rows["phash"].iloc[looked]), hashes(rows["mirrored"].iloc[looked]), distance)
    return linked((exact[looked][part] for part in parts), len(first))[exact]


def linked(parts: Iterable[Pairs], count: int) -> NDArray[np.int64]:
    """A component number (count,) for each place; places that pairs (P, 2) link, directly or not, share one.

    Pairs are forgotten once they are joined: of many images that look alike there are more pairs than
    memory has room for.
    """
    component, waiting = np.arange(count), list[Pairs]()
    for part in parts:
        waiting.append(part)
        if sum(map(len, waiting)) > _PAIRS_AT_ONCE:
            component, waiting = _joined(component, waiting), []
    return _joined(component, waiting)


def _joined(component: NDArray[np.int64], parts: list[Pairs]) -> NDArray[np.int64]:
    ends = component[np.concatenate([np.zeros((0, 2), np.int64), *parts])]
    graph = coo_array((np.ones(len(ends), bool), (ends[:, 0], ends[:, 1])), shape=2 * (len(component),))
    joined = np.asarray(connected_components(graph, directed=False)[1], dtype=np.int64)
    return joined[component]


def bits_apart(one: pd.Series, other: pd.Series) -> int:
    """How many of 64 hash bits differ between two rows of an index, one perhaps mirrored."""
    own = int(one["phash"], 16)
    return min((own ^ int(other[name], 16)).bit_count() for name in ("phash", "mirrored"))


def hashes(texts: pd.Series) -> Hashes:
    """Hashes of 16 hex digits as numbers."""
    return np.frombuffer(bytes.fromhex("".join(texts)), dtype=">u8").astype(np.uint64)


def pairs(direct: Hashes, mirrored: Hashes, distance: int) -> Pairs:
    """All pairs of images whose hashes, one perhaps mirrored, differ in at most ``distance`` bits.

    Args:
        direct, mirrored: the hashes (N,) of the images and of their mirror images.

    Returns:
        (P, 2), places of the images, the smaller first; each pair once.

    Raises:
        ValueError: ``distance`` is not between 0 and ``FURTHEST``.
    """
    found = [np.zeros((0, 2), np.int64), *_near(direct, mirrored, distance)]
    return np.unique(np.concatenate(found), axis=0)


def _near(direct: Hashes, mirrored: Hashes, distance: int) -> Iterator[Pairs]:
    """What :func:`pairs` finds, part by part; the same pair may come more than once."""
    if not 0 <= distance <= FURTHEST:
        raise ValueError(f"a distance of {distance} bits; 0 to {FURTHEST} can be searched")
    for other in (direct, mirrored):
        yield from _within(direct, other, distance)


def _within(one: Hashes, other: Hashes, distance: int) -> Iterator[Pairs]:
    """Pairs i < j where ``one[i]`` and ``other[j]`` are near; the same pair may come more than once."""
    for band in range(_BANDS):
        own, keys = _band(one, band), _band(other, band)
        order = np.argsort(keys, kind="stable")
        starts = np.searchsorted(keys[order], np.arange(2**_BAND_BITS + 1))
        for mask in _masks(distance // _BANDS):
            bucket = own ^ mask
            for candidates in _expanded(starts[bucket], starts[bucket + 1], order):
                i, j = candidates
                near = (i < j) & (np.bitwise_count(one[i] ^ other[j]) <= distance)
                yield np.stack([i[near], j[near]], axis=1)


def _band(values: Hashes, band: int) -> NDArray[np.int64]:
    """Every fourth bit from bit ``band`` on: neighbouring bits are alike, so that each band gets some."""
    bits = np.unpackbits(values.astype(">u8").view(np.uint8).reshape(-1, 8), axis=1)[:, band::_BANDS]
    return np.packbits(bits, axis=1).view(">u2").ravel().astype(np.int64)


def _masks(most: int) -> list[int]:
    """All numbers of 16 bits with at most ``most`` of them set."""
    chosen = [bits for count in range(most + 1) for bits in combinations(range(_BAND_BITS), count)]
    return [sum(1 << bit for bit in bits) for bits in chosen]


def _expanded(
    start: NDArray[np.int64], stop: NDArray[np.int64], order: NDArray[np.int64]
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """Each place with all of ``order[start:stop]``, a bounded number of pairs at a time."""
    counts = stop - start
    whole = np.cumsum(counts)
    total = int(whole[-1]) if len(whole) else 0
    cuts = np.searchsorted(whole, np.arange(0, total, _CANDIDATES_AT_ONCE), side="right")
    if not total:
        return
    for low, high in zip(cuts, [*cuts[1:], len(counts)], strict=True):
        own = counts[low:high]
        indices = np.repeat(np.arange(low, high), own)
        within = np.arange(len(indices)) - np.repeat(np.cumsum(own) - own, own)
        yield indices, order[np.repeat(start[low:high], own) + within]
