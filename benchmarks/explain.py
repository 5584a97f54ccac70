"""Time for 32 heatmaps, against calling tf-explain once per image: ``python -m benchmarks.explain``.

The network is the tutorial's (128 px, 5 classes). Two times are measured: how long a page waits for 32
stored heatmaps from the warm assistant; and, in one process with alternating rounds, the computation alone
against the loop that a notebook would use.
"""

from __future__ import annotations

import os
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from core import datasets, runs
from core.config import RunConfig
from core.data import pixel_cache
from core.explain import assistant
from core.explain.heatmaps import Request
from core.ml import model
from core.ml.explainer import Explainer
from core.runs import Run

IMAGES, CLASSES = 32, 5
MAX_SECONDS = 1.0


def main() -> int:
    """Measure, and print medians and the ratio; fail above one second."""
    rounds = 3 if "--quick" in sys.argv else 7
    with tempfile.TemporaryDirectory() as folder:
        os.environ["LAB_WORKSPACE"] = folder
        run, ids = _a_run_and_images()
        asked = [_seconds(lambda: _ask(run, ids)) for _ in range(rounds + 1)][1:]
        ours, yardstick = _compare(run, ids, rounds)
        assistant.stop()
        while assistant.is_running():
            time.sleep(0.05)
    page = statistics.median(asked)
    print(f"asking the assistant {page:6.2f} s for {IMAGES} heatmaps, kept in the run ({_range(asked)})")
    print(f"computing alone      {statistics.median(ours):6.2f} s ({_range(ours)})")
    print(f"tf-explain, one by one {statistics.median(yardstick):4.2f} s ({_range(yardstick)})")
    print(f"computing is {statistics.median(yardstick) / statistics.median(ours):.1f}x faster")
    return int(page > MAX_SECONDS)


def _a_run_and_images() -> tuple[Run, list[str]]:
    config = RunConfig()
    dataset = datasets.prepare(config.data.source)
    rows = dataset.usable
    pixel_cache.load(dataset, rows, config.data.image_size, config.data.resize)
    run = runs.create(config)
    model.build(config, CLASSES).save(run.model_path)
    return run, rows["id"].tolist()[:IMAGES]


def _ask(run: Run, ids: Sequence[str]) -> None:
    shutil.rmtree(run.heatmaps_path, ignore_errors=True)
    assistant.explain(
        run, [Request(image_id, index % CLASSES) for index, image_id in enumerate(ids)]
    ).answer()


def _compare(run: Run, ids: Sequence[str], rounds: int) -> tuple[list[float], list[float]]:
    dataset = datasets.open(run.config.data.source)
    rows = dataset.index.set_index("id", drop=False).loc[list(ids)]
    images = pixel_cache.load(dataset, rows, run.config.data.image_size, run.config.data.resize)[:]
    classes = [index % CLASSES for index in range(len(images))]
    network = model.build(run.config, CLASSES)
    explainer = Explainer(network)
    layer = explainer.layers[-1]
    explainer.heatmaps(images, classes)
    _one_by_one(network, images[:1], classes, layer)
    ours, yardstick = [], []
    for _ in range(rounds):
        ours.append(_seconds(lambda: explainer.heatmaps(images, classes)))
        yardstick.append(_seconds(lambda: _one_by_one(network, images, classes, layer)))
    return ours, yardstick


def _one_by_one(network: object, images: NDArray[np.uint8], classes: Sequence[int], layer: str) -> None:
    from tf_explain.core import GradCAM

    explainer = GradCAM()
    for image, class_index in zip(images, classes, strict=False):
        explainer.explain((image[None], None), network, class_index, layer_name=layer)


def _seconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def _range(seconds: Sequence[float]) -> str:
    return f"from {min(seconds):.2f} to {max(seconds):.2f}"


if __name__ == "__main__":
    sys.exit(main())
