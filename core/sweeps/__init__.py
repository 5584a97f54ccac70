"""Sweeps: many runs that differ in a few settings. Start, stop, resume and extend them.

Runs are queued by whoever starts the sweep, and, where the next settings depend on results, by the
training worker whenever it is free. So no page has to stay open, and after a crash the worker goes on
where the folders say.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from core import engine, runs
from core.config import SETTINGS, RunConfig
from core.errors import LabError
from core.runs import Labels, Run
from core.sweeps import folder, search
from core.sweeps.folder import State as State
from core.sweeps.folder import Sweep as Sweep
from core.sweeps.folder import Way as Way
from core.sweeps.folder import all as all
from core.sweeps.folder import find as find
from core.sweeps.folder import members as members
from core.sweeps.folder import open as open
from core.sweeps.plan import MAX_RUNS as MAX_RUNS
from core.sweeps.plan import SEED, repeated
from core.sweeps.plan import Plan as Plan
from core.sweeps.plan import plan as plan
from core.sweeps.search import Trial, Values
from core.sweeps.trials import choices as choices
from core.sweeps.trials import describe_score as describe_score
from core.sweeps.trials import importance as importance
from core.sweeps.trials import reason_to_prune as reason_to_prune
from core.sweeps.trials import table as table
from core.sweeps.trials import trials as trials
from core.words import typed_value

UNFINISHED = frozenset({"stopped", "interrupted", "failed"})
"""States from which resuming a sweep goes on; a run that diverged would only diverge again."""

_GUESSES = 30
"""Proposals drawn until one is new; after that the choices are taken to be exhausted."""


def start(
    base: RunConfig,
    values: Values,
    *,
    way: Way = "grid",
    repeats: int = 1,
    trials: int = 0,
    prune: bool = False,
    name: str = "",
) -> Sweep:
    """Make a sweep and queue what can be queued; see :func:`plan` for the arguments and errors."""
    if way != "grid" and trials < 1:
        raise LabError("Say how many choices are to be proposed, for example 20.")
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
    )
    folder.write(sweep)
    return _go_on(sweep)


def stop(sweep: Sweep) -> None:
    """Queue nothing more, and stop what is queued or running; what was learned so far is kept."""
    folder.change(sweep, state="stopped")
    for run in sweep.runs:
        if run.status.waiting:
            engine.stop(run)


def resume(sweep: Sweep) -> Sweep:
    """Go on with the runs that were stopped, interrupted or failed, and queue those that are missing."""
    engine.resume_all([run for run in sweep.runs if is_unfinished(run)])
    return _go_on(folder.change(sweep, state="open"))


def extend(sweep: Sweep, more: Mapping[str, Sequence[Any]], *, trials: int = 0, repeats: int = 0) -> Sweep:
    """Add values to settings, trials to those proposed, or repeats to each choice; none is run twice.

    A setting that was not varied so far may be added; the runs there are count for its value in the base.
    """
    wider = {path: list(tried) for path, tried in sweep.values.items()}
    for path, values in more.items():
        known = wider.setdefault(path, [sweep.base.get(path)])
        known += [value for value in values if value not in known]
    trials, repeats = sweep.trials + trials, sweep.repeats + repeats
    plan(sweep.base, wider, repeats, trials=0 if sweep.way == "grid" else trials)
    changed = folder.change(
        sweep,
        values={path: tuple(tried) for path, tried in wider.items()},
        trials=trials,
        repeats=repeats,
        state="open",
    )
    return _go_on(changed)


def advance(at_once: int = 1) -> bool:
    """Queue what open sweeps still lack; the worker asks when it is free. Returns whether there was any.

    Args:
        at_once: how many proposed choices of a sweep may be under way at the same time.
    """
    return any(_fill(sweep, at_once) for sweep in all() if sweep.state == "open")


def tend() -> None:
    """Bring the worker back if it died while a sweep still lacks runs; pages call this when they look."""
    if any(sweep.state == "open" for sweep in all()):
        engine.ensure_worker()


def is_unfinished(run: Run) -> bool:
    """Whether resuming the sweep goes on with this run; not with one that was given up on purpose."""
    return run.status.state in UNFINISHED and not run.status.pruned


def _go_on(sweep: Sweep) -> Sweep:
    _fill(sweep)
    engine.ensure_worker()
    return open(sweep.id)


def _fill(sweep: Sweep, at_once: int = 1) -> bool:
    """Queue what the sweep lacks now; returns whether that was anything. One process at a time may."""
    with folder.changing(sweep) as present:
        if present is None or present.state != "open":
            return False
        known = trials(present)
        lacking = _lacking(present) if present.way == "grid" else _proposed(present, known, at_once)
        if lacking:
            engine.submit_all((config, _labels(present, config)) for config in lacking)
        if present.way == "grid" or not (lacking or any(trial.state == "running" for trial in known)):
            folder.write(replace(present, state="full"))
    return bool(lacking)


def _lacking(sweep: Sweep) -> list[RunConfig]:
    """What the grid has and no run has yet; of proposed choices, seeds that were added later."""
    there = _configs(sweep)
    return [config for config in plan(sweep.base, sweep.values, sweep.repeats).configs if config not in there]


def _proposed(sweep: Sweep, known: Sequence[Trial], at_once: int) -> list[RunConfig]:
    assert sweep.way != "grid"
    there, known = _configs(sweep), list(known)
    wanted = [repeated(config.replace({SEED: sweep.base.fit.seed}), sweep.repeats) for config in there]
    lacking = list({config.model_dump_json(): config for seeds in wanted for config in seeds}.values())
    lacking = [config for config in lacking if config not in there]
    free = at_once - sum(trial.state == "running" for trial in known)
    for _ in range(min(free, sweep.trials - len(known))):
        choice = _new_choice(sweep, known)
        if choice is None:
            break
        known.append(Trial(choice, "running"))
        lacking += repeated(sweep.base.replace(choice), sweep.repeats)
    return lacking


def _new_choice(sweep: Sweep, known: Sequence[Trial]) -> dict[str, Any] | None:
    """A proposal that was not tried yet and fits together; None where there seems to be none left."""
    assert sweep.way != "grid"
    tried = [trial.settings for trial in known]
    for guess in range(_GUESSES):
        choice = search.propose(sweep.values, known, sweep.way, seed=_GUESSES * len(known) + guess)
        if choice not in tried and _fits(sweep.base, choice):
            return choice
    return None


def _fits(base: RunConfig, choice: Mapping[str, Any]) -> bool:
    try:
        base.replace(choice)
    except LabError:
        return False
    return True


def _configs(sweep: Sweep) -> list[RunConfig]:
    return [run.config for run in sweep.runs if run.status.state != "damaged"]


def _labels(sweep: Sweep, config: RunConfig) -> Labels:
    """A name that tells the run from the others, and the group."""
    varied = [*sweep.values, SEED] if sweep.repeats > 1 else list(sweep.values)
    words = ", ".join(
        f"{SETTINGS[path].label} {typed_value(config.get(path)).replace(', ', '-')}" for path in varied
    )
    return Labels(name=f"{sweep.name}: {words}" if sweep.name else words, group=sweep.id)
