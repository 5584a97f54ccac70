"""A run folder stays truthful, even after a crash or manual changes."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from dataclasses import replace

import numpy as np
import psutil
import pytest

from core import files, runs, workspace
from core.config import RunConfig
from core.errors import LabError
from core.processes import heartbeat
from core.runs import Labels, Predictions, Status
from pages.common.run_picker import summarise
from samples import made_runs


@pytest.fixture
def run():
    return runs.create(RunConfig())


def test_a_new_run_is_queued_and_can_be_opened_again(run):
    assert run.status.state == "queued"
    assert runs.open(run.id).config == RunConfig()
    assert runs.all() == [run]


@pytest.mark.fault("F15")
@pytest.mark.parametrize("run_id", ["../x", "a/b", "", "..", "x" * 300, "no-such-run", "/etc", "A\0"])
def test_a_bad_id_is_not_found_and_touches_nothing(run_id):
    with pytest.raises(LabError, match="There is no run"):
        runs.open(run_id)


@pytest.mark.fault("F15")
def test_a_link_out_of_the_workspace_is_not_a_run(run, tmp_path):
    outside = tmp_path / "outside"
    outside.mkdir()
    (run.path.parent / "innocent").symlink_to(outside)
    with pytest.raises(LabError):
        runs.open("innocent")


def test_a_live_process_reads_as_running(run):
    run.write_status(replace(run.status, state="running", heartbeat=time.time(), **heartbeat.identity()))
    assert run.status.state == "running"


@pytest.mark.fault("F18")
def test_a_killed_process_reads_as_interrupted(run):
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as child:
        who = heartbeat.identity(child.pid)
        child.kill()
    run.write_status(replace(run.status, state="running", heartbeat=time.time(), **who))
    assert run.status.state == "interrupted"


@pytest.mark.fault("F22")
def test_a_pid_used_again_by_another_process_reads_as_interrupted(run):
    ours = heartbeat.identity()
    alive = replace(run.status, state="running", heartbeat=time.time(), **ours)
    run.write_status(alive)
    assert run.status.state == "running"
    run.write_status(replace(alive, create_time=ours["create_time"] / 2))  # earlier, after the system's start
    assert run.status.state == "interrupted"


def test_a_silent_heartbeat_from_another_machine_reads_as_interrupted(run):
    far = {"host": "elsewhere", "pid": os.getpid()}
    run.write_status(replace(run.status, state="running", heartbeat=time.time(), **far))
    assert run.status.state == "running"
    run.write_status(replace(run.status, state="running", heartbeat=time.time() - 40, **far))
    assert run.status.state == "interrupted"


@pytest.mark.fault("F16")
def test_an_incomplete_line_of_metrics_loses_only_one_epoch(run):
    run.append_metrics({"epoch": 1, "loss": 0.5})
    with (run.path / "metrics.jsonl").open("a") as lines:
        lines.write('{"epoch": 2, "lo')
    assert run.metrics() == [{"epoch": 1, "loss": 0.5}]


@pytest.mark.fault("F16")
@pytest.mark.parametrize("name", ["status.json", "config.json"])
@pytest.mark.parametrize("text", ["", "{", "[]", '{"state": "bogus"}', '{"schema": 99}'])
def test_a_damaged_file_damages_only_its_own_run(run, name, text):
    other = runs.create(RunConfig())
    (run.path / name).write_text(text)
    assert run.status.state == "damaged"
    assert run.status.message
    assert other.status.state == "queued"
    assert len(runs.all()) == 2


@pytest.mark.fault("F16")
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


@pytest.mark.fault("F16")
def test_damaged_predictions_are_reported(run):
    (run.path / "predictions.npz").write_bytes(b"PK\x03\x04 not a zip")
    with pytest.raises(LabError, match="damaged"):
        run.predictions("test")


def test_a_deleted_run_can_be_brought_back(run):
    run.write_status(replace(run.status, state="done"))
    runs.delete(run)
    assert runs.all() == []
    assert runs.restore(run.id).config == RunConfig()


def test_copies_of_a_run_do_not_end_up_inside_each_other(run):
    run.write_status(replace(run.status, state="done"))
    runs.delete(run)
    trash = workspace.folder() / "trash" / run.id
    shutil.copytree(trash, run.path)  # as a person may do
    with pytest.raises(LabError, match="is there already"):
        runs.restore(run.id)
    run.relabel(name="newer")
    runs.delete(run)
    assert not (trash / run.id).exists()
    assert runs.restore(run.id).labels.name == "newer"


def test_a_run_that_two_people_delete_at_once_can_still_be_brought_back(run):
    run.write_status(replace(run.status, state="done"))
    runs.delete(run)
    with pytest.raises(LabError, match="deleted already, perhaps in another window"):
        runs.delete(run)
    assert runs.restore(run.id).config == RunConfig()


def test_what_cannot_be_moved_over_an_earlier_copy_leaves_it_alone(tmp_path):
    (tmp_path / "copy").mkdir()
    with pytest.raises(FileNotFoundError):
        files.move_over(tmp_path / "gone", tmp_path / "copy")
    assert [path.name for path in tmp_path.iterdir() if path.is_dir()] == ["copy"]


@pytest.mark.skipif(not hasattr(time, "tzset"), reason="the zone of a process can be changed on Unix only")
def test_ids_go_on_when_the_clock_is_set_back(monkeypatch):
    ids = []
    for zone in ("UTC-2", "UTC-1"):  # as at the end of summer in central Europe
        monkeypatch.setenv("TZ", zone)
        time.tzset()
        ids.append(runs.new_id())
    monkeypatch.undo()
    time.tzset()
    assert ids == sorted(ids)


def test_a_queued_run_cannot_be_deleted(run):
    with pytest.raises(LabError, match="Stop it first"):
        runs.delete(run)


def test_labels_change_and_the_settings_stay(run):
    before = (run.path / "config.json").read_bytes()
    run.relabel(name="Mine", tags=("a", "b"))
    assert run.title == "Mine"
    assert run.labels.tags == ("a", "b")
    assert (run.path / "config.json").read_bytes() == before


@pytest.mark.fault("F21")
def test_a_full_disk_keeps_the_old_file_and_names_the_path(run, monkeypatch):
    def no_space(*_):
        raise OSError(28, "No space left on device")

    before = (run.path / "status.json").read_bytes()
    monkeypatch.setattr(files.os, "replace", no_space)
    with pytest.raises(LabError, match=r"status\.json.*No space left.*free"):
        run.write_status(run.status)
    assert (run.path / "status.json").read_bytes() == before
    assert [p.name for p in run.path.iterdir() if p.name.startswith(".")] == []


@pytest.mark.fault("A13")
def test_names_notes_and_tags_of_endless_length_are_cut(run):
    run.relabel(name="n" * 900_000, notes="o" * 900_000, tags=("t" * 900_000,) * 900)
    assert len(run.labels.name) == runs.MAX_NAME
    assert len(run.labels.notes) == runs.MAX_NOTES
    assert {len(tag) for tag in run.labels.tags} == {runs.MAX_TAG} and len(run.labels.tags) == runs.MAX_TAGS
    assert (run.path / "labels.json").stat().st_size < 100_000
    assert len(runs.create(RunConfig(), Labels(name="n" * 900_000)).title) == runs.MAX_NAME
    (run.path / "labels.json").write_text(json.dumps({"name": "n" * 900_000}))
    assert len(run.title) == runs.MAX_NAME


@pytest.mark.fault("F10")
def test_a_name_that_is_not_utf_8_is_kept_as_far_as_it_can_be_read(run):
    run.relabel(name=os.fsdecode(b"caf\xe9"))
    assert run.labels.name.startswith("caf") and run.labels.name.isprintable()


@pytest.mark.fault("A3", "F16")
def test_an_epoch_counts_once_and_only_up_to_the_most_that_there_can_be(run):
    lines = [{"epoch": epoch, "loss": 0.5} for epoch in (1, 2, 2, 1, 3, 300_000)]
    (run.path / "metrics.jsonl").write_text("\n".join(map(json.dumps, lines)))
    assert [line["epoch"] for line in run.metrics()] == [1, 2, 3]


@pytest.mark.fault("F16", "A2")
@pytest.mark.parametrize("name", ["status.json", "config.json", "report.json", "metrics.jsonl"])
def test_a_file_that_is_no_file_or_far_too_large_is_damaged(run, name):
    (run.path / name).unlink(missing_ok=True)
    os.mkfifo(run.path / name)  # reading it would wait for ever
    with pytest.raises(LabError, match="is damaged: it is not a file"):
        files.read_model(run.path / name, dict)
    assert run.status.state in ("damaged", "queued")
    (run.path / name).unlink()
    (run.path / name).write_bytes(b" " * 100)
    os.truncate(run.path / name, 2**40)
    with pytest.raises(LabError, match=r"is damaged: it has 1\.1 TB"):
        files.read_model(run.path / name, dict)
    assert run.metrics() == []


@pytest.mark.fault("F16", "A3")
@pytest.mark.parametrize(
    "changes",
    [
        {"labels": np.array([0, 9])},
        {"labels": np.array([0.0, 1.0])},
        {"ids": np.array([1, 2])},
        {"ids": np.array(["a"])},
        {"probabilities": np.full((2, 2), np.nan, np.float32)},
        {"probabilities": np.zeros((2, 2, 2), np.float32)},
        {"groups": np.array(["a", "b"])},
    ],
)
def test_predictions_of_other_types_or_sizes_are_damaged(run, changes):
    good = Predictions(np.array(["a", "b"]), np.array([0, 1]), np.eye(2, dtype=np.float32))
    run.write_predictions(test=good)
    assert run.predictions("test").labels.tolist() == [0, 1]
    run.write_predictions(test=replace(good, **changes))
    with pytest.raises(LabError, match=r"predictions\.npz in .* is damaged"):
        run.predictions("test")


@pytest.mark.fault("F22")
@pytest.mark.parametrize("jump", [-86400.0 * 365, -3600.0, 3600.0, 86400.0 * 365])
def test_a_clock_that_jumps_while_a_run_is_in_progress_does_not_interrupt_it(run, jump, monkeypatch):
    """The living process writes its heartbeat by the new clock; its own beginning keeps the old one."""
    run.write_status(replace(run.status, state="running", started=time.time() - 60, **heartbeat.identity()))
    real, booted = time.time, psutil.boot_time()
    monkeypatch.setattr(time, "time", lambda: real() + jump)
    monkeypatch.setattr(psutil._psplatform, "boot_time", lambda: booted + jump)  # as Linux says it
    running = files.read_model(run.path / "status.json", Status)
    run.write_status(replace(running, heartbeat=time.time()))
    assert run.status.state == "running"
    assert run.status.seconds >= 0
    assert runs.create(RunConfig()).status.state == "queued"


@pytest.mark.fault("F27")
def test_a_thousand_runs_are_listed_within_a_second(run, workspace):
    """In time of the processor, so that a busy machine makes no difference."""
    run.write_report(made_runs.report())
    run.write_metrics(made_runs.history(30))
    run.write_status(replace(run.status, state="done"))
    for number in range(999):
        copy = run.path.with_name(f"20260101-000000-{number:07}")
        copy.mkdir()
        for path in run.path.iterdir():
            os.link(path, copy / path.name)
    for seconds in (2.0, 0.5):  # the first time, and once the files are known
        began = time.process_time()
        listed = [summarise(one) for one in runs.all()]
        assert time.process_time() - began < seconds
        assert len(listed) == 1000 and all(summary.finished for summary in listed)
