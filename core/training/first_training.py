"""How long a training takes from the click on, if the lab may only just have been started."""

from __future__ import annotations

import time

from core import datasets, engine
from core.config import RunConfig
from core.errors import LabError
from core.training import cost_estimate

_PREPARE_SECONDS, _WARM_UP_SECONDS, _MIN_LEFT = 22.0, 12.0, 2.0
"""To draw the built-in images, and to import TensorFlow, both at once, measured on 2 cores. What takes longer
than that is expected to be ready in a moment."""
_USUAL_IMAGES = 800
"""Training images of a data set that is not prepared yet."""


def seconds_to_result(config: RunConfig) -> float:
    """Return the expected seconds until a run that is submitted now has its result.

    They are those of the run, see :func:`core.training.cost_estimate.duration`, after those of what is not
    ready yet: the images and the worker, which get ready at the same time.
    """
    try:
        dataset = datasets.open(config.data.source)
        images = datasets.select(dataset, config.data).counts()["train"].values()
        until_prepared, training = 0.0, sum(images)
    except LabError:
        until_prepared, training = _until_prepared(config.data.source), _USUAL_IMAGES
    return max(until_prepared, _until_warm()) + cost_estimate.duration(config, training).seconds


def _until_prepared(source: str) -> float:
    preparation = engine.preparation_of(source)
    gone = time.time() - preparation.started if preparation.state == "running" else 0.0
    return max(_PREPARE_SECONDS - gone, _MIN_LEFT)


def _until_warm() -> float:
    age = engine.worker_age()
    return _WARM_UP_SECONDS if age is None else max(_WARM_UP_SECONDS - age, 0.0)
