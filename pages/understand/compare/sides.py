"""The sides of a comparison: two to six lines of the runs list, each represented by a letter."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from string import ascii_uppercase

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from core.comparison import pairing, score_intervals
from core.comparison.pairing import Result
from core.comparison.score_intervals import Scores
from core.evaluation import metrics
from pages.common.run_lines import Line
from pages.common.run_picker import Summary

MAX_NAME_LENGTH = 36
"""Characters of a name beside a chart."""
_PARTS = re.compile(", |: ")
"""Separates the parts of a name, as sweeps and repeats write it."""
_MAX_HEADERS_LENGTH = 100
"""Characters of all column headers of a table together."""


@dataclass(frozen=True)
class Side:
    """A letter and what it represents: one trained model, or settings with their repeats."""

    letter: str
    line: Line
    short: str

    @property
    def name(self) -> str:
        """The name in charts and tables; the letter distinguishes runs of the same name."""
        return f"{self.letter} · {self.short}"

    @property
    def finished(self) -> tuple[Summary, ...]:
        """The runs that have a result."""
        return self.line.finished

    @property
    def stamp(self) -> tuple[tuple[str, int], ...]:
        """A value that changes with the results: the ids of the runs, and when their reports were written."""
        return tuple(
            (summary.run.id, summary.run.report_path.stat().st_mtime_ns) for summary in self.finished
        )

    def results(self, split: str) -> list[Result]:
        """Return the predictions of the runs on a split. Raises LabError if they cannot be read."""
        return [_result(*stamp, split, run) for stamp, run in zip(self.stamp, self.finished, strict=True)]

    def scores(self, split: str) -> list[Scores]:
        """Return the scores of the runs on a split. Raises LabError if they cannot be read."""
        return [_scores(*stamp, split, run) for stamp, run in zip(self.stamp, self.finished, strict=True)]

    def matrix(self, split: str) -> NDArray[np.int64]:
        """Return images by true class (row) and predicted class (column), (C, C), summed over repeats."""
        matrices = [_matrix(summary, split) for summary in self.finished]
        total: NDArray[np.int64] = np.sum(matrices, axis=0)
        return total


def sides(chosen: Sequence[Line]) -> list[Side]:
    """Return the lines as sides, with a letter each."""
    names = short_names([line.title for line in chosen])
    return [Side(*side) for side in zip(ascii_uppercase, chosen, names, strict=False)]


def short_names(titles: Sequence[str]) -> list[str]:
    """Return the names without their common parts, cut to fit beside a chart on a phone."""
    parts = [_PARTS.split(title) for title in titles]
    shared = set.intersection(*map(set, parts)) if len(parts) > 1 else set()
    distinct = [", ".join(part for part in own if part not in shared) for own in parts]
    names = [name or title for name, title in zip(distinct, titles, strict=True)]
    return [name if len(name) <= MAX_NAME_LENGTH else f"{name[: MAX_NAME_LENGTH - 1]}…" for name in names]


def headers(sides: Sequence[Side]) -> list[str]:
    """Return column headers for a table: only letters if the names would not fit side by side."""
    names = [side.name for side in sides]
    return names if sum(map(len, names)) <= _MAX_HEADERS_LENGTH else [side.letter for side in sides]


def _matrix(summary: Summary, split: str) -> NDArray[np.int64]:
    predictions = summary.run.predictions(split)
    classes = len(summary.report.class_names)
    return metrics.confusion_matrix(predictions.labels, metrics.predicted(predictions), classes)


@st.cache_resource(max_entries=256, show_spinner=False)
def _result(run_id: str, written: int, split: str, _summary: Summary) -> Result:
    return pairing.from_run(_summary.run, split)


@st.cache_resource(max_entries=256, show_spinner=False)
def _scores(run_id: str, written: int, split: str, _summary: Summary) -> Scores:
    return score_intervals.compute(_summary.run.predictions(split), _summary.report.class_names)
