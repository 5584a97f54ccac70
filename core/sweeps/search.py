"""Optuna for sweeps: settings to try next, trials to give up, and which settings mattered.

No study is stored: each time one is asked for, it is made anew from the runs, whose folders are the
only truth. So nothing can get out of step when a worker is killed or a run is deleted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from core.config import SETTINGS

Values = Mapping[str, Sequence[Any]]
"""The settings varied: dotted path to the values to try."""
Proposer = Literal["random", "tpe"]

FIRST_AT_RANDOM = 8
"""Trials before TPE begins to learn from them."""
TRIALS_BEFORE_PRUNING = 4
EPOCHS_BEFORE_PRUNING = 2
DIGITS = 3
"""Significant digits of a proposed number: more would only look exact."""
TRIALS_A_SETTING = 10
"""Fewer trials than this for each setting tell little about which of them matters."""


@dataclass(frozen=True)
class Trial:
    """What is known of one choice of settings; score is its validation accuracy, curve that by epoch."""

    settings: Mapping[str, Any]
    state: Literal["complete", "pruned", "running", "failed"]
    score: float | None = None
    curve: tuple[float, ...] = ()


def propose(values: Values, trials: Sequence[Trial], way: Proposer, *, seed: int) -> dict[str, Any]:
    """Settings for the next trial.

    A setting that is a number is proposed between the smallest and the largest of its values, any
    other from among them. Random search is that of Bergstra and Bengio (2012), TPE that of Bergstra et
    al. (2011).
    """
    import optuna

    seed = int(np.random.SeedSequence(seed).generate_state(1)[0])  # neighbouring seeds begin alike
    sampler: Any = optuna.samplers.RandomSampler(seed=seed)
    if way == "tpe":
        sampler = optuna.samplers.TPESampler(
            seed=seed, n_startup_trials=FIRST_AT_RANDOM, multivariate=True, constant_liar=True
        )
    study = _study(values, trials, sampler)
    asked = study.ask({path: _distribution(path, tried) for path, tried in values.items()})
    return {path: _as_setting(path, tried, asked.params[path]) for path, tried in values.items()}


def is_behind(values: Values, curve: Sequence[float], others: Sequence[Trial]) -> bool:
    """Whether a trial's best validation accuracy so far is below the median of the others' at its epoch."""
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
    """The share of the differences in validation accuracy that each setting accounts for; sums to 1.

    By functional ANOVA (Hutter et al. 2014). Empty where there is nothing to tell: fewer than two
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
    """What to keep in mind about :func:`importance`; empty where there are trials enough."""
    scored, wanted = sum(trial.score is not None for trial in trials), TRIALS_A_SETTING * len(values)
    if scored >= wanted:
        return ""
    few = f"{scored} trials are few for {len(values)} settings"
    return f"{few}: with fewer than {wanted} this order is often luck."


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
        with suppress(ValueError):  # one from before the values were changed may not fit any more
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
    """Whether a setting is proposed from between its values, and not only from among them."""
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
    """Optuna's choices are plain; a tuple, as of filters, goes in as its place among the values."""
    return f"choice {list(tried).index(value)}" if isinstance(value, tuple) else value


def _as_setting(path: str, tried: Sequence[Any], parameter: Any) -> Any:
    if is_range(path, tried):
        if SETTINGS[path].kind is int:
            return int(parameter)
        return min(max(float(f"{parameter:.{DIGITS}g}"), min(tried)), max(tried))
    return next(value for value in tried if _as_parameter(tried, value) == parameter)
