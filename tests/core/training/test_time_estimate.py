"""The expected time holds what its range promises: 90 of 100 runs take a time within it."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.stats import norm, t

from core.config import RunConfig, parse
from core.training import cost_estimate, time_model
from samples import made_runs

MEASURED = json.loads(Path(__file__).with_name("measured_runs.json").read_text(encoding="utf-8"))
"""100 runs in the order in which they were trained, by ``benchmarks.time_estimate``, on 2 cores on which
other programs came and went."""
WORK = np.array(
    [
        cost_estimate._work(parse(one["config"]), one["training"], one["validation"], one["epochs"])
        for one in MEASURED
    ]
) * (1, 1, (os.cpu_count() or 1) / 2, 1)
"""Rough seconds by part, for 2 cores wherever the tests run."""
MACHINES: dict[str, tuple[tuple[float, float, float, float], float]] = {
    "as guessed": ((1, 1, 1, 1), 0.1),
    "restless": ((1, 1, 1, 1), 0.3),
    "slow": ((2, 3, 3, 3), 0.2),
    "fast": ((0.4, 0.5, 0.25, 0.4), 0.1),
    "slow arithmetic": ((0.5, 0.5, 3, 2), 0.2),
    "a graphics card": ((1.2, 0.3, 0.02, 0.05), 0.15),
}
"""Factors of start, batches, arithmetic and memory, and the scatter of the logarithm of a time."""


def ranges(work: Any, seconds: Any) -> np.ndarray:
    """Estimate each run from those before it: rows of expected seconds, low and high."""
    found = []
    for index, one in enumerate(work):
        latest = slice(max(0, index - cost_estimate.LATEST), index)
        found.append(time_model.fit(work[latest], seconds[latest]).predict(one))
    return np.array(found)


def share_in_range(work: Any, seconds: Any) -> float:
    _, low, high = ranges(work, seconds).T
    return float(((low <= seconds) & (seconds <= high)).mean())


def test_90_of_100_measured_runs_take_a_time_in_their_range():
    assert share_in_range(WORK, np.array([one["seconds"] for one in MEASURED])) >= 0.9


@pytest.mark.parametrize("machine", MACHINES)
def test_90_of_100_made_runs_take_a_time_in_their_range(machine):
    factors, scatter = MACHINES[machine]
    shares, widths = [], []
    for seed in range(3):
        rng = np.random.default_rng(seed)
        work = rng.permutation(WORK) * (1, 3, 10, 10)
        seconds = (work * factors).sum(axis=1) * np.exp(rng.normal(0, scatter, len(work)))
        shares.append(share_in_range(work, seconds))
        _, low, high = ranges(work, seconds).T
        widths.append((high / low)[60:])
    assert min(shares) >= 0.9
    if machine == "as guessed":
        assert np.median(widths) < 2.5  # a range that is always in the right could also be useless


def test_the_range_is_wide_where_evidence_is_thin():
    factors, _ = MACHINES["fast"]
    work = WORK * (1, 3, 10, 10)
    seconds = (work * factors).sum(axis=1)
    widths = {}
    for runs in (0, 1, 3, 10, 30):
        _, low, high = time_model.fit(work[:runs], seconds[:runs]).predict(work[50])
        widths[runs] = high / low
    assert widths[0] > 10 > widths[3] > widths[10] > widths[30]
    tiny = (WORK[:, 0] * 0 + 1)[:, None] * (2.5, 0.01, 0.01, 0.01)
    of_tiny = time_model.fit(tiny[:30], tiny[:30].sum(axis=1))
    _, low, high = of_tiny.predict(tiny[0])
    _, low_of_large, high_of_large = of_tiny.predict(np.array([2.5, 1, 600, 200]))
    assert high_of_large / low_of_large > 2 * high / low  # tiny runs say little about large ones


def test_one_odd_run_does_not_spoil_the_estimate():
    seconds = WORK.sum(axis=1)
    odd = seconds.copy()
    odd[10] *= 30
    expected, low, high = time_model.fit(WORK[:30], odd[:30]).predict(WORK[50])
    assert expected == pytest.approx(seconds[50], rel=0.5)
    assert low < seconds[50] < high


@pytest.mark.parametrize(
    ("small", "large"),
    [
        ({"fit.batch_size": 512}, {"fit.batch_size": 1}),
        ({"data.validation_share": 0.05}, {"data.validation_share": 0.4}),
        ({"fit.epochs": 5}, {"fit.epochs": 6}),
        ({"data.image_size": 64}, {"data.image_size": 128}),
        ({"model.dense_units": 8}, {"model.dense_units": 1024}),
    ],
)
def test_what_costs_time_is_in_the_estimate(workspace, small, large):
    less, more = (cost_estimate.duration(RunConfig().replace(changes), 1000) for changes in (small, large))
    assert less.seconds < more.seconds and less.high < more.high
    assert less.basis == "a rough guess: no earlier runs on this machine"


def test_runs_in_the_workspace_are_the_evidence(workspace, tmp_path):
    source = made_runs.draw_folder(tmp_path / "images")
    config = RunConfig().replace({"data.source": source, "data.image_size": 32, "fit.epochs": 3})
    guess = cost_estimate.duration(config, 24)
    for _ in range(3):
        made_runs.finished(config)  # they say that they took 70 seconds
    learned = cost_estimate.duration(config, 24)
    assert learned.basis == "from 3 earlier runs on this machine"
    assert guess.seconds < learned.seconds < 80
    both = cost_estimate.total([config, config], [24, 24])
    assert both.seconds == pytest.approx(2 * learned.seconds)
    assert cost_estimate.total([], []).high < 0.001


@pytest.mark.parametrize("degrees", [8, 12, 20, 38])
def test_the_quantile_of_students_t_is_close(degrees):
    assert time_model._t_quantile(degrees) == pytest.approx(t.ppf(norm.cdf(time_model._Z), degrees), rel=0.01)
