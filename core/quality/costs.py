"""What leaving images out costs, said before it is done."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from core.quality.checklist import MAX_IMBALANCE, MIN_PER_CLASS
from core.quality.findings import classes
from core.words import count


def in_words(rows: pd.DataFrame, removed: Iterable[str]) -> str:
    """The boxes that would be lost and the source's test images that would go; "" where it costs nothing.

    Args:
        rows: the usable images of a data set.
        removed: ids of those that would be left out.
    """
    kept = rows[~rows["id"].isin(set(removed))]
    before = rows["label"].value_counts()
    after = kept["label"].value_counts().reindex(before.index, fill_value=0)
    said = (_too_few(before, after), _uneven(before, after), _smaller_test(rows, kept))
    return " ".join(filter(None, said))


def _too_few(before: pd.Series, after: pd.Series) -> str:
    short = after[(after < MIN_PER_CLASS) & (before >= MIN_PER_CLASS)].sort_values()
    if short.empty:
        return ""
    if len(short) == 1:
        name = str(short.index[0])
        left = count(int(short.iloc[0]), "image")
        return f"Class '{name}' falls from {before[name]:,} to {left}, below {MIN_PER_CLASS}."
    names = classes([str(name) for name in short.index])
    return f"{len(short)} classes fall below {MIN_PER_CLASS} images: {names}."


def _uneven(before: pd.Series, after: pd.Series) -> str:
    ratio, ratio_after = (counts.max() / max(counts.min(), 1) for counts in (before, after))
    if ratio > MAX_IMBALANCE or ratio_after <= MAX_IMBALANCE:
        return ""
    return f"Classes are no longer balanced: {ratio_after:.1f} to 1."


def _smaller_test(rows: pd.DataFrame, kept: pd.DataFrame) -> str:
    test, left = (int((part["source_split"] == "test").sum()) for part in (rows, kept))
    return (
        ""
        if test == left
        else f"The test set that the source gives shrinks from {test:,} to {count(left, 'image')}."
    )
