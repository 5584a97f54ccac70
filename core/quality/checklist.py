"""The four boxes of the tutorial's checklist: enough images, balance, unique images, variety."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core.data import hash_search, splits
from core.data.copy_evidence import MAX_BITS, Evidence
from core.quality.copies import Copies
from core.quality.findings import Finding, classes, grouped
from core.words import count, percent

MIN_PER_CLASS = 50
MAX_IMBALANCE = 1.5
"""Largest class : smallest class that still counts as equal; tf_flowers has 1.4."""
MAX_COPIES = 0.01
"""Share of the images that may be copies of others before the box is lost."""
MIN_VARIETY = 10.0


def enough(rows: pd.DataFrame, class_names: tuple[str, ...]) -> Finding:
    """At least 50 images per class."""
    counts = _counts(rows, class_names)
    short = [name for name, count in counts.items() if count < MIN_PER_CLASS]
    fewest = min(counts, key=lambda name: counts[name])
    has = f"The smallest, '{fewest}', has {counts[fewest]:,}."
    verdict = f"Every class has at least {MIN_PER_CLASS} images. {has}"
    if short:
        which = classes(sorted(short, key=lambda name: counts[name]))
        verdict = (
            f"{len(short)} of {len(counts)} classes {'has' if len(short) == 1 else 'have'} fewer than "
            f"{MIN_PER_CLASS} images: {which}. {has} "
            "Add images, or train on the other classes."
        )
    return Finding(
        "enough",
        f"At least {MIN_PER_CLASS} images per class",
        verdict,
        "warning" if short else "good",
        {"counts": counts, "least": MIN_PER_CLASS},
        box=True,
    )


def balance(rows: pd.DataFrame, class_names: tuple[str, ...]) -> Finding:
    """All classes have about equally many images."""
    counts = _counts(rows, class_names)
    smallest, largest = (choose(counts, key=lambda name: counts[name]) for choose in (min, max))
    ratio = counts[largest] / max(counts[smallest], 1)
    cap = int(MAX_IMBALANCE * counts[smallest])
    title = "Balanced classes"
    numbers = {"ratio": round(ratio, 2), "most": MAX_IMBALANCE, "counts": counts, "cap": cap}
    if ratio <= MAX_IMBALANCE:
        verdict = f"Every class has {counts[largest]:,} images."
        if ratio > 1:
            verdict = (
                f"The largest class, '{largest}', has {ratio:.2f} times the images of the smallest, "
                f"'{smallest}'; up to {MAX_IMBALANCE:g} times counts as equal."
            )
        return Finding("balance", title, verdict, "good", numbers, box=True)
    verdict = (
        f"The largest class, '{largest}', has {counts[largest]:,} images, the smallest, '{smallest}', "
        f"{counts[smallest]:,}: {ratio:.1f} to 1. A model learns to favour large classes. Add images to "
        "the small ones"
    )
    if cap < MIN_PER_CLASS:  # a cap would leave too few to learn from
        return Finding("balance", title, f"{verdict}.", "warning", numbers, box=True)
    over = over_cap(rows, cap)
    return Finding(
        "balance",
        title,
        f"{verdict}, or cap each class at {cap:,}.",
        "warning",
        numbers,
        ids=over,
        action="cap",
        removed=over,
        box=True,
    )


def over_cap(rows: pd.DataFrame, cap: int) -> tuple[str, ...]:
    """Ids of the images beyond the first ``cap`` of each class, in an order that looks random."""
    turn = {key: number for number, key in enumerate(splits.order(rows["id"], seed=0))}
    rank = rows["id"].map(turn).groupby(rows["label"]).rank(method="first")
    return tuple(rows.loc[rank > cap, "id"])


def unique(rows: pd.DataFrame, copies: Copies, distance: int, evidence: Evidence | None) -> Finding:
    """No image is in the data set twice.

    Args:
        rows: the usable images.
        copies: those of them that have a copy.
        distance: of near copies, in hash bits.
        evidence: what was found about near copies when the data set was prepared.
    """
    table = copies.groups()
    removed = copies.removable
    exact = len(rows) - rows["content"].nunique()
    extra = len(copies.extra)
    share = extra / max(len(rows), 1)
    narrowed = evidence is not None and evidence.distance < min(distance, MAX_BITS)
    are_meant = not exact and _are_in_groups(copies.extra, rows)
    return Finding(
        "unique",
        "Unique images",
        _repeats(extra, exact, share, evidence.distance if evidence and narrowed else distance)
        + (_MEANT if are_meant else "")
        + (_UNDECIDED if len(removed) < extra else "")
        + (_NOT_LOOKED if evidence is None else _too_many(evidence.distance) if narrowed else ""),
        "good" if not extra else "note" if share < MAX_COPIES or are_meant else "warning",
        {
            "exact": exact,
            "near": extra - exact,
            "share": round(share, 4),
            "distance": distance,
            "too_alike": narrowed,
        },
        ids=tuple(dict.fromkeys(table["id"])),
        groups=grouped(table),
        action="keep_one" if removed else "",
        removed=removed,
        box=True,
    )


def _are_in_groups(extra: pd.DataFrame, rows: pd.DataFrame) -> bool:
    """Whether all copies are images of one burst, video or subject, as the source says."""
    sizes = rows["source_group"].map(rows["source_group"].value_counts())
    grouped_ids = rows.loc[(rows["source_group"] != "") & (sizes > 1), "id"]
    return bool(len(extra)) and bool(extra["id"].isin(grouped_ids).all())


_MEANT = " All of them belong to a burst or another group of images, which a split can keep together."
_UNDECIDED = " Copies with different labels all stay until you decide which label is right, see below."
_NOT_LOOKED = (
    " Near copies are not counted: this data set was prepared by an earlier version of the lab. "
    "Prepare it again to look for them."
)


def _too_many(distance: int) -> str:
    bits = f"up to {distance} of 64 bits" if distance else "with no bit different"
    return (
        " Its images are so simple and alike that their hashes suggest too many pairs to compare: only the "
        f"closest ({bits}) were compared."
    )


def _repeats(extra: int, exact: int, share: float, distance: int) -> str:
    if not extra:
        return "No duplicates."
    repeat = "repeats another" if extra == 1 else "repeat others"
    bits = f"up to {distance} of 64 bits" if distance else "none of the 64 bits"
    return (
        f"{count(extra, 'image')} ({percent(share)}) {repeat}: {exact:,} exactly, {extra - exact:,} nearly "
        f"({bits} of their perceptual hashes {'differ' if distance else 'differs'} and a second look at "
        "their pixels confirms it, mirror images included). "
        f"{'Less than 1% counts as unique' if share < MAX_COPIES else 'Copies teach nothing new'}; "
        "keep one of each group."
    )


def variety(rows: pd.DataFrame) -> Finding:
    """The images of each class differ."""
    hashes = rows.groupby("label")["phash"]
    measured = {str(label): round(effective_number(own), 1) for label, own in hashes}
    counts = rows["label"].value_counts()
    alike = [name for name, value in measured.items() if value < min(MIN_VARIETY, 0.5 * float(counts[name]))]
    smallest = min(measured, key=lambda name: measured[name])
    verdict = (
        f"The {counts[smallest]:,} images of '{smallest}' are as varied as {measured[smallest]:.0f} images "
        f"that have nothing in common{_below(alike)} "
        "Measured by the shapes of light and dark, not by colours, on a scale from 1 to 62."
    )
    return Finding(
        "variety",
        "Variety within a class",
        verdict,
        "warning" if alike else "good",
        {"effective_number": measured, "least": MIN_VARIETY},
        box=True,
    )


def _below(alike: list[str]) -> str:
    if not alike:
        return "; every other class is at least as varied."
    return (
        f". Below {MIN_VARIETY:.0f} is little, which holds for {classes(alike)}: "
        "add images from other places, angles and days."
    )


def effective_number(texts: pd.Series) -> float:
    """How many images without anything in common would be as varied: 1 for copies of one image.

    The Vendi score (Friedman and Dieng, "The Vendi score: a diversity evaluation metric for machine
    learning", TMLR 2023) with the share of equal bits of two hashes, from -1 to 1, as their similarity.
    Its eigenvalues are those of a 64 x 64 matrix, so the cost grows linearly with the images.
    """
    signs = _signs(texts)
    weights = np.linalg.eigvalsh(signs.T @ signs / signs.size)
    weights = weights[weights > 1e-12]
    return float(np.exp(-(weights * np.log(weights)).sum()))


def _signs(texts: pd.Series) -> NDArray[np.float64]:
    """Hash bits as -1 and 1, (N, 64)."""
    numbers = hash_search.hashes(texts).astype(">u8").view(np.uint8).reshape(-1, 8)
    return np.unpackbits(numbers, axis=1).astype(np.float64) * 2 - 1


def _counts(rows: pd.DataFrame, class_names: tuple[str, ...]) -> dict[str, int]:
    counted = rows["label"].value_counts()
    return {name: int(counted.get(name, 0)) for name in class_names}
