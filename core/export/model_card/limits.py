"""Where a model fails and how far it can be relied on, as far as its run shows, in sentences."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from core.comparison import test_set_usage
from core.errors import LabError
from core.evaluation import calibration, headline, metrics
from core.explain import heat_location, heatmaps
from core.explain.heatmaps import Heatmap, Request
from core.prediction.sureness import AIM, sureness
from core.report import Report
from core.runs import Predictions, Run
from core.words import confidence_interval, count, listed, percent, points

MAX_NAMED = 5
"""Weak classes that are named; the others are counted."""
_KEPT = re.compile(r"([0-9a-f]{16})-(\d+)-grad_cam-last\.npz")


@dataclass(frozen=True)
class Limits:
    """Sentences on the classes that are missed, the confidence, where the evidence lies, and the test."""

    classes: list[str]
    confidence: list[str]
    attention: list[str]
    test: list[str]


def find(run: Run, report: Report) -> Limits:
    """Return the limits of a finished run.

    Raises:
        LabError: it has no predictions, or they are damaged.
    """
    test = run.predictions("test")
    return Limits(
        classes=list(_classes(report)),
        confidence=list(_confidence(run, test)),
        attention=[_attention(run, test)],
        test=list(_test(run, report)),
    )


def _classes(report: Report) -> Iterator[str]:
    if one_answer := headline.one_answer(report):
        yield one_answer
        return
    if not report.is_better_than_guessing:
        yield "It is not shown to be better than always guessing the most common class."
    for missed in headline.never_found(report):
        yield f"It found none of the {count(missed.support, 'test image')} of {missed.class_name}."
    overall = report.test_accuracy.value or 0
    weak = [one for one in report.per_class if one.recall and (one.recall_high or 0) < overall]
    weak.sort(key=lambda one: one.recall or 0)
    if weak:
        named = [f"{one.class_name} ({_recall(one.recall, one.recall_low, one.recall_high)})" for one in weak]
        yield f"It finds these classes less often than the others: {listed(named, MAX_NAMED)}."
    untested = [one.class_name for one in report.per_class if not one.support]
    if untested:
        yield f"No test image shows {listed(untested, MAX_NAMED)}, so nothing is known of that."


def _recall(value: float | None, low: float | None, high: float | None) -> str:
    return f"recall {percent(value, 0)}, {confidence_interval(low, high, 0)}"


def _confidence(run: Run, test: Predictions) -> Iterator[str]:
    promise = sureness(run.predictions("validation"))
    aim = percent(AIM, 0)
    if promise.threshold is None:
        yield (
            f"There is no confidence from which its predictions are shown to be right {aim} of the time: "
            f"{count(promise.total, 'validation image')} do not prove it."
        )
    else:
        kept, right = calibration.when_sure(test, promise.threshold)
        yield (
            f"Predictions with a confidence of at least {percent(promise.threshold)} should be right {aim} "
            "of the time or more; this threshold was chosen on the validation images. Of the test images, "
            f"{kept} reach it, and {right} of these are classified correctly. {promise.caution}"
        ).rstrip()
    error, by_luck = calibration.calibration_error(test), calibration.calibration_error_by_luck(test)
    if error is not None and by_luck is not None:
        meaning = "more than chance explains" if error > by_luck else "which chance can explain"
        yield (f"Confidence and accuracy differ by {points(error)} on average on the test images, {meaning}.")


def _attention(run: Run, test: Predictions) -> str:
    found = _kept_maps(run, test)
    on_border, hot = heat_location.on_the_border([heatmap for _, heatmap in found])
    if not hot:
        return "Where it looks was not examined: no heatmaps have been computed for this run."
    wrong = sum(is_wrong for is_wrong, heatmap in found if heatmap.any())
    seen = "in none is most of the evidence at the border of the image."
    if on_border:
        seen = (
            f"in {on_border:,}, most of the evidence is at the border of the image, which hints at the "
            "background rather than the object."
        )
    return f"Heatmaps (Grad-CAM) of {count(hot, 'test image')}, {wrong:,} of them misclassified: {seen}"


def _kept_maps(run: Run, test: Predictions) -> list[tuple[bool, Heatmap]]:
    """Stored maps of test images for the class that was predicted, and whether that was wrong."""
    predicted = metrics.predicted(test)
    rows = {str(image_id): row for row, image_id in enumerate(test.ids)}
    found = []
    for image_id, index in _names(run):
        row = rows.get(image_id)
        if row is None or predicted[row] != index:
            continue
        try:
            heatmap = heatmaps.kept(run, Request(image_id, index))
        except LabError:  # the model is gone; its results are still those of the card
            return []
        if heatmap is not None:
            found.append((bool(predicted[row] != test.labels[row]), heatmap))
    return found


def _names(run: Run) -> list[tuple[str, int]]:
    """Images and classes with a Grad-CAM map of the last layer, see ``heatmaps.Request.file_name``."""
    folders = {run.heatmaps_path, run.path / "heatmaps"}
    names = {path.name for folder in folders if folder.is_dir() for path in folder.iterdir()}
    matches = filter(None, map(_KEPT.fullmatch, sorted(names)))
    return [(match[1], int(match[2])) for match in matches]


def _test(run: Run, report: Report) -> Iterator[str]:
    if disagreement := headline.disagreement(report):
        yield disagreement
    seen = test_set_usage.seen(run)
    if seen > test_set_usage.FEW:
        yield (
            f"The scores of {count(seen, 'run')} on these test images have been looked at. If this run was "
            "chosen by its test score, the score is too optimistic."
        )
    if grouped := headline.grouped(report):
        yield grouped
    if report.skipped:
        yield f"{count(len(report.skipped), 'file')} of the data set could not be read and were left out."
