"""Paired statistics: is a difference between two models, or two groups of runs, more than luck?

Everything here compares on the same images. Both sides then share the luck of which images were drawn,
so much smaller differences can be detected than from two separate scores.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

import numpy as np
from numpy.typing import NDArray

ALPHA = 0.05
"""How often a difference may be called real when there is none."""
POWER = 0.8
"""How often planned runs should detect a difference as large as the one observed."""
BOOTSTRAPS = 10_000
_MAX_DRAWN = 2_000_000
"""Resampled differences held in memory at once."""

Flags = NDArray[np.bool_]
Groups = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Measured:
    """A paired comparison, second minus first.

    test: its name; n: number of images or pairs of runs; p: two-sided; difference, low, high: the
    difference in accuracy, in [-1, 1], and its 95% interval.
    """

    test: str
    n: int
    p: float
    difference: float
    low: float
    high: float

    @property
    def is_real(self) -> bool:
        """Whether both the test and the interval exclude a difference of zero."""
        return self.p <= ALPHA and not self.low <= 0 <= self.high


def models(first: Flags, second: Flags, groups: Groups | None = None) -> Measured:
    """Compare two trained models on the same images.

    Args:
        first: whether the first model is correct, for each of N images.
        second: the same for the second model.
        groups: the group of each image, such as a patient's; None where images are independent.

    The test is McNemar's (1947) in its exact form: among the images on which exactly one model is
    correct, is each model that one equally often? The interval is a paired bootstrap over the images. One
    image is added to each side of the disagreements (Bonett and Price 2012), so that two models that never
    disagree on 20 images are not assumed to agree on every image. With groups, the test flips the signs of
    the groups' differences, and the interval is at least as wide as their spread makes it.
    """
    from scipy.stats import binomtest

    only_first, only_second = np.count_nonzero(first & ~second), np.count_nonzero(second & ~first)
    disagreed, n = only_first + only_second, len(first)
    p = binomtest(only_second, disagreed).pvalue if disagreed else 1.0
    chances = np.array([only_first + 1, only_second + 1, n - disagreed]) / (n + 2)
    drawn = np.random.default_rng(0).multinomial(n, chances, BOOTSTRAPS)
    low, high = np.quantile((drawn[:, 1] - drawn[:, 0]) / n, [ALPHA / 2, 1 - ALPHA / 2])
    difference = float(only_second - only_first) / n
    if groups is None:
        return Measured("exact McNemar test", n, float(p), difference, float(low), float(high))
    return _of_groups(second.astype(np.float64) - first, groups, (float(low), float(high)))


def _of_groups(differences: Floats, groups: Groups, independent: tuple[float, float]) -> Measured:
    """Compare two models by whole groups; ``independent`` is the interval if images were independent."""
    sums, mean = _sums(differences, groups), float(differences.mean())
    half = half_width(differences, groups)
    low, high = min(independent[0], mean - half), max(independent[1], mean + half)
    return Measured(
        "sign-flip test over groups", len(sums), _sign_flip_p(sums), mean, max(low, -1.0), min(high, 1.0)
    )


def half_width(values: Floats, groups: Groups) -> float:
    """Half the 95% interval of the mean of values (N,) whose groups (N,) may each share one luck."""
    from scipy.stats import t

    freedom = max(len(np.unique(groups)) - 1, 1)
    return float(t.ppf(1 - ALPHA / 2, freedom) * np.sqrt(_variance_between(values, groups)))


def settings(first: Flags, second: Flags, groups: Groups | None = None) -> Measured:
    """Compare two settings, each trained S times with the same seeds, on the same N images.

    Args:
        first: (S, N), whether each run of the first settings is correct on each image; S at least 2.
        second: the same for the second settings, with the same seeds row by row.
        groups: the group of each image, such as a patient's; None where images are independent.

    The test flips the signs of the pairs' differences in every combination. It assumes nothing about the
    distribution of scores, and cannot be significant with fewer than 6 pairs. The interval generalises to
    other seeds and other images: it adds the variance of the mean over pairs to that over images, with the
    degrees of freedom of Satterthwaite (1946). Seeds alone would mistake the luck of the test split for a
    real difference.
    """
    from scipy.stats import t

    difference = second.astype(np.float64) - first
    by_pair, by_image = difference.mean(axis=1), difference.mean(axis=0)
    groups = np.arange(len(by_image)) if groups is None else groups
    variances = np.array([_variance_of_mean(by_pair), _variance_between(by_image, groups)])
    units = np.array([len(by_pair), len(np.unique(groups))])
    freedom = variances.sum() ** 2 / max((variances**2 / np.maximum(units - 1, 1)).sum(), 1e-300)
    half = float(t.ppf(1 - ALPHA / 2, max(freedom, 1)) * np.sqrt(variances.sum()))
    mean = float(difference.mean())
    return Measured(
        "sign-flip test over seeds", len(by_pair), _sign_flip_p(by_pair), mean, mean - half, mean + half
    )


def more_pairs_needed(first: Flags, second: Flags, groups: Groups | None = None) -> int | None:
    """Return how many more pairs of runs would detect the observed difference with a power of 80%.

    None if more runs cannot detect it, because there are too few images, or groups of images, for so small a
    difference. The arguments are those of :func:`settings`.

    Part of the variation between images, averaged over a few pairs, is chance that more pairs remove. Only
    the rest, the between-group component of an analysis of variance, remains.
    """
    from scipy.stats import norm

    difference = second.astype(np.float64) - first
    seeds, images = difference.shape
    wanted = abs(difference.mean()) / (norm.ppf(1 - ALPHA / 2) + norm.ppf(POWER))
    chance = difference.var(axis=0, ddof=1).mean()
    groups = np.arange(images) if groups is None else groups
    lasting = max(_variance_between(difference.mean(axis=0), groups) - chance / seeds / images, 0.0)
    left_for_pairs = wanted**2 - lasting
    if left_for_pairs <= 0:
        return None
    pairs = ceil(float(difference.mean(axis=1).var(ddof=1) + chance / images) / float(left_for_pairs))
    return max(pairs, MIN_PAIRS, seeds + 1) - seeds if pairs <= MAX_PAIRS else None


MIN_PAIRS = 6
"""With fewer pairs the sign-flip test cannot reach 5%: with n pairs its smallest p is 2 / 2**n."""
MAX_PAIRS = 100
"""More pairs than anybody would train to settle one difference."""


def holm(p_values: Sequence[float]) -> list[float]:
    """Return p-values corrected for multiple comparisons (Holm 1979): the overall false alarm rate is 5%."""
    p = np.asarray(p_values, np.float64)
    ascending = np.argsort(p)
    corrected = np.maximum.accumulate(p[ascending] * np.arange(len(p), 0, -1))
    by_index = dict(zip(ascending.tolist(), np.minimum(corrected, 1).tolist(), strict=True))
    return [by_index[index] for index in range(len(p))]


def luck_of_the_best(runs: int, deviation: float) -> float:
    """Return how far the best of several equal runs is expected to exceed their mean by luck alone.

    Args:
        runs: number of runs.
        deviation: standard deviation of one run's score.
    """
    from scipy.integrate import simpson
    from scipy.stats import norm

    x = np.linspace(-8, 8, 2001)  # vectorised: one SciPy call per point would take 0.1 s in total
    expected = simpson(x * runs * norm.pdf(x) * norm.cdf(x) ** (runs - 1), x=x)
    return float(expected * deviation)


def _sign_flip_p(differences: Floats) -> float:
    """The p of a mean difference this far from zero, if each difference could as well have the other sign."""
    from scipy.stats import permutation_test

    if len(differences) < 2:
        return 1.0
    batch = max(1, _MAX_DRAWN // len(differences))
    test = permutation_test(
        (differences,), np.mean, permutation_type="samples", n_resamples=9999, batch=batch, rng=0
    )
    return float(test.pvalue)


def _sums(values: Floats, groups: Groups) -> Floats:
    """The sum of the values (N,) of each group (G,)."""
    return np.asarray(np.bincount(np.unique(groups, return_inverse=True)[1], values), np.float64)


def _variance_between(values: Floats, groups: Groups) -> float:
    """The variance of the mean of values (N,) whose groups (N,) may each share one luck; 1 of one group."""
    sums = _sums(values - values.mean(), groups)
    if len(sums) < 2:
        return 1.0
    return float(len(sums) / (len(sums) - 1) * (sums**2).sum() / len(values) ** 2)


def _variance_of_mean(values: Floats) -> float:
    return float(values.var(ddof=1) / len(values))
