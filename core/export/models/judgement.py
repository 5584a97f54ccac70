"""Whether an exported model may be used in place of the lab's: what it has to reach, and how that is said."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.evaluation import metrics
from core.export.models.kinds import Kind
from core.export.models.tried_images import TriedImages
from core.export.proof import Proof
from core.words import confidence_interval, count, difference, percent, points

FLOAT_AGREEMENT, FLOAT_DIFFERENCE = 0.999, 1e-4
"""Of floating-point models: the share of images with the lab's answer, and the largest difference."""
LOOSE_AGREEMENT = 0.98
"""Of models of 8 bits, and of those whose images a browser reads, with a JPEG decoder of its own; besides,
their accuracy has to lie in the 95% CI of the lab's."""


@dataclass(frozen=True, eq=False)
class Answers:
    """What :mod:`core.export.models.measure` has measured, and the lab's own probabilities (N, C)."""

    lab: NDArray[np.float32]
    from_files: NDArray[np.float32]
    from_pixels: NDArray[np.float32]
    misread: NDArray[np.bool_]
    seconds: NDArray[np.float64]


def judge(kind: Kind, tried: TriedImages, answers: Answers, model_bytes: int) -> Proof:
    """Compare an exported model's answers with the lab's."""
    labels, groups = tried.test.labels, tried.test.groups
    ours, theirs = answers.lab.argmax(axis=1), _predicted(answers.from_files)
    measured = Proof(
        format=kind.name,
        verdict="passed",
        sentence="",
        images=len(labels),
        test_images=tried.total,
        agreement=metrics.share(theirs == ours, groups),
        accuracy=metrics.share(theirs == labels, groups),
        lab_accuracy=metrics.share(ours == labels, groups),
        difference=_largest(answers.from_files, answers.lab),
        pixel_difference=_largest(answers.from_pixels, answers.lab),
        misread=int(answers.misread.sum()),
        milliseconds=1000 * float(np.median(answers.seconds)),
        model_bytes=model_bytes,
    )
    faults = _faults(kind, measured)
    if faults:
        sentence = f"Not to be used: {', and '.join(faults)}."
        return measured.model_copy(update={"verdict": "failed", "sentence": sentence})
    return measured.model_copy(update={"sentence": _praise(kind, measured)})


def unproved(kind: Kind, tried: TriedImages, model_bytes: int) -> Proof:
    """The proof of a model that there is nothing to try on."""
    return Proof(
        format=kind.name,
        verdict="unproved",
        sentence=f"Not tried on test images: {tried.missing}",
        test_images=tried.total,
        model_bytes=model_bytes,
    )


def _predicted(probabilities: NDArray[np.float32]) -> NDArray[np.int64]:
    """The most probable class (N,), -1 where there is no answer."""
    known = np.isfinite(probabilities).all(axis=1)
    return np.where(known, np.nan_to_num(probabilities).argmax(axis=1), -1)


def _largest(one: NDArray[np.float32], other: NDArray[np.float32]) -> float:
    """The largest difference of a probability; 1 where there is no answer."""
    return float(np.nan_to_num(np.abs(one.astype(np.float64) - other), nan=1.0).clip(0, 1).max())


def _faults(kind: Kind, found: Proof) -> list[str]:
    if kind.reads_by_itself:
        return [*_difference_faults(found.pixel_difference), *_loose_faults(found)]
    if kind.is_8_bit:
        return [*_reading_faults(found), *_loose_faults(found)]
    return [*_reading_faults(found), *_float_faults(found)]


def _reading_faults(found: Proof) -> list[str]:
    if not found.misread:
        return []
    which = f"{found.misread:,} of {count(found.images, 'image')}"
    return [f"its predict.py reads other pixels than the lab from {which}"]


def _float_faults(found: Proof) -> list[str]:
    worst = max(found.difference or 0.0, found.pixel_difference or 0.0)
    return [*_disagreement(found, FLOAT_AGREEMENT), *_difference_faults(worst)]


def _difference_faults(worst: float | None) -> list[str]:
    if worst is None or worst <= FLOAT_DIFFERENCE:
        return []
    return [f"a probability is off by {difference(worst)}; at most {difference(FLOAT_DIFFERENCE)} is allowed"]


def _loose_faults(found: Proof) -> list[str]:
    assert found.accuracy is not None and found.lab_accuracy is not None
    now, before, low = found.accuracy.value, found.lab_accuracy.value, found.lab_accuracy.low
    faults = _disagreement(found, LOOSE_AGREEMENT)
    if now is not None and before is not None and low is not None and now < low:
        faults.append(
            f"its accuracy on these test images is {percent(now)}, {points(before - now)} less than the "
            f"lab's {percent(before)} ({confidence_interval(low, found.lab_accuracy.high)})"
        )
    return faults


def _disagreement(found: Proof, needed: float) -> list[str]:
    agreement = found.agreement
    if agreement is None or agreement.value is None or agreement.value >= needed:
        return []
    return [
        f"it gives the lab's answer to {agreement.correct:,} of {count(agreement.total, 'test image')} "
        f"({percent(agreement.value)}), and {percent(needed)} are needed"
    ]


def _praise(kind: Kind, found: Proof) -> str:
    assert found.agreement is not None
    images = (
        f"{found.images:,}"
        if found.images == found.test_images
        else f"{found.images:,} of {found.test_images:,}"
    )
    answers = (
        f"the lab's answer to all {images} test images"
        if found.agreement.correct == found.images
        else f"the lab's answer to {found.agreement.correct:,} of the {images} test images that were tried"
    )
    where = "in a browser" if kind.reads_by_itself else "outside the lab"
    return (
        f"Tried {where}, on files: it gives {answers}. The largest difference of a probability is "
        f"{difference(found.difference)}. Accuracy on them: {found.accuracy}."
    )
