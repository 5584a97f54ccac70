"""Full reruns of every page with 200 runs in the workspace; no TensorFlow in that process.

``python -m benchmarks.pages [--quick]``. The runs are synthetic, with real settings, predictions and
reports on a small folder of images. A rerun is the cost of every click, without the browser's own time.
"""

from __future__ import annotations

import logging
import multiprocessing
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest import mock

from streamlit.testing.v1 import AppTest

from core import engine, workspace
from core.config import RunConfig
from core.engine import Preparation
from core.explain import assistant
from core.processes import heartbeat
from core.runs import Run
from pages.common import addresses
from samples import made_runs

RUNS = 200
LIMIT_SECONDS = 0.3
APP = workspace.PROJECT / "streamlit_app.py"
PAGES = (
    addresses.HOME,
    addresses.TRAIN,
    addresses.DATA,
    addresses.RESULTS,
    addresses.EXPLAIN,
    addresses.COMPARE,
    addresses.PRESENT,
)


def main() -> int:
    """Measure, print the medians; fails where a page takes longer than the limit."""
    rounds = 5 if "--quick" in sys.argv else 15
    logging.disable(logging.WARNING)
    with tempfile.TemporaryDirectory() as folder:
        os.environ["LAB_WORKSPACE"] = str(Path(folder) / "workspace")
        source = made_runs.draw_folder(Path(folder) / "images", each=40)
        made = _make_runs(source)
        with without_workers():
            medians = [_measure(page, source, made, rounds) for page in PAGES]
    heavy = "tensorflow" in sys.modules
    print(f"TensorFlow in this process: {'yes' if heavy else 'no'}")
    return int(heavy or max(medians) > LIMIT_SECONDS)


def _make_runs(source: str) -> list[Run]:
    config = RunConfig().replace({"data.source": source, "data.image_size": 48, "data.test_share": 0.4})
    made = []
    for number in range(RUNS):
        rate = 0.001 * (1 + number % 5)
        changed = config.replace({"fit.seed": number, "fit.learning_rate": rate})
        made.append(made_runs.finished(changed, skill=0.5 + number % 40 / 100, seed=number))
    made_runs.give_model(made[-1])
    made_runs.keep_heatmaps(made[-1])
    return made


@contextmanager
def without_workers() -> Iterator[None]:
    """Keep other processes from using the CPU, by claiming that this process does their work."""
    garden = Preparation("garden", "running", heartbeat=time.time() + 3600, **heartbeat.identity())
    garden.write()
    with engine.worker_lock(), mock.patch.object(assistant, "ensure_running"):
        yield


def _measure(page: str, source: str, made: list[Run], rounds: int) -> float:
    app = AppTest.from_file(str(APP), default_timeout=120).switch_page(page)
    if page != addresses.HOME:  # whose links of this kind lead to Train
        app.query_params[addresses.SOURCE_KEY] = source
        app.query_params[addresses.RUN_KEY] = made[-1].id
        app.query_params[addresses.LINES_KEY] = ",".join(run.id for run in made[-3:])
    first = seconds(app)
    again = [seconds(app) for _ in range(rounds)]
    median = statistics.median(again)
    verdict = "" if median <= LIMIT_SECONDS else f"  more than {1000 * LIMIT_SECONDS:.0f} ms"
    print(
        f"{page:30} {1000 * median:5.0f} ms (from {1000 * min(again):.0f} to {1000 * max(again):.0f}, "
        f"first visit {1000 * first:.0f}){verdict}",
        flush=True,
    )
    return median


def seconds(app: AppTest) -> float:
    """Return the time of a full run of the page; raise RuntimeError if the page shows an error."""
    began = time.perf_counter()
    app.run()
    took = time.perf_counter() - began
    if app.exception or app.error:
        raise RuntimeError(str([fault.value for fault in (*app.exception, *app.error)]))
    return took


def elsewhere(work: Callable[..., Any], *arguments: Any) -> Any:
    """Run the work in a separate process."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(work, arguments)


def say(what: str, seconds: Sequence[float], limit: float) -> bool:
    """Print a line; return whether the median is above the limit."""
    median = statistics.median(seconds)
    verdict = f"  more than {1000 * limit:.0f} ms" if median > limit else ""
    print(
        f"{what:34} {1000 * median:5.0f} ms (from {1000 * min(seconds):.0f} to "
        f"{1000 * max(seconds):.0f}){verdict}",
        flush=True,
    )
    return median > limit


if __name__ == "__main__":
    sys.exit(main())
