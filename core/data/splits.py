"""Split images into training, validation and test: stratified, seeded, copies and groups kept together."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd

from core.data import group_splits
from core.errors import LabError
from core.words import and_others, count

SPLITS = ("train", "validation", "test")
MIN_PER_CLASS = 3
"""One image per split."""
TRAIN_ONLY = "train only"
"""``source_split`` of an image that a model predicted wrongly; it has no influence on the split of others."""


def assign(rows: pd.DataFrame, validation_share: float, test_share: float, seed: int) -> pd.Series:
    """Assign every row to a split.

    Each class is split separately, its counts rounded by the largest remainder method, with at least 1 image
    per split. The assignment depends on a hash of the seed and the image's content, so adding or removing an
    image moves hardly any others, and versions of a data set can be compared fairly. scikit-learn's
    StratifiedGroupKFold also keeps groups together but misses the shares in small classes.

    Args:
        rows: columns content, label, group (rows of one group stay together) and source_split ("" if the
            source does not define one; otherwise it is kept, and :data:`TRAIN_ONLY` is). Where the source
            gives validation and test images, those without a split are for training. With a column
            ``together``, rows that share its number stay together too, see core/data/group_splits.py.

    Returns:
        "train", "validation" or "test" per row; "" for a row that is left out because it belongs to training
        and a copy of it, or an image of its group, is in validation or test.

    Raises:
        LabError: a class cannot be split; names the class and its numbers.
    """
    splits = rows["source_split"].copy()
    left_out = _copies_of_held_out(rows)
    splits[left_out] = ""
    shares = {"test": test_share, "validation": validation_share}
    lacking = {split: share for split, share in shares.items() if not (splits == split).any()}
    free = ~left_out & rows["source_split"].isin(["", "train"])
    assign_to = _assign_wholes_to if "together" in rows else _assign_to
    splits[free] = assign_to(rows[free], lacking, seed) if lacking else "train"
    return _with_train_only(rows, splits)


def largest_remainder(total: int, shares: Sequence[float]) -> list[int]:
    """Whole numbers proportional to ``shares`` (which sum to 1) that sum to ``total``, each at least 1.

    Raises:
        ValueError: ``total`` is smaller than the number of shares.
    """
    if total < len(shares):
        raise ValueError(f"{total} cannot be divided among {len(shares)} shares")
    exact = np.asarray(shares) * total
    counts = np.floor(exact).astype(int)
    for index in np.argsort(counts - exact, kind="stable")[: total - counts.sum()]:
        counts[index] += 1
    while (counts == 0).any():
        counts[counts.argmax()] -= 1
        counts[counts.argmin()] += 1
    return [int(count) for count in counts]


def order(keys: Iterable[str], seed: int) -> list[str]:
    """The keys in a stable pseudorandom order that depends only on each key and the seed."""
    return sorted(keys, key=lambda key: hashlib.blake2b(f"{seed}/{key}".encode(), digest_size=8).digest())


def _with_train_only(rows: pd.DataFrame, splits: pd.Series) -> pd.Series:
    """Put what is for training only there, unless what belongs to it is held out."""
    train_only = rows["source_split"] == TRAIN_ONLY
    whole = rows["together" if "together" in rows else "group"]
    held_out = whole.isin(whole[splits.isin(["validation", "test"])])
    return splits.mask(train_only, "train").mask(train_only & held_out, "")


def _copies_of_held_out(rows: pd.DataFrame) -> pd.Series:
    """True where the source's own splits leak: the row is a copy of a validation or test image."""
    test, validation = (rows.loc[rows["source_split"] == split, "group"] for split in ("test", "validation"))
    in_test, in_validation = rows["group"].isin(test), rows["group"].isin(validation)
    may_train = rows["source_split"].isin(["", "train"])
    return in_test & (may_train | (rows["source_split"] == "validation")) | in_validation & may_train


def _assign_to(rows: pd.DataFrame, shares: dict[str, float], seed: int) -> pd.Series:
    """Assign each row to training or to one of the splits in ``shares``."""
    groups = rows.groupby("group", sort=False).agg(
        label=("label", "first"), size=("label", "size"), key=("content", "min")
    )
    different = rows.groupby("label")["group"].nunique()  # a group of mirror images may have two labels
    _check(rows["label"].value_counts(), different, minimum=len(shares) + 1)
    size_of, group_of = groups["size"].to_dict(), dict(zip(groups["key"], groups.index, strict=True))
    assigned: dict[int, str] = {}
    for _, keys in groups.groupby("label")["key"]:
        ordered = [group_of[key] for key in order(keys, seed)]
        assigned |= _assign_groups({group: size_of[group] for group in ordered}, shares)
    return rows["group"].map(assigned).fillna("train")


def _assign_wholes_to(rows: pd.DataFrame, shares: dict[str, float], seed: int) -> pd.Series:
    """Assign each row as its whole group; the order of the groups is that of their images."""
    keys = rows.groupby("together")["content"].min()
    group_of = dict(zip(keys, keys.index, strict=True))
    return group_splits.assign(rows, shares, [group_of[key] for key in order(keys, seed)])


def _assign_groups(sizes: dict[int, int], shares: dict[str, float]) -> dict[int, str]:
    """Fill the smaller splits with whole groups that fit, in order; the rest remains for training."""
    if len(sizes) <= len(shares):  # the class's other groups belong to the class of their first image
        return {}
    total = max(sum(sizes.values()), len(shares) + 1)
    wanted = largest_remainder(total, [*shares.values(), 1 - sum(shares.values())])
    waiting = list(sizes)
    assigned: dict[int, str] = {}
    for number, split in enumerate(shares):
        needed_later = len(shares) - number
        taken = _fill(waiting, sizes, wanted[number], limit=len(waiting) - needed_later)
        assigned |= dict.fromkeys(taken, split)
        waiting = [group for group in waiting if group not in assigned]
    return assigned


def _fill(waiting: list[int], sizes: dict[int, int], room: int, limit: int) -> list[int]:
    taken: list[int] = []
    for group in waiting:
        if sizes[group] <= room and len(taken) < limit:
            taken.append(group)
            room -= sizes[group]
    return taken or [min(waiting, key=lambda group: sizes[group])]


def _check(counts: pd.Series, different: pd.Series, minimum: int) -> None:
    short = [str(name) for name in counts.index if different.get(name, 0) < minimum]
    if not short:
        return
    name = short[0]
    images, distinct = int(counts[name]), int(different.get(name, 0))
    found = f"Class '{name}' has {count(images, 'image')} after exclusions"
    if distinct < images:
        found += f", of which only {distinct} are different"
    raise LabError(f"{found}; at least {minimum} are needed to split{and_others(len(short) - 1, 'class')}.")
