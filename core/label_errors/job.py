"""Have every label of a data set judged by models that did not see its image, in a process of its own.

They are judged by what a network trained on ImageNet sees in the images; by their outlines and colours
where that network cannot be had, which finds fewer of the wrong labels (benchmarks/suspects.py).
"""

from __future__ import annotations

import os
import statistics
from pathlib import Path
from typing import Annotated

from pydantic import Field, PositiveInt

from core import files, workspace
from core.data.dataset import Dataset
from core.errors import LabError
from core.processes import background_job
from core.processes.background_job import Work
from core.training.cost_estimate import Estimate
from core.words import count

LATEST = 5
"""Judgements that an estimate learns from."""
_KERAS_FILE = "mobilenet_v2_weights_tf_dim_ordering_tf_kernels_0.35_224_no_top.h5"
_SECONDS_TO_START = 5.0
_SECONDS_PER_IMAGE = 0.012
"""Seconds of one core, to look at an image and to judge it."""
_SWAYS = 1.3
"""How many times as long the same work takes when the machine has other things to do."""

_Seconds = Annotated[float, Field(gt=0, allow_inf_nan=False)]


class Judging(Work):
    """How far the judging of a data set's labels is."""

    KIND = "judgements"
    NAME = "Judging the labels"


def start(source: str) -> Judging:
    """Start judging the newest version of a data set, unless that is under way already."""
    return background_job.start(Judging(source), ["suspects", source])


def status(source: str) -> Judging:
    """How far the last judging of this source is."""
    return background_job.status(Judging(source))


def weights_at_hand() -> bool:
    """Whether the network trained on ImageNet is on this machine, or a file of its weights is named."""
    kept = Path(os.environ.get("KERAS_HOME") or Path.home() / ".keras") / "models" / _KERAS_FILE
    return bool(os.environ.get("LAB_IMAGENET_WEIGHTS")) or kept.is_file()


def note(images: int, seconds: float) -> None:
    """Keep how long the judging of so many images took here, for :func:`duration`.

    Raises:
        LabError: it cannot be written.
    """
    files.write_json(_times(), [*_earlier(), (images, seconds)][-LATEST:])


def duration(dataset: Dataset) -> Estimate:
    """How long judging all labels of a data set will take here.

    A guess from the number of cores, corrected by how far it was off at the latest judgements. How much of
    their time was for starting is not known: all of it gives one end of the range, nothing the other.
    """
    images, earlier = len(dataset.usable), _earlier()
    guess = _guess(images)
    if not earlier:
        return Estimate(guess, guess / 3, 3 * guess, "a rough guess: nothing was judged on this machine yet")
    off = statistics.median(took / _guess(before) for before, took in earlier)
    ends = [end for before, took in earlier for end in (took, took * images / before)]
    basis = f"from {count(len(earlier), 'earlier judgement')} on this machine"
    return Estimate(off * guess, min(ends) / _SWAYS, max(ends) * _SWAYS, basis)


def _earlier() -> list[tuple[int, float]]:
    """Images and seconds of the latest judgements; none where that is damaged."""
    try:
        return files.read_model(_times(), list[tuple[PositiveInt, _Seconds]], missing=[])
    except LabError:
        return []


def _times() -> Path:
    return workspace.folder() / Judging.KIND / "times.json"


def _guess(images: int) -> float:
    """Seconds, with nothing known of this machine but its cores."""
    return _SECONDS_TO_START + images * _SECONDS_PER_IMAGE / (os.cpu_count() or 1)
