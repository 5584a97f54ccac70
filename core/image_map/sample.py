"""At most so many images for a map: a sample with each class and split in proportion."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core.data import splits

MAX_IMAGES = 5_000
"""A map of more takes minutes, and its points hide each other."""
MIN_PER_CLASS = 10
"""A small class has at least so many, as long as there is room."""


def sample(rows: pd.DataFrame, limit: int = MAX_IMAGES, seed: int = 0) -> pd.DataFrame:
    """Return all rows, or ``limit`` of them in their order: the same for the same images and seed.

    Args:
        rows: with the columns id and label, and split if each split is to be in proportion.
    """
    if len(rows) <= limit:
        return rows
    strata = rows.groupby(["label", "split"] if "split" in rows else ["label"], sort=False)
    position = {key: number for number, key in enumerate(splits.order(rows["id"], seed))}
    shuffled = rows["id"].map(position)
    rank = shuffled.groupby(strata.ngroup()).rank(method="first").to_numpy() - 1
    share = (rank + 0.5) / strata["id"].transform("size").to_numpy()
    turn: NDArray[np.float64] = np.where(rank < MIN_PER_CLASS, rank / len(rows), 1 + share)
    chosen = np.lexsort((shuffled.to_numpy(), turn))[:limit]
    return rows.iloc[np.sort(chosen)]
