"""What changed in a data set between two runs, as a sentence."""

from __future__ import annotations

from core import datasets
from core.data import versions
from core.data.dataset import Dataset
from core.data.splits import TRAIN_ONLY
from core.errors import LabError
from core.words import count, listed

UNKNOWN = "The data set changed between these runs: images were added, excluded or relabelled."


def in_words(source: str, before: str, after: str) -> str:
    """What changed from one version of a data set to another; only that it did, where one is unknown."""
    try:
        older, newer = (datasets.open(source, version) for version in (before, after))
    except LabError:
        return UNKNOWN
    found = versions.compare(older, newer)
    parts = [
        f"{count(number, 'image')} {what}"
        for number, what in (
            (len(found.came), f"added{_for_training(newer, found.came)}"),
            (len(found.left), "left out"),
            (len(found.relabelled), "moved to another class"),
        )
        if number
    ]
    return f"The data set changed between these runs: {listed(parts)}." if parts else UNKNOWN


def _for_training(dataset: Dataset, ids: tuple[str, ...]) -> str:
    """Which of the images were added because a model predicted them wrongly: a test never holds these."""
    rows = dataset.usable[dataset.usable["id"].isin(ids)]
    number = int((rows["source_split"] == TRAIN_ONLY).sum())
    if not number:
        return ""
    whole = "" if number == len(ids) else f"{number:,} of them "
    return f" ({whole}after a prediction, so for training only)"
