"""The same settings with other seeds, for one run or for several side by side: how far chance goes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import chain, count, islice

from core import config as settings_of
from core import engine
from core.errors import LabError
from core.runs import Run
from core.sweeps.folder import members
from core.sweeps.plan import SEED


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


def missing_seeds(sides: Sequence[Sequence[int]], times: int) -> list[list[int]]:
    """Which seeds each side still needs, until all have ``times`` more in common than they have now.

    Args:
        sides: the seeds that each side was trained with, or will be.
        times: how many more pairs are wanted.
    """
    used = [set(side) for side in sides]
    shared, any_side = set.intersection(*used), set.union(*used)
    wanted = list(islice(_candidates(any_side - shared, any_side), times))
    return [[seed for seed in wanted if seed not in side] for side in used]


def repeat_together(runs: Sequence[Run], times: int) -> list[Run]:
    """Queue the missing repeats of each run, side by side, in turn; see :func:`missing_seeds`.

    Raises:
        LabError: nothing is to be repeated, or the settings of a run cannot be read.
    """
    if times < 1 or not runs:
        raise LabError("Say how many more times the runs are to be repeated, at least once.")
    families = [[known for known in siblings(run) if _counts(known)] for run in runs]
    seeds = missing_seeds([[known.config.fit.seed for known in family] for family in families], times)
    for run in runs:
        if not run.labels.group:
            run.relabel(group=f"repeats-{run.id}")
    wanted = [
        (run.config.replace({SEED: seed}), replace(run.labels, notes="", starred=False))
        for place in range(max(map(len, seeds)))
        for run, of_run in zip(runs, seeds, strict=True)
        for seed in of_run[place : place + 1]
    ]
    return engine.submit_all(wanted)


def _is_repeat(known: Run, run: Run) -> bool:
    try:
        return not set(settings_of.differences([known.config, run.config])) - {SEED}
    except LabError:
        return False


def _counts(run: Run) -> bool:
    """Whether it has a result or will have one; a seed that failed can be tried again."""
    return run.has_report or run.status.waiting


def _candidates(half_used: set[int], used: set[int]) -> Iterator[int]:
    """Seeds that one side has already come first: they need only half the work."""
    return chain(sorted(half_used), (seed for seed in count() if seed not in used))
