"""Which runs can be compared, and on which images; differences between them are reported, never ignored."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import reduce

import numpy as np
from numpy.typing import NDArray

from core.comparison import data_changes
from core.comparison.paired_tests import Flags
from core.errors import LabError
from core.evaluation import metrics
from core.runs import Run
from core.words import count, percent

MIN_IMAGES = 30
"""Images that both sides must share for a verdict."""

Ids = NDArray[np.str_]
Groups = NDArray[np.int64]


@dataclass(frozen=True)
class Result:
    """One run's predictions on the images of a split, and what must match before runs are compared.

    ids: (N,) image ids; labels: (N,) true class names; right: (N,) whether the prediction is correct; run,
    parent: ids of the run and of the run that it continues, if any; split_by: the settings that decide which
    images a split keeps together; training_subset: the share of the training images that it learned from;
    groups: (N,) the group of each image, None where they are independent; source: the data set.
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
    run: str = ""
    parent: str = ""
    split_by: tuple[str, str] = ("", "")
    training_subset: float = 1.0
    groups: Groups | None = None
    source: str = ""


@dataclass(frozen=True)
class Pair:
    """Two sides on the N images they share: S runs each, with the same seeds row by row.

    first, second: (S, N), whether each run is correct on each image; seconds: training time of one more
    pair of runs; notes: the differences, a sentence each; obstacle: why no verdict is possible, or empty;
    ids: (N,) image ids; groups: (N,) the group of each image, None where they are independent; epochs: the
    mean number that each side was trained for; are_same_images: whether both learned from the same images.
    """

    names: tuple[str, str]
    first: Flags
    second: Flags
    seconds: float
    notes: tuple[str, ...]
    obstacle: str = ""
    ids: Ids = field(default_factory=lambda: np.zeros(0, np.str_))
    groups: Groups | None = None
    epochs: tuple[float, float] = (0.0, 0.0)
    are_same_images: bool = True


def from_run(run: Run, split: str = "test") -> Result:
    """Return a finished run's predictions on a split. Raises LabError if there are none."""
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
        run=run.id,
        parent=run.parent.run if run.parent else "",
        split_by=(run.config.data.split, run.config.data.group_by),
        training_subset=run.config.data.training_subset,
        groups=predictions.groups,
        source=run.config.data.source,
    )


def pair(names: tuple[str, str], first: Sequence[Result], second: Sequence[Result]) -> Pair:
    """Make two sides comparable: single runs as they are, repeats by the seeds they have in common."""
    sides = (first, second) if len(first) == len(second) == 1 else _by_common_seeds(first, second)
    results = [*sides[0], *sides[1]]
    pairs = len(sides[0])
    if not pairs or (pairs == 1 and len(first) + len(second) > 2):
        empty = np.zeros((0, 0), np.bool_)
        obstacle = "Repeats are compared by seed, and these have fewer than two seeds in common."
        return Pair(names, empty, empty, 0.0, (), obstacle)
    ids = _shared_images(results)
    mine, theirs = (np.array([result.right[_rows_of(ids, result)] for result in side]) for side in sides)
    seconds = sum(result.seconds for result in results) / pairs
    notes, obstacle = _notes(results, len(ids)), _obstacle(results, len(ids))
    return Pair(
        names,
        mine,
        theirs,
        seconds,
        notes,
        obstacle,
        ids,
        _groups(results, ids),
        (_mean_epochs(sides[0]), _mean_epochs(sides[1])),
        not (_differ(results, "data_version") or _differ(results, "split_fingerprint")),
    )


def _mean_epochs(side: Sequence[Result]) -> float:
    return sum(result.epochs for result in side) / len(side)


def _by_common_seeds(
    first: Sequence[Result], second: Sequence[Result]
) -> tuple[Sequence[Result], Sequence[Result]]:
    mine, theirs = ({result.seed: result for result in side} for side in (first, second))
    seeds = sorted(mine.keys() & theirs.keys())
    return [mine[seed] for seed in seeds], [theirs[seed] for seed in seeds]


def _shared_images(results: Sequence[Result]) -> Ids:
    """Return the ids of the images that are in all results with the same true class."""
    ids = reduce(_in_both, (result.ids for result in results))
    labels = np.array([result.labels[_rows_of(ids, result)] for result in results])
    return np.asarray(ids[(labels == labels[:1]).all(axis=0)])


def _in_both(one: Ids, other: Ids) -> Ids:
    return one if np.array_equal(one, other) else np.asarray(np.intersect1d(one, other))


def _rows_of(ids: Ids, result: Result) -> NDArray[np.int64]:
    if np.array_equal(ids, result.ids):  # nearly always, and sorting 10,000 ids takes long
        return np.arange(len(ids))
    order = np.argsort(result.ids)
    return np.asarray(order[np.searchsorted(result.ids, ids, sorter=order)], np.int64)


def _groups(results: Sequence[Result], ids: Ids) -> Groups | None:
    """The groups of the shared images, which are those of any run that has them."""
    known = ((result, result.groups) for result in results if result.groups is not None)
    return next((groups[_rows_of(ids, result)] for result, groups in known), None)


def _obstacle(results: Sequence[Result], images: int) -> str:
    if len({frozenset(result.class_names) for result in results}) > 1:
        return "The runs have different classes, so they do not solve the same task."
    if _differ(results, "split_by") and _differ(results, "split_fingerprint"):
        return (
            "The runs differ in 'Split' or 'Keep together', and so in which images they learned from that "
            "belong with test images. Their scores do not measure the same thing."
        )
    if images < MIN_IMAGES:
        return f"The runs share {count(images, 'image')}; at least {MIN_IMAGES} are needed."
    return ""


def _differ(results: Sequence[Result], name: str) -> bool:
    return len({getattr(result, name) for result in results}) > 1


_OTHER_SPLIT = "The images were split differently into training, validation and test."
_SAME_TEST = "They were not trained on the same images; those that they are compared on are the same."


def _have_same_images(results: Sequence[Result], images: int) -> bool:
    return images > 0 and all(len(result.ids) == images for result in results)


def _changed_data(results: Sequence[Result]) -> str:
    versions = {result.data_version: result.source for result in sorted(results, key=lambda one: one.run)}
    if len(versions) == 2 and len(set(versions.values())) == 1:
        before, after = versions
        return data_changes.in_words(versions[before], before, after)
    return data_changes.UNKNOWN


def _notes(results: Sequence[Result], images: int) -> tuple[str, ...]:
    notes = []
    if _differ(results, "data_version"):
        notes.append(_changed_data(results))
    shares = sorted({result.training_subset for result in results})
    if len(shares) > 1:
        notes.append(
            f"The runs learned from {percent(shares[0], 0)} to {percent(shares[-1], 0)} of the training "
            "images."
        )
    elif _differ(results, "split_fingerprint"):
        notes.append(_SAME_TEST if _have_same_images(results, images) else _OTHER_SPLIT)
    if images and any(len(result.ids) != images for result in results):
        notes.append(f"Only the {count(images, 'image')} that all runs have in common are compared.")
    if {result.parent for result in results} & {result.run for result in results} - {""}:
        notes.append("One run continues the other, so the two share their first epochs.")
    epochs = sorted({result.epochs for result in results})
    if len(epochs) > 1:
        notes.append(f"The runs were trained for different times: {epochs[0]} to {epochs[-1]} epochs.")
    return tuple(notes)
