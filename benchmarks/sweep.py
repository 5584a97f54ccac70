"""20 short trainings as a sweep on the warm worker, against a fresh process for each run.

``python -m benchmarks.sweep [--quick]``. Training time is the time of the epochs by the runs' own
clocks (including validation, and TensorFlow's tracing in the first batch). Overhead is the rest of the time
from the first start to the last result: loading images, building networks, testing, saving, waiting. The
warm worker must keep the overhead below a tenth of the total. Both sides train the same settings on the
same prepared images, one after the other, on this machine; a few fresh processes suffice to measure their
speed.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time

import psutil

from core import datasets, engine, runs, sweeps, workspace
from core.config import RunConfig
from core.runs import Run

RUNS = 20
FRESH = 4
MIN_SHARE_OUTSIDE = 0.10
CONFIG = RunConfig().replace({"data.source": "garden", "data.image_size": 32, "fit.epochs": 12})


def main() -> int:
    """Measure and print; return 1 if the overhead is too high."""
    count = 6 if "--quick" in sys.argv else RUNS
    with tempfile.TemporaryDirectory() as folder:
        os.environ["LAB_WORKSPACE"] = folder
        datasets.prepare(CONFIG.data.source)
        warm = _on_the_warm_worker(count)
        fresh = _in_fresh_processes(FRESH)
    print(f"the fresh processes take {fresh / warm[0]:.2f} times as long a run as the sweep")
    kept = warm[1] < MIN_SHARE_OUTSIDE
    print(f"promised: under {MIN_SHARE_OUTSIDE:.0%} outside training:", "kept" if kept else "BROKEN")
    return int(not kept)


def _on_the_warm_worker(count: int) -> tuple[float, float]:
    """Return seconds per run, and the share of the time outside training, with a warm worker."""
    engine.ensure_worker()
    first = engine.submit(CONFIG.replace({"fit.epochs": 1}))
    _wait([first])
    worker = psutil.Process(first.status.pid)
    before, began = _megabytes(worker), time.time()
    sweep = sweeps.start(CONFIG, {"fit.seed": tuple(range(count))})
    _wait(sweep.runs)
    measured = _told("sweep on the warm worker", sweep.runs, time.time() - began)
    print(f"the worker's memory: {before:,.0f} MB after one run, {_megabytes(worker):,.0f} MB after all")
    worker.terminate()
    return measured


def _in_fresh_processes(count: int) -> float:
    """Return seconds per run if each starts a new Python and TensorFlow, as scripts do."""
    carried_out = [runs.create(CONFIG.replace({"fit.seed": seed})) for seed in range(count)]
    began = time.time()
    for run in carried_out:
        subprocess.run(
            [sys.executable, "-m", "core.worker", str(run.path)],
            cwd=workspace.PROJECT,
            check=True,
            stderr=subprocess.DEVNULL,
        )
    return _told("a fresh process for each run", carried_out, time.time() - began)[0]


def _told(what: str, carried_out: list[Run], seconds: float) -> tuple[float, float]:
    training = [sum(line["seconds"] or 0 for line in run.metrics()) for run in carried_out]
    outside = 1 - sum(training) / seconds
    print(
        f"{what}: {len(carried_out)} runs in {seconds:.1f} s, {seconds / len(carried_out):.2f} s per run, "
        f"of which {statistics.mean(training):.2f} s training; {outside:.1%} of the time outside training"
    )
    return seconds / len(carried_out), outside


def _megabytes(process: psutil.Process) -> float:
    return float(process.memory_info().rss) / 2**20


def _wait(waiting: list[Run]) -> None:
    while any(run.status.waiting for run in waiting):
        time.sleep(0.05)
    states = {run.status.state for run in waiting}
    assert states == {"done"}, [run.status for run in waiting if run.status.state != "done"]


if __name__ == "__main__":
    sys.exit(main())
