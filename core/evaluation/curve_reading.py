"""What the learning curves of a run say, in words, and one change to try next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from core.config import RunConfig
from core.evaluation import curve_rules, headline, metrics, next_step
from core.evaluation.curves import Curves
from core.evaluation.readings import RULES, Kind, Reading
from core.report import Epoch, Report
from core.runs import Run

__all__ = ["RULES", "Kind", "Reading", "read", "read_run"]


def read(
    history: Sequence[Epoch],
    config: RunConfig,
    *,
    guess: float,
    validation_images: int,
    report: Report | None = None,
) -> Reading:
    """Interpret the learning curves of a run, see also :func:`read_run`.

    Args:
        history: the finished epochs, as returned by ``Run.metrics()``.
        config: the run's settings; the suggestion is a change to these.
        guess: accuracy of always guessing the most common class, in [0, 1].
        validation_images: their number; with few, validation accuracy fluctuates by chance alone.
        report: of the run, where there is one; a test accuracy far below validation accuracy is then
            reported too, and takes precedence over any change of settings.
    """
    reading = curve_rules.first_match(Curves(history), config, guess, validation_images)
    gap = headline.far_below_validation(report) if report else ""
    if not gap:
        return reading
    return replace(reading, sentence=f"{reading.sentence} {gap}", suggestion=next_step.far_below_validation())


def read_run(run: Run, config: RunConfig, report: Report | None) -> Reading:
    """What the learning curves of a run say; without a report the share of its largest class is not known."""
    guess = metrics.share_of_largest(report.counts["train"]) if report else 0.0
    images = report.val_accuracy.total if report else 0
    return read(run.metrics(), config, guess=guess, validation_images=images, report=report)
