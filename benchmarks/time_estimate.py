"""Whether the stated range of the expected time holds: random runs, each estimated just before it starts.

``python -m benchmarks.time_estimate [--quick] [--record FILE]``. The runs differ in data set, image size,
number of images, network, batch size, epochs and augmentation, as those of a person who tries things out;
each is estimated from the runs before it. Of their actual times, 90% must lie in the range stated.
``--record`` writes the runs as the table from which a test repeats the estimates without training.
"""

from __future__ import annotations

import json
import os
import statistics
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from core import datasets, runs
from core.config import RunConfig
from core.runs import Run
from core.training import cost_estimate, network_layers
from core.worker import carry_out

RUNS = 100
PROMISED = 0.90
CHOICES: dict[str, tuple[Any, ...]] = {
    "data.source": ("digits", "garden"),
    "data.image_size": (32, 48, 64, 96),
    "data.max_per_class": (20, 40, 80, 160, 0),
    "data.validation_share": (0.05, 0.1, 0.2, 0.4),
    "augment.rotation": (0.0, 0.0, 15.0),
    "model.filters": ((8,), (8, 16), (16, 32), (16, 32, 64), (32, 32)),
    "model.dense_units": (16, 64, 128, 256),
    "fit.batch_size": (4, 8, 16, 32, 32, 32, 64, 128),
    "fit.epochs": (1, 2, 3, 5, 8, 12),
    "fit.seed": (0, 1, 2),
}
MAX_SECONDS = 15.0
"""Runs that would take longer by a rough guess are drawn again, so that the benchmark ends."""


def main() -> int:
    """Measure and print; return 1 if too few actual times are in their range."""
    from core.ml import train

    train.warm_up()
    networks, rng = train.Networks(), np.random.default_rng(0)
    rows: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as folder:
        os.environ["LAB_WORKSPACE"] = folder
        for source in CHOICES["data.source"]:
            datasets.prepare(source)
        while len(rows) < (20 if "--quick" in sys.argv else RUNS):
            config = _drawn(rng)
            images = datasets.select(datasets.open(config.data.source), config.data).counts()
            training = sum(images["train"].values())
            estimate = cost_estimate.duration(config, training)
            run = runs.create(config)
            carry_out(run, networks=networks)
            rows.append(_row(run, estimate))
            print(_line(rows[-1]), flush=True)
    if "--record" in sys.argv:
        _record(Path(sys.argv[sys.argv.index("--record") + 1]), rows)
    share = statistics.mean(row["low"] <= row["seconds"] <= row["high"] for row in rows)
    width = statistics.median(row["high"] / row["low"] for row in rows)
    print(f"{share:.0%} of {len(rows)} actual times in range; its ends differ {width:.1f}-fold (median)")
    return int(share < PROMISED)


def _drawn(rng: np.random.Generator) -> RunConfig:
    while True:
        changes = {path: values[rng.integers(len(values))] for path, values in CHOICES.items()}
        config = RunConfig().replace(changes)
        per_class = config.data.max_per_class or 500
        images = per_class * (10 if config.data.source == "digits" else 5) * config.fit.epochs
        multiply_adds = sum(layer.multiply_adds for layer in network_layers.layers(config, 2))
        if images * (6 * multiply_adds / 2e10 + 1 / config.fit.batch_size / 200) < MAX_SECONDS:
            return config


def _row(run: Run, estimate: cost_estimate.Estimate) -> dict[str, Any]:
    report = run.report()
    assert report is not None, run.status.message
    images = {split: sum(of_split.values()) for split, of_split in report.counts.items()}
    return {
        "config": run.config.model_dump(mode="json", exclude_defaults=True),
        "training": images["train"],
        "validation": images["validation"],
        "epochs": len(run.metrics()),
        "seconds": round(run.status.seconds, 3),
        "expected": estimate.seconds,
        "low": estimate.low,
        "high": estimate.high,
    }


def _line(row: dict[str, Any]) -> str:
    inside = "in range" if row["low"] <= row["seconds"] <= row["high"] else "OUTSIDE"
    return (
        f"expected {row['expected']:6.1f} s ({row['low']:.1f} to {row['high']:.1f}), "
        f"took {row['seconds']:6.1f} s: {inside}  {row['config']}"
    )


def _record(path: Path, rows: list[dict[str, Any]]) -> None:
    estimated = {"expected", "low", "high"}
    kept = [{name: value for name, value in row.items() if name not in estimated} for row in rows]
    path.write_text("[\n" + ",\n".join(json.dumps(row) for row in kept) + "\n]\n", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
