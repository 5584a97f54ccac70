"""Copies that do harm: with different labels, or on both sides of a split."""

from __future__ import annotations

import pandas as pd

from core.quality.findings import Finding, grouped
from core.words import count


def of(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows whose group ``near`` has more than one image; in each group the largest, to keep, first."""
    shared = rows[rows["near"].duplicated(keep=False)]
    area = shared["width"].astype("int64") * shared["height"]
    best_first = shared.assign(area=area).sort_values(
        ["near", "area", "bytes"], ascending=[True, False, False]
    )
    return best_first.drop(columns="area")


def conflicts(copies: pd.DataFrame) -> Finding:
    """Copies of one image that carry different labels."""
    found = copies[copies.groupby("near")["label"].transform("nunique") > 1]
    groups = grouped(found)
    title = "Copies with different labels"
    if not groups:
        return Finding("conflicts", title, "All copies of an image carry one label.", "good", {"groups": 0})
    ids = tuple(found["id"])
    return Finding(
        "conflicts",
        title,
        f"{count(len(groups), 'image')} with more than one label, "
        f"{len(ids)} files in all. At most one label can be right: give them the right one, or exclude them.",
        "warning",
        {"groups": len(groups), "count": len(ids)},
        ids,
        groups,
        "exclude",
        removed=ids,
    )


def leaks(rows: pd.DataFrame, copies: pd.DataFrame, left_out: int) -> Finding:
    """Copies of one image in more than one split.

    Args:
        rows: the images of a selection, with ``split``, ``label`` and ``id``.
        copies: see ``of``.
        left_out: training images that the selection leaves out because their copies are kept aside.
    """
    placed = copies[copies["label"].isin(rows["label"].unique())]
    placed = placed.assign(split=placed["id"].map(rows.set_index("id")["split"]))
    torn = placed[placed.groupby("near")["split"].transform("nunique") > 1]
    aside = placed[placed["split"].isna() & (placed["source_split"] != "")]
    numbers = {"groups": torn["near"].nunique(), "left_out": left_out}
    title = "Leaks between training, validation and test"
    if torn.empty and not left_out:
        return Finding("leaks", title, "No image has a copy in another split.", "good", numbers)
    behind = placed[placed["near"].isin([*torn["near"], *aside["near"]])]
    removed = (*_all_but_the_most_aside(torn), *aside["id"])
    return Finding(
        "leaks",
        title,
        " ".join(filter(None, (_torn(torn), _left_out(left_out)))),
        "warning",
        {**numbers, "count": len(removed)},
        tuple(behind["id"]),
        grouped(behind),
        "exclude" if removed else "",
        removed,
    )


def _torn(torn: pd.DataFrame) -> str:
    if torn.empty:
        return ""
    removed = len(_all_but_the_most_aside(torn))
    return (
        f"Copies of {count(torn['near'].nunique(), 'image')} lie in more than one split, so the score would "
        f"be too optimistic. Exclude {count(removed, 'image')} on the training side."
    )


def _left_out(number: int) -> str:
    if not number:
        return ""
    have, they = ("has a copy", "It") if number == 1 else ("have copies", "They")
    return (
        f"{count(number, 'image')} that the source trains on {have} among the images that it tests on. "
        f"{they} will be left out of training, so that the score stays honest; excluding makes that a step."
    )


def _all_but_the_most_aside(torn: pd.DataFrame) -> tuple[str, ...]:
    """Of each group, what is not in the split that is furthest from training."""
    rank = torn["split"].map({"test": 0, "validation": 1, "train": 2})
    kept = rank.isna() | (rank == rank.groupby(torn["near"]).transform("min"))
    return tuple(torn.loc[~kept, "id"])
