"""Share images out into training, validation and test: stratified, seeded, copies kept together."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd

from core.errors import LabError
from core.words import and_others, count

SPLITS = ("train", "validation", "test")
MIN_PER_CLASS = 3
"""One image for each split."""


def assign(rows: pd.DataFrame, validation_share: float, test_share: float, seed: int) -> pd.Series:
    """Give every row a split.

    Each class is shared out by itself, its counts rounded by the largest remainder and at least 1 a split.
    Which image goes where follows from a hash of the seed and its content, so an image added or taken
    away moves hardly any of the others, and two versions of a data set can be compared fairly.
    scikit-learn's StratifiedGroupKFold keeps groups together too, but misses small classes' shares.

    Args:
        rows: columns content, label, group (rows of one group stay together) and source_split
            ("" where the source does not say; what it says is kept).

    Returns:
        "train", "validation", "test" for each row; "" for a row left out, because its source puts it
        into training and a copy of it into validation or test.

    Raises:
        LabError: a class cannot be split; names it with its numbers.
    """
    splits = rows["source_split"].copy()
    left_out = _copies_of_kept_aside(rows)
    splits[left_out] = ""
    shares = {"test": test_share, "validation": validation_share}
    lacking = {split: share for split, share in shares.items() if not (splits == split).any()}
    free = ~left_out & rows["source_split"].isin(["", "train"])
    if lacking:
        splits[free] = _assign_to(rows[free], lacking, seed)
    return splits


def largest_remainder(total: int, shares: Sequence[float]) -> list[int]:
    """Whole numbers in proportion to ``shares`` (which sum to 1) that sum to ``total``, each at least 1.

    Raises:
        ValueError: ``total`` is smaller than the number of shares.
    """
    if total < len(shares):
        raise ValueError(f"{total} cannot be shared out among {len(shares)}")
    exact = np.asarray(shares) * total
    counts = np.floor(exact).astype(int)
    for place in np.argsort(counts - exact, kind="stable")[: total - counts.sum()]:
        counts[place] += 1
    while (counts == 0).any():
        counts[counts.argmax()] -= 1
        counts[counts.argmin()] += 1
    return [int(count) for count in counts]


def order(keys: Iterable[str], seed: int) -> list[str]:
    """The keys in an order that looks random, depends on each key and the seed alone, and is stable."""
    return sorted(keys, key=lambda key: hashlib.blake2b(f"{seed}/{key}".encode(), digest_size=8).digest())


def _copies_of_kept_aside(rows: pd.DataFrame) -> pd.Series:
    """True where the source's own splits leak: training on it would be training on a test image."""
    test, validation = (rows.loc[rows["source_split"] == split, "group"] for split in ("test", "validation"))
    in_test, in_validation = rows["group"].isin(test), rows["group"].isin(validation)
    return (in_test & rows["source_split"].isin(["train", "validation"])) | (
        in_validation & (rows["source_split"] == "train")
    )


def _assign_to(rows: pd.DataFrame, shares: dict[str, float], seed: int) -> pd.Series:
    """Training, or one of the splits in ``shares``, for each row."""
    groups = rows.groupby("group", sort=False).agg(
        label=("label", "first"), size=("label", "size"), key=("content", "min")
    )
    different = rows.groupby("label")["group"].nunique()  # a group of mirror images may have two labels
    _check(rows["label"].value_counts(), different, least=len(shares) + 1)
    size_of, group_of = groups["size"].to_dict(), dict(zip(groups["key"], groups.index, strict=True))
    placed: dict[int, str] = {}
    for _, keys in groups.groupby("label")["key"]:
        turn = [group_of[key] for key in order(keys, seed)]
        placed |= _place({group: size_of[group] for group in turn}, shares)
    return rows["group"].map(placed).fillna("train")


def _place(sizes: dict[int, int], shares: dict[str, float]) -> dict[int, str]:
    """Fill the smaller splits with whole groups, in order, as far as they fit; the rest is for training."""
    if len(sizes) <= len(shares):  # the class has more groups, which count for the class of their first image
        return {}
    total = max(sum(sizes.values()), len(shares) + 1)
    wanted = largest_remainder(total, [*shares.values(), 1 - sum(shares.values())])
    waiting = list(sizes)
    placed: dict[int, str] = {}
    for number, split in enumerate(shares):
        needed_later = len(shares) - number
        taken = _fill(waiting, sizes, wanted[number], most=len(waiting) - needed_later)
        placed |= dict.fromkeys(taken, split)
        waiting = [group for group in waiting if group not in placed]
    return placed


def _fill(waiting: list[int], sizes: dict[int, int], room: int, most: int) -> list[int]:
    taken: list[int] = []
    for group in waiting:
        if sizes[group] <= room and len(taken) < most:
            taken.append(group)
            room -= sizes[group]
    return taken or [min(waiting, key=lambda group: sizes[group])]


def _check(counts: pd.Series, different: pd.Series, least: int) -> None:
    short = [str(name) for name in counts.index if different.get(name, 0) < least]
    if not short:
        return
    name = short[0]
    images, distinct = int(counts[name]), int(different.get(name, 0))
    has = f"class '{name}' has {count(images, 'image')} after exclusions"
    if distinct < images:
        has += f", of which only {distinct} are different"
    raise LabError(f"{has}; at least {least} are needed to split{and_others(len(short) - 1, 'class')}")
