"""Sweeps: many runs that differ in a few settings. Start, stop, resume and extend them.

Runs are queued by the process that starts the sweep and, where the next settings depend on results, by
the training worker when it is idle. No page has to stay open, and after a crash the worker continues from
the state of the folders.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from functools import cache
from typing import Any

from core import engine, runs
from core.config import SETTINGS, RunConfig
from core.errors import LabError
from core.runs import Labels, Run, Submission
from core.sweeps import folder, search
from core.sweeps.folder import MAX_RUNS as MAX_RUNS
from core.sweeps.folder import DamagedSweep as DamagedSweep
from core.sweeps.folder import State as State
from core.sweeps.folder import Sweep as Sweep
from core.sweeps.folder import Way as Way
from core.sweeps.folder import all as all
from core.sweeps.folder import damaged as damaged
from core.sweeps.folder import delete as delete
from core.sweeps.folder import find as find
from core.sweeps.folder import members as members
from core.sweeps.folder import open as open
from core.sweeps.plan import SEED, SEEDS, repeated
from core.sweeps.plan import Plan as Plan
from core.sweeps.plan import plan as plan
from core.sweeps.search import Trial, Values
from core.sweeps.trials import choices as choices
from core.sweeps.trials import describe_score as describe_score
from core.sweeps.trials import importance as importance
from core.sweeps.trials import reason_to_prune as reason_to_prune
from core.sweeps.trials import table as table
from core.sweeps.trials import trials as trials
from core.training import memory_estimate
from core.words import typed_value

UNFINISHED = frozenset({"stopped", "interrupted", "failed"})
"""States of runs that resuming a sweep resumes; a run that diverged would only diverge again."""

_GUESSES = 30
"""Proposals tried before all combinations are assumed to be exhausted."""

log = logging.getLogger(__name__)


def start(
    base: RunConfig,
    values: Values,
    *,
    way: Way = "grid",
    repeats: int = 1,
    trials: int = 0,
    prune: bool = False,
    name: str = "",
    submission: Submission = Submission(),
) -> Sweep:
    """Create a sweep and queue its first runs; see :func:`plan` for the arguments and errors."""
    if way != "grid" and trials < 1:
        raise LabError("Enter the number of combinations to propose, for example 20.")
    plan(base, values, repeats, trials=0 if way == "grid" else trials)
    sweep = Sweep(
        id=runs.new_id(),
        base=base,
        values={path: tuple(dict.fromkeys(tried)) for path, tried in values.items()},
        way=way,
        repeats=repeats,
        trials=trials,
        prune=prune,
        name=name,
        created=time.time(),
        submission=submission,
    )
    folder.write(sweep)
    return _continue(sweep)


def stop(sweep: Sweep) -> None:
    """Queue no more runs, and stop those queued or running; results so far are kept."""
    folder.change(sweep, state="stopped")
    for run in sweep.runs:
        if run.status.waiting:
            engine.stop(run)


def take_back(sweep: Sweep, before: Sweep | None = None, kept: Collection[Run] = ()) -> None:
    """Undo the start of a sweep, or what has extended the sweep ``before``, whose runs were ``kept``.

    Runs that have not begun go to the trash, those in progress are stopped. A sweep without any run left goes
    to the trash too.

    Raises:
        LabError: another process locks the sweep for too long, or a folder cannot be moved.
    """
    folder.change(sweep, state="stopped")  # so that the worker adds nothing meanwhile
    engine.take_back(run for run in sweep.runs if run not in kept)
    if before is not None:
        earlier = {"values": before.values, "trials": before.trials, "repeats": before.repeats}
        folder.change(sweep, **earlier, state=before.state)
    elif not sweep.runs:
        delete(sweep)


def resume(sweep: Sweep) -> Sweep:
    """Resume the runs that were stopped, interrupted or failed, and queue those that are missing."""
    engine.resume_all([run for run in sweep.runs if is_unfinished(run)], sweep.submission)
    return _continue(folder.change(sweep, state="open"))


def extend(sweep: Sweep, more: Mapping[str, Sequence[Any]], *, trials: int = 0, repeats: int = 0) -> Sweep:
    """Add values, proposed trials, or repeats of each combination; nothing is run twice.

    A setting that was not varied before may be added; existing runs count for its value in the base.
    """
    wider = {path: list(tried) for path, tried in sweep.values.items()}
    for path, values in more.items():
        tried = wider.setdefault(path, [sweep.base.get(path)])
        tried += [value for value in values if value not in tried]
    trials, repeats = sweep.trials + trials, sweep.repeats + repeats
    plan(sweep.base, wider, repeats, trials=0 if sweep.way == "grid" else trials)
    changed = folder.change(
        sweep,
        values={path: tuple(tried) for path, tried in wider.items()},
        trials=trials,
        repeats=repeats,
        state="open",
    )
    return _continue(changed)


def advance(at_once: int = 1) -> bool:
    """Queue missing runs of open sweeps, as the worker does when idle; return whether there were any.

    Args:
        at_once: how many proposed combinations of a sweep may be in progress at the same time.
    """
    return any(_filled(sweep, at_once) for sweep in all() if sweep.state == "open")


def _filled(sweep: Sweep, at_once: int) -> bool:
    """Call :func:`_fill`; a sweep whose runs cannot be planned or queued holds up no other work."""
    try:
        return _fill(sweep, at_once)
    except LabError as error:
        _log_once(sweep.id, str(error))
        return False


@cache
def _log_once(sweep_id: str, reason: str) -> None:
    log.error("the runs of sweep %s cannot be queued: %s", sweep_id, reason)


def tend() -> None:
    """Restart the worker if it died while a sweep is unfinished; pages call this when they rerun."""
    if any(sweep.state == "open" for sweep in all()):
        engine.ensure_worker()


def is_unfinished(run: Run) -> bool:
    """Return whether resuming the sweep resumes this run, which excludes runs stopped by pruning."""
    status = run.status
    return status.state in UNFINISHED and not status.pruned and not status.too_large


def _continue(sweep: Sweep) -> Sweep:
    _fill(sweep)
    engine.ensure_worker()
    return open(sweep.id)


def _fill(sweep: Sweep, at_once: int = 1) -> bool:
    """Queue the sweep's missing runs, one process at a time; return whether there were any."""
    with folder.changing(sweep) as present:
        if present is None or present.state != "open":
            return False
        known = trials(present)
        lacking = _lacking(present) if present.way == "grid" else _proposed(present, known, at_once)
        if lacking:
            engine.submit_all(((config, _labels(present, config)) for config in lacking), present.submission)
        if present.way == "grid" or not (lacking or any(trial.state == "running" for trial in known)):
            folder.write(replace(present, state="full"))
    return bool(lacking)


def _lacking(sweep: Sweep) -> list[RunConfig]:
    """Return the grid's settings that no run has yet."""
    existing = {_choice(sweep, config) for config in _configs(sweep)}
    wanted = plan(sweep.base, sweep.values, sweep.repeats).configs
    return [config for config in wanted if _choice(sweep, config) not in existing]


def _choice(sweep: Sweep, config: RunConfig) -> tuple[Any, ...]:
    """What distinguishes a run from the others of its sweep, whichever version of the lab wrote it."""
    return tuple(config.get(path) for path in sorted({*sweep.values, *SEEDS}))


def _proposed(sweep: Sweep, known: Sequence[Trial], at_once: int) -> list[RunConfig]:
    """Return settings with missing seeds of earlier proposals, then new proposals."""
    existing, known = _configs(sweep), list(known)
    firsts = {path: sweep.base.get(path) for path in SEEDS - set(sweep.values)}
    wanted = [repeated(config.replace(firsts), sweep.repeats) for config in existing]
    every = dict.fromkeys(config for seeds in wanted for config in seeds)
    lacking = [config for config in every if config not in existing]
    free = at_once - sum(trial.state == "running" for trial in known)
    for _ in range(min(free, sweep.trials - len(known))):
        choice = _new_choice(sweep, known)
        if choice is None:
            break
        known.append(Trial(choice, "running"))
        lacking += repeated(sweep.base.replace(choice), sweep.repeats)
    return lacking


def _new_choice(sweep: Sweep, known: Sequence[Trial]) -> dict[str, Any] | None:
    """Return a valid proposal that was not tried yet, or None if none seems to be left."""
    assert sweep.way != "grid"
    tried = [trial.settings for trial in known]
    for guess in range(_GUESSES):
        choice = search.propose(sweep.values, known, sweep.way, seed=_GUESSES * len(known) + guess)
        if choice not in tried and _fits(sweep.base, choice):
            return choice
    return None


def _fits(base: RunConfig, choice: Mapping[str, Any]) -> bool:
    try:
        memory_estimate.check_memory(base.replace(choice))
    except LabError:
        return False
    return True


def _configs(sweep: Sweep) -> list[RunConfig]:
    return [run.config for run in sweep.runs if run.status.state != "damaged"]


def _labels(sweep: Sweep, config: RunConfig) -> Labels:
    """Return labels with a name that distinguishes the run from the others, and the group."""
    varied = [*sweep.values, SEED] if sweep.repeats > 1 else list(sweep.values)
    words = ", ".join(
        f"{SETTINGS[path].label} {typed_value(config.get(path)).replace(', ', '-')}" for path in varied
    )
    return Labels(name=f"{sweep.name}: {words}" if sweep.name else words, group=sweep.id)
