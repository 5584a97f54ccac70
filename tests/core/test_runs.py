"""A run folder stays truthful, even after a crash or manual changes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from dataclasses import replace

import numpy as np
import pytest

from core import files, runs
from core.config import RunConfig
from core.errors import LabError
from core.processes import heartbeat
from core.runs import Predictions


@pytest.fixture
def run():
    return runs.create(RunConfig())


def test_a_new_run_is_queued_and_can_be_opened_again(run):
    assert run.status.state == "queued"
    assert runs.open(run.id).config == RunConfig()
    assert runs.all() == [run]


@pytest.mark.parametrize("run_id", ["../x", "a/b", "", "..", "x" * 300, "no-such-run", "/etc", "A\0"])
def test_a_bad_id_is_not_found_and_touches_nothing(run_id):
    with pytest.raises(LabError, match="There is no run"):
        runs.open(run_id)


def test_a_link_out_of_the_workspace_is_not_a_run(run, tmp_path):
    outside = tmp_path / "outside"
    outside.mkdir()
    (run.path.parent / "innocent").symlink_to(outside)
    with pytest.raises(LabError):
        runs.open("innocent")


def test_a_live_process_reads_as_running(run):
    run.write_status(replace(run.status, state="running", heartbeat=time.time(), **heartbeat.identity()))
    assert run.status.state == "running"


def test_a_killed_process_reads_as_interrupted(run):
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as child:
        who = heartbeat.identity(child.pid)
        child.kill()
    run.write_status(replace(run.status, state="running", heartbeat=time.time(), **who))
    assert run.status.state == "interrupted"


def test_a_pid_used_again_by_another_process_reads_as_interrupted(run):
    who = {**heartbeat.identity(), "create_time": heartbeat.identity()["create_time"] - 1000}
    run.write_status(replace(run.status, state="running", heartbeat=time.time(), **who))
    assert run.status.state == "interrupted"


def test_a_silent_heartbeat_from_another_machine_reads_as_interrupted(run):
    far = {"host": "elsewhere", "pid": os.getpid()}
    run.write_status(replace(run.status, state="running", heartbeat=time.time(), **far))
    assert run.status.state == "running"
    run.write_status(replace(run.status, state="running", heartbeat=time.time() - 40, **far))
    assert run.status.state == "interrupted"


def test_an_incomplete_line_of_metrics_loses_only_one_epoch(run):
    run.append_metrics({"epoch": 1, "loss": 0.5})
    with (run.path / "metrics.jsonl").open("a") as lines:
        lines.write('{"epoch": 2, "lo')
    assert run.metrics() == [{"epoch": 1, "loss": 0.5}]


@pytest.mark.parametrize("name", ["status.json", "config.json"])
@pytest.mark.parametrize("text", ["", "{", "[]", '{"state": "bogus"}', '{"schema": 99}'])
def test_a_damaged_file_damages_only_its_own_run(run, name, text):
    other = runs.create(RunConfig())
    (run.path / name).write_text(text)
    assert run.status.state == "damaged"
    assert run.status.message
    assert other.status.state == "queued"
    assert len(runs.all()) == 2


def test_a_newer_schema_is_reported(run):
    values = json.loads((run.path / "config.json").read_text())
    (run.path / "config.json").write_text(json.dumps({**values, "schema": 99}))
    assert "schema 99" in run.status.message


def test_predictions_round_trip(run):
    stored = Predictions(np.array(["a", "b"]), np.array([0, 1]), np.eye(2, dtype=np.float32))
    run.write_predictions(test=stored, validation=stored)
    read = run.predictions("test")
    assert read.ids.tolist() == ["a", "b"]
    np.testing.assert_array_equal(read.probabilities, stored.probabilities)


def test_damaged_predictions_are_reported(run):
    (run.path / "predictions.npz").write_bytes(b"PK\x03\x04 not a zip")
    with pytest.raises(LabError, match="damaged"):
        run.predictions("test")


def test_a_deleted_run_can_be_brought_back(run):
    run.write_status(replace(run.status, state="done"))
    runs.delete(run)
    assert runs.all() == []
    assert runs.restore(run.id).config == RunConfig()


def test_a_queued_run_cannot_be_deleted(run):
    with pytest.raises(LabError, match="Stop it first"):
        runs.delete(run)


def test_labels_change_and_the_settings_stay(run):
    before = (run.path / "config.json").read_bytes()
    run.relabel(name="Mine", tags=("a", "b"))
    assert run.title == "Mine"
    assert run.labels.tags == ("a", "b")
    assert (run.path / "config.json").read_bytes() == before


def test_a_full_disk_keeps_the_old_file_and_names_the_path(run, monkeypatch):
    def no_space(*_):
        raise OSError(28, "No space left on device")

    before = (run.path / "status.json").read_bytes()
    monkeypatch.setattr(files.os, "replace", no_space)
    with pytest.raises(LabError, match=r"status\.json.*No space left.*free"):
        run.write_status(run.status)
    assert (run.path / "status.json").read_bytes() == before
    assert [p.name for p in run.path.iterdir() if p.name.startswith(".")] == []
