"""The queue: oldest first, claimed once, nothing lost."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from dataclasses import replace
from types import SimpleNamespace

import filelock
import pytest

from core import engine, files, runs, worker
from core.config import RunConfig
from core.data.collected import writing
from core.errors import LabError
from core.processes import heartbeat, launch, memory_limit
from core.processes.memory_limit import Growth


@pytest.fixture(autouse=True)
def started(monkeypatch):
    """Record which workers would have been started, without starting them."""
    calls = []
    monkeypatch.setattr(launch, "start_detached", lambda module, *_: calls.append(module))
    return calls


def test_runs_are_claimed_oldest_first_and_once(started):
    first, second = engine.submit(RunConfig()), engine.submit(RunConfig())
    assert engine.queue() == [first, second]
    assert [engine.claim(), engine.claim(), engine.claim()] == [first, second, None]
    assert started == ["core.workers.serve"] * 2


def test_browsers_take_turns_in_the_queue_and_each_keeps_its_own_order():
    def submit(by: str, number: int) -> list[runs.Run]:
        return engine.submit_all([(RunConfig(), runs.Labels())] * number, runs.Submission(by))

    sweep = submit("a", 5)
    assert [engine.claim(), engine.claim()] == sweep[:2]  # alone, it has every turn
    other, script = submit("b", 2), submit("", 1)
    assert engine.queue() == [sweep[2], other[0], script[0], sweep[3], other[1], sweep[4]]
    engine.claim()
    late = submit("c", 1)[0]
    assert engine.queue() == [other[0], script[0], late, sweep[3], other[1], sweep[4]]


def test_a_marker_of_an_earlier_version_is_served_first():
    later, before = engine.submit(RunConfig()), runs.create(RunConfig())
    (engine._queue_folder() / f"{time.time_ns():020d}~{before.id}").touch()
    assert [engine.claim(), engine.claim()] == [before, later]


def test_a_resumed_run_belongs_to_whoever_resumes_it():
    run = engine.submit(RunConfig(), submission=runs.Submission("a"))
    engine.stop(run)
    engine.resume(run, runs.Submission("b"))
    assert run.submission.by == "b"
    assert engine.queue() == [run]
    (run.path / "submission.json").write_text('{"by": 5}')
    assert run.submission == runs.Submission()


@pytest.mark.fault("F19")
def test_two_workers_never_claim_the_same_run():
    submitted = {engine.submit(RunConfig()).id for _ in range(40)}
    script = (
        "from core import engine\nwhile (run := engine.claim()) is not None:\n    print(run.id, flush=True)"
    )
    workers = [subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE) for _ in range(2)]
    claimed = [line for worker in workers for line in worker.communicate()[0].decode().split()]
    assert len(claimed) == 40
    assert set(claimed) == submitted


def test_a_queued_run_that_is_stopped_ends_at_once():
    run = engine.submit(RunConfig())
    engine.stop(run)
    assert run.status.state == "stopped"
    assert engine.claim() is None


def test_several_queued_runs_are_stopped_at_once():
    submitted = [engine.submit(RunConfig()) for _ in range(3)]
    engine.stop_all(submitted[:2])
    assert [run.status.state for run in submitted] == ["stopped", "stopped", "queued"]
    assert engine.queue() == submitted[2:]


@pytest.mark.fault("F16")
def test_a_run_that_two_people_resume_at_once_is_carried_out_once():
    run = engine.submit(RunConfig())
    engine._enqueue(run)
    assert engine.claim() == run
    run.write_status(replace(run.status, state="stopped"))
    assert engine.claim() is None and engine.queue() == []


def test_who_finds_a_lock_taken_says_so_and_not_that_the_disk_is_full(monkeypatch):
    run, collection = runs.create(RunConfig()), runs.create(RunConfig()).path
    with filelock.FileLock(run.path / "lock"), pytest.raises(worker.Taken, match="already being executed"):
        worker.carry_out(run)
    monkeypatch.setattr(writing, "PATIENCE_SECONDS", 0.1)
    with (
        filelock.FileLock(collection / "collected.lock"),
        pytest.raises(LabError, match="still storing images"),
        writing.changing(collection),
    ):
        pass


def test_a_deleted_run_in_the_queue_is_skipped():
    gone, stays = engine.submit(RunConfig()), engine.submit(RunConfig())
    (gone.path / "config.json").unlink()
    assert engine.claim() == stays


def test_a_lost_marker_is_found_again():
    run = runs.create(RunConfig())
    assert engine.queue() == []
    engine.requeue_lost()
    assert engine.queue() == [run]


def test_tending_restarts_a_worker_only_if_runs_are_queued(started):
    engine.tend()
    assert started == []
    engine.submit(RunConfig())
    engine.tend()
    assert started == ["core.workers.serve"] * 2


def test_no_second_worker_is_started_beside_a_living_one(started):
    with engine.worker_lock():
        assert engine.worker_is_alive()
        engine.ensure_worker()
    assert started == []


@pytest.mark.parametrize("state", ["queued", "running"])
def test_a_waiting_run_is_not_resumed_twice(state):
    run = engine.submit(RunConfig())
    if state == "running":
        run.write_status(
            runs.Status(
                **{**vars(run.status), "state": state, "heartbeat": time.time()} | heartbeat.identity()
            )
        )
    with pytest.raises(LabError, match=f"already {state}"):
        engine.resume(run)


def test_a_stopped_run_is_queued_again_and_forgets_the_stop():
    run = engine.submit(RunConfig())
    engine.stop(run)
    engine.resume(run)
    assert run.status.state == "queued"
    assert not run.stop_requested
    assert engine.claim() == run


@pytest.mark.parametrize(
    ("megabytes", "too_much"), [("0", True), ("100000", False), ("", False), ("many", False)]
)
def test_memory_growth_is_measured_from_the_first_call(monkeypatch, megabytes, too_much):
    monkeypatch.setenv("LAB_WORKER_GROWTH_MB", megabytes)
    assert Growth().is_too_much() is too_much


def test_the_limit_is_an_eighth_of_a_small_machine_and_no_more_than_1_5_gb(monkeypatch):
    for gigabytes, limit in ((4, 0.5e9), (64, 1.5e9)):
        monkeypatch.setattr(
            "psutil.virtual_memory", lambda total=gigabytes * 1e9: SimpleNamespace(total=total)
        )
        assert memory_limit.limit() == limit


def test_a_preparation_whose_process_died_reads_as_interrupted():
    engine.Preparation("garden", "running", heartbeat=time.time() - 60).write()
    assert engine.preparation_of("garden").state == "interrupted"


def test_a_damaged_progress_file_reads_as_failed():
    engine.Preparation("garden").write()
    (engine.preparation_of("garden").folder / "status.json").write_text("{")
    assert engine.preparation_of("garden").state == "failed"


@pytest.mark.fault("F16")
def test_what_is_no_marker_in_the_queue_stops_nobody(workspace):
    run = engine.submit(RunConfig())
    for name in ("0~..", "~", "notes.txt", f"0~{'x' * 200}", "1~../../etc"):
        (workspace / "queue" / name.replace("/", "\\")).write_bytes(b"")
    (workspace / "queue" / f"0~{run.id}").mkdir()
    assert engine.queue() == [run]
    assert [engine.claim(), engine.claim()] == [run, None]


@pytest.mark.fault("A13", "F18")
def test_a_worker_that_is_just_being_killed_counts_as_gone(started):
    """Its lock is released only when its last thread has ended, a moment after the process is gone."""
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    with engine.worker_lock():
        engine.note_holder()
        assert engine.worker_is_alive()
        holder = heartbeat.identity(child.pid)
        files.write_json(engine._holder(), holder)
        assert engine.worker_is_alive()
        child.kill()
        while heartbeat.is_same_process(holder):  # until it is at least a zombie
            time.sleep(0.01)
        assert not engine.worker_is_alive()
        engine.submit(RunConfig())
    child.wait()
    assert started == ["core.workers.serve"]


@pytest.mark.fault("F21", "A6")
def test_a_run_that_cannot_be_queued_is_not_kept(workspace, monkeypatch):
    (workspace).mkdir()
    (workspace / "queue").write_text("in the way")
    with pytest.raises(LabError, match="could not write"):
        engine.submit(RunConfig())
    assert runs.all() == []
    assert list((workspace / "runs").iterdir()) == []


def test_an_export_that_is_being_made_is_not_swept_away_when_its_run_goes_on(workspace):
    run = runs.create(RunConfig())
    work, half = run.exports_path / ".new-abc123" / "pixels.npy", run.path / ".model.0123abcd.keras"
    for path in (work, half):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"half")
    for path in (work, work.parent, half):
        os.utime(path, (time.time() - 60,) * 2)
    runs.sweep(run, 2.0)  # as the process does that resumes it
    assert work.exists() and not half.exists()


@pytest.mark.fault("A7")
def test_the_worker_sweeps_what_killed_processes_left_half_written(workspace):
    ended = runs.create(RunConfig())
    ended.write_status(replace(ended.status, state="done"))
    ended.checkpoint_path.mkdir()
    left = [
        ended.path / ".model.0123abcd.keras",
        ended.path / ".status.0123abcd.json",
        ended.checkpoint_path / ".state.0123abcd.npz",
        workspace / "runs" / ".new-20261127-101112-0a1b2c" / "config.json",
        workspace / "uploads" / ".new-flowers-0a1b2c" / "000001.jpg",
        workspace / "datasets" / "flowers" / "pixels" / ".64-crop-abc.0123abcd.npy",
        workspace / "datasets" / "flowers" / "features" / "mobilenet-v1" / ".0a1b2c.0123abcd.npz",
        workspace / "weights" / ".mobilenet_v2_035.0123abcd.h5",  # a download that was cut off
        workspace / "tfjs" / ".tfjs-core-4.22.0.0123abcd.tgz",
        workspace / "example" / "exports" / ".new-0a1b2c" / "pixels.npy",
        ended.heatmaps_path / "map" / ".0a1b2c3d.0123abcd.jpg",
    ]
    fresh = ended.path / ".labels.4567abcd.json"
    other = ended.path / ".hidden"
    for path in (*left, fresh, other):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"half")
    for path in (*left, *(path.parent for path in left)):
        os.utime(path, (time.time() - 600,) * 2)
    engine.sweep()
    assert [path for path in left if path.exists()] == []
    assert list(workspace.rglob(".new-*")) == []
    assert fresh.exists() and other.exists()
    runs.delete(ended)
    assert not (workspace / "trash" / ended.id / fresh.name).exists()
    assert (workspace / "trash" / ended.id / other.name).exists()
