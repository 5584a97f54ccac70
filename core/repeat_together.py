"""Repeat several settings with the same new seeds, so that they can be compared seed by seed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import chain, count, islice

from core import engine, repeats
from core.errors import LabError
from core.runs import Run
from core.sweep_plan import SEED


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


def queue(runs: Sequence[Run], times: int) -> list[Run]:
    """Queue the missing repeats of each run, side by side, in turn; see :func:`missing_seeds`.

    Raises:
        LabError: nothing is to be repeated, or the settings of a run cannot be read.
    """
    if times < 1 or not runs:
        raise LabError("Say how many more times the runs are to be repeated, at least once.")
    families = [[known for known in repeats.siblings(run) if _counts(known)] for run in runs]
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


def _counts(run: Run) -> bool:
    """Whether it has a result or will have one; a seed that failed can be tried again."""
    return run.has_report or run.status.waiting


def _candidates(half_used: set[int], used: set[int]) -> Iterator[int]:
    """Seeds that one side has already come first: they need only half the work."""
    return chain(sorted(half_used), (seed for seed in count() if seed not in used))
