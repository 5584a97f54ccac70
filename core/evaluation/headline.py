"""What the first words on a result must not leave out: a class never found, a test far below validation."""

from __future__ import annotations

from core.evaluation import metrics
from core.report import ClassScores, Report
from core.words import accuracy, listed, percent

MAX_NAMED = 3
"""Classes never found that are named; the others are counted."""


def never_found(report: Report) -> list[ClassScores]:
    """The classes that have test images, none of which was classified correctly."""
    return [scores for scores in report.per_class if scores.support and scores.recall == 0]


def but_never(report: Report) -> str:
    """The classes never found, to go on a sentence with: ``, but never on rare (0 of 25)``; or nothing."""
    missed = [f"{scores.class_name} (0 of {scores.support:,})" for scores in never_found(report)]
    return f", but never on {listed(missed, MAX_NAMED)}" if missed else ""


def balanced(report: Report) -> str:
    """A sentence with the balanced accuracy where the classes are uneven and it is known; or nothing."""
    counts = report.counts.get("train", {})
    if report.balanced_accuracy is None or not metrics.are_uneven(counts):
        return ""
    classes = sum(scores.support > 0 for scores in report.per_class)
    present = [images for images in counts.values() if images]
    return (
        f"Balanced accuracy, the mean recall of the classes: {percent(report.balanced_accuracy)}; guessing "
        f"reaches {percent(1 / classes)}. It counts more here than accuracy, because the classes are uneven: "
        f"{max(present):,} training images in the largest, {min(present):,} in the smallest."
    )


def far_below_validation(report: Report) -> str:
    """A sentence where the test accuracy lies below validation accuracy beyond both intervals; or nothing.

    Choosing the epoch by validation flatters it by less than that, so there is another reason.
    """
    test, validation = report.test_accuracy, report.val_accuracy
    if test.high is None or validation.low is None or test.high >= validation.low:
        return ""
    figures = [accuracy(one.value, one.low, one.high, one.correct, one.total) for one in (test, validation)]
    return (
        f"Test accuracy, {figures[0]}, is far below validation accuracy, {figures[1]}. Usually the test "
        "images are of another kind than the training images, or validation images have near copies in "
        "the training split."
    )
