"""Have every label of a data set judged by models that did not see its picture, in a process of its own."""

from __future__ import annotations

from core import background, config, estimate, suspects
from core.background import Work
from core.config import RunConfig
from core.datasets import Dataset
from core.estimate import Estimate

SETTINGS = ("fit.epochs=10",)
"""The tutorial's network; this many epochs rank wrong labels well (benchmarks/suspects.py)."""
_TRAINED_ON = 1 - 1.5 / suspects.FOLDS
"""Share of the pictures that each model is trained on, see core/ml/cross_validation.py."""


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


def settings(source: str) -> RunConfig:
    """The settings of the models that judge.

    Raises:
        LabError: the source's name is none.
    """
    return config.from_assignments([f"data.source={source}", *SETTINGS], config.preset("tutorial"))


def duration(dataset: Dataset) -> Estimate:
    """How long judging all labels of a data set will take here."""
    pictures = round(_TRAINED_ON * len(dataset.usable))
    return estimate.total([settings(dataset.source)] * suspects.FOLDS, pictures)
