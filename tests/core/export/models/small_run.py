"""A finished run of a small network that tells coloured discs apart, and what its package answers."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from core import datasets
from core.config import RunConfig
from core.runs import Run
from samples import made_runs
from samples.made_images import coloured_objects
from tests.tiny_model import SIZE, trained

NAMES = ('a "red", dark', "b green; 'light'", "青 blue")
"""Of the classes, in the order of the network's answers."""


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    """The run, in a workspace of its own."""
    folder = tmp_path_factory.mktemp("small_run")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LAB_WORKSPACE", str(folder / "workspace"))
        yield make(folder / "images")


@pytest.fixture(autouse=True)
def workspace(run: Run, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The run's own workspace, for every test of the module."""
    folder = run.path.parent.parent
    monkeypatch.setenv("LAB_WORKSPACE", str(folder))
    return folder


def make(folder: Path, images: int = 300) -> Run:
    """Draw and prepare images, and make a run of them; larger and no squares, so that a fit shows."""
    made = coloured_objects(images, SIZE + 20, seed=3)
    for number, (image, label) in enumerate(zip(made.images, made.labels, strict=True)):
        path = folder / NAMES[label] / f"{number:03}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.pad(image, ((0, 0), (8, 8), (0, 0)), mode="edge")).save(path)
    datasets.prepare(str(folder))
    settings = {"data.source": str(folder), "data.image_size": SIZE, "data.resize": "crop"}
    run = made_runs.finished(RunConfig().replace({**settings, "data.test_share": 0.3}))
    trained().save(run.model_path)
    return run


def answers(package: Path, *images: Path, python: str | Path = sys.executable) -> list[dict[str, Any]]:
    """What predict.py prints for files, started from another folder."""
    command = [str(python), "-I", str(package / "predict.py"), "--json", *map(str, images)]
    done = subprocess.run(command, capture_output=True, cwd=package.parent)
    assert done.returncode == 0, done.stderr.decode()
    return [json.loads(line) for line in done.stdout.splitlines()]
