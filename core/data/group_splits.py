"""Split groups of images, such as a patient's, as wholes: a group may have many images of several classes.

The shares are met in each class as closely as whole groups allow.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

import pandas as pd

from core.errors import LabError
from core.words import and_others, count

Sizes = Mapping[str, int]
"""Images by class."""


def assign(rows: pd.DataFrame, shares: Mapping[str, float], order: Sequence[int]) -> pd.Series:
    """Assign each row to training or to one of the splits in ``shares``.

    Args:
        rows: columns label and together (the number of the group).
        shares: the share of each split besides training.
        order: the groups; those in front are taken out of training first.

    Raises:
        LabError: a class has fewer groups than there are splits; names the class and its numbers.
    """
    _check(rows, minimum=len(shares) + 1)
    total = Counter(rows["label"].tolist())
    sizes_of: dict[int, Counter[str]] = {group: Counter() for group in order}
    for group, label in zip(rows["together"].tolist(), rows["label"].tolist(), strict=True):
        sizes_of[group][label] += 1
    waiting: dict[int, Sizes] = {**sizes_of}
    assigned: dict[int, str] = {}
    for number, (split, share) in enumerate(shares.items()):
        wanted = {label: max(share * images, 1.0) for label, images in total.items()}
        taken = _take(waiting, wanted, splits_left=len(shares) - number)
        assigned |= dict.fromkeys(taken, split)
        waiting = {group: sizes for group, sizes in waiting.items() if group not in assigned}
    return rows["together"].map(assigned).fillna("train")


def _check(rows: pd.DataFrame, minimum: int) -> None:
    """Raise LabError where a class has fewer groups than the ``minimum``, one per split."""
    groups = rows.groupby("label")["together"].nunique().sort_values(kind="stable")
    short = groups[groups < minimum]
    if short.empty:
        return
    name, images = str(short.index[0]), int((rows["label"] == short.index[0]).sum())
    raise LabError(
        f"Class '{name}' has {count(images, 'image')} after exclusions, all from "
        f"{count(int(short.iloc[0]), 'group')}; groups are kept whole, so at least {minimum} groups are "
        f"needed to split{and_others(len(short) - 1, 'class')}. Add images of other groups, or change "
        "'Keep together' (data.group_by)."
    )


def _take(waiting: Mapping[int, Sizes], wanted: Mapping[str, float], splits_left: int) -> list[int]:
    """Groups for a split, in order: those that bring it closer to what is wanted of each class.

    Every class leaves one group for each of the other ``splits_left``.
    """
    left = Counter(label for sizes in waiting.values() for label in sizes)
    have: Counter[str] = Counter()
    taken: dict[int, None] = {}

    def spare(sizes: Iterable[str]) -> bool:
        return all(left[label] > splits_left for label in sizes)

    def take(group: int) -> None:
        taken[group] = None
        have.update(waiting[group])
        left.subtract(dict.fromkeys(waiting[group], 1))

    def gain(group: int) -> float:
        return _gain(waiting[group], have, wanted)

    for group, sizes in waiting.items():
        if gain(group) > 0 and spare(sizes):
            take(group)
    for label in wanted:  # a class that no group has brought yet, where one can be spared
        others = (group for group, sizes in waiting.items() if label in sizes and spare(sizes))
        if not have[label] and (best := max(others, key=gain, default=None)) is not None:
            take(best)
    return list(taken)


def _gain(sizes: Sizes, have: Mapping[str, int], wanted: Mapping[str, float]) -> float:
    """By how much of what is wanted the group brings the split closer to it, summed over its classes."""
    return sum(
        (abs(have[label] - wanted[label]) - abs(have[label] + images - wanted[label])) / wanted[label]
        for label, images in sizes.items()
    )
