"""Copies that do harm: with different labels, or on both sides of a split."""

from __future__ import annotations

import pandas as pd

from core.data import mirroring
from core.data.dataset import Dataset
from core.quality.copies import Copies
from core.quality.findings import Finding, grouped
from core.words import count


def conflicts(copies: Copies) -> Finding:
    """Copies that carry different labels: a fault where their pixels are the same, else a question."""
    exact, near = copies.conflicting(exact=True), copies.conflicting(exact=False)
    groups = (*grouped(exact), *grouped(near))
    numbers = {"groups": len(groups), "exact": exact["near"].nunique(), "near": near["near"].nunique()}
    title = "Copies with different labels"
    if not groups:
        verdict = "All copies of an image carry one label."
        return Finding("conflicts", title, verdict, "good", numbers)
    ids, wrong = tuple(dict.fromkeys([*exact["id"], *near["id"]])), tuple(exact["id"])
    return Finding(
        "conflicts",
        title,
        " ".join(filter(None, (_exact_conflict(exact), _near_conflict(near)))),
        "warning" if wrong else "note",
        {**numbers, "count": len(ids)},
        ids,
        groups,
        "exclude" if wrong else "",
        removed=wrong,
    )


def _exact_conflict(exact: pd.DataFrame) -> str:
    if exact.empty:
        return ""
    number = exact["near"].nunique()
    return (
        f"{count(number, 'image')} with more than one label, {len(exact)} files in all. At most one label "
        "can be right: give them the right one, or exclude them."
    )


def _near_conflict(near: pd.DataFrame) -> str:
    if near.empty:
        return ""
    number = near["near"].nunique()
    return (
        f"{count(number, 'group')} of near copies {'has' if number == 1 else 'have'} "
        "different labels. Do they show the same thing? Then one label is wrong; if not, leave them as they "
        "are."
    )


def mirrors(copies: Copies, dataset: Dataset) -> Finding:
    """Images that mirror images of another class, and whether flipping makes sense for such classes."""
    pairs = copies.mirrored()
    groups, ids = grouped(pairs), tuple(dict.fromkeys(pairs["id"]))
    numbers = {"groups": len(groups), "count": len(ids), "flip": mirroring.flip_starts_on(dataset)}
    title = "Mirror images and flipping"
    if groups:
        verdict = (
            f"{count(len(groups), 'pair')} of images with different labels mirror each "
            "other. Are they different things, such as left and right hands, arrows or letters? Then train "
            f"without 'Flip left-right'{_off(dataset)}. If not, one label is wrong."
        )
        return Finding("mirrors", title, verdict, "note", numbers, ids, groups)
    if mirroring.characters(dataset):
        verdict = (
            "The classes are named like digits or letters. Written ones mean something else when mirrored: "
            f"then train without 'Flip left-right'{_off(dataset)}."
        )
        return Finding("mirrors", title, verdict, "note", numbers)
    return Finding("mirrors", title, "No image mirrors one of another class.", "good", numbers)


def _off(dataset: Dataset) -> str:
    return "" if mirroring.flip_starts_on(dataset) else ", which starts switched off for this data set"


def leaks(rows: pd.DataFrame, copies: Copies, left_out: int) -> Finding:
    """Copies of one image in more than one split.

    Args:
        rows: the images of a selection, with ``split``, ``label`` and ``id``.
        copies: of all usable images.
        left_out: training images that the selection leaves out because of copies in validation or test.
    """
    linked = copies.linked()
    placed = linked[linked["label"].isin(rows["label"].unique())]
    placed = placed.assign(split=placed["id"].map(rows.set_index("id")["split"]))
    torn = placed[placed.groupby("near")["split"].transform("nunique") > 1]
    aside = placed[placed["split"].isna() & (placed["source_split"] != "")]
    numbers = {"groups": torn["near"].nunique(), "left_out": left_out}
    title = "Leaks between training, validation and test"
    if torn.empty and not left_out:
        return Finding("leaks", title, "No image has a copy in another split.", "good", numbers)
    behind = placed[placed["near"].isin([*torn["near"], *aside["near"]])]
    removed = tuple(dict.fromkeys([*_all_but_the_last_split(torn), *aside["id"]]))
    return Finding(
        "leaks",
        title,
        " ".join(filter(None, (_torn(torn), _left_out(left_out)))),
        "warning",
        {**numbers, "count": len(removed)},
        tuple(dict.fromkeys(behind["id"])),
        grouped(behind),
        "exclude" if removed else "",
        removed,
    )


def _torn(torn: pd.DataFrame) -> str:
    if torn.empty:
        return ""
    removed = len(_all_but_the_last_split(torn))
    return (
        f"Copies of {count(torn['near'].nunique(), 'image')} lie in more than one split, so the score "
        f"would be too optimistic. Exclude {count(removed, 'image')} on the training side."
    )


def _left_out(number: int) -> str:
    if not number:
        return ""
    have, they = ("has a copy", "It") if number == 1 else ("have copies", "They")
    return (
        f"{count(number, 'image')} that the source trains on {have} among the images that it tests on. "
        f"{they} will be left out of training, so that the score stays honest; excluding makes that a step."
    )


def _all_but_the_last_split(torn: pd.DataFrame) -> tuple[str, ...]:
    """Of each group, what is not in the split that is furthest from training; each image once."""
    rank = torn["split"].map({"test": 0, "validation": 1, "train": 2})
    kept = rank.isna() | (rank == rank.groupby(torn["near"]).transform("min"))
    return tuple(dict.fromkeys(torn.loc[~kept, "id"]))
