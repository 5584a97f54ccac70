"""Names of runs that say what differs from the run before."""

from __future__ import annotations

from core import datasets, runs
from core.config import RunConfig
from core.errors import LabError
from core.words import differing

MAX_LENGTH = 80
MAX_READ = 30
"""Runs among which the one before is looked for."""


def proposed(config: RunConfig) -> str:
    """Return a name for a new run: ``rotation 20°, dropout 0.3``, by the newest run on the same data set.

    The first run on a data set is named after its preset, or by what differs from the tutorial's. Runs on
    another share of the training images are left aside: they are there to measure what images bring.
    """
    before = _before(config)
    if before is not None:
        return (differing(before, config) or "same settings again")[:MAX_LENGTH]
    return first_name(config)[:MAX_LENGTH]


def first_name(config: RunConfig) -> str:
    """Return the name of a run that is the first on its data set: ``First look``."""
    presets = datasets.starting_configs(config.data.source)
    fitting = [name for name, one in presets.items() if not differing(one, config)]
    return fitting[0].capitalize() if fitting else differing(presets["tutorial"], config)


def _before(config: RunConfig) -> RunConfig | None:
    for run in runs.all()[:MAX_READ]:
        try:
            earlier = run.config
        except LabError:
            continue
        is_alike = earlier.data.training_subset == config.data.training_subset
        if earlier.data.source == config.data.source and is_alike:
            return earlier
    return None
