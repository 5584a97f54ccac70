"""How often the test images were looked at: each look at a score, and a choice by it, uses them up.

A test score is honest as long as nothing was chosen by it. Whoever sees the test scores of many runs and
keeps the best has chosen by them, and that best score flatters. So the app counts, for each share-out of
images (``split_fingerprint``), of how many runs the test score was seen.

``workspace/seals/<split_fingerprint>.json``: run id -> time of the first look, in seconds.
"""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from pathlib import Path

import filelock

from core import files, workspace
from core.comparison import paired_tests
from core.errors import LabError
from core.files import Moment
from core.runs import Run
from core.words import points

_FINGERPRINT = re.compile(r"[0-9a-f]{6,64}")
FEW = 2
"""Up to so many runs seen, choosing by the test score can hardly flatter."""


def record_view(runs: Sequence[Run]) -> None:
    """Note that the test scores of these finished runs are on the screen; cheap when they were before.

    A workspace that cannot be written to only leaves the count as it is.
    """
    for fingerprint in {_fingerprint(run) for run in runs} - {""}:
        ids = [run.id for run in runs if _fingerprint(run) == fingerprint]
        if not set(ids) <= set(_read(fingerprint)):
            _add(fingerprint, ids)


def seen(run: Run) -> int:
    """Of how many runs on the same test images the test score was looked at; runs deleted since count."""
    fingerprint = _fingerprint(run)
    return len(_read(fingerprint)) if fingerprint else 0


def meaning(runs_seen: int, accuracy: float, images: int) -> str:
    """What it means to have seen so many scores, in words.

    Args:
        runs_seen: of how many runs the score on these test images was seen.
        accuracy: of one of them, in [0, 1]; scores near it scatter about as this one would.
        images: how many test images there are.
    """
    if runs_seen <= FEW:
        return "The test images are as good as unused: nothing was chosen by them."
    luck = paired_tests.luck_of_the_best(runs_seen, _deviation(accuracy, images))
    in_words = "about a point at most" if luck < 0.015 else f"up to {points(luck, 0)}"
    return (
        f"You have seen the scores of {runs_seen} runs on these test images. If you keep the best of them "
        f"for that score, it flatters by {in_words}. Choose by validation, and look at the "
        "test score of the one you chose."
    )


def _deviation(accuracy: float, images: int) -> float:
    """Standard deviation of an accuracy, with two right and two wrong answers added (Agresti & Coull 1998).

    Without them 8 right answers of 8 would seem to be no luck at all.
    """
    share = (accuracy * images + 2) / (images + 4)
    deviation: float = (share * (1 - share) / (images + 4)) ** 0.5
    return deviation


def _fingerprint(run: Run) -> str:
    try:
        report = run.report()
    except LabError:
        return ""
    return report.split_fingerprint if report and _FINGERPRINT.fullmatch(report.split_fingerprint) else ""


def _path(fingerprint: str) -> Path:
    return workspace.folder() / "seals" / f"{fingerprint}.json"


def _read(fingerprint: str) -> dict[str, Moment]:
    try:
        return files.read_model(_path(fingerprint), dict[str, Moment], missing={})
    except LabError:
        return {}


def _add(fingerprint: str, ids: Sequence[str]) -> None:
    path = _path(fingerprint)
    try:
        with files.explained(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            with filelock.FileLock(path.with_suffix(".lock"), timeout=2):
                now = time.time()
                files.write_json(path, {**dict.fromkeys(ids, now), **_read(fingerprint)})
    except (LabError, filelock.Timeout):
        return
