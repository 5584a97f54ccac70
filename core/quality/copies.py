"""The copies in a data set as the checks see them: which groups they form, and which of them can go."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core.data import duplicates
from core.data.duplicates import Links


@dataclass(frozen=True, eq=False)
class Copies:
    """Images that have a copy.

    Attributes:
        rows: the images in use, the best of a group to keep (the largest) before the others, with a column
            ``exact``: a number that images with the same pixels share.
        links: the near copies among them. A mirror image with another label is none: left and right hands,
            arrows and letters mirror each other and are different things.
        mirrors: these pairs.
    """

    rows: pd.DataFrame
    links: Links
    mirrors: Links

    @cached_property
    def contested(self) -> NDArray[np.bool_]:
        """Of each near pair (P,), whether no label is on both sides."""
        return _labels_differ(self.rows, self.links)

    @cached_property
    def undecided(self) -> set[int]:
        """Numbers of the images that carry another label than a copy of theirs: none of them can go yet."""
        pairs = self.links.pairs[self.contested]
        return {*self._several_labels, *pairs.ravel().tolist()}

    @cached_property
    def _several_labels(self) -> set[int]:
        shared = self.rows[self.rows["exact"].duplicated(keep=False)]
        labels = shared.groupby("exact")["label"].nunique()
        return set(labels.index[labels > 1].tolist())

    @cached_property
    def extra(self) -> pd.DataFrame:
        """The images of which a copy stays when one of each group is kept.

        What stays is chosen once, the best first, so that no two that stay are copies of each other.
        """
        near, blocked = duplicates.neighbours(self.links), set[int]()
        numbers = self.rows["exact"]
        involved = self.rows[numbers.duplicated(keep=False) | numbers.isin(set(near))]
        decided = ~involved["exact"].isin(self.undecided)
        goes = []
        for place, number in pd.concat([involved[decided], involved[~decided]])["exact"].items():
            if number in blocked:
                goes.append(place)
                continue
            reach = near.get(number, set())
            blocked |= {number, *(reach - self.undecided if number not in self.undecided else reach)}
        return self.rows.loc[goes]

    @property
    def removable(self) -> tuple[str, ...]:
        """Ids of the images that can go: not where their labels differ."""
        return tuple(self.extra.loc[~self.extra["exact"].isin(self.undecided), "id"])

    def groups(self) -> pd.DataFrame:
        """All groups of copies, exact and near: rows with a column ``near`` for the group, what stays first.

        An image is in several groups where it is a copy of images that are none of each other.
        """
        gone = set(self.extra["exact"]) - set(self.rows.drop(self.extra.index)["exact"])
        pairs = [(one, other) for one, other in self.links.pairs.tolist() if not {one, other} <= gone]
        table = self._table(duplicates.cliques(self.links, pairs), exact=True)
        leaves = table["id"].isin(self.extra["id"])
        return table.assign(leaves=leaves).sort_values(["near", "leaves"], kind="stable", ignore_index=True)

    def conflicting(self, *, exact: bool) -> pd.DataFrame:
        """Groups of copies, exact or near ones, that carry different labels."""
        if exact:
            return self._table([(number,) for number in sorted(self._several_labels)])
        pairs = [(one, other) for one, other in self.links.pairs[self.contested].tolist()]
        return self._table(duplicates.cliques(self.links, pairs))

    def mirrored(self) -> pd.DataFrame:
        """Pairs of images with different labels that are mirror images of each other."""
        return self._table([(one, other) for one, other in self.mirrors.pairs.tolist()])

    def linked(self) -> pd.DataFrame:
        """All groups of copies, mirror images with other labels included."""
        every = Links(
            self.links.exact,
            np.concatenate([self.links.pairs, self.mirrors.pairs]),
            np.concatenate([self.links.mirrored, self.mirrors.mirrored]),
        )
        pairs = [(one, other) for one, other in every.pairs.tolist()]
        return self._table(duplicates.cliques(every, pairs), exact=True)

    def _table(self, groups: list[tuple[int, ...]], *, exact: bool = False) -> pd.DataFrame:
        """Groups of numbers as rows; with ``exact``, also of the exact copies that are in none of them."""
        if exact:
            covered = {number for group in groups for number in group}
            again = self.rows.loc[self.rows["exact"].duplicated(), "exact"].drop_duplicates()
            groups = [*groups, *((number,) for number in again.tolist() if number not in covered)]
        numbered = [(number, group) for group, members in enumerate(groups) for number in members]
        near = pd.DataFrame(numbered, columns=["exact", "near"], dtype="int64")
        found = self.rows.merge(near, on="exact")
        # Both sorts are stable: the best of a group first, groups in the order of their best.
        first = found.groupby("near", sort=False).ngroup()
        return found.assign(near=first).sort_values("near", kind="stable", ignore_index=True)


def gather(rows: pd.DataFrame, links: Links) -> Copies:
    """The copies among the usable rows of a data set."""
    area = rows["width"].astype("int64") * rows["height"]
    numbered = rows.assign(exact=links.exact, area=area)
    best_first = numbered.sort_values(["area", "bytes"], ascending=False, kind="stable", ignore_index=True)
    across = links.mirrored & _labels_differ(numbered, links)
    return Copies(best_first.drop(columns="area"), links.only(~across), links.only(across))


def _labels_differ(rows: pd.DataFrame, links: Links) -> NDArray[np.bool_]:
    involved = rows[rows["exact"].isin(links.pairs.ravel())]
    labels = involved.groupby("exact")["label"].agg(frozenset).to_dict()
    return np.array([labels[one].isdisjoint(labels[other]) for one, other in links.pairs.tolist()], bool)
