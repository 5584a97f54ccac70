"""Optuna for sweeps: settings to try next, trials to stop early, and which settings mattered.

No study is stored. It is rebuilt each time from the runs, whose folders are the single source of truth, so
nothing becomes inconsistent when a worker is killed or a run is deleted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from core.config import SETTINGS
from core.words import count

Values = Mapping[str, Sequence[Any]]
"""The settings varied: the values to try, by dotted path."""
Proposer = Literal["random", "tpe"]

FIRST_AT_RANDOM = 8
"""Random trials before TPE starts to learn from them."""
TRIALS_BEFORE_PRUNING = 4
EPOCHS_BEFORE_PRUNING = 2
DIGITS = 3
"""Significant digits of a proposed number; more would only suggest false precision."""
TRIALS_A_SETTING = 10
"""With fewer trials per setting, little can be said about which settings matter."""


@dataclass(frozen=True)
class Trial:
    """One combination of settings and its results; score: validation accuracy, curve: the same by epoch."""

    settings: Mapping[str, Any]
    state: Literal["complete", "pruned", "running", "failed"]
    score: float | None = None
    curve: tuple[float, ...] = ()


def propose(values: Values, trials: Sequence[Trial], way: Proposer, *, seed: int) -> dict[str, Any]:
    """Propose settings for the next trial.

    Numbers are proposed between the smallest and the largest of their values, and other settings from
    among their values. Random search: Bergstra and Bengio (2012). TPE: Bergstra et al. (2011).
    """
    import optuna

    seed = int(np.random.SeedSequence(seed).generate_state(1)[0])  # consecutive seeds start out similar
    sampler: Any = optuna.samplers.RandomSampler(seed=seed)
    if way == "tpe":
        sampler = optuna.samplers.TPESampler(
            seed=seed, n_startup_trials=FIRST_AT_RANDOM, multivariate=True, constant_liar=True
        )
    study = _study(values, trials, sampler)
    asked = study.ask({path: _distribution(path, tried) for path, tried in values.items()})
    return {path: _as_setting(path, tried, asked.params[path]) for path, tried in values.items()}


def is_behind(values: Values, curve: Sequence[float], others: Sequence[Trial]) -> bool:
    """Return whether a trial's best validation accuracy so far is below the others' median at its epoch."""
    import optuna

    pruner = optuna.pruners.MedianPruner(
        n_startup_trials=TRIALS_BEFORE_PRUNING, n_warmup_steps=EPOCHS_BEFORE_PRUNING
    )
    study = _study(values, [trial for trial in others if trial.state != "running"])
    running = optuna.trial.create_trial(
        state=optuna.trial.TrialState.RUNNING, intermediate_values=dict(enumerate(curve, start=1))
    )
    return bool(pruner.prune(study, running))


def importance(values: Values, trials: Sequence[Trial]) -> dict[str, float]:
    """Return the share of the variation in validation accuracy due to each setting; sums to 1.

    Method: functional ANOVA (Hutter et al. 2014). Empty if it cannot be computed: with fewer than two
    settings, or fewer than four trials with a score.
    """
    import optuna

    scored = [trial for trial in trials if trial.score is not None and trial.state == "complete"]
    varied = {path: tried for path, tried in values.items() if len({t.settings[path] for t in scored}) > 1}
    if len(varied) < 2 or len(scored) < 4 or len({trial.score for trial in scored}) < 2:
        return {}
    study = _study(varied, scored)
    evaluator = optuna.importance.FanovaImportanceEvaluator(seed=0)
    found: dict[str, float] = optuna.importance.get_param_importances(study, evaluator=evaluator)
    return found


def caution(values: Values, trials: Sequence[Trial]) -> str:
    """Return a caveat about :func:`importance`; empty if there are enough trials."""
    scored, wanted = sum(trial.score is not None for trial in trials), TRIALS_A_SETTING * len(values)
    if scored >= wanted:
        return ""
    return (
        f"{count(scored, 'trial')} for {count(len(values), 'setting')}: with fewer than {wanted} trials, "
        "this order is often due to luck."
    )


def _study(values: Values, trials: Sequence[Trial], sampler: Any = None) -> Any:
    import optuna

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    states = {
        "complete": optuna.trial.TrialState.COMPLETE,
        "pruned": optuna.trial.TrialState.PRUNED,
        "running": optuna.trial.TrialState.RUNNING,
        "failed": optuna.trial.TrialState.FAIL,
    }
    study = optuna.create_study(direction="maximize", sampler=sampler)
    distributions = {path: _distribution(path, tried) for path, tried in values.items()}
    for trial in trials:
        with suppress(ValueError):  # an earlier trial may no longer match changed values
            study.add_trial(
                optuna.trial.create_trial(
                    state=states[trial.state],
                    value=trial.score if trial.state == "complete" else None,
                    params={path: _as_parameter(values[path], trial.settings[path]) for path in values},
                    distributions=distributions,
                    intermediate_values=dict(enumerate(trial.curve, start=1)),
                )
            )
    return study


def is_range(path: str, tried: Sequence[Any]) -> bool:
    """Return whether a setting is proposed from the range between its values, not only from the values."""
    return SETTINGS[path].kind in (int, float) and len(set(tried)) > 1


def _distribution(path: str, tried: Sequence[Any]) -> Any:
    import optuna

    if not is_range(path, tried):
        return optuna.distributions.CategoricalDistribution([_as_parameter(tried, value) for value in tried])
    setting, low, high = SETTINGS[path], min(tried), max(tried)
    log = setting.scale == "log" and low > 0
    if setting.kind is float:
        return optuna.distributions.FloatDistribution(low, high, log=log)
    step = int(setting.step or 1)
    return optuna.distributions.IntDistribution(low, high, step=step if (high - low) % step == 0 else 1)


def _as_parameter(tried: Sequence[Any], value: Any) -> Any:
    """Optuna's choices must be scalars; a tuple, as for filters, is represented by its index."""
    return f"choice {list(tried).index(value)}" if isinstance(value, tuple) else value


def _as_setting(path: str, tried: Sequence[Any], parameter: Any) -> Any:
    if is_range(path, tried):
        if SETTINGS[path].kind is int:
            return int(parameter)
        return min(max(float(f"{parameter:.{DIGITS}g}"), min(tried)), max(tried))
    return next(value for value in tried if _as_parameter(tried, value) == parameter)
