"""Images that belong together: one patient's, one burst's, the versions of one original.

A model that was trained on one image of a group knows the others, so a split keeps groups whole. Where they
come from is a setting: a column of the list, the file names, or the folders.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core.data import name_groups
from core.data.dataset import Dataset
from core.data.sources.class_names import class_key
from core.data.sources.layout_words import split_named

By = Literal["list", "name", "folder", "none"]


@dataclass(frozen=True, eq=False)
class Groups:
    """``keys``: the group of each readable image by its id; "" for an image on its own."""

    by: By
    keys: pd.Series

    def among(self, rows: pd.DataFrame) -> pd.DataFrame:
        """Of these rows of the index, those in a group of two or more, with a column ``key``."""
        own = rows.assign(key=rows["id"].map(self.keys))
        own = own[own["key"] != ""]
        several: pd.DataFrame = own[own["key"].duplicated(keep=False)]
        return several


@lru_cache(maxsize=2)
def groups(dataset: Dataset, by: By) -> Groups | None:
    """The groups that a setting asks for; None where there are none, or too few to be split.

    They follow from all readable images, so that excluding some does not change them.
    """
    rows = _readable(dataset)
    if by == "list":
        keys = rows["source_group"]
        named = keys.where(keys != "", "\0" + rows["id"]).tolist()  # an image on its own is a group, too
        found = name_groups.are_groups(named, _names(rows)[1], 0.0)
        return _groups(dataset, by, keys.tolist()) if found else None
    if by == "name":
        return _groups(dataset, by, name_groups.from_names(*_names(rows), asked=True))
    if by == "folder":
        return _groups(dataset, by, name_groups.from_folders(*_names(rows), _folders(rows), asked=True))
    return None


@lru_cache(maxsize=2)
def suggested(dataset: Dataset) -> Groups | None:
    """The groups that folders or file names suggest; None where they do not."""
    rows = _readable(dataset)
    folders = _groups(dataset, "folder", name_groups.from_folders(*_names(rows), _folders(rows)))
    return folders or _groups(dataset, "name", name_groups.from_names(*_names(rows)))


def joined(rows: pd.DataFrame, found: Groups) -> NDArray[np.int64]:
    """A number for each row (N,): rows of one group share it, and so do copies (column ``group``)."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    keys = rows["id"].map(found.keys)
    own_key = pd.factorize(keys.where(keys != "", "\0" + rows["id"]))[0]
    copies = pd.factorize(rows["group"])[0]
    count = int(copies.max(initial=-1)) + 1
    size = count + int(own_key.max(initial=-1)) + 1
    graph = coo_array((np.ones(len(rows), bool), (copies, count + own_key)), shape=(size, size))
    components = connected_components(graph, directed=False)[1]
    return np.asarray(components, np.int64)[copies]


def _readable(dataset: Dataset) -> pd.DataFrame:
    return dataset.index[dataset.index["problem"] == ""]


def _groups(dataset: Dataset, by: By, keys: list[str] | None) -> Groups | None:
    if keys is None:
        return None
    found = pd.Series(keys, _readable(dataset)["id"], "str")
    return Groups(by, found) if found[found != ""].duplicated().any() else None


def _names(rows: pd.DataFrame) -> tuple[list[str], list[str]]:
    """The names of the files and the classes that they came with."""
    return rows["name"].tolist(), rows["folder_label"].tolist()


def _folders(rows: pd.DataFrame) -> list[str]:
    """The folder just below the class of each image, or above it where there is none below for any image."""
    places = [(name.rpartition("/")[0], label) for name, label in zip(*_names(rows), strict=True)]
    found = {place: _around_class(*place) for place in set(places)}
    side = int(not any(below for below, _ in found.values()))
    return [found[place][side] for place in places]


def _around_class(path: str, label: str) -> tuple[str, str]:
    """The first folder of a path below that of the class, and the last one above it; no names of splits."""
    folders, wanted = path.split("/"), class_key(label)
    level = max((n for n, one in enumerate(folders) if class_key(one) == wanted), default=-1)
    below = next(iter(folders[level + 1 :]), "")
    above = [one for one in folders[: max(level, 0)] if not split_named(one)]
    return "" if split_named(below) else below, next(iter(above[::-1]), "")
