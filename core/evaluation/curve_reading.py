"""What the learning curves of a run say, in words, and one change to try next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache

from core.config import RunConfig
from core.errors import LabError
from core.evaluation import curve_rules, headline, metrics, next_step
from core.evaluation.curves import Curves
from core.evaluation.next_step import Suggestion
from core.evaluation.readings import MIN_EPOCHS, RULES, Kind, Reading
from core.report import ClassScores, Epoch, Report
from core.runs import Run

__all__ = ["RULES", "Kind", "Reading", "read", "read_run"]


SETTLED_FIRST: frozenset[Kind] = frozenset({"diverged", "too short", "collapsed", "unstable", "perfect"})
"""Readings whose own suggestion comes before class weights."""


def read(
    history: Sequence[Epoch],
    config: RunConfig,
    *,
    guess: float,
    validation_images: int,
    report: Report | None = None,
    validation_classes: Sequence[ClassScores] = (),
) -> Reading:
    """Interpret the learning curves of a run, see also :func:`read_run`.

    Args:
        history: the finished epochs, as returned by ``Run.metrics()``.
        config: the run's settings; the suggestion is a change to these.
        guess: accuracy of guessing, in [0, 1].
        validation_images: their number; with few, validation accuracy fluctuates by chance alone.
        report: of the run, where there is one; a test accuracy far below validation accuracy is then
            reported too, and takes precedence over any change of settings.
        validation_classes: the scores of each class on the validation images; with a report, a rare class
            that is hardly found is then reported too.
    """
    lines, settings = _last_stage(_with_losses(history), config)
    reading = curve_rules.first_match(Curves(lines), settings, guess, validation_images)
    is_tuned = settings is not config
    reading = replace(reading, suggestion=next_step.suited(reading.suggestion, config, is_tuned=is_tuned))
    if report is None:
        return reading
    if gap := headline.far_below_validation(report):
        return _with(reading, gap, next_step.far_below_validation())
    missed = headline.rare_class_missed(report.counts.get("train", {}), validation_classes)
    if not missed:
        return reading
    weigh = not config.fit.class_weights and reading.kind not in SETTLED_FIRST
    return _with(reading, missed, next_step.rare_class_missed() if weigh else reading.suggestion)


def read_run(run: Run, config: RunConfig, report: Report | None) -> Reading:
    """What the learning curves of a run say; without a report the share of its largest class is not known."""
    if report is None:
        return read(run.metrics(), config, guess=0.0, validation_images=0)
    return read(
        run.metrics(),
        config,
        guess=_guess(config, report),
        validation_images=report.val_accuracy.total,
        report=report,
        validation_classes=_validation_classes(run, report),
    )


def _last_stage(history: Sequence[Epoch], config: RunConfig) -> tuple[Sequence[Epoch], RunConfig]:
    """The epochs to read and their settings: the curves of a stage say nothing about those of another.

    Of a pretrained network, they are those of fine-tuning or, where these are too few, those of its head.
    """
    tuned = [line for line in history if line.get("stage") == "fine_tuning"]
    if len(tuned) >= MIN_EPOCHS:
        return tuned, config.for_fine_tuning
    return (history[: len(history) - len(tuned)] or history), config


def _with_losses(history: Sequence[Epoch]) -> Sequence[Epoch]:
    """Leave out first epochs whose losses are unknown, see :func:`core.ml.train.train`."""
    known = (index for index, line in enumerate(history) if line.get("val_loss") is not None)
    return history[next(known, 0) :]


def _guess(config: RunConfig, report: Report) -> float:
    """With class weights, always answering the largest class is no better than any other answer."""
    if config.fit.class_weights:
        return 1 / len(report.class_names)
    return metrics.share_of_largest(report.counts.get("train", {}))


def _validation_classes(run: Run, report: Report) -> Sequence[ClassScores]:
    """Not the test images, since the suggestion is a choice; none where the predictions are unreadable."""
    if not metrics.are_uneven(report.counts.get("train", {})):
        return ()
    try:
        written = run.predictions_path.stat().st_mtime_ns
        return _scores_of_classes(run, written, report.class_names)
    except (LabError, OSError):
        return ()


@lru_cache(maxsize=64)
def _scores_of_classes(run: Run, written: int, class_names: tuple[str, ...]) -> tuple[ClassScores, ...]:
    """Cached until the predictions are written anew: a page reads the curves at every click."""
    return tuple(metrics.per_class_of(run.predictions("validation"), class_names))


def _with(reading: Reading, sentence: str, suggestion: Suggestion) -> Reading:
    return replace(reading, sentence=f"{reading.sentence} {sentence}", suggestion=suggestion)
