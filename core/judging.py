"""Have every label of a data set judged by models that did not see its picture, in a process of its own.

They are judged by what a network trained on ImageNet sees in the pictures; by their outlines and colours
where that network cannot be had, which finds fewer of the wrong labels (benchmarks/suspects.py).
"""

from __future__ import annotations

import os
from pathlib import Path

from core import background
from core.background import Work
from core.datasets import Dataset
from core.estimate import Estimate

_KERAS_FILE = "mobilenet_v2_weights_tf_dim_ordering_tf_kernels_0.35_224_no_top.h5"
_SECONDS_TO_START = 10.0
_SECONDS_A_PICTURE = 0.012
"""Seconds of one core, to look at a picture and to judge it."""


class Judging(Work):
    """How far the judging of a data set's labels is."""

    KIND = "judgements"
    NAME = "Judging the labels"


def start(source: str) -> Judging:
    """Start judging the newest version of a data set, unless that is under way already."""
    return background.start(Judging(source), ["suspects", source])


def look(source: str) -> Judging:
    """How far the last judging of this source is."""
    return background.look(Judging(source))


def weights_at_hand() -> bool:
    """Whether the network trained on ImageNet is on this machine, or a file of its weights is named."""
    kept = Path(os.environ.get("KERAS_HOME") or Path.home() / ".keras") / "models" / _KERAS_FILE
    return bool(os.environ.get("LAB_IMAGENET_WEIGHTS")) or kept.is_file()


def duration(dataset: Dataset) -> Estimate:
    """How long judging all labels of a data set will take here: a guess from its cores."""
    work = len(dataset.usable) * _SECONDS_A_PICTURE / (os.cpu_count() or 1)
    seconds = _SECONDS_TO_START + work
    return Estimate(seconds, _SECONDS_TO_START / 2 + work / 3, 3 * seconds, "a rough guess")
