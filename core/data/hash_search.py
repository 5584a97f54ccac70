"""All pairs of 64-bit hashes that differ in a few bits.

Multi-index hashing (Norouzi, Punjani, Fleet, "Fast exact search in Hamming space with multi-index hashing",
2014): of four bands of 16 bits, hashes within ``distance`` bits agree in at least one up to ``distance // 4``
bits, so only the hashes in a few buckets of each band are compared. For fewer hashes, more and smaller bands
are quicker, and for a few hundred all are compared.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Hashes = NDArray[np.uint64]
Pairs = NDArray[np.int64]

MAX_DISTANCE = 12
"""Bits that can be searched; beyond, too many buckets are compared."""
_BANDS = (4, 6, 8)
_KEY_BITS = 16
_MAX_ALL_PAIRS = 250_000
"""Up to this many pairs, comparing all takes 1 ms; the buckets alone take more."""
_BUCKETS_AT_ONCE = 1_000_000
_CANDIDATES_AT_ONCE = 2_000_000


def hashes(texts: pd.Series) -> Hashes:
    """Hashes of 16 hex digits as numbers."""
    return np.frombuffer(bytes.fromhex("".join(texts)), dtype=">u8").astype(np.uint64)


def within(one: Hashes, other: Hashes, distance: int) -> Iterator[Pairs]:
    """Pairs (P, 2) of indices i != j where ``one[i]`` and ``other[j]`` differ in at most ``distance`` bits.

    They come part by part, so that memory stays bounded, and the same pair may come more than once.

    Raises:
        ValueError: ``distance`` is not between 0 and ``MAX_DISTANCE``.
    """
    if not 0 <= distance <= MAX_DISTANCE:
        raise ValueError(f"a distance of {distance} bits; 0 to {MAX_DISTANCE} can be searched")
    if len(one) * len(other) <= _MAX_ALL_PAIRS:
        near = np.bitwise_count(one[:, None] ^ other) <= distance
        np.fill_diagonal(near, False)
        if near.any():
            yield np.argwhere(near)
        return
    bands = min(_BANDS, key=lambda bands: _cost(bands, distance, len(other)))
    for band in range(bands):
        own, keys = _band(one, band, bands), _band(other, band, bands)
        order = np.argsort(keys, kind="stable")
        starts = np.searchsorted(keys[order], np.arange(2**_KEY_BITS + 1))
        masks = _masks(distance // bands, len(range(band, 64, bands)))
        at_once = max(1, _BUCKETS_AT_ONCE // max(len(one), 1))
        for first in range(0, len(masks), at_once):
            buckets = (masks[first : first + at_once, None] ^ own).ravel()
            for number, j in _expanded(starts[buckets], starts[buckets + 1], order):
                i = number % len(one)
                near = (i != j) & (np.bitwise_count(one[i] ^ other[j]) <= distance)
                if near.any():
                    yield np.stack([i[near], j[near]], axis=1)


def _cost(bands: int, distance: int, count: int) -> float:
    """What looking one hash up costs: buckets, and hashes in them."""
    bits = 64 // bands
    return float(bands * len(_masks(distance // bands, bits)) * (1 + count / 2**bits))


def _band(values: Hashes, band: int, bands: int) -> NDArray[np.int64]:
    """Every ``bands``-th bit from ``band`` on: neighbouring bits are alike, so that each band gets some."""
    bits = np.unpackbits(values.astype(">u8").view(np.uint8).reshape(-1, 8), axis=1)[:, band::bands]
    keys = np.zeros((len(bits), _KEY_BITS), np.uint8)
    keys[:, : bits.shape[1]] = bits
    return np.packbits(keys, axis=1).view(">u2").ravel().astype(np.int64)


def _masks(count: int, bits: int) -> NDArray[np.int64]:
    """All keys of which at most ``count`` of the first ``bits`` bits are set."""
    chosen = [ones for size in range(count + 1) for ones in combinations(range(bits), size)]
    return np.array([sum(1 << (_KEY_BITS - 1 - bit) for bit in ones) for ones in chosen])


def _expanded(
    start: NDArray[np.int64], stop: NDArray[np.int64], order: NDArray[np.int64]
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """Each index with all of ``order[start:stop]``, a bounded number of pairs at a time."""
    counts = stop - start
    whole = np.cumsum(counts)
    total = int(whole[-1]) if len(whole) else 0
    cuts = np.searchsorted(whole, np.arange(0, total, _CANDIDATES_AT_ONCE), side="right")
    if not total:
        return
    for low, high in zip(cuts, [*cuts[1:], len(counts)], strict=True):
        own = counts[low:high]
        indices = np.repeat(np.arange(low, high), own)
        inside = np.arange(len(indices)) - np.repeat(np.cumsum(own) - own, own)
        yield indices, order[np.repeat(start[low:high], own) + inside]
