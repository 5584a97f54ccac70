"""Synthetic experiments with known ground truth, to measure how often a verdict on two runs is wrong.

The probability that a synthetic run is correct on an image depends on the image's difficulty, on how well the
settings suit the image, and on the seed. The variances are chosen so that accuracy is about 0.70, two runs
with the same settings disagree on a fifth of the images, and scores vary by about 2 points between seeds.
These figures are assumed, not measured: with higher variance, the power is lower.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from core.comparison import paired_tests

Flags = NDArray[np.bool_]

LEVEL, HARDNESS, SUITING, SEED = 1.6, 2.5, 0.6, 0.12
"""In logits: the mean, and the standard deviations over images, images and settings, and seeds."""


@dataclass(frozen=True)
class Lab:
    """Experiments in which the second settings are better by ``gain`` logits and all else is chance."""

    images: int
    gain: float
    seed: int

    def experiments(self, repeats: int, number: int) -> Iterator[tuple[Flags, Flags]]:
        """Yield ``number`` experiments: flags (repeats, images) of correct predictions for both settings."""
        rng = np.random.default_rng(self.seed)
        for _ in range(number):
            hardness = rng.normal(LEVEL, HARDNESS, self.images)
            sides = [hardness, hardness + self.gain]
            yield tuple(_train(side, repeats, rng) for side in sides)  # type: ignore[misc]


def _train(level: NDArray[np.float64], repeats: int, rng: np.random.Generator) -> Flags:
    suited = level + rng.normal(0, SUITING, len(level))
    logits = suited + rng.normal(0, SEED, (repeats, 1))
    return rng.random(logits.shape) < 1 / (1 + np.exp(-logits))


def gain_for(difference: float) -> float:
    """The logits by which the second settings must be better to gain ``difference`` in accuracy."""
    from scipy.optimize import brentq

    rng = np.random.default_rng(0)
    hardness = rng.normal(LEVEL, np.hypot(HARDNESS, np.hypot(SUITING, SEED)), 200_000)

    def accuracy(gain: float) -> float:
        return float((1 / (1 + np.exp(-hardness - gain))).mean())

    return float(brentq(lambda gain: accuracy(gain) - accuracy(0) - difference, 0, 5))


def share_called_real(lab: Lab, repeats: int, number: int, is_real: Callable[[Flags, Flags], bool]) -> float:
    """Share of the experiments in which ``is_real`` finds a difference."""
    return float(np.mean([is_real(*experiment) for experiment in lab.experiments(repeats, number)]))


def by_repeats(first: Flags, second: Flags) -> bool:
    """The lab's verdict on settings."""
    return paired_tests.settings(first, second).is_real


def by_one_run_each(first: Flags, second: Flags) -> bool:
    """McNemar's test on one run of each, wrongly interpreted as a test of the settings."""
    return paired_tests.models(first[0], second[0]).is_real


def by_scores_apart(first: Flags, second: Flags) -> bool:
    """One run of each, unpaired: whether the difference exceeds the sum of the two 95% margins."""
    n = first.shape[1]
    a, b = first[0].mean(), second[0].mean()
    return bool(abs(a - b) > 1.96 * (np.sqrt(a * (1 - a) / n) + np.sqrt(b * (1 - b) / n)))


def models_called_real(
    images: int, difference: float, disagreement: float, number: int, seed: int = 0
) -> tuple[float, float]:
    """Compare two models whose true accuracies differ by ``difference``, on samples of ``images`` images.

    Returns:
        The share of the samples in which the lab calls the difference real, and the share in which its
        interval contains the true difference.
    """
    rng = np.random.default_rng(seed)
    chances = np.array([disagreement - difference, disagreement + difference, 2 - 2 * disagreement]) / 2
    real = covered = 0
    for cell in (rng.choice(3, images, p=chances) for _ in range(number)):
        measured = paired_tests.models((cell == 0) | (cell == 2), (cell == 1) | (cell == 2))
        real += measured.is_real
        covered += measured.low <= difference <= measured.high
    return real / number, covered / number


def several_called_real(models: int, images: int, number: int) -> tuple[float, float]:
    """Compare all pairs of equally good models: how often any two are called different.

    Returns:
        The rate with p-values corrected by Holm's method, as in the lab, and without correction.
    """
    rng = np.random.default_rng(models)
    corrected = plain = 0
    for _ in range(number):
        chances = 1 / (1 + np.exp(-rng.normal(LEVEL, HARDNESS, images)))
        correct = rng.random((models, images)) < chances
        pairs = [paired_tests.models(*two) for two in combinations(correct, 2)]
        p_values = paired_tests.holm([pair.p for pair in pairs])
        corrected += any(replace(m, p=p).is_real for m, p in zip(pairs, p_values, strict=True))
        plain += any(pair.is_real for pair in pairs)
    return corrected / number, plain / number
