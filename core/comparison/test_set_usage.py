"""How often the test images have been used: choosing by test scores makes those scores too optimistic.

A test score is unbiased as long as nothing was chosen by it. Whoever views the test scores of many runs
and keeps the best has chosen by them, and that best score is too optimistic. The app therefore counts, for
each split of the images (``split_fingerprint``), the runs whose test score has been viewed.

``workspace/seals/<split_fingerprint>.json``: run id -> time of the first view, in seconds.
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
"""With no more runs than this, choosing by the test score hardly makes it too optimistic."""


def record_view(runs: Sequence[Run]) -> None:
    """Record that the test scores of these finished runs were shown; cheap for those already recorded.

    If the workspace cannot be written to, the count stays unchanged. The example, which nobody chooses by its
    score, is not counted.
    """
    runs = [run for run in runs if not run.is_example]
    for fingerprint in {_fingerprint(run) for run in runs} - {""}:
        ids = [run.id for run in runs if _fingerprint(run) == fingerprint]
        if not set(ids) <= set(_read(fingerprint)):
            _add(fingerprint, ids)


def seen(run: Run) -> int:
    """Return how many runs on the same test images had their test score viewed, deleted runs included."""
    fingerprint = _fingerprint(run)
    return len(_read(fingerprint)) if fingerprint else 0


def meaning(runs_seen: int, accuracy: float, images: int) -> str:
    """Explain what it means to have viewed that many test scores.

    Args:
        runs_seen: number of runs whose score on these test images was viewed.
        accuracy: accuracy of one of them, in [0, 1]; the others are assumed to vary about as much.
        images: number of test images.
    """
    if runs_seen <= FEW:
        return "The test images are practically unused: nothing has been chosen by them."
    luck = paired_tests.luck_of_the_best(runs_seen, _deviation(accuracy, images))
    in_words = "about one point at most" if luck < 0.015 else f"up to {points(luck, 0)}"
    return (
        f"You have seen the scores of {runs_seen} runs on these test images. The best of these scores is "
        f"too optimistic by {in_words}. Choose by validation score, and only then check the test score of "
        "the run you chose."
    )


def _deviation(accuracy: float, images: int) -> float:
    """Return the standard deviation of an accuracy, with two correct and two wrong predictions added.

    Without them, 8 of 8 correct would appear to involve no luck. Source: Agresti & Coull 1998.
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
