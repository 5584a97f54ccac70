"""The lines of the runs list, each a run or the repeats of one: filtered, sorted and grouped."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from operator import attrgetter
from typing import Literal

import pandas as pd

from core.config import SETTINGS, RunConfig, differences
from core.report import Proportion
from core.runs import Labels
from core.sweeps.plan import SEEDS
from core.words import interval, setting_value, spread
from pages.common.run_picker import Summary

Score = Literal["val_accuracy", "test_accuracy"]
REPEATS = "~"
"""Suffix of a run's id in the address: the run together with its repeats."""
NEWEST, BEST, NAME, LONGEST = "Newest first", "Best on validation first", "Name", "Longest first"
SORTS = (NEWEST, BEST, NAME, LONGEST)
BY_GROUP = "group"
_settings = attrgetter(*(path for path in SETTINGS if path not in SEEDS))


@dataclass(frozen=True)
class Line:
    """One run, or its repeats, oldest first."""

    summaries: tuple[Summary, ...]

    @property
    def id(self) -> str:
        """The name of the line in the address."""
        return self.first.run.id + (REPEATS if self.is_repeated else "")

    @cached_property
    def names(self) -> frozenset[str]:
        """Every name in the address for the line or for some of its runs."""
        ids = {summary.run.id for summary in self.summaries}
        return frozenset(ids | {run_id + REPEATS for run_id in ids})

    @property
    def first(self) -> Summary:
        """The run that represents the line where settings are shown."""
        return self.summaries[0]

    @cached_property
    def labels(self) -> Labels:
        """Name, notes, tags, star and group, read once."""
        return self.first.labels

    @property
    def is_repeated(self) -> bool:
        """Whether there are several seeds."""
        return len(self.summaries) > 1

    @property
    def title(self) -> str:
        """The title of the line; repeats have no seed in theirs, since each has its own."""
        seed = self.first.config.fit.seed if self.is_repeated and self.first.config else None
        return self.first.title.removesuffix(f", Seed {seed}")

    @cached_property
    def finished(self) -> tuple[Summary, ...]:
        """The runs with a result."""
        return tuple(summary for summary in self.summaries if summary.finished)

    @property
    def state(self) -> str:
        """The state in words; for repeats, how many have a result."""
        if not self.is_repeated:
            return self.first.state
        if len(self.finished) == len(self.summaries):
            return "finished"
        return f"{len(self.finished)} of {len(self.summaries)} finished"

    def scores(self, key: Score) -> list[float]:
        """Return ``val_accuracy`` or ``test_accuracy`` of every run that has one."""
        values = (_accuracy(summary, key).value for summary in self.finished)
        return [value for value in values if value is not None]

    @cached_property
    def validation(self) -> float | None:
        """Validation accuracy; the mean of repeats."""
        return _mean(self.scores("val_accuracy"))

    @property
    def seconds(self) -> float | None:
        """Mean duration of a run."""
        status = [summary.status for summary in self.summaries]
        return _mean([s.seconds for s in status if s.ended > s.started > 0])

    def spread(self, key: Score) -> str:
        """Return ``71.0 ± 1.6% (SD, n=5)``, or the 95% CI of a single run."""
        if self.is_repeated:
            return spread(self.scores(key))
        if not self.first.finished:
            return ""
        accuracy = _accuracy(self.first, key)
        return interval(accuracy.low, accuracy.high)


@dataclass(frozen=True)
class Wanted:
    """The filters and the order of the list."""

    words: str = ""
    states: Sequence[str] = ()
    sources: Sequence[str] = ()
    tags: Sequence[str] = ()
    starred: bool = False
    finished: bool = False
    sort: str = NEWEST
    join_repeats: bool = True


def lines(summaries: Iterable[Summary], join_repeats: bool = True) -> list[Line]:
    """Return a line per run, or per group of repeats, in the order of their newest runs."""
    together: dict[object, list[Summary]] = {}
    for summary in summaries:
        key = _settings_but_the_seed(summary) if join_repeats else None
        together.setdefault(key or summary.run.id, []).append(summary)
    return [Line(tuple(sorted(group, key=lambda s: s.run.id))) for group in together.values()]


def found(all_lines: Iterable[Line], wanted: Wanted) -> list[Line]:
    """Return the lines that match the filters, in the requested order."""
    kept = [line for line in all_lines if any(_matches(summary, wanted) for summary in line.summaries)]
    if wanted.sort == BEST:
        return sorted(kept, key=lambda line: (line.validation is None, -(line.validation or 0)))
    if wanted.sort == NAME:
        return sorted(kept, key=lambda line: line.title.lower())
    if wanted.sort == LONGEST:
        return sorted(kept, key=lambda line: -(line.seconds or 0))
    return kept


def varying(some: Iterable[Line]) -> list[str]:
    """Return the settings in which the lines differ, except the seed and the data set, shown elsewhere."""
    configs = [line.first.config for line in some if line.first.config]
    return [path for path in differences(configs) if path not in SEEDS | {"data.source"}]


def grouped(some: Sequence[Line], by: str) -> dict[str, list[Line]]:
    """Group the lines by a setting's value in words, or by the group they belong to."""
    together: dict[str, list[Line]] = {}
    for line in sorted(some, key=lambda line: _order(line, by)):
        together.setdefault(_value(line, by), []).append(line)
    return together


def group_frame(groups: dict[str, list[Line]], label: str) -> pd.DataFrame:
    """Return a row per group: its value, the number of runs, the spread of their scores, and the best."""
    rows = []
    for value, members in groups.items():
        scores = [score for line in members for score in line.scores("val_accuracy")]
        number = sum(len(line.summaries) for line in members)
        rows.append((value, number, spread(scores), max(scores, default=None)))
    return pd.DataFrame(rows, columns=[label, "Runs", "Validation accuracy", "Best"])


def _accuracy(summary: Summary, key: Score) -> Proportion:
    return summary.report.val_accuracy if key == "val_accuracy" else summary.report.test_accuracy


def _mean(values: Sequence[float]) -> float | None:
    return statistics.fmean(values) if values else None


def _settings_but_the_seed(summary: Summary) -> object | None:
    group, config = summary.labels.group, summary.config
    return (group, *_settings(config)) if group and config else None


def _matches(summary: Summary, wanted: Wanted) -> bool:
    words = wanted.words.lower().split()
    return (
        (not wanted.states or summary.state in wanted.states)
        and (not wanted.sources or _source(summary) in wanted.sources)
        and (not wanted.tags or bool(set(wanted.tags) & set(summary.labels.tags)))
        and (not wanted.starred or summary.labels.starred)
        and (not wanted.finished or summary.finished)
        and (not words or all(word in _haystack(summary) for word in words))
    )


def _haystack(summary: Summary) -> str:
    labels = summary.labels
    texts = [summary.title, _source(summary), summary.state, labels.notes, *labels.tags, summary.run.id]
    return " ".join(texts).lower()


def _source(summary: Summary) -> str:
    return summary.config.data.source if summary.config else ""


def _value(line: Line, by: str) -> str:
    if by == BY_GROUP:
        return line.labels.group or "no group"
    config = line.first.config
    return setting_value(by, config.get(by)) if config else "unreadable"


def _order(line: Line, by: str) -> tuple[bool, float, str]:
    config: RunConfig | None = line.first.config
    value = config.get(by) if config and by != BY_GROUP else None
    number = float(value) if isinstance(value, int | float) else None
    return (number is None, number or 0.0, _value(line, by))
