"""Judge every label of a data set by models that were not trained on its image, in a background process.

The models use the features of a network trained on ImageNet or, if it is not available, outlines and colours,
which find fewer of the wrong labels (see benchmarks/suspects.py).
"""

from __future__ import annotations

import os
import statistics
from pathlib import Path
from typing import Annotated

from pydantic import Field, PositiveInt

from core import files, workspace
from core.backbones import BACKBONES
from core.data.dataset import Dataset
from core.errors import LabError
from core.processes import background_job
from core.processes.background_job import Work
from core.training import pretrained_weights
from core.training.cost_estimate import Estimate
from core.words import count

LATEST = 5
"""Number of earlier judgements used for an estimate."""
_SECONDS_TO_START = 5.0
_SECONDS_PER_IMAGE = 0.012
"""Core seconds to analyse an image and judge its label."""
_VARIATION = 1.3
"""Factor by which the same work takes longer on a busy machine."""

_Seconds = Annotated[float, Field(gt=0, allow_inf_nan=False)]


class Judging(Work):
    """Progress of judging a data set's labels."""

    KIND = "judgements"
    NAME = "Judging the labels"


def start(source: str) -> Judging:
    """Start judging the newest version of a data set, unless that is already under way."""
    return background_job.start(Judging(source), ["suspects", source])


def status(source: str) -> Judging:
    """Progress of the most recent judging of this source."""
    return background_job.status(Judging(source))


def weights_at_hand() -> bool:
    """Whether the ImageNet weights are on this machine."""
    return pretrained_weights.find(BACKBONES["mobilenet_v2_035"]) is not None


def note(images: int, seconds: float) -> None:
    """Record how long judging this number of images took on this machine, for :func:`duration`.

    Raises:
        LabError: the file cannot be written.
    """
    files.write_json(_times(), [*_earlier(), (images, seconds)][-LATEST:])


def duration(dataset: Dataset) -> Estimate:
    """Estimate how long judging all labels of a data set will take on this machine.

    A guess from the number of cores, corrected by its error in the latest judgements. Their startup time is
    unknown: one end of the range assumes that it was all of the time, the other none.
    """
    images, earlier = len(dataset.usable), _earlier()
    guess = _guess(images)
    if not earlier:
        return Estimate(
            guess, guess / 3, 3 * guess, "a rough guess: no labels have been judged on this machine yet"
        )
    correction = statistics.median(took / _guess(before) for before, took in earlier)
    ends = [end for before, took in earlier for end in (took, took * images / before)]
    basis = f"from {count(len(earlier), 'earlier judgement')} on this machine"
    return Estimate(correction * guess, min(ends) / _VARIATION, max(ends) * _VARIATION, basis)


def _earlier() -> list[tuple[int, float]]:
    """Images and seconds of the latest judgements; empty if the file is damaged."""
    try:
        return files.read_model(_times(), list[tuple[PositiveInt, _Seconds]], missing=[])
    except LabError:
        return []


def _times() -> Path:
    return workspace.folder() / Judging.KIND / "times.json"


def _guess(images: int) -> float:
    """Estimated seconds, based only on the machine's number of cores."""
    return _SECONDS_TO_START + images * _SECONDS_PER_IMAGE / (os.cpu_count() or 1)
