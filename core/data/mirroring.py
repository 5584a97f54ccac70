"""Whether flipping images left-right makes sense for a data set: not where classes mirror each other."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from core.data import copy_evidence, duplicates
from core.data.dataset import Dataset

MIN_SHARE = 0.1
"""Two classes mirror each other where this share of the smaller one has its mirror image in the other. A
single such pair is more likely a wrong label."""
MEANT = frozenset({"digits"})
"""Built-in data sets of characters."""


def flip_starts_on(dataset: Dataset) -> bool:
    """Whether 'Flip left-right' starts switched on, as it does unless mirror images have other labels."""
    return dataset.source not in MEANT and not _classes_mirror(dataset)


def characters(dataset: Dataset) -> bool:
    """Whether the classes are named like digits or letters."""
    return are_characters(dataset.class_names)


def are_characters(class_names: Sequence[str]) -> bool:
    """Whether every name is a single letter or digit."""
    return len(class_names) > 1 and all(len(name) == 1 and name.isalnum() for name in class_names)


def _classes_mirror(dataset: Dataset) -> bool:
    rows = dataset.usable
    evidence = copy_evidence.read(dataset.path)
    if evidence is None or not (evidence.pairs["same"] & evidence.pairs["mirrored"]).any():
        return False
    links = duplicates.find(rows, evidence)
    pairs = links.pairs[links.mirrored]
    label = pd.Series(rows["label"].to_numpy(), links.exact).groupby(level=0).first()
    ends = pd.DataFrame({"one": label[pairs[:, 0]].to_numpy(), "other": label[pairs[:, 1]].to_numpy()})
    across = ends[ends["one"] != ends["other"]].apply(sorted, axis=1, result_type="expand")
    if across.empty:
        return False
    size = rows["label"].value_counts()
    counted = across.value_counts()
    return any(
        count >= MIN_SHARE * min(size[one], size[other])
        for (one, other), count in zip(counted.index.to_list(), counted.to_list(), strict=True)
    )
