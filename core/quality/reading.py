"""How the files could be read as images: those that could not, and those with more than 8 bits."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

import pandas as pd

from core.data import deep_pixels
from core.data.dataset import Dataset
from core.data.sources.lists import labels
from core.quality.findings import Finding, Severity
from core.words import count, listed, percent

SHOWN = 3
MAX_SEVERAL = 0.5
"""Share of images with several labels from which on the rest shows another task than the data set is for."""
_DEEP_MODES = ("F", "I")


def unusable(dataset: Dataset) -> list[Finding]:
    """Every file is an image that can be read, and has one label."""
    bad = dataset.index[dataset.index["problem"] != ""]
    several = bad["problem"].str.startswith((labels.SEVERAL, labels.CONTRADICTED))
    findings = [_unreadable(dataset, bad[~several])]
    return [*findings, _several_labels(dataset, bad[several])] if several.any() else findings


def _several_labels(dataset: Dataset, bad: pd.DataFrame) -> Finding:
    share = len(bad) / (len(bad) + len(dataset.usable))
    first = bad.iloc[0]
    verdict = (
        f"Left out: {count(len(bad), 'image')} ({percent(share)}) with more than one label, for example "
        f"{first['name']}, which {first['problem']}. Multi-label classification is not supported: give each "
        "image the one class that matters."
    )
    severity: Severity = "serious" if share >= MAX_SEVERAL else "warning"
    return Finding(
        "several_labels",
        "One label for each image",
        verdict,
        severity,
        {"several": len(bad), "share": round(share, 4)},
        ids=tuple(bad["id"]),
    )


def _unreadable(dataset: Dataset, bad: pd.DataFrame) -> Finding:
    noted = dataset.usable[(dataset.usable["note"] != "") & ~_is_deep(dataset.usable)]
    numbers = {"unreadable": len(bad), "odd": len(noted), "files": list(dataset.skipped)}
    title = "Unreadable files"
    odd = f" {count(len(noted), 'image')} had something odd, such as several frames." if len(noted) else ""
    if bad.empty:
        return Finding("unreadable", title, f"Every file is a readable image.{odd}", "good", numbers)
    verdict = (
        f"{count(len(bad), 'file')} cannot be read as an image and will be left out{_kinds(bad['problem'])}, "
        f"for example {bad['name'].iloc[0]}: {bad['problem'].iloc[0]}.{odd}"
    )
    return Finding("unreadable", title, verdict, "note", numbers, tuple(bad["id"]))


def _kinds(problems: Iterable[str]) -> str:
    """`` (a HEIC photo: 3, of the brands heic and mif1; empty file: 1; 2 others)``, "" for a kind alone."""
    counts: Counter[str] = Counter()
    brands: dict[str, set[str]] = {}
    for problem in problems:
        kind = re.split(r" \(|[:;]", problem)[0]
        counts[kind] += 1
        brands.setdefault(kind, set()).update(re.findall(r"\(brand (\w+)\)", problem))
    if len(counts) == 1 and not any(brands.values()):
        return ""
    words = [
        f"{kind}: {number:,}{_of_brands(sorted(brands[kind]))}" for kind, number in counts.most_common(SHOWN)
    ]
    others = sum(counts.values()) - sum(number for _, number in counts.most_common(SHOWN))
    return f" ({'; '.join([*words, *([count(others, 'other')] if others else [])])})"


def _of_brands(names: list[str]) -> str:
    return f", of the {'brands' if len(names) > 1 else 'brand'} {listed(names)}" if names else ""


def bits(dataset: Dataset) -> list[Finding]:
    """What is black and white in images of more than 8 bits; nothing for a data set that has none."""
    deep = dataset.usable[_is_deep(dataset.usable)]
    if deep.empty:
        return []
    have = "has" if len(deep) == 1 else "have"
    has = f"{count(len(deep), 'image')} of {len(dataset.usable):,} {have} more than 8 bits per channel"
    title = "More than 8 bits"
    if dataset.ranges is None:
        verdict = (
            f"{has}. An earlier version of the lab scaled each image by itself, so some may be too dark. "
            "Prepare the data set again to show all of them on one scale."
        )
        return [Finding("bits", title, verdict, "warning", {"images": len(deep)})]
    kinds = [kind for kind in deep_pixels.KINDS if (deep["depth"] == kind).any()]
    parts = [_scaling(deep[deep["depth"] == kind], dataset.ranges.range_of(kind)) for kind in kinds]
    verdict = f"{has}. They are all shown on one scale: {'; '.join(parts)}."
    return [Finding("bits", title, verdict, "note", {"images": len(deep)})]


def _is_deep(rows: pd.DataFrame) -> pd.Series:
    is_deep = rows["mode"].str.startswith(_DEEP_MODES)
    return is_deep | (rows["depth"] != "") if "depth" in rows else is_deep


def _scaling(rows: pd.DataFrame, found: deep_pixels.Range | None) -> str:
    extent = deep_pixels.values_in_words(float(rows["low"].min()), float(rows["high"].max()))
    return f"values from {extent}, with {deep_pixels.in_words(found)}" if found else f"values from {extent}"
