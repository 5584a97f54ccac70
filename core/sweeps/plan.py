"""Plan a sweep before it starts: its runs, invalid combinations, and the time it takes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count as naturals
from itertools import islice, product
from math import prod
from typing import Any

from core.config import SETTINGS, RunConfig
from core.errors import LabError
from core.sweeps import search
from core.sweeps.folder import MAX_RUNS
from core.sweeps.search import Values
from core.training import cost_estimate, memory_estimate
from core.training.cost_estimate import Estimate
from core.words import count

SEED = "fit.seed"
SUBSET, SUBSET_SEED = "data.training_subset", "data.subset_seed"
SEEDS = frozenset({SEED, SUBSET_SEED})
"""Settings in which repeats differ."""
_SEED_COUNT = 2**31
"""Seeds go from 0 to one less, see :mod:`core.config`."""


@dataclass(frozen=True)
class Plan:
    """A sweep's plan: the settings of its runs, why combinations were left out, and the time."""

    configs: tuple[RunConfig, ...]
    left_out: tuple[str, ...]
    time: Estimate


def plan(base: RunConfig, values: Values, repeats: int = 1, *, images: int = 0, trials: int = 0) -> Plan:
    """Return the runs of a grid, or a first guess at those of ``trials`` proposals, and the time they take.

    Args:
        base: all settings that are not varied.
        values: the values to try, by dotted path.
        repeats: seeds per combination of settings, counted from the base's own.
        images: number of training images with the base's settings, for estimating the time.
        trials: number of combinations to propose; 0 means every combination.

    Raises:
        LabError: nothing is varied, a value is invalid, or there would be too many runs.
    """
    _check(base, values, repeats, trials or prod(len(tried) for tried in values.values()))
    configs: list[RunConfig] = []
    left_out: list[str] = []
    for choice in _choices(values, trials):
        try:
            config = base.replace(choice)
            memory_estimate.check_memory(config)
            configs += repeated(config, repeats)
        except LabError as error:
            left_out.append(str(error))
    if not configs:
        raise LabError(left_out[0])
    each = [round(images * config.get(SUBSET) / base.get(SUBSET)) for config in configs]
    return Plan(tuple(configs), tuple(dict.fromkeys(left_out)), cost_estimate.total(configs, each))


def repeated(config: RunConfig, repeats: int) -> list[RunConfig]:
    """Return the settings with that many consecutive seeds, starting with their own."""
    seeds = islice(seeds_from(config.fit.seed), repeats)
    return [config if seed == config.fit.seed else with_seed(config, seed) for seed in seeds]


def seeds_from(first: int) -> Iterator[int]:
    """Yield consecutive seeds without end; the largest is followed by 0."""
    return (number % _SEED_COUNT for number in naturals(first))


def with_seed(config: RunConfig, seed: int) -> RunConfig:
    """Return the settings with another seed, and if they take a part of the images, with another part."""
    if config.data.training_subset == 1:
        return config.replace({SEED: seed})
    return config.replace(
        {SEED: seed, SUBSET_SEED: (config.data.subset_seed + seed - config.fit.seed) % _SEED_COUNT}
    )


def _choices(values: Values, trials: int) -> Sequence[dict[str, Any]]:
    if trials:
        return [search.propose(values, [], "random", seed=number) for number in range(trials)]
    return [dict(zip(values, chosen, strict=True)) for chosen in product(*values.values())]


def _check(base: RunConfig, values: Values, repeats: int, choices: int) -> None:
    if not values:
        raise LabError("Nothing is varied yet. Choose at least one setting and its values.")
    for path, tried in values.items():
        if path not in SETTINGS:
            raise LabError(f"There is no setting {path!r}. Available: {', '.join(SETTINGS)}.")
        if not tried:
            raise LabError(
                f"{SETTINGS[path].label} has no values yet. Choose at least one, or remove the setting."
            )
        if SETTINGS[path].minimum is not None:  # whether others are valid may depend on the combination
            for value in tried:
                base.replace({path: value})
    if repeats < 1:
        raise LabError("Each combination of settings needs at least one run.")
    if SEED in values and repeats > 1:
        raise LabError("The seed is already varied. Set the repeats to 1, or remove the seed.")
    if choices * repeats > MAX_RUNS:
        raise LabError(
            f"This would be {count(choices * repeats, 'run')}; a sweep can have at most {MAX_RUNS:,}. "
            "Choose fewer values, or have only some of the combinations proposed."
        )
