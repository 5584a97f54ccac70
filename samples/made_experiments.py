"""Made-up experiments in which the truth is known, to see how often a verdict on two runs is wrong.

A made run is right on an image with a chance that depends on how hard the image is, on how well the
settings suit this image, and on the seed. The scatter is chosen so that accuracy is about 0.70, two
runs of the same settings disagree on a fifth of the images, and scores scatter by about 2 points
from seed to seed. These figures are assumed, not measured: with more scatter the power is lower.
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
"""In logits: mean, and standard deviations over images, over images and settings, and over seeds."""


@dataclass(frozen=True)
class Lab:
    """A world in which the second settings are better by ``gain`` logits, and everything else is chance."""

    images: int
    gain: float
    seed: int

    def experiments(self, repeats: int, number: int) -> Iterator[tuple[Flags, Flags]]:
        """As many experiments as asked: (repeats, images) flags of both settings, on fresh images."""
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
    """In what part of the experiments ``is_real`` sees a difference."""
    return float(np.mean([is_real(*experiment) for experiment in lab.experiments(repeats, number)]))


def by_repeats(first: Flags, second: Flags) -> bool:
    """Our verdict on settings."""
    return paired_tests.settings(first, second).is_real


def by_one_run_each(first: Flags, second: Flags) -> bool:
    """McNemar's test on one run of each, wrongly read as being about the settings."""
    return paired_tests.models(first[0], second[0]).is_real


def by_scores_apart(first: Flags, second: Flags) -> bool:
    """One run of each, unpaired: the two 95 % intervals do not overlap."""
    n = first.shape[1]
    a, b = first[0].mean(), second[0].mean()
    return bool(abs(a - b) > 1.96 * (np.sqrt(a * (1 - a) / n) + np.sqrt(b * (1 - b) / n)))


def models_called_real(
    images: int, difference: float, disagreement: float, number: int, seed: int = 0
) -> tuple[float, float]:
    """Two trained models that differ by ``difference`` on all images there are, on ``images`` of them.

    Returns:
        in what part of the draws our verdict calls the difference real, and in what part its interval
        holds the true difference.
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
    """Equal models, each two of them compared: how often any two are called different.

    Returns:
        with p corrected by Holm's method, as the lab does it, and with p as it is.
    """
    rng = np.random.default_rng(models)
    corrected = plain = 0
    for _ in range(number):
        chances = 1 / (1 + np.exp(-rng.normal(LEVEL, HARDNESS, images)))
        right = rng.random((models, images)) < chances
        pairs = [paired_tests.models(*two) for two in combinations(right, 2)]
        p_values = paired_tests.holm([pair.p for pair in pairs])
        corrected += any(replace(m, p=p).is_real for m, p in zip(pairs, p_values, strict=True))
        plain += any(pair.is_real for pair in pairs)
    return corrected / number, plain / number
