"""The same settings with other seeds: how far a score is due to chance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import count, islice

import numpy as np

from core import config as settings_of
from core import engine
from core.comparison import verdicts
from core.errors import LabError
from core.runs import Run
from core.sweep_folder import members
from core.sweep_plan import SEED


@dataclass(frozen=True)
class Spread:
    """Scores of repeats; mean and deviation (SD) are None where there are too few for one."""

    scores: tuple[float, ...]

    @property
    def n(self) -> int:
        """How many there are."""
        return len(self.scores)

    @property
    def mean(self) -> float | None:
        """Their mean."""
        return float(np.mean(self.scores)) if self.scores else None

    @property
    def deviation(self) -> float | None:
        """Their standard deviation."""
        return float(np.std(self.scores, ddof=1)) if self.n > 1 else None

    def __str__(self) -> str:
        """``0.71 ± 0.02 (SD, n=5)``."""
        return verdicts.spread(self.scores)


@dataclass(frozen=True)
class Summary:
    """The spread over repeats; choose by validation, and look at the test of what was chosen."""

    validation: Spread
    test: Spread


def repeat(run: Run, times: int) -> list[Run]:
    """Queue the same settings that many times more, with seeds not used yet in the run's group.

    Raises:
        LabError: the run's settings cannot be read, or ``times`` is less than one.
    """
    if times < 1:
        raise LabError("Say how many more times the run is to be repeated, at least once.")
    group = run.labels.group or f"repeats-{run.id}"
    if not run.labels.group:
        run.relabel(group=group)
    config = run.config
    used = {known.config.fit.seed for known in siblings(run)}
    seeds = islice((seed for seed in count(config.fit.seed) if seed not in used), times)
    labels = replace(run.labels, notes="", starred=False)
    return engine.submit_all((config.replace({SEED: seed}), labels) for seed in seeds)


def siblings(run: Run) -> list[Run]:
    """The runs of its group that differ from it in nothing but the seed, itself among them, oldest first."""
    group = run.labels.group
    return [known for known in (members(group) if group else [run]) if _is_repeat(known, run)]


def summary(runs: Sequence[Run]) -> Summary:
    """The spread of the scores of repeats; runs without a result are left out."""
    reports = [run.report() for run in runs if run.has_report]

    def spread(name: str) -> Spread:
        return Spread(tuple(report[name]["value"] for report in reports if report.get(name)))

    return Summary(spread("val_accuracy"), spread("test_accuracy"))


def _is_repeat(known: Run, run: Run) -> bool:
    try:
        return not set(settings_of.differences([known.config, run.config])) - {SEED}
    except LabError:
        return False
