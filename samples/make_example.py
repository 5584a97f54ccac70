"""Create the finished run that comes with the lab, and the images on the home page: ``make example``.

It trains a small network on the built-in garden, so that the model file stays small, and copies the run to
``example/``, with its test images, those whose predictions were recorded during training, and the heatmaps
that the Explain page shows first.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from PIL import Image

import core
from core import datasets, example
from core.data.image_stats import content_hash
from core.evaluation import confusion
from core.explain import heatmaps
from core.runs import Run
from core.words import byte_size
from samples import home_images

SETTINGS: dict[str, Any] = {
    "image_size": 64,
    "dense_units": 64,
    "dropout": 0.3,
    "rotation": 15,
    "zoom": 0.2,
    "epochs": 25,
}
MAX_BYTES = 1_500_000
MAX_HEATMAPS = 12
_SIDE, _QUALITY = 160, 82
_FILES = (
    "config.json",
    "labels.json",
    "metrics.jsonl",
    "model.keras",
    "predictions.npz",
    "report.json",
    "watched.jsonl",
)


def main() -> None:
    """Train, copy, and say how large the result is."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ["LAB_WORKSPACE"] = folder
        run = core.train("garden", name="Example: built-in flowers", **SETTINGS).run
        _explain(run)
        shutil.rmtree(example.FOLDER, ignore_errors=True)
        shutil.copytree(run.heatmaps_path, example.FOLDER / "heatmaps")
        for name in _FILES:
            shutil.copyfile(run.path / name, example.FOLDER / name)
        example.run().write_status(replace(run.status, host="", pid=0, create_time=0.0))
        _copy_images(run)
        home_images.draw(run)
    size = sum(path.stat().st_size for path in example.FOLDER.rglob("*") if path.is_file())
    print(f"{example.FOLDER}: {byte_size(size)}, test accuracy {_accuracy()}")
    assert size < MAX_BYTES


def _explain(run: Run) -> None:
    """Compute the heatmaps of the worst mistakes, for the predicted and the true class."""
    from core.ml import assistant_tasks

    test = run.predictions("test")
    worst = confusion.worst(test, limit=MAX_HEATMAPS)
    assistant_tasks.explain(
        run,
        [
            heatmaps.Request(str(test.ids[mistake.row]), index)
            for mistake in worst
            for index in (mistake.predicted, mistake.true)
        ],
    )


def _copy_images(run: Run) -> None:
    """Store the test images and the watched ones, reduced, and an index under the ids of the originals."""
    dataset = datasets.open(run.config.data.source)
    watched = [image.id for image in run.watched()[0].images]
    rows = dataset.rows([*map(str, run.predictions("test").ids), *watched])
    made = pd.DataFrame([{**row, **_store(dataset.image(row), row)} for row in rows.to_dict("records")])
    made.drop(columns=["views", "mirrored"]).to_parquet(example.FOLDER / "images" / "index.parquet")


def _store(image: Image.Image, row: dict[Any, Any]) -> dict[str, Any]:
    path = Path(row["label"]) / f"{row['id']}.jpg"
    file = example.FOLDER / "images" / path
    file.parent.mkdir(parents=True, exist_ok=True)
    image.thumbnail((_SIDE, _SIDE))
    image.save(file, "JPEG", quality=_QUALITY)
    with Image.open(file) as stored:
        content = content_hash(np.asarray(stored))
    width, height = image.size
    return {"file": path.as_posix(), "content": content, "width": width, "height": height, "modified": 0}


def _accuracy() -> str:
    report = example.run().report()
    assert report is not None
    return str(report.test_accuracy)


if __name__ == "__main__":
    main()
