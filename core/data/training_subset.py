"""A part of the training images: stratified, seeded, nested, copies and groups kept whole."""

from __future__ import annotations

import pandas as pd

from core.data import splits

_GROUPS = ("together", "group")
"""Columns whose images stay together; the first that there is."""


def take(rows: pd.DataFrame, share: float, seed: int) -> pd.DataFrame:
    """Return the rows without those training images that a share of each class leaves out.

    A smaller share is part of a larger one with the same seed: groups are put in an order that depends on the
    seed and their content alone, and each class takes its groups from the front until its share is reached.
    Every class keeps at least one group.

    Args:
        rows: columns content, label, split and those of :func:`core.data.splits.assign`.
        share: of the training images of each class, above 0 and up to 1.
    """
    if share >= 1:
        return rows
    training = rows[rows["split"] == "train"]
    column = next(name for name in _GROUPS if name in rows)
    kept = training[column].isin(_kept(training, column, share, seed))
    return rows.drop(index=training.index[~kept])


def _kept(training: pd.DataFrame, column: str, share: float, seed: int) -> set[int]:
    """Return the groups that are kept."""
    keys = training.groupby(column)["content"].min()
    position = {key: number for number, key in enumerate(splits.order(keys.unique(), seed))}
    sizes = training.groupby(["label", column]).size().reset_index(name="size")
    sizes["position"] = sizes[column].map(keys).map(position)
    sizes = sizes.sort_values("position", kind="stable")
    of_class = sizes.groupby("label")["size"]
    before = of_class.cumsum() - sizes["size"]
    is_wanted = before + sizes["size"] / 2 <= share * of_class.transform("sum")
    is_largest = _largest_class(sizes, column)
    is_first = ~sizes.duplicated("label")
    return set(sizes.loc[(is_wanted & is_largest) | is_first, column])


def _largest_class(sizes: pd.DataFrame, column: str) -> pd.Series:
    """Whether a row is its group's largest class, which decides: a patient may have images of several."""
    largest = sizes.sort_values("size", kind="stable").drop_duplicates(column, keep="last").index
    return pd.Series(sizes.index.isin(largest), sizes.index)
