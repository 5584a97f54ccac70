"""Small trainings for tests, in this process and in real worker processes."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from core import workspace
from core.ml.networks import Networks
from core.processes import launch
from tests.conftest import end_processes

QUICK = {
    "data.image_size": 32,
    "model.filters": (4,),
    "model.dense_units": 8,
    "fit.epochs": 2,
    "fit.batch_size": 8,
}
NETWORKS = Networks()
"""Shared by trainings with the same layers, as in the training worker, so that each starts sooner."""


@pytest.fixture
def background() -> Iterator[Callable[[], subprocess.Popen[bytes]]]:
    """Starts a training worker that serves the queue; it and those after it are gone after the test."""
    started: list[subprocess.Popen[bytes]] = []

    def start() -> subprocess.Popen[bytes]:
        log = workspace.folder() / "workers" / "test.log"
        started.append(launch.start_detached("core.workers.serve", [], log))
        return started[-1]

    yield start
    end_processes(workspace.folder())
    for process in started:
        process.wait()


def wait_for(condition: Callable[[], Any], seconds: float = 240.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)


def python(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "core", *arguments],
        capture_output=True,
        text=True,
        cwd=workspace.PROJECT,
        timeout=120,
    )
