"""Which images are the same, and which of the rest are near copies of each other.

The same: equal pixels, whatever the file says. Near copies: pairs that a second look has confirmed (see
core/data/copy_evidence.py). A is not a copy of C because both are copies of B: what is shown as a group is a
clique, in which every image is confirmed against every other. Only splits go further and keep everything
together that is linked at all, so that no confirmed pair is torn.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core.data.copy_evidence import MAX_BITS, Evidence

Numbers = NDArray[np.int64]

MIN_GROUPS = 3
"""Different images of a class without which it cannot be split in three."""


@dataclass(frozen=True, eq=False)
class Links:
    """Confirmed near copies among the rows of an index.

    exact: a number (N,) for each row; rows with the same pixels share one.
    pairs: (P, 2) such numbers, the smaller first, each pair once.
    mirrored: (P,), only the mirror image of the one is a copy of the other.
    """

    exact: Numbers
    pairs: Numbers
    mirrored: NDArray[np.bool_]

    def only(self, chosen: NDArray[np.bool_]) -> Links:
        """Some of the pairs (P,)."""
        return Links(self.exact, self.pairs[chosen], self.mirrored[chosen])


def find(rows: pd.DataFrame, evidence: Evidence | None, distance: int = MAX_BITS) -> Links:
    """Exact copies, and confirmed near ones whose perceptual hashes differ in at most ``distance`` bits.

    Args:
        rows: columns content and id of an index.
        evidence: what was found when it was prepared; without it there are only exact copies.
        distance: 0 to ``MAX_BITS``.
    """
    exact = exact_groups(rows)
    if evidence is None:
        return Links(exact, np.zeros((0, 2), np.int64), np.zeros(0, bool))
    pairs = evidence.pairs
    chosen = pairs[pairs["same"] & (pairs["bits"] <= distance)]
    number = pd.Series(exact, rows["content"].to_numpy()).groupby(level=0).first()
    ends = chosen.assign(one=chosen["one"].map(number), other=chosen["other"].map(number)).dropna()
    ends[["one", "other"]] = np.sort(ends[["one", "other"]].to_numpy(np.int64), axis=1)
    ends = ends.sort_values(["mirrored", "one", "other"]).drop_duplicates(["one", "other"])
    return Links(exact, ends[["one", "other"]].to_numpy(np.int64), ends["mirrored"].to_numpy(bool))


def copies_of(row: pd.Series, rows: pd.DataFrame, evidence: Evidence | None) -> pd.DataFrame:
    """The other rows of an index with the same pixels as ``row``, or confirmed as near copies of it."""
    same = {row["content"]} - {""}
    if evidence is not None:
        pairs = evidence.pairs[evidence.pairs["same"]]
        same |= set(pairs.loc[pairs["one"] == row["content"], "other"])
        same |= set(pairs.loc[pairs["other"] == row["content"], "one"])
    others: pd.DataFrame = rows[rows["content"].isin(same) & (rows["id"] != row["id"])]
    return others


def exact_groups(rows: pd.DataFrame) -> Numbers:
    """A group number for each row; images with the same pixels share one, unreadable files never do."""
    keys = rows["content"].where(rows["content"] != "", rows["id"])
    return pd.factorize(keys)[0].astype(np.int64)


def whole_groups(rows: pd.DataFrame, links: Links) -> Numbers:
    """A number for each row (N,): the groups that a split keeps together, all that is linked at all.

    A class that shows fewer than ``MIN_GROUPS`` different things, such as frames of one scene, could not be
    split like that: of it only exact copies stay together, and the check says that the others leak.
    """
    whole = components(links)
    readable = (rows["problem"] == "").to_numpy()
    different = pd.Series(whole[readable]).groupby(rows["label"].to_numpy()[readable]).nunique()
    alike = rows["label"].isin(different.index[different < MIN_GROUPS]).to_numpy() & readable
    parted = np.isin(whole, whole[alike])
    return pd.factorize(np.where(parted, links.exact + whole.max(initial=0) + 1, whole))[0].astype(np.int64)


def components(links: Links) -> Numbers:
    """A number for each row (N,); rows that are linked, directly or not, share one."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    count = int(links.exact.max(initial=-1)) + 1
    ends = (links.pairs[:, 0], links.pairs[:, 1])
    graph = coo_array((np.ones(len(links.pairs), bool), ends), shape=(count, count))
    joined = np.asarray(connected_components(graph, directed=False)[1], dtype=np.int64)
    return joined[links.exact]


def cliques(links: Links, covered: Iterable[tuple[int, int]]) -> list[tuple[int, ...]]:
    """Groups in which every two are linked, as few as come easily, so that each ``covered`` pair is in one.

    A group grows from a pair by whatever is linked to all of it. An image may be in several groups.
    """
    near = neighbours(links)
    shown: set[tuple[int, int]] = set()
    found = []
    for one, other in covered:
        if (min(one, other), max(one, other)) in shown:
            continue
        clique, common = [one, other], near[one] & near[other]
        while common:
            clique.append(min(common))
            common = common & near[clique[-1]]
        shown |= {(a, b) for a in clique for b in clique if a < b}
        found.append(tuple(clique))
    return found


def neighbours(links: Links) -> dict[int, set[int]]:
    """For each number that is linked, those that it is linked to."""
    near: dict[int, set[int]] = defaultdict(set)
    for one, other in links.pairs.tolist():
        near[one].add(other)
        near[other].add(one)
    return near


def bits_apart(one: pd.Series, other: pd.Series) -> int:
    """How many of 64 hash bits differ between two rows of an index, one perhaps mirrored."""
    own = int(one["phash"], 16)
    return min((own ^ int(other[name], 16)).bit_count() for name in ("phash", "mirrored"))
