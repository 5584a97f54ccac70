"""Which runs can be compared, and on which images: what differs between them is named, never ignored."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import reduce

import numpy as np
from numpy.typing import NDArray

from core.comparison.paired_tests import Flags
from core.errors import LabError
from core.evaluation import metrics
from core.runs import Run

MIN_IMAGES = 30
"""Images that both sides must share for any verdict."""

Ids = NDArray[np.str_]


@dataclass(frozen=True)
class Result:
    """What one run answered on the images of a split, and what must agree before runs are compared.

    ids: (N,) of the images; labels: (N,) true class names; right: (N,) whether the answer was right.
    """

    ids: Ids
    labels: NDArray[np.str_]
    right: Flags
    class_names: tuple[str, ...]
    data_version: str = ""
    split_fingerprint: str = ""
    epochs: int = 0
    seed: int = 0
    seconds: float = 0.0


@dataclass(frozen=True)
class Pair:
    """Two sides on the N images they share: S runs each, row by row with the same seeds.

    first, second: (S, N), whether each run was right on each image; seconds: what one more pair of
    runs takes; notes: what differs, a sentence each; obstacle: why there can be no verdict, or empty;
    ids: (N,) of the images.
    """

    names: tuple[str, str]
    first: Flags
    second: Flags
    seconds: float
    notes: tuple[str, ...]
    obstacle: str = ""
    ids: Ids = field(default_factory=lambda: np.zeros(0, np.str_))


def from_run(run: Run, split: str = "test") -> Result:
    """A finished run's answers on a split. Raises LabError where it has none."""
    predictions, report = run.predictions(split), run.report()
    if report is None:
        raise LabError(f"{run.title} has no result yet.")
    names = report.class_names
    return Result(
        ids=predictions.ids,
        labels=np.array(names)[predictions.labels],
        right=metrics.predicted(predictions) == predictions.labels,
        class_names=names,
        data_version=report.data_version,
        split_fingerprint=report.split_fingerprint,
        epochs=len(run.metrics()),
        seed=run.config.fit.seed,
        seconds=report.seconds,
    )


def pair(names: tuple[str, str], first: Sequence[Result], second: Sequence[Result]) -> Pair:
    """Two sides made comparable: single runs as they are, repeats by the seeds that both sides have."""
    sides = (first, second) if len(first) == len(second) == 1 else _by_common_seeds(first, second)
    results = [*sides[0], *sides[1]]
    pairs = len(sides[0])
    if not pairs or (pairs == 1 and len(first) + len(second) > 2):
        nothing = np.zeros((0, 0), np.bool_)
        obstacle = "Repeats are compared by seed, and these have fewer than two seeds in common."
        return Pair(names, nothing, nothing, 0.0, (), obstacle)
    ids = _shared_images(results)
    mine, theirs = (np.array([result.right[_places(ids, result)] for result in side]) for side in sides)
    seconds = sum(result.seconds for result in results) / pairs
    return Pair(names, mine, theirs, seconds, _notes(results, len(ids)), _obstacle(results, len(ids)), ids)


def _by_common_seeds(
    first: Sequence[Result], second: Sequence[Result]
) -> tuple[Sequence[Result], Sequence[Result]]:
    mine, theirs = ({result.seed: result for result in side} for side in (first, second))
    seeds = sorted(mine.keys() & theirs.keys())
    return [mine[seed] for seed in seeds], [theirs[seed] for seed in seeds]


def _shared_images(results: Sequence[Result]) -> Ids:
    """Ids of the images that all results answered, and of whose class all are agreed."""
    ids = reduce(_in_both, (result.ids for result in results))
    labels = np.array([result.labels[_places(ids, result)] for result in results])
    return np.asarray(ids[(labels == labels[:1]).all(axis=0)])


def _in_both(one: Ids, other: Ids) -> Ids:
    return one if np.array_equal(one, other) else np.asarray(np.intersect1d(one, other))


def _places(ids: Ids, result: Result) -> NDArray[np.int64]:
    if np.array_equal(ids, result.ids):  # nearly always, and sorting 10,000 ids takes long
        return np.arange(len(ids))
    order = np.argsort(result.ids)
    return np.asarray(order[np.searchsorted(result.ids, ids, sorter=order)], np.int64)


def _obstacle(results: Sequence[Result], images: int) -> str:
    if len({frozenset(result.class_names) for result in results}) > 1:
        return "The runs tell different classes apart, which is not the same task."
    if images < MIN_IMAGES:
        return f"They share {images} images, and at least {MIN_IMAGES} are needed."
    return ""


def _notes(results: Sequence[Result], images: int) -> tuple[str, ...]:
    notes = []
    if len({result.data_version for result in results}) > 1:
        notes.append("The data set was changed in between: images were added, excluded or relabelled.")
    if len({result.split_fingerprint for result in results}) > 1:
        notes.append("The images were shared out differently to training, validation and test.")
    if any(len(result.ids) != images for result in results):
        notes.append(f"Only the {images} images that all of them answered are compared.")
    epochs = sorted({result.epochs for result in results})
    if len(epochs) > 1:
        notes.append(f"They were not trained equally long: {epochs[0]} to {epochs[-1]} epochs.")
    return tuple(notes)
