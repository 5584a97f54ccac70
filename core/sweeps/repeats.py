"""Repeat the same settings with other seeds, for one run or several, to measure the effect of chance."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import chain, count, islice

from core import config as settings_of
from core import engine
from core.errors import LabError
from core.runs import Run, Submission
from core.sweeps.folder import members
from core.sweeps.plan import SEEDS, seeds_from, with_seed


def repeat(run: Run, times: int, submission: Submission = Submission()) -> list[Run]:
    """Queue the same settings that many more times, with seeds not yet used in the run's group.

    Raises:
        LabError: the run's settings cannot be read, or ``times`` is less than one.
    """
    if times < 1:
        raise LabError("Enter how many more times to repeat the run (at least 1).")
    group = run.labels.group or f"repeats-{run.id}"
    if not run.labels.group:
        run.relabel(group=group)
    config = run.config
    used = {sibling.config.fit.seed for sibling in siblings(run)}
    seeds = islice((seed for seed in seeds_from(config.fit.seed) if seed not in used), times)
    labels = replace(run.labels, notes="", starred=False)
    return engine.submit_all(((with_seed(config, seed), labels) for seed in seeds), submission)


def siblings(run: Run) -> list[Run]:
    """Return the runs of its group that differ only in the seed, including itself, oldest first."""
    group = run.labels.group
    return [other for other in (members(group) if group else [run]) if _is_repeat(other, run)]


def missing_seeds(sides: Sequence[Sequence[int]], times: int) -> list[list[int]]:
    """Return the seeds each side still needs for all to have ``times`` more seeds in common than now.

    Args:
        sides: the seeds that each side was or will be trained with.
        times: number of additional pairs wanted.
    """
    used = [set(side) for side in sides]
    shared, any_side = set.intersection(*used), set.union(*used)
    wanted = list(islice(_candidates(any_side - shared, any_side), times))
    return [[seed for seed in wanted if seed not in side] for side in used]


def repeat_together(runs: Sequence[Run], times: int, submission: Submission = Submission()) -> list[Run]:
    """Queue the missing repeats of all runs, alternating between them; see :func:`missing_seeds`.

    Raises:
        LabError: there is nothing to repeat, or the settings of a run cannot be read.
    """
    if times < 1 or not runs:
        raise LabError("Enter how many more times to repeat the runs (at least 1).")
    families = [[sibling for sibling in siblings(run) if _counts(sibling)] for run in runs]
    seeds = missing_seeds([[sibling.config.fit.seed for sibling in family] for family in families], times)
    for run in runs:
        if not run.labels.group:
            run.relabel(group=f"repeats-{run.id}")
    wanted = [
        (with_seed(run.config, seed), replace(run.labels, notes="", starred=False))
        for index in range(max(map(len, seeds)))
        for run, of_run in zip(runs, seeds, strict=True)
        for seed in of_run[index : index + 1]
    ]
    return engine.submit_all(wanted, submission)


def _is_repeat(other: Run, run: Run) -> bool:
    try:
        return not settings_of.differences([other.config, run.config]).keys() - SEEDS
    except LabError:
        return False


def _counts(run: Run) -> bool:
    """Return whether the run has a result or will have one; a seed that failed can be tried again."""
    return run.has_report or run.status.waiting


def _candidates(half_used: set[int], used: set[int]) -> Iterator[int]:
    """Yield seeds that one side already has first, as they need only half the work."""
    return chain(sorted(half_used), (seed for seed in count() if seed not in used))
