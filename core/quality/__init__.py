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
from core.datasets import select
from core.errors import LabError
from core.quality import checklist, copies, costs, leaks, outliers, reading, shortcuts, splitting
from core.quality.copies import Copies
from core.quality.findings import Action, Finding, Report, Severity

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
        return Report((*reading.unusable(dataset), _nothing_left()), distance)
    evidence = copy_evidence.read(dataset.path)
    found = copies.gather(rows, duplicates.find(rows, evidence, distance))
    came = dataset.index[dataset.index["problem"] == ""]
    findings = (
        checklist.enough(rows, dataset.class_names),
        checklist.balance(rows, dataset.class_names),
        checklist.unique(rows, found, distance, evidence),
        checklist.variety(rows),
        *reading.unusable(dataset),
        *reading.bits(dataset),
        leaks.conflicts(found),
        leaks.mirrors(found, dataset),
        *_splits(dataset, config or DataConfig(source=dataset.source), found),
        *outliers.checks(rows, came),
        *shortcuts.checks(rows),
    )
    return Report(tuple(_with_cost(finding, rows) for finding in findings), distance)


def _with_cost(finding: Finding, rows: pd.DataFrame) -> Finding:
    return replace(finding, cost=costs.in_words(rows, finding.removed)) if finding.removed else finding


def _splits(dataset: Dataset, config: DataConfig, found: Copies) -> list[Finding]:
    try:
        chosen = select(dataset, config)
    except LabError as error:
        verdict = f"The images cannot be split. {error}"
        settings = splitting.without_groups(dataset, config)
        return [Finding("splits", "Training, validation and test", verdict, "serious", settings=settings)]
    return [leaks.leaks(chosen.rows, found, chosen.left_out), *splitting.checks(dataset, config, chosen)]


def _nothing_left() -> Finding:
    verdict = "There is no readable image that has not been excluded; put some back, or add images."
    return Finding("empty", "Images", verdict, "serious")
