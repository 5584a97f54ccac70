"""How long training takes: parts of work whose speeds are learned from earlier runs, with an honest range.

The time of a run is a sum of P parts, each known as a rough guess in seconds. On a given machine, each part
takes longer or shorter than that by a factor of its own. The factors are fitted to the times of earlier runs
(maximum a posteriori, by Gauss-Newton, with log-normal errors), and the range contains what they and chance
leave open (Laplace approximation, Student's t). It is wide while there are few runs, or none of the kind
asked about.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_LOG_FACTOR_SD = 0.5
"""Expected scatter of the factors: 95% between 1/2.7 and 2.7."""
_LOG_ERROR_SD, _WORTH_RUNS = 0.3, 8
"""Scatter of times around the model that is assumed at first, and the number of runs that this counts for."""
_ITERATIONS, _MAX_STEP = 30, 1.0
_Z = 2.2
"""Half the range, in standard deviations: more than the 1.64 of independent errors, because a machine is busy
with other work for several runs in a row. Settled on the runs measured for the tests."""


@dataclass(frozen=True)
class TimeModel:
    """Factors of the parts, as logarithms (P,), how well they are known (P, P), and the scatter of times.

    error_variance: of the logarithm of a time around the model; degrees: of freedom in its estimate.
    """

    log_factors: Floats
    covariance: Floats
    error_variance: float
    degrees: int

    def predict(self, work: Floats) -> tuple[float, float, float]:
        """Return seconds for the parts (P,) of a run, and the ends of the range for 90 of 100 times."""
        seconds, shares = _predicted(work[None], self.log_factors)
        variance = float(shares[0] @ self.covariance @ shares[0]) + self.error_variance
        spread = float(np.exp(_t_quantile(self.degrees) * np.sqrt(variance)))
        return float(seconds[0]), float(seconds[0]) / spread, float(seconds[0]) * spread


def fit(work: Floats, seconds: Floats) -> TimeModel:
    """Fit the factors to the parts (N, P) and the actual times (N,) of earlier runs; N may be 0."""
    log_factors = np.zeros(work.shape[1])
    variance, degrees = _LOG_ERROR_SD**2, _WORTH_RUNS + len(seconds)
    for _ in range(_ITERATIONS):
        expected, shares = _predicted(work, log_factors)
        errors = np.log(seconds / expected)
        precision = shares.T @ shares / variance + np.eye(work.shape[1]) / _LOG_FACTOR_SD**2
        gradient = shares.T @ errors / variance - log_factors / _LOG_FACTOR_SD**2
        log_factors = log_factors + np.clip(np.linalg.solve(precision, gradient), -_MAX_STEP, _MAX_STEP)
        variance = (_WORTH_RUNS * _LOG_ERROR_SD**2 + float(errors @ errors)) / degrees
    return TimeModel(log_factors, np.asarray(np.linalg.inv(precision), np.float64), variance, degrees)


def _predicted(work: Floats, log_factors: Floats) -> tuple[Floats, Floats]:
    """Return the seconds (N,) of each run and the share of each part in them (N, P)."""
    seconds = work * np.exp(log_factors)
    total = np.maximum(seconds.sum(axis=1), 1e-9)
    return total, seconds / total[:, None]


def _t_quantile(degrees: int) -> float:
    """Return the quantile of Student's t that corresponds to ``_Z``, within 1% from 8 degrees of freedom.

    Abramowitz and Stegun, formula 26.7.5; SciPy has it exactly, but takes a second to import.
    """
    first = (_Z**3 + _Z) / (4 * degrees)
    second = (5 * _Z**5 + 16 * _Z**3 + 3 * _Z) / (96 * degrees**2)
    return _Z + first + second
