"""Select the images of one run: which classes, how many images per class, and their splits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from core.config import DataConfig
from core.data import grouping, splits, training_subset
from core.data.dataset import Dataset, fingerprint
from core.data.sources.class_names import class_key
from core.errors import LabError
from core.words import and_others, count


@dataclass(frozen=True, eq=False)
class Selection:
    """``rows``: the selected index rows, with a ``split`` column of train, validation or test.

    ``left_out`` counts training images left out because the source has a copy in validation or test.
    ``groups`` are those that the split was asked to keep whole; None where no images belong together.
    """

    rows: pd.DataFrame
    class_names: tuple[str, ...]
    fingerprint: str
    left_out: int = 0
    groups: grouping.Groups | None = None

    def counts(self) -> dict[str, dict[str, int]]:
        """The number of images by split and class."""
        table = self.rows.groupby(["split", "label"]).size()
        return {
            split: {name: int(table.get((split, name), 0)) for name in self.class_names}
            for split in splits.SPLITS
        }

    def given_splits(self, dataset: Dataset) -> dict[str, int]:
        """The number of images in each split that the source defines; empty where it defines none."""
        usable = dataset.usable
        given = usable.loc[usable["label"].isin(self.class_names), "source_split"].value_counts()
        return {split: int(given[split]) for split in splits.SPLITS if split in given}

    def group_counts(self) -> dict[str, int]:
        """The number of groups by split, an image on its own counted as one; empty without groups."""
        if self.groups is None:
            return {}
        return {str(split): int(n) for split, n in self.rows.groupby("split")["together"].nunique().items()}


def select(dataset: Dataset, config: DataConfig) -> Selection:
    """Select and split the images according to the settings; the same settings give the same selection.

    Raises:
        LabError: there are too few images or classes to train on; gives the numbers.
    """
    usable = dataset.usable
    class_names = _class_names(dataset, config)
    rows = usable[usable["label"].isin(class_names)]
    _check_nothing_is_empty(dataset, rows, class_names)
    if config.max_per_class:
        rows = _capped(rows, config.max_per_class, config.split_seed)
    if config.split == "anew":
        is_kept = rows["source_split"] == splits.TRAIN_ONLY
        rows = rows.assign(source_split=rows["source_split"].where(is_kept, ""))
    groups = grouping.groups(dataset, config.group_by)
    if groups is not None:
        rows = rows.assign(together=grouping.joined(rows, groups))
    split = splits.assign(rows, config.validation_share, config.test_share, config.split_seed)
    chosen = rows.assign(split=split)[split != ""]
    chosen = training_subset.take(chosen, config.training_subset, config.subset_seed).reset_index(drop=True)
    _check_each_split_has_each_class(chosen, class_names)
    return Selection(
        chosen, class_names, fingerprint(chosen, "split"), left_out=int((split == "").sum()), groups=groups
    )


def _class_names(dataset: Dataset, config: DataConfig) -> tuple[str, ...]:
    by_key = {class_key(name): name for name in dataset.class_names}
    wanted = [_known(name, dataset.class_names, by_key) for name in config.classes]
    unknown = [name for name in wanted if name not in dataset.class_names]
    if unknown:
        has = ", ".join(dataset.class_names[:20])
        raise LabError(f"Data set '{dataset.title}' has no class '{unknown[0]}'; its classes are {has}.")
    chosen = tuple(name for name in dataset.class_names if name in wanted or not wanted)
    if len(chosen) < 2:
        which = f"only '{chosen[0]}'" if chosen else "none"
        raise LabError(f"A classifier needs at least 2 classes; data set '{dataset.title}' has {which}.")
    return chosen


def _known(name: str, class_names: tuple[str, ...], by_key: Mapping[str, str]) -> str:
    """The class of this name, in another spelling where there is none in this one."""
    return name if name in class_names else by_key.get(class_key(name), name)


def _check_nothing_is_empty(dataset: Dataset, rows: pd.DataFrame, class_names: tuple[str, ...]) -> None:
    present = set(rows["label"])
    empty = [name for name in class_names if name not in present]
    if empty:
        raise LabError(
            f"Class '{empty[0]}' has no readable images{_unread(dataset, empty[0])}; at least "
            f"{splits.MIN_PER_CLASS} are needed to split"
            f"{and_others(len(empty) - 1, 'class')}. "
            "Add images, or train on the other classes only."
        )


def _unread(dataset: Dataset, class_name: str) -> str:
    """Why its files are no readable images, in brackets; nothing if it has no files."""
    bad = dataset.index[(dataset.index["label"] == class_name) & (dataset.index["problem"] != "")]
    if bad.empty:
        return ""
    which, why = bad["name"].iloc[0], bad["problem"].iloc[0]
    return f" ({count(len(bad), 'file')} cannot be read, for example {which}: {why})"


def _capped(rows: pd.DataFrame, limit: int, seed: int) -> pd.DataFrame:
    """At most ``limit`` images per class; a smaller limit selects a subset of what a larger one selects."""
    position = {key: number for number, key in enumerate(splits.order(rows["id"], seed))}
    rank = rows["id"].map(position).groupby(rows["label"]).rank(method="first")
    return rows[rank <= limit]


def _check_each_split_has_each_class(rows: pd.DataFrame, class_names: tuple[str, ...]) -> None:
    """Only a source's own splits can fail here; the test split may lack a class, training may not."""
    missing = [
        name for name in class_names if not ((rows["label"] == name) & (rows["split"] == "train")).any()
    ]
    if missing:
        raise LabError(f"Class '{missing[0]}' has no images in the training split defined by its source.")
    for split in splits.SPLITS:
        if not (rows["split"] == split).any():
            raise LabError(
                f"The {split} split has no images; change the shares or use more images per class."
            )
