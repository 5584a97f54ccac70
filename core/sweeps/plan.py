"""What a sweep would do, before it starts: its runs, what does not fit together, and how long it takes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from math import prod
from typing import Any

from core.config import SETTINGS, RunConfig
from core.errors import LabError
from core.sweeps import search
from core.sweeps.search import Values
from core.training import cost_estimate
from core.training.cost_estimate import Estimate
from core.words import count

SEED = "fit.seed"
MAX_RUNS = 1000


@dataclass(frozen=True)
class Plan:
    """What a sweep would do: its runs' settings, what does not fit together and why, and the time."""

    configs: tuple[RunConfig, ...]
    left_out: tuple[str, ...]
    time: Estimate


def plan(base: RunConfig, values: Values, repeats: int = 1, *, images: int = 0, trials: int = 0) -> Plan:
    """The runs of a grid, or the first guess at those of ``trials`` proposals, and how long they take.

    Args:
        base: every setting that is not varied.
        values: dotted path to the values to try.
        repeats: seeds for each choice of settings, counted from the base's own.
        images: training images, for the time.
        trials: how many choices are to be proposed; 0 means every combination.

    Raises:
        LabError: there is nothing to vary, a value does not fit, or it would be too many runs.
    """
    _check(base, values, repeats, trials or prod(len(tried) for tried in values.values()))
    configs: list[RunConfig] = []
    left_out: list[str] = []
    for choice in _choices(values, trials):
        try:
            configs += repeated(base.replace(choice), repeats)
        except LabError as error:
            left_out.append(str(error))
    if not configs:
        raise LabError(left_out[0])
    return Plan(tuple(configs), tuple(dict.fromkeys(left_out)), cost_estimate.total(configs, images))


def repeated(config: RunConfig, repeats: int) -> list[RunConfig]:
    """The same settings with that many seeds, its own first."""
    first = config.fit.seed
    return [config.replace({SEED: first + number}) if number else config for number in range(repeats)]


def _choices(values: Values, trials: int) -> Sequence[dict[str, Any]]:
    if trials:
        return [search.propose(values, [], "random", seed=number) for number in range(trials)]
    return [dict(zip(values, chosen, strict=True)) for chosen in product(*values.values())]


def _check(base: RunConfig, values: Values, repeats: int, choices: int) -> None:
    if not values:
        raise LabError("Nothing varies yet: choose at least one setting and its values.")
    for path, tried in values.items():
        if path not in SETTINGS:
            raise LabError(f"there is no setting {path!r}; the settings are: {', '.join(SETTINGS)}")
        if not tried:
            raise LabError(f"{SETTINGS[path].label} has no values yet: choose at least one, or take it out.")
        if SETTINGS[path].minimum is not None:  # others may fit or not by what they are combined with
            for value in tried:
                base.replace({path: value})
    if repeats < 1:
        raise LabError("Each choice of settings needs at least one run.")
    if SEED in values and repeats > 1:
        raise LabError("The seed is varied already: set the repeats to 1, or take the seed out.")
    if choices * repeats > MAX_RUNS:
        raise LabError(
            f"That would be {count(choices * repeats, 'run')}; a sweep has at most {MAX_RUNS:,}. "
            "Choose fewer values, or let some of the combinations be proposed."
        )
