"""The learning rate of each weight update, where it changes during training."""

from __future__ import annotations

import math

from core.config import FitConfig

_WARM_UP = 0.1
"""Share of the updates in which the rate rises to its full size."""


def of_epoch(finished: int, batches: int, fit: FitConfig) -> list[float]:
    """Return the rate of each batch of the next epoch of a stage.

    Args:
        finished: epochs of the stage so far, of the ``fit.epochs`` that are planned. If more are planned
            later, the rates of those to come are those of a stage that was planned so from the beginning.
        batches: per epoch.
        fit: the settings of the stage.
    """
    updates = fit.epochs * batches
    return [
        fit.learning_rate * _share(finished * batches + batch, updates, round(_WARM_UP * updates))
        for batch in range(batches)
    ]


def _share(update: int, updates: int, warm_up: int) -> float:
    """Return the share of the full rate at an update, counted from 0: a linear warm-up, then half a cosine.

    Loshchilov and Hutter, "SGDR", ICLR 2017; the warm-up is that of Goyal et al., "Accurate, large minibatch
    SGD", 2017. As ``CosineDecay`` in Keras with a warm-up from 0.
    """
    if update < warm_up:
        return update / warm_up
    return 0.5 * (1 + math.cos(math.pi * (update - warm_up) / (updates - warm_up)))
