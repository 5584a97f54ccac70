"""From the click on Start to the first trained batch: the warm worker against a fresh process.

``python -m benchmarks.first_batch [--quick]``. Both carry out the same run on ``garden`` with its pixel
cache ready; the baseline is a separate process for the run, as for a script or a notebook.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from core import datasets, engine, runs
from core.config import RunConfig
from core.data import pixel_cache
from core.processes import launch
from core.runs import Run


def main() -> int:
    """Measure, and print the medians and the ratio; fail above two seconds."""
    rounds = 3 if "--quick" in sys.argv else 7
    with tempfile.TemporaryDirectory() as folder:
        os.environ["LAB_WORKSPACE"] = folder
        config = RunConfig().replace({"fit.epochs": 1})
        _fill_the_cache(config)
        worker = launch.start_detached("core.workers.serve", [], Path(folder) / "worker.log")
        _wait_until(engine.worker_is_alive)
        _seconds_warm(config)  # the first run waits for the import of TensorFlow, which is not measured
        warm, fresh = [], []
        for _ in range(rounds):
            warm.append(_seconds_warm(config))
            fresh.append(_seconds_fresh(config))
        worker.terminate()
        worker.wait()
    median, yardstick = statistics.median(warm), statistics.median(fresh)
    print(
        f"warm worker   {median:6.2f} s from click to first batch (from {min(warm):.2f} to {max(warm):.2f})"
    )
    print(f"fresh process {yardstick:6.2f} s; the warm worker is {yardstick / median:.1f}x faster")
    return int(median > 2.0)


def _fill_the_cache(config: RunConfig) -> None:
    dataset = datasets.prepare("garden")
    rows = datasets.select(dataset, config.data).rows
    pixel_cache.load(dataset, rows, config.data.image_size, config.data.resize)


def _seconds_warm(config: RunConfig) -> float:
    clicked = time.time()
    return _first_batch(engine.submit(config)) - clicked


def _seconds_fresh(config: RunConfig) -> float:
    run = runs.create(config)
    clicked = time.time()
    with subprocess.Popen([sys.executable, "-m", "core.worker", str(run.path)], stderr=subprocess.DEVNULL):
        return _first_batch(run) - clicked


def _first_batch(run: Run) -> float:
    _wait_until(lambda: not run.status.waiting)
    assert run.status.state == "done", run.status.message
    return run.status.first_batch


def _wait_until(condition: Callable[[], bool], seconds: float = 120.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError("the run did not end in time")
        time.sleep(0.05)


if __name__ == "__main__":
    sys.exit(main())
