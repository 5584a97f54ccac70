"""The Compare page: opening a list of 1,000 runs, and six runs side by side, with an empty cache.

``python -m benchmarks.compare_page [--quick]``. The runs are synthetic, with real settings, predictions
and reports. Each page is opened in a new process that has imported the libraries, as on a server that has
just started; then once more, to measure the cost of a click.
"""

from __future__ import annotations

import logging
import multiprocessing
import os
import shutil
import statistics
import sys
import tempfile
from pathlib import Path
from typing import Any

from streamlit.testing.v1 import AppTest

from benchmarks import pages
from core import runs, workspace
from core.config import RunConfig
from core.runs import Labels, Run
from pages.common import addresses, frame
from samples import made_runs

RUNS = 1000
LIMIT_SECONDS = 1.0


def main() -> int:
    """Measure, print the medians; fails where a first visit takes longer than the limit."""
    rounds = 3 if "--quick" in sys.argv else 7
    with tempfile.TemporaryDirectory() as folder:
        os.environ["LAB_WORKSPACE"] = str(Path(folder) / "small")
        config = _config(Path(folder))
        small = [made_runs.finished(config.replace({"fit.seed": seed}), seed=seed).id for seed in range(2)]
        os.environ["LAB_WORKSPACE"] = str(Path(folder) / "large")
        six = make_runs(Path(folder))
        cases = {
            f"list of {RUNS:,} runs": "",
            f"six of {RUNS:,} side by side": ",".join(six),
            "six repeated settings side by side": ",".join(f"{run_id}~" for run_id in six),
        }
        worst = max(_measure(name, chosen, ",".join(small), rounds) for name, chosen in cases.items())
    return int(worst > LIMIT_SECONDS)


def _config(folder: Path) -> RunConfig:
    source = made_runs.draw_folder(folder / "images", ("a", "b", "c", "d", "e"), each=150)
    return RunConfig().replace({"data.source": source, "data.image_size": 48, "data.validation_share": 0.4})


def make_runs(folder: Path) -> list[str]:
    """Six settings with six seeds each, the others copies of them; returns an id of each setting."""
    config = _config(folder)
    made: list[list[Run]] = []
    for number in range(6):
        changes = {"fit.learning_rate": 0.001 * (1 + number)}
        made.append(
            [
                made_runs.finished(
                    config.replace({**changes, "fit.seed": seed}),
                    skill=0.6 + number / 20, seed=10 * number + seed,
                    group=f"g{number}", name=f"rate {number}",
                )
                for seed in range(6)
            ]
        )  # fmt: skip
    for number in range(RUNS - 36):
        _copy(made[number % 6][number // 6 % 6], number)
    return [repeats[0].id for repeats in made]


def _copy(run: Run, number: int) -> None:
    copied = Run(run.path.with_name(f"{runs.new_id()}"))
    shutil.copytree(run.path, copied.path)
    tags = (f"tag {number % 7}",)
    copied.relabel(**vars(Labels(name=f"run {number}", tags=tags, notes="a note", starred=number % 9 == 0)))


def _measure(name: str, chosen: str, small: str, rounds: int) -> float:
    fresh = multiprocessing.get_context("spawn")
    first, again = [], []
    for _ in range(rounds):
        with fresh.Pool(1) as pool:
            visit, click = pool.apply(_visit, (chosen, small))
        first.append(visit)
        again.append(click)
    median, verdict = statistics.median(first), ""
    if median > LIMIT_SECONDS:
        verdict = f"  more than {1000 * LIMIT_SECONDS:.0f} ms"
    print(
        f"{name:36} first visit {1000 * median:5.0f} ms (from {1000 * min(first):.0f} to "
        f"{1000 * max(first):.0f}), then {1000 * statistics.median(again):.0f} ms{verdict}",
        flush=True,
    )
    return median


def _visit(chosen: str, small: str) -> tuple[float, float]:
    """Seconds of the first visit and of the next click, after a small workspace for the imports."""
    logging.disable(logging.WARNING)
    large = workspace.folder()
    os.environ["LAB_WORKSPACE"] = str(large.with_name("small"))
    with pages.without_workers():
        pages.seconds(AppTest.from_file(str(pages.APP), default_timeout=120))
        pages.seconds(_app(small))
    frame.load_ahead()
    os.environ["LAB_WORKSPACE"] = str(large)
    with pages.without_workers():
        app = _app(chosen)
        return pages.seconds(app), pages.seconds(app)


def _app(chosen: str) -> Any:
    app = AppTest.from_file(str(pages.APP), default_timeout=120).switch_page(addresses.COMPARE)
    if chosen:
        app.query_params[addresses.LINES_KEY] = chosen
    return app


if __name__ == "__main__":
    sys.exit(main())
