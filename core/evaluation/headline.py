"""What the words on a result must not leave out: a class never found, a test far below validation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from core.evaluation import metrics
from core.report import ClassScores, Report
from core.words import and_others, count, listed, percent

MAX_NAMED = 3
"""Classes never found that are named; the others are counted."""


def never_found(report: Report) -> list[ClassScores]:
    """The classes that have test images, none of which was classified correctly."""
    return [scores for scores in report.per_class if scores.support and scores.recall == 0]


def but_never(report: Report) -> str:
    """The classes never found, to go on a sentence with: ``, but never on rare (0 of 25)``; or nothing."""
    missed = [f"{scores.class_name} (0 of {scores.support:,})" for scores in never_found(report)]
    return f", but never on {listed(missed, MAX_NAMED)}" if missed else ""


def one_answer(report: Report) -> str:
    """A sentence where the model predicts one class for every test image of several classes; or nothing."""
    predicted = [index for index, images in enumerate(np.sum(report.confusion_matrix, axis=0)) if images]
    if len(predicted) != 1 or sum(scores.support > 0 for scores in report.per_class) < 2:
        return ""
    return (
        f"The model predicts {report.class_names[predicted[0]]} for every test image: it has learned nothing "
        "that distinguishes the images."
    )


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


def rare_class_missed(counts: Mapping[str, int], validation: Sequence[ClassScores]) -> str:
    """A sentence on the rare class that is found least, if the others are found far more often; or nothing.

    A class is rare if it has at most a third of the training images of the largest class, and found less
    often if the 95% CI of its recall lies below the recall of all validation images together.

    Args:
        counts: training images by class name.
        validation: the scores of each class on the validation images.
    """
    largest = max(counts, key=lambda name: counts[name], default="")
    found = sum((one.recall or 0) * one.support for one in validation)
    overall = found / max(sum(one.support for one in validation), 1)
    missed = [
        one
        for one in validation
        if metrics.UNEVEN * counts.get(one.class_name, 0) <= counts.get(largest, 0)
        and one.recall_high is not None
        and one.recall_high < overall
    ]
    if not missed:
        return ""
    worst = min(missed, key=lambda one: (one.recall or 0, -one.support))
    right, images = round((worst.recall or 0) * worst.support), count(worst.support, "validation image")
    return (
        f"The rare class {worst.class_name} is found in {right:,} of {images}"
        f"{and_others(len(missed) - 1, 'rare class')}: it has {counts.get(worst.class_name, 0):,} training "
        f"images, {largest} has {counts[largest]:,}."
    )


def grouped(report: Report) -> str:
    """A sentence on what groups mean for the intervals, where images were kept together; or nothing."""
    groups, images = report.groups.get("test", 0), report.test_accuracy.total
    if not groups or groups == images:
        return ""
    return (
        f"The {count(images, 'test image')} come from {count(groups, 'group')}, and images of one group are "
        "alike, so the 95% CI of an accuracy is wider than for independent images. The intervals per class "
        "do not allow for it."
    )


def disagreement(report: Report) -> str:
    """A sentence where test and validation accuracy differ beyond both intervals; or nothing."""
    return far_below_validation(report) or _far_above_validation(report)


def far_below_validation(report: Report) -> str:
    """A sentence where the test accuracy lies below validation accuracy beyond both intervals; or nothing.

    Choosing the epoch by validation flatters it by less than that, so there is another reason.
    """
    test, validation = report.test_accuracy, report.val_accuracy
    if test.high is None or validation.low is None or test.high >= validation.low:
        return ""
    return (
        f"Test accuracy, {test}, is far below validation accuracy, {validation}. Usually the test "
        "images are of another kind than the training images, or validation images have near copies in "
        "the training split."
    )


def _far_above_validation(report: Report) -> str:
    test, validation = report.test_accuracy, report.val_accuracy
    if test.low is None or validation.high is None or test.low <= validation.high:
        return ""
    return (
        f"Test accuracy, {test}, is far above validation accuracy, {validation}. Usually the validation "
        "images are harder or of another kind, or test images have near copies in the training split: look "
        "at both before you rely on the test accuracy."
    )
