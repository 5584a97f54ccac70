"""Which classes an image may belong to: a set that holds the true one as often as promised."""

from __future__ import annotations

import math

import numpy as np

from core.runs import Predictions

COVERAGE = 0.95
"""In how many of 100 images the true class is in the set."""
MIN_IMAGES = 19
"""Fewer validation images cannot promise 95%: (n + 1) * 0.95 would exceed n."""


def smallest_probability(validation: Predictions, coverage: float = COVERAGE) -> float | None:
    """From which probability on a class belongs to the set; None where there are too few images to promise.

    The split-conformal quantile of 1 - p(true class); see Sadinle, Lei and Wasserman, "Least ambiguous
    set-valued classifiers with bounded error levels", JASA 2019. It holds on average over all images, not in
    each class.
    """
    count = len(validation.labels)
    rank = math.ceil((count + 1) * coverage)
    if rank > count:
        return None
    of_true = validation.probabilities[np.arange(count), validation.labels].astype(np.float64)
    return float(np.sort(of_true)[count - rank])


def likely(probabilities: np.ndarray, smallest: float | None) -> tuple[int, ...]:
    """The classes of the set, the most probable first, and at least that one.

    Args:
        probabilities: (C,) of one image.
        smallest: see :func:`smallest_probability`.
    """
    order = np.argsort(-probabilities, kind="stable")
    members = [] if smallest is None else [int(index) for index in order if probabilities[index] >= smallest]
    return tuple(members) or (int(order[0]),)
