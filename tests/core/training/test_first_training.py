"""What is promised before a first training counts what is not ready yet."""

from __future__ import annotations

import time

import pytest

from core import datasets, engine
from core.config import RunConfig
from core.engine import Preparation
from core.processes import heartbeat
from core.training import cost_estimate
from core.training.first_training import seconds_to_result
from samples import made_runs


def waits(config: RunConfig, training: int = 0) -> float:
    """The seconds beyond those of the run."""
    if not training:
        counts = datasets.select(datasets.open(config.data.source), config.data).counts()
        training = sum(counts["train"].values())
    return round(seconds_to_result(config) - cost_estimate.duration(config, training).seconds, 0)


def test_it_takes_longer_until_images_and_worker_are_ready(workspace, tmp_path):
    config = RunConfig().replace({"data.source": "garden"})
    assert waits(config, 800) == 22  # both get ready at the same time, and drawing takes longer

    begun = Preparation("garden", "running", heartbeat=time.time(), **heartbeat.identity())
    for seconds, left in ((5, 17), (15, 12), (100, 12)):
        Preparation(**{**vars(begun), "started": time.time() - seconds}).write()
        assert waits(config, 800) == left  # the import of TensorFlow has not begun

    config = config.replace({"data.source": made_runs.draw_folder(tmp_path / "images", each=20)})
    assert waits(config) == 12


def test_where_all_is_ready_it_takes_as_long_as_the_run(workspace, tmp_path, monkeypatch):
    config = RunConfig().replace({"data.source": made_runs.draw_folder(tmp_path / "images", each=20)})
    for age, left in ((3.0, 9), (60.0, 0)):
        monkeypatch.setattr(engine, "worker_age", lambda age=age: age)
        assert waits(config) == left


@pytest.mark.usefixtures("workspace")
def test_a_worker_is_as_old_as_its_process():
    assert engine.worker_age() is None
    with engine.worker_lock():
        assert engine.worker_age() == 0.0
        engine.note_holder()
        assert engine.worker_age() == pytest.approx(heartbeat.age(heartbeat.identity()), abs=2)
