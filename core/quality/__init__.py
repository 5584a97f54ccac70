"""The quality check: every finding about a data set, and whether it is fit to train on.

Everything is computed from the index, so it takes seconds and needs no image to be read again.
"""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from core.config import DataConfig
from core.data import copy_evidence, duplicates
from core.data.copy_evidence import MAX_BITS
from core.data.dataset import Dataset
from core.data.sources.lists import labels
from core.datasets import select
from core.errors import LabError
from core.quality import checklist, copies, costs, leaks, outliers, shortcuts, splitting
from core.quality.copies import Copies
from core.quality.findings import Action, Finding, Report, Severity
from core.words import count, percent

_MAX_SEVERAL = 0.5
"""Share of images with several labels from which on the rest shows another task than the data set is for."""

__all__ = ["Action", "Finding", "Report", "Severity", "check"]


def check(dataset: Dataset, config: DataConfig | None = None, distance: int = MAX_BITS) -> Report:
    """Judge the usable images of a data set.

    Args:
        dataset: the data set, its exclusions and relabels applied.
        config: how it would be split; by default as a new run would.
        distance: the hashes of near copies differ in at most this many of 64 bits, 0 to ``MAX_BITS``.
    """
    rows = dataset.usable
    if rows.empty:
        return Report((*_unusable(dataset), _nothing_left()), distance)
    evidence = copy_evidence.read(dataset.path)
    found = copies.gather(rows, duplicates.find(rows, evidence, distance))
    came = dataset.index[dataset.index["problem"] == ""]
    findings = (
        checklist.enough(rows, dataset.class_names),
        checklist.balance(rows, dataset.class_names),
        checklist.unique(rows, found, distance, evidence),
        checklist.variety(rows),
        *_unusable(dataset),
        leaks.conflicts(found),
        leaks.mirrors(found, dataset),
        *_splits(dataset, config or DataConfig(source=dataset.source), found),
        *outliers.checks(rows, came),
        *shortcuts.checks(rows),
    )
    return Report(tuple(_with_cost(finding, rows) for finding in findings), distance)


def _with_cost(finding: Finding, rows: pd.DataFrame) -> Finding:
    return replace(finding, cost=costs.in_words(rows, finding.removed)) if finding.removed else finding


def _unusable(dataset: Dataset) -> list[Finding]:
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
    severity: Severity = "serious" if share >= _MAX_SEVERAL else "warning"
    return Finding(
        "several_labels",
        "One label for each image",
        verdict,
        severity,
        {"several": len(bad), "share": round(share, 4)},
        ids=tuple(bad["id"]),
    )


def _unreadable(dataset: Dataset, bad: pd.DataFrame) -> Finding:
    noted = dataset.usable[dataset.usable["note"] != ""]
    numbers = {"unreadable": len(bad), "odd": len(noted), "files": dataset.skipped}
    title = "Unreadable files"
    odd = f" {count(len(noted), 'image')} had something odd, such as several frames." if len(noted) else ""
    if bad.empty:
        return Finding("unreadable", title, f"Every file is a readable image.{odd}", "good", numbers)
    verdict = (
        f"{count(len(bad), 'file')} cannot be read as an image and will be left out, "
        f"for example {bad['name'].iloc[0]}: {bad['problem'].iloc[0]}.{odd}"
    )
    return Finding("unreadable", title, verdict, "note", numbers, tuple(bad["id"]))


def _splits(dataset: Dataset, config: DataConfig, found: Copies) -> list[Finding]:
    try:
        chosen = select(dataset, config)
    except LabError as error:
        verdict = f"The images cannot be split: {error}."
        settings = splitting.without_groups(dataset, config)
        return [Finding("splits", "Training, validation and test", verdict, "serious", settings=settings)]
    return [leaks.leaks(chosen.rows, found, chosen.left_out), *splitting.checks(dataset, config, chosen)]


def _nothing_left() -> Finding:
    verdict = "There is no readable image that has not been excluded; put some back, or add images."
    return Finding("empty", "Images", verdict, "serious")
