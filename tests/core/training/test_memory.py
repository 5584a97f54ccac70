"""A network too large for the machine is named before it is built; running out of memory is no mystery."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from typing import Any

import pytest

from core import engine, runs
from core.cli.main import main
from core.config import RunConfig
from core.errors import LabError
from core.notebook import foreground
from core.processes import heartbeat, memory_limit
from core.runs import Run, Submission
from core.training import memory_estimate, status_writer
from core.training.memory_estimate import ShortOfMemory
from core.workspace import PROJECT

HUGE = {"data.image_size": 256, "model.filters": (512,), "model.dense_units": 1024}
WIDE = RunConfig().replace({"data.image_size": 256, "model.filters": (512, 512), "fit.batch_size": 512})
GIGABYTE = 10**9


@pytest.fixture
def memory(monkeypatch: pytest.MonkeyPatch) -> dict[str, float]:
    """A machine with 64 GB, of which 4 are free."""
    sizes = {"total": 64.0, "available": 4.0}
    for name in sizes:
        monkeypatch.setattr(memory_limit, name, lambda name=name: int(sizes[name] * GIGABYTE))
    return sizes


@pytest.mark.parametrize(
    "changes", [{}, {"model.filters": (8,), "data.image_size": 64}, {"fit.optimizer": "sgd"}]
)
def test_usual_networks_fit(changes):
    memory_estimate.check_free(RunConfig().replace(changes), 5)


@pytest.mark.fault("A1", "F23")
@pytest.mark.parametrize("changes", [{}, {"fit.optimizer": "sgd"}, {"fit.batch_size": 1}])
def test_a_network_far_too_large_is_named_with_its_parameters_and_memory(changes, memory):
    memory["total"] = 16.0
    with pytest.raises(LabError, match=r"has 8,\d+,\d+,\d+ parameters.* needs about \d+ GB.* has 16 GB"):
        memory_estimate.check_memory(RunConfig().replace({**HUGE, **changes}), 5)


def test_memory_grows_with_what_needs_it():
    base = memory_estimate.memory(RunConfig(), 5)
    for changes in (
        {"fit.batch_size": 64},
        {"model.dense_units": 256},
        {"data.image_size": 160},
        {"model.filters": (32, 32, 64)},
    ):
        assert memory_estimate.memory(RunConfig().replace(changes), 5) > base
    assert memory_estimate.memory(RunConfig().replace({"fit.optimizer": "sgd"}), 5) < base


@pytest.mark.fault("A1", "F23")
def test_what_is_not_free_now_must_be_confirmed_and_names_the_setting_to_change(memory):
    config = RunConfig().replace({"data.image_size": 256, "fit.batch_size": 256})
    with pytest.raises(ShortOfMemory, match=r"only 4 GB is free\. Use a batch size of \d+ instead of 256\."):
        memory_estimate.check_free(config)
    with pytest.raises(ShortOfMemory):
        memory_estimate.check_start(config, 5, Submission())
    assert "instead of 256" in memory_estimate.check_start(config, 5, Submission(despite_memory=True))
    memory_estimate.check_free(config, held=60 * GIGABYTE)  # of a training that ends before
    memory["available"] = 60.0
    assert memory_estimate.check_start(config, 5, Submission()) == ""


@pytest.mark.fault("A1")
def test_advice_is_the_change_that_matters_least_to_what_is_learned(memory):
    few = WIDE.replace({"fit.batch_size": 8})
    assert memory_estimate.advice(WIDE, 5, 80 * GIGABYTE) == "Use a batch size of 64 instead of 512."
    assert memory_estimate.advice(few, 5, 8 * GIGABYTE) == "Use an image size of 64 px instead of 256 px."
    assert "fewer filters" in memory_estimate.advice(WIDE, 5, 1)


@pytest.mark.fault("A1", "F23")
def test_the_headless_doors_refuse_in_words_unless_told_to_try(memory, capsys, monkeypatch):
    monkeypatch.setattr("core.cli.run._warn_if_unfit", lambda config: None)
    monkeypatch.setattr("core.training.fresh_data.settle", lambda *_, **__: None)
    settings = ["--set=data.image_size=256", "--set=fit.batch_size=512", "--set=fit.precision=float32"]
    assert main(["run", "garden", *settings]) == 1
    assert "add --despite-memory" in capsys.readouterr().err
    with pytest.raises(LabError, match="pass despite_memory=True"):
        large = {"batch_size": 512, "image_size": 256}
        foreground.train("garden", preset="tutorial", name="", layout="", settings=large)
    assert runs.all() == []


class ResourceExhaustedError(Exception):
    """Named as TensorFlow's."""


def wrapped(error: Exception) -> Exception:
    try:
        raise RuntimeError("in a layer") from error
    except RuntimeError as outer:
        return outer


@pytest.mark.fault("A1", "F23")
@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        ResourceExhaustedError("OOM when allocating tensor"),
        wrapped(MemoryError()),
        RuntimeError("std::bad_alloc"),
    ],
)
def test_running_out_of_memory_is_said_with_what_to_change_and_is_not_resumed(error):
    ending = status_writer._ending(error, False)
    assert ending["state"] == "failed" and ending["too_large"]
    assert "too large" in ending["message"] and "smaller batch size" in ending["hint"]
    assert status_writer._ending(error, False, "Use less.")["hint"] == "Use less."
    run = runs.create(RunConfig())
    run.write_status(replace(run.status, **ending))
    with pytest.raises(LabError, match="does not fit into memory"):
        engine.resume(run)


def run_of(process: subprocess.Popen[bytes], **status: Any) -> Run:
    """Return a run that this process has begun."""
    run = runs.create(RunConfig())
    changes = {"state": "running", "epoch": 1, "if_killed": "Use less.", **heartbeat.identity(process.pid)}
    run.write_status(replace(run.status, heartbeat=time.time(), **{**changes, **status}))
    return run


@pytest.mark.fault("A1", "F23")
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSEGV, signal.SIGABRT])
def test_a_process_ended_by_the_system_in_its_first_epoch_was_too_large_if_memory_was_short(number):
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    short, ample = run_of(process), run_of(process, if_killed="")
    later = run_of(process, epoch=2)
    assert short.status.state == "running"
    process.send_signal(number)
    process.wait()
    assert (short.status.state, short.status.too_large, short.status.hint) == ("failed", True, "Use less.")
    assert ample.status.state == later.status.state == "interrupted"


@pytest.mark.fault("A1")
def test_a_headless_training_that_is_ended_without_a_word_is_spoken_for(workspace):
    training = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    run = run_of(training)
    watcher = subprocess.Popen(
        [sys.executable, "-m", "core.cli.watcher", str(run.path), str(training.pid)],
        cwd=PROJECT,
        stderr=subprocess.PIPE,
        text=True,
    )
    time.sleep(1)
    os.kill(training.pid, signal.SIGSEGV)  # a zombie until the end of the test
    _, said = watcher.communicate(timeout=30)
    training.wait()
    assert "ran out of memory" in said and "Use less." in said and str(run.path) in said
