"""Results of a sweep so far: as trials, as tables, and which settings mattered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from core.errors import LabError
from core.report import Proportion
from core.runs import WAITING, Run
from core.sweeps import search
from core.sweeps.folder import Sweep, find
from core.sweeps.search import Trial
from core.words import confidence_interval, mean_and_deviation, percent

SCORES = ("val_accuracy", "test_accuracy")
_ENDS = {"": "value", "_low": "low", "_high": "high"}
"""Suffixes of column names, and the part of a score that each column contains."""


def trial_of(run: Run, sweep: Sweep) -> Trial:
    """Return the run as a trial of the sweep.

    Raises:
        LabError: its settings cannot be read.
    """
    config, status = run.config, run.status
    curve = _curve(run)
    settings = {path: config.get(path) for path in sweep.values}
    report = run.report()
    score = report.val_accuracy.value if report else None
    if status.waiting:
        return Trial(settings, "running", None, curve)
    if status.state == "stopped":
        return Trial(settings, "pruned", score, curve)
    return Trial(settings, "failed" if score is None else "complete", score, curve)


def trials(sweep: Sweep) -> list[Trial]:
    """Return one trial per combination of settings; several seeds are averaged."""
    by_choice: dict[str, list[Trial]] = {}
    for trial in _each(sweep.runs, sweep):
        by_choice.setdefault(repr(trial.settings), []).append(trial)
    return [_joined(seeds) for seeds in by_choice.values()]


def reason_to_prune(run: Run) -> str:
    """Return why a sweep with pruning stops this run after its latest epoch; empty if it continues."""
    sweep, curve = find(run), _curve(run)
    if sweep is None or not sweep.prune or len(curve) >= run.config.max_epochs:
        return ""
    others = _each([other for other in sweep.runs if other != run], sweep)
    if not search.is_behind(sweep.values, curve, others):
        return ""
    return (
        f"Stopped early after epoch {len(curve)} of {run.config.max_epochs}: the best validation accuracy "
        f"so far, {percent(max(curve))}, is below the median of the sweep's other runs at that epoch."
    )


def table(sweep: Sweep, *, with_test: bool = False) -> pd.DataFrame:
    """Return a row per run, oldest first: run, the varied settings by path, seed, state, epochs, seconds,
    pruned, and val_accuracy with val_accuracy_low and _high (95%, Wilson), None if not available yet.

    Args:
        with_test: also include test_accuracy. Choices are made on validation; callers that show test
            scores record the view, see :mod:`core.comparison.test_set_usage`.
    """
    scores = SCORES if with_test else SCORES[:1]
    rows = []
    for run in sweep.runs:
        try:
            rows.append(_row(run, sweep, scores))
        except LabError:
            continue
    columns = ["run", *sweep.values, "seed", "state", "epochs", "seconds", "pruned"]
    columns += [f"{score}{end}" for score in scores for end in ("", "_low", "_high")]
    return pd.DataFrame(rows, columns=columns)


def choices(sweep: Sweep, runs: pd.DataFrame) -> pd.DataFrame:
    """Return a row per combination of settings in a :func:`table`: the settings, n, waiting, partial, and
    for each score its mean, SD over the seeds (``_sd``, NaN for one seed), ``_low`` and ``_high``.

    low and high are the 95% CI of a single run, or mean ± SD of several seeds. Runs stopped early count
    only if no other run has the same settings; ``partial`` is then true.
    """
    paths, scored = list(sweep.values), [score for score in SCORES if score in runs]
    groups: dict[tuple[Any, ...], list[dict[Any, Any]]] = {}
    for row in runs.to_dict("records"):
        groups.setdefault(tuple(row[path] for path in paths), []).append(row)
    rows = [{**dict(zip(paths, key, strict=True)), **_choice(group, scored)} for key, group in groups.items()]
    columns = [*paths, "n", "waiting", "partial"]
    columns += [f"{score}{end}" for score in scored for end in ("", "_sd", "_low", "_high")]
    return pd.DataFrame(rows, columns=columns)


def describe_score(choice: Mapping[Any, Any] | pd.Series[Any]) -> str:
    """Return the validation accuracy of a row of :func:`choices`, with its SD or, for one run, its CI."""
    mean, n = choice["val_accuracy"], choice["n"]
    if n > 1:
        return mean_and_deviation(mean, choice["val_accuracy_sd"], n)
    return f"{percent(mean)} ({confidence_interval(choice['val_accuracy_low'], choice['val_accuracy_high'])})"


def importance(sweep: Sweep) -> tuple[dict[str, float], str]:
    """Return the importance of each setting, and a caveat; see :func:`core.sweeps.search.importance`."""
    finished = trials(sweep)
    return search.importance(sweep.values, finished), search.caution(sweep.values, finished)


def _row(run: Run, sweep: Sweep, scores: Sequence[str]) -> dict[str, Any]:
    config, status = run.config, run.status
    row = {path: config.get(path) for path in sweep.values}
    row |= {"run": run.id, "seed": config.fit.seed, "state": status.state, "pruned": status.pruned}
    report = run.report()
    row |= {"epochs": len(run.metrics()), "seconds": report.seconds if report else None}
    for score in scores:
        found: Proportion | None = getattr(report, score, None)
        row |= {f"{score}{suffix}": getattr(found, end, None) for suffix, end in _ENDS.items()}
    return row


def _choice(group: Sequence[Mapping[Any, Any]], scored: Sequence[str]) -> dict[str, Any]:
    finished = [row for row in group if pd.notna(row["val_accuracy"])]
    whole = [row for row in finished if row["state"] == "done"]
    counted = whole or finished
    found: dict[str, Any] = {
        "n": len(counted),
        "waiting": sum(row["state"] in WAITING for row in group),
        "partial": bool(finished) and not whole,
    }
    for score in scored:
        found |= _spread(counted, score)
    return found


def _spread(counted: Sequence[Mapping[Any, Any]], score: str) -> dict[str, float]:
    if len(counted) < 2:
        one = counted[0] if counted else {}
        ends = {f"{score}{end}": one.get(f"{score}{end}", np.nan) for end in ("", "_low", "_high")}
        return {**ends, f"{score}_sd": np.nan}
    values = [row[score] for row in counted]
    mean, deviation = float(np.mean(values)), float(np.std(values, ddof=1))
    return {
        score: mean,
        f"{score}_sd": deviation,
        f"{score}_low": mean - deviation,
        f"{score}_high": mean + deviation,
    }


def _curve(run: Run) -> tuple[float, ...]:
    """Return validation accuracy by epoch, up to the first epoch without one."""
    scores = []
    for line in run.metrics():
        if (score := line.get("val_accuracy")) is None:
            break
        scores.append(score)
    return tuple(scores)


def _each(runs: Sequence[Run], sweep: Sweep) -> list[Trial]:
    found = []
    for run in runs:
        try:
            found.append(trial_of(run, sweep))
        except LabError:
            continue
    return found


def _joined(seeds: Sequence[Trial]) -> Trial:
    for state in ("running", "complete", "pruned"):
        alike = [trial for trial in seeds if trial.state == state]
        if alike:
            scores = [trial.score for trial in alike if trial.score is not None]
            return replace(alike[0], score=sum(scores) / len(scores) if scores else None)
    return seeds[0]
