"""Judge every label by a classifier that was not trained on its image."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core.data import grouping
from core.data.dataset import Dataset
from core.label_errors import ranking
from core.label_errors.ranking import Judged, Way
from core.processes.threads import Progress, ShouldStop, never, silent, stop_if

Vectors = NDArray[np.float32]

STEP = "judging labels"

_INVERSE_PENALTY = 0.001
"""Inverse strength of the L2 penalty. Deliberately strong: with a weak penalty the classifier overfits to the
wrong labels, and of 184 in tf_flowers only 151 rank first instead of 171 (see benchmarks/suspects.py)."""


def judge(
    dataset: Dataset,
    describe: Callable[..., Vectors],
    by: Way,
    *,
    count: int = ranking.FOLDS,
    progress: Progress = silent,
    should_stop: ShouldStop = never,
) -> Judged:
    """Judge all labels of a data set, each by a classifier fitted to the other ``count - 1`` folds.

    A group of images, such as a patient's, is in one fold: a classifier that knows the others of a group
    would believe a label that is wrong for all of it.

    Args:
        describe: computes features (N, D) of index rows; see core/label_errors/handcrafted_features.py and
            core/ml/imagenet_features.py.
        by: the name of these features.

    Raises:
        LabError: a class has too few images, or ``describe`` failed.
        Stopped: ``should_stop`` returned True.
    """
    rows = dataset.usable
    class_names = tuple(name for name in dataset.class_names if name in set(rows["label"]))
    labels = pd.Categorical(rows["label"], categories=class_names).codes.astype(np.int64)
    fold = ranking.folds(with_groups(dataset, rows, count), count)
    vectors = describe(dataset, rows, progress=progress, should_stop=should_stop)
    probabilities = out_of_fold(vectors, labels, fold, progress=progress, should_stop=should_stop)
    return Judged(dataset.version, class_names, rows["id"].to_numpy(dtype=str), labels, probabilities, by)


def with_groups(dataset: Dataset, rows: pd.DataFrame, count: int = ranking.FOLDS) -> pd.DataFrame:
    """The rows with the groups of the list, or those that names suggest, added to their copies.

    Groups are left alone where a class has too few of them for the folds.
    """
    groups = grouping.groups(dataset, "list") or grouping.suggested(dataset)
    if groups is None:
        return rows
    joined = rows.assign(group=grouping.joined(rows, groups))
    return rows if joined.groupby("label")["group"].nunique().min() < count else joined


def out_of_fold(
    vectors: Vectors,
    labels: NDArray[np.int64],
    fold: NDArray[np.int64],
    *,
    progress: Progress = silent,
    should_stop: ShouldStop = never,
) -> NDArray[np.float32]:
    """Predictions of logistic regressions on the images that they were not fitted to.

    Args:
        vectors: (N, D) features; labels (N,) 0 to C - 1; fold (N,) 0 to F - 1, every C in each.

    Returns:
        Probabilities (N, C).
    """
    from sklearn.linear_model import LogisticRegression  # imported late: it would delay every command
    from sklearn.preprocessing import StandardScaler

    scaled = StandardScaler().fit_transform(vectors)
    count = int(fold.max()) + 1
    probabilities = np.zeros((len(labels), int(labels.max()) + 1), np.float32)
    for number in range(count):
        stop_if(should_stop, STEP)
        progress(STEP, number, count)
        held_out = fold == number
        classifier = LogisticRegression(C=_INVERSE_PENALTY, max_iter=200).fit(
            scaled[~held_out], labels[~held_out]
        )
        probabilities[held_out] = classifier.predict_proba(scaled[held_out])
    progress(STEP, count, count)
    return probabilities
