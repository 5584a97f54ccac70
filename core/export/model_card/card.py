"""A model card of a run in Markdown: what the model is, what it was trained on, and where it fails.

Its sections are those of Mitchell et al., "Model Cards for Model Reporting", FAT* 2019. Everything in it is
read from the run; what the lab cannot know is left for a person to write, and marked so.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from functools import cache
from pathlib import Path

import numpy as np
from jinja2 import Template

from core import config as settings_of
from core import files
from core.config import SETTINGS, RunConfig
from core.data import deep_pixels, sources
from core.errors import LabError
from core.evaluation import confusion, headline
from core.export import markdown, source_name, templates
from core.export.model_card import limits
from core.processes.threads import Progress, ShouldStop, never, silent
from core.report import Report
from core.runs import Run
from core.words import DASH, interval, percent, setting_value

_SAID_ELSEWHERE = frozenset({"data.source", "data.version", "data.image_size"})


def write(run: Run) -> str:
    """Return the model card of a finished run.

    Raises:
        LabError: the run has no report or no predictions yet.
    """
    config, report = run.config, run.report()
    if report is None:
        raise LabError(f"{run.title} has no result yet. Let it finish, then write its model card.")
    return _template().render(
        title=run.title,
        run_id=run.id,
        labels=run.labels,
        config=config,
        report=report,
        day=_day(run.status.ended),
        network=setting_value("model.network", config.model.network),
        settings=list(_changed(config)),
        versions=[(name, report.environment[name]) for name in report.environment],
        source=source_name.portable(config.data.source),
        credit=_credit(config.data.source),
        scaling=deep_pixels.scaling_in_words(report.pixel_ranges),
        counts=list(_counts(report)),
        classes=list(_classes(report)),
        balanced=headline.balanced(report),
        confused=confusion.most_confused(np.asarray(report.confusion_matrix), report.class_names),
        limits=limits.find(run, report),
    )


def make(run: Run, path: Path, progress: Progress = silent, should_stop: ShouldStop = never) -> None:
    """Write the model card to a file. Raises like ``write``, or if the file cannot be written."""
    progress("writing the model card", 0, 0)
    with files.replacing(path) as beside:
        beside.write_text(write(run), encoding="utf-8")


@cache
def _template() -> Template:
    environment = templates.environment(Path(__file__).parent)
    environment.filters["escaped"] = markdown.escaped
    environment.globals["table"] = markdown.table
    return environment.get_template("model_card.md.jinja")


def _day(seconds: float) -> str:
    return f"{datetime.fromtimestamp(seconds):%Y-%m-%d}" if seconds else DASH


def _credit(source: str) -> str:
    """Who made the images of a built-in or public data set, and their licence; "" where it is not known."""
    try:
        return sources.resolve(source).credit
    except LabError:  # a folder that is gone
        return ""


def _changed(config: RunConfig) -> Iterator[tuple[str, str, str]]:
    """Yield label, value and default of the settings that differ from the defaults."""
    for path, (default, value) in settings_of.differences([RunConfig(), config]).items():
        if path not in _SAID_ELSEWHERE:
            yield SETTINGS[path].label, setting_value(path, value), setting_value(path, default)


def _counts(report: Report) -> Iterator[list[object]]:
    for name in report.class_names:
        yield [name, *(f"{of_split.get(name, 0):,}" for of_split in report.counts.values())]
    yield ["all", *(f"{sum(of_split.values()):,}" for of_split in report.counts.values())]


def _classes(report: Report) -> Iterator[list[object]]:
    for one in report.per_class:
        recall = _with_interval(one.recall, one.recall_low, one.recall_high)
        precision = _with_interval(one.precision, one.precision_low, one.precision_high)
        yield [one.class_name, f"{one.support:,}", recall, precision, percent(one.f1)]


def _with_interval(value: float | None, low: float | None, high: float | None) -> str:
    return DASH if value is None else f"{percent(value)} ({interval(low, high)})"
