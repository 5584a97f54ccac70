"""How the error falls with the number of training images, and what more of them would bring.

The law is the inverse power law with a floor, ``error(n) = floor + scale * n ** -exponent``, which describes
the learning curves of many classifiers (Cortes et al. 1993; Hestness et al. 2017,
https://arxiv.org/abs/1712.00409). In other words: each doubling of the images brings ``ratio`` times what the
doubling before brought, with ``ratio = 2 ** -exponent``.

A few uncertain errors do not determine such a curve. So all ratios are weighed by how well a curve with them
agrees with what was measured, and the forecast is an average over these curves, with its interval: a
posterior with flat priors on the ratio, the gain of the last doubling and the error now. A gain below zero
counts as zero.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

MIN_RATIO, MAX_RATIO = 0.4, 1.1
"""Exponents of 1.3 to -0.14. Measured ones are 0.07 to 0.5, but a network that has only begun to learn may
gain more by each doubling than by the one before."""
MIN_SIZES = 3
"""Two sizes show one gain, but not whether gains grow smaller."""
_RATIOS, _DRAWS = 71, 200
_ENDS = (0.025, 0.975)
_NEAR = 1e-6


@dataclass(frozen=True)
class Measured:
    """Errors by number of training images, in ascending order of K sizes.

    images: (K,) training images; errors: (K,) mean share of wrong predictions, 0 to 1; covariance: (K, K) of
    these means, over seeds and held-out images.
    """

    images: NDArray[np.int64]
    errors: Floats
    covariance: Floats


@dataclass(frozen=True)
class Range:
    """Estimates (M,) with their 95% intervals."""

    value: Floats
    low: Floats
    high: Floats


@dataclass(frozen=True)
class Fit:
    """Curves (D,) of the law with their weights, which sum to 1.

    ratios: what a doubling brings, as a share of the one before; gains: what the last doubling brought;
    levels: the error at ``largest``, the largest measured size; misfit: squared distance of the best curve
    from the measured errors, in standard deviations.
    """

    weights: Floats
    ratios: Floats
    gains: Floats
    levels: Floats
    largest: int
    misfit: float

    def errors(self, images: Floats) -> Range:
        """Return the expected errors at numbers of training images (M,)."""
        shapes = _shapes(self.ratios, np.log2(images / self.largest))
        return self._range(np.clip(self.levels[:, None] + self.gains[:, None] * shapes, 0.0, 1.0))

    def gain(self, factor: float) -> Range:
        """Return by how much the error falls with ``factor`` times the largest number of images, as (1,)."""
        shapes = _shapes(self.ratios, np.log2([factor]))
        found = np.minimum(-self.gains[:, None] * shapes, self.levels[:, None])
        return self._range(np.maximum(found, 0.0))

    def _range(self, values: Floats) -> Range:
        """Return the mean and the central 95% of values (D, M) by their weights."""
        order = np.argsort(values, axis=0)
        ordered = np.take_along_axis(values, order, axis=0)
        reached = np.cumsum(self.weights[order], axis=0)
        first = [np.argmax(reached >= end, axis=0)[None] for end in _ENDS]
        low, high = (np.take_along_axis(ordered, row, axis=0)[0] for row in first)
        return Range(self.weights @ values, low, high)


def fit(measured: Measured) -> Fit:
    """Weigh the curves of the law by measured errors of at least two sizes (generalised least squares)."""
    ratios = np.linspace(MIN_RATIO, MAX_RATIO, _RATIOS)
    doublings = np.log2(measured.images / measured.images[-1])
    shapes = np.stack([_shapes(ratios, doublings), np.ones((_RATIOS, len(doublings)))], axis=2)  # (R, K, 2)
    precision = np.linalg.inv(measured.covariance)
    covariance = np.linalg.inv(np.einsum("rka,kl,rlb->rab", shapes, precision, shapes))
    best = np.einsum("rab,rkb,kl,l->ra", covariance, shapes, precision, measured.errors)
    residuals = measured.errors - np.einsum("rka,ra->rk", shapes, best)
    distances = np.einsum("rk,kl,rl->r", residuals, precision, residuals)
    weights = np.exp(-(distances - distances.min()) / 2) * np.sqrt(np.linalg.det(covariance))
    drawn = best[:, None] + np.einsum("rab,db->rda", np.linalg.cholesky(covariance), _steps())  # (R, D, 2)
    return Fit(
        np.repeat(weights / weights.sum() / _DRAWS, _DRAWS),
        np.repeat(ratios, _DRAWS),
        drawn[:, :, 0].ravel(),
        drawn[:, :, 1].ravel(),
        int(measured.images[-1]),
        float(distances.min()),
    )


def _shapes(ratios: Floats, doublings: Floats) -> Floats:
    """Return errors above that at the largest size, (R, M), if its last doubling brought 1."""
    ratios = np.where(np.abs(ratios - 1) < _NEAR, 1 - _NEAR, ratios)[:, None]  # at 1, a line
    return np.asarray((ratios**doublings - 1) * ratios / (1 - ratios), np.float64)


@lru_cache(maxsize=1)
def _steps() -> Floats:
    """Return the same normal numbers (D, 2) for every ratio, so that a forecast is repeatable."""
    return np.random.default_rng(0).normal(size=(_DRAWS, 2))
