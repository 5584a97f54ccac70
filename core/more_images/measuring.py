"""What the runs of a study show: their scores by number of training images, and how certain these are."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core.comparison import pairing
from core.errors import LabError
from core.more_images import power_law
from core.more_images.power_law import Fit, Measured
from core.runs import Run

HELD_OUT = ("validation", "test")
"""The splits whose images are predicted: both, since twice the images make a narrower interval."""
_MIN_VARIANCE = 1e-6
"""Of a mean error; a network that is never wrong on few images is not certain of that."""


@dataclass(frozen=True, eq=False)
class Size:
    """The runs on one share of the training images.

    images: training images; right: (S, N), whether each of S runs is right on each of N held-out images.
    """

    share: float
    images: int
    right: NDArray[np.bool_]

    @property
    def accuracies(self) -> list[float]:
        """The accuracy of each run on the held-out images."""
        return [float(value) for value in self.right.mean(axis=1)]

    @property
    def accuracy(self) -> float:
        """Their mean."""
        return float(self.right.mean())


@dataclass(frozen=True, eq=False)
class DataCurve:
    """Scores by number of training images, smallest first.

    ids: (N,) of the held-out images; groups: (N,) what these belong to, such as patients; None where they are
    independent.
    """

    sizes: tuple[Size, ...] = ()
    ids: tuple[str, ...] = ()
    groups: NDArray[np.int64] | None = None

    @property
    def held_out(self) -> int:
        """Images on which the scores are measured."""
        return len(self.ids)

    def up_to(self, share: float) -> DataCurve:
        """Return what would be known without the runs on more than this share of the training images."""
        return replace(self, sizes=tuple(size for size in self.sizes if size.share <= share))

    def table(self) -> pd.DataFrame:
        """A row per run: share, images (training) and accuracy on the held-out images."""
        rows = [(size.share, size.images, value) for size in self.sizes for value in size.accuracies]
        return pd.DataFrame(rows, columns=["share", "images", "accuracy"])

    @property
    def is_finished(self) -> bool:
        """Whether there are enough shares, the whole among them, and repeats that show how much is chance."""
        repeated = [size for size in self.sizes if len(size.right) > 1]
        return len(repeated) == len(self.sizes) >= power_law.MIN_SIZES and self.sizes[-1].share == 1

    @property
    def can_be_fitted(self) -> bool:
        """Whether the sizes differ, too: of a few images, or groups of them, two shares may be the same."""
        repeated = [size for size in self.sizes if len(size.right) > 1]
        return len(repeated) == len(self.sizes) and len(self._numbers) >= power_law.MIN_SIZES

    @property
    def _numbers(self) -> set[int]:
        return {size.images for size in self.sizes}

    @cached_property
    def fit(self) -> Fit | None:
        """The law fitted to the scores; None if they are too few."""
        return power_law.fit(measured(self)) if self.can_be_fitted else None


def curve(runs: Iterable[Run]) -> DataCurve:
    """Return what finished runs of a study show.

    Runs whose predictions cannot be read are left out, and so are those on other images than the newest.
    """
    results = list(_results(runs))
    if not results:
        return DataCurve()
    newest = max(results, key=lambda one: one.run)
    alike = [one for one in results if one.is_like(newest)]
    by_share: dict[float, list[_Predicted]] = {}
    for one in alike:
        by_share.setdefault(one.share, []).append(one)
    sizes = (
        Size(share, round(np.mean([one.images for one in found])), np.array([one.right for one in found]))
        for share, found in sorted(by_share.items())
    )
    return DataCurve(tuple(sizes), newest.ids, newest.groups)


def measured(curve: DataCurve) -> Measured:
    """Return mean errors with their covariance.

    The same held-out images are predicted at every size, so that errors at different sizes share their luck;
    this is the covariance over images, or over groups of them. Seeds, and the part of the images that each
    takes, are independent; their variance is pooled over the sizes.
    """
    wrong = np.array([1 - size.right.mean(axis=0) for size in curve.sizes])  # (K, N)
    by_seed = [1 - size.right.mean(axis=1) for size in curve.sizes]
    squares = sum(float(((one - one.mean()) ** 2).sum()) for one in by_seed)
    of_seeds = squares / sum(len(one) - 1 for one in by_seed)
    seeds = np.array([len(one) for one in by_seed])
    covariance = _covariance_of_means(wrong, curve.groups) + np.diag(of_seeds / seeds + _MIN_VARIANCE)
    return Measured(np.array([size.images for size in curve.sizes]), wrong.mean(axis=1), covariance)


def _covariance_of_means(
    values: NDArray[np.float64], groups: NDArray[np.int64] | None
) -> NDArray[np.float64]:
    """Return the covariance (K, K) of the means of values (K, N); each group (N,) may share one luck."""
    centred = values - values.mean(axis=1, keepdims=True)
    if groups is not None:
        index = np.unique(groups, return_inverse=True)[1]
        centred = np.array([np.bincount(index, row) for row in centred])
    units = centred.shape[1]
    covariance: NDArray[np.float64] = units / max(units - 1, 1) * (centred @ centred.T) / values.shape[1] ** 2
    return covariance


@dataclass(frozen=True, eq=False)
class _Predicted:
    """One run: what it learned from, and which held-out images it is right on."""

    run: str
    share: float
    images: int
    version: str
    ids: tuple[str, ...]
    right: NDArray[np.bool_]
    groups: NDArray[np.int64] | None

    def is_like(self, other: _Predicted) -> bool:
        return self.version == other.version and self.ids == other.ids


def _results(runs: Iterable[Run]) -> Iterator[_Predicted]:
    for run in runs:
        if run.status.state == "done":
            with suppress(LabError):
                yield _result(run)


def _result(run: Run) -> _Predicted:
    results = [pairing.from_run(run, split) for split in HELD_OUT]
    report = run.report()
    if report is None:
        raise LabError(f"{run.title} has no result yet.")
    groups = [one.groups for one in results if one.groups is not None]
    return _Predicted(
        run=run.id,
        share=run.config.data.training_subset,
        images=sum(report.counts.get("train", {}).values()),
        version=report.data_version,
        ids=tuple(str(image_id) for one in results for image_id in one.ids),
        right=np.concatenate([one.right for one in results]),
        groups=np.concatenate(groups) if len(groups) == len(results) else None,
    )
