"""The interval of an accuracy where test images belong together: 60 photos of 4 patients are not 60 patients.

The images are worth fewer independent ones: their number divided by the design effect, by which grouping
multiplies the variance of the share (Rao and Scott 1992). Wilson's interval takes that number, reduced again
for the few groups from which the design effect is estimated (Korn and Graubard 1998).
"""

from __future__ import annotations

from math import sqrt

import numpy as np
from numpy.typing import NDArray

from core.report import Proportion

Z = 1.959964
"""97.5% quantile of the normal distribution."""


def proportion(flags: NDArray[np.bool_], groups: NDArray[np.int64]) -> Proportion:
    """Return the share of images (N,) that are flagged, with a 95% interval that allows for groups (N,)."""
    value = float(flags.mean())
    low, high = _wilson(value, effective_number(flags, groups))
    return Proportion(value=value, low=low, high=high, correct=int(flags.sum()), total=len(flags))


def effective_number(flags: NDArray[np.bool_], groups: NDArray[np.int64]) -> float:
    """Return how many independent images would give a share as precise as these N do.

    Where all are flagged or none is, nothing shows how alike a group's images are: each group counts as one.
    """
    from scipy.stats import t

    members = np.bincount(np.unique(groups, return_inverse=True)[1])
    number, images = len(members), len(flags)
    if number == images:
        return float(images)
    share = flags.mean()
    independent = share * (1 - share) / images
    if number < 2 or independent == 0:
        return float(number)
    deviations = np.bincount(np.unique(groups, return_inverse=True)[1], flags - share)
    variance = number / (number - 1) * float((deviations**2).sum()) / images**2
    effect = max(variance / independent, 1.0)
    return float(images / effect * (Z / t.ppf(0.975, number - 1)) ** 2)


def _wilson(share: float, images: float) -> tuple[float, float]:
    """The 95% interval of Wilson (1927) for a number of images that need not be whole."""
    middle = share + Z**2 / (2 * images)
    half = Z * sqrt(share * (1 - share) / images + Z**2 / (4 * images**2))
    low, high = ((middle + sign * half) / (1 + Z**2 / images) for sign in (-1, 1))
    return max(low, 0.0), min(high, 1.0)
