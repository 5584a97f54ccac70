"""The law of learning curves: recovered where it holds, with intervals that hold what they promise."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from scipy.stats import norm

from core.more_images import power_law
from core.more_images.measuring import DataCurve, Size, measured
from core.more_images.power_law import Measured

Law = Callable[[float], float]
SHARES = (0.25, 0.5, 1.0)
LAWS: dict[str, Law] = {
    "steep": lambda share: 0.05 + 0.15 * share**-0.7,
    "slow": lambda share: 0.2 * share**-0.3,
    "the same by each doubling": lambda share: 0.25 - 0.03 * np.log2(share),
    "flat": lambda share: 0.15,
}
"""Share of wrong predictions by share of the training images."""


def exact(errors: list[float], deviation: float = 1e-4) -> Measured:
    covariance = np.diag([deviation**2] * len(errors))
    images = np.array([250, 500, 1000][-len(errors) :])
    return Measured(images, np.array(errors), covariance)


def simulated(law: Law, images: int, seeds: int, rng: np.random.Generator) -> DataCurve:
    """Runs whose errors share the difficulty of the held-out images and differ by seed."""
    difficulty = rng.normal(size=images)
    sizes = []
    for share in SHARES:
        thresholds = norm.ppf(np.clip(law(share) + rng.normal(0, 0.01, seeds), 0.001, 0.999))
        told = 0.87 * difficulty + 0.5 * rng.normal(size=(seeds, images))
        sizes.append(Size(share, round(2000 * share), told >= thresholds[:, None]))
    return DataCurve(tuple(sizes), tuple(map(str, range(images))))


@pytest.mark.parametrize("exponent", [0.2, 0.5, 1.0])
def test_exact_errors_give_the_next_doubling(exponent: float) -> None:
    errors = [0.05 + 0.1 * share**-exponent for share in SHARES]
    gain = power_law.fit(exact(errors)).gain(2)
    expected = 0.1 - 0.1 * 2**-exponent
    assert gain.low[0] <= expected <= gain.high[0]
    assert gain.value[0] == pytest.approx(expected, abs=0.002)


def test_the_curve_passes_through_what_was_measured_and_falls_beyond() -> None:
    found = power_law.fit(exact([0.3, 0.2, 0.15])).errors(np.array([250.0, 500.0, 1000.0, 2000.0]))
    np.testing.assert_allclose(found.value[:3], [0.3, 0.2, 0.15], atol=0.002)
    assert found.value[3] < 0.15 and (found.low <= found.value).all() and (found.value <= found.high).all()


def test_errors_that_do_not_fall_leave_no_gain_and_those_that_jump_do_not_fit() -> None:
    rising = power_law.fit(exact([0.1, 0.15, 0.2])).gain(2)
    assert (rising.value[0], rising.high[0]) == (0, 0)
    assert power_law.fit(exact([0.3, 0.2, 0.15])).misfit < 0.1
    assert power_law.fit(exact([0.3, 0.29, 0.1])).misfit > 100


def test_less_certain_errors_give_a_wider_interval() -> None:
    narrow, wide = (power_law.fit(exact([0.3, 0.25, 0.22], sd)).gain(2) for sd in (0.002, 0.02))
    assert wide.high[0] - wide.low[0] > 3 * (narrow.high[0] - narrow.low[0])


def test_the_same_scores_give_the_same_forecast() -> None:
    one, again = (power_law.fit(exact([0.3, 0.25, 0.22], 0.01)).gain(2) for _ in range(2))
    assert (one.low, one.high) == (again.low, again.high)


@pytest.mark.parametrize("name", LAWS)
def test_the_interval_holds_the_true_gain_of_nearly_all_simulated_curves(name: str) -> None:
    law, rng = LAWS[name], np.random.default_rng(1)
    true = law(1) - law(2)
    held = []
    for _ in range(60):
        gain = power_law.fit(measured(simulated(law, 400, 3, rng))).gain(2)
        held.append(gain.low[0] - 1e-9 <= true <= gain.high[0])
    assert np.mean(held) >= 0.87  # 95% less three standard deviations of 60 draws


def test_images_of_one_group_count_once() -> None:
    curve = simulated(LAWS["slow"], 200, 3, np.random.default_rng(0))
    twice = DataCurve(
        tuple(Size(one.share, one.images, np.repeat(one.right, 2, axis=1)) for one in curve.sizes),
        tuple(map(str, range(400))),
        np.repeat(np.arange(200), 2),
    )
    np.testing.assert_allclose(measured(twice).covariance, measured(curve).covariance, rtol=1e-9)
