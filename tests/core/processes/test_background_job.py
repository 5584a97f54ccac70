"""Background jobs, such as judging labels, and the steps that follow from suspects."""

from __future__ import annotations

import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from core import datasets
from core.cli import main as command_line
from core.data import versions
from core.errors import Candidate, LabError, Stopped, Undecided
from core.label_errors import job, ranking
from core.label_errors.job import Judging
from core.processes import background_job, heartbeat, launch
from samples import made_runs
from samples.made_images import coloured_objects


@pytest.fixture
def source(tmp_path: Path) -> str:
    return made_runs.draw_folder(tmp_path / "images")


@pytest.mark.fault("F19")
def test_a_job_starts_only_once_however_often_it_is_requested(source, monkeypatch):
    begun = []

    class Child:
        pid = heartbeat.identity()["pid"]

    def start(*words: object) -> Child:
        time.sleep(0.1)  # while others ask for the same job
        begun.append(words)
        return Child()

    monkeypatch.setattr(launch, "start_detached", start)
    with ThreadPoolExecutor(4) as windows:
        works = list(windows.map(job.start, [source] * 4))
    assert len(begun) == 1 and works == 4 * [works[0]] and works[0].state == "running"


def test_a_job_whose_process_died_is_interrupted(source):
    Judging(source, "running", heartbeat=time.time() - 60).write()
    work = job.status(source)
    assert work.state == "interrupted" and work.message.startswith("Judging the labels was interrupted")


@pytest.mark.fault("F16")
def test_a_damaged_job_status_is_a_failure_with_a_message(source):
    Judging(source).write()
    (Judging(source).folder / "status.json").write_text("{")
    assert job.status(source).state == "failed"


@pytest.mark.parametrize(
    ("error", "state", "message"),
    [
        (Stopped("Stopped while resting."), "stopped", "Stopped while resting."),
        (LabError("It cannot be."), "failed", "It cannot be."),
        (ValueError("a fault of ours"), "failed", "An unexpected error occurred (ValueError)"),
    ],
)
def test_every_outcome_of_a_job_has_a_state(error, state, message, source):
    def do(*_: object) -> None:
        raise error

    background_job.carry_out(Judging(source), do)
    work = job.status(source)
    assert work.state == state and work.message.startswith(message)


def test_a_question_is_an_outcome_of_its_own_and_is_carried_to_the_app(source):
    ways = (
        Candidate("a", "one way", (("x/1.png", "x", "train"), ("notes.png", "", ""))),
        Candidate("b", "another"),
    )

    def do(*_: object) -> None:
        raise Undecided("Which?", ways, ("/x/y",))

    background_job.carry_out(Judging(source), do)
    work = job.status(source)
    assert (work.state, work.message) == ("undecided", "Which?")
    assert (work.candidates, work.data_sets) == (ways, ("/x/y",))
    work = background_job.carry_out(Judging(source), lambda *_: None)
    assert (work.state, work.candidates, work.data_sets) == ("done", (), ())


def test_the_status_of_an_earlier_version_opens(source):
    Judging(source, "done", message="x").write()
    path = Judging(source).folder / "status.json"
    kept = json.loads(path.read_text())
    del kept["candidates"], kept["data_sets"]
    path.write_text(json.dumps(kept))
    assert job.status(source) == Judging(source, "done", message="x")


def test_a_job_reports_its_progress_and_notices_a_stop_request(source):
    heard = []

    def do(progress, should_stop):
        progress("counting", 3, 7)
        heard.append(should_stop())
        Judging(source).stop()
        heard.append(should_stop())

    work = background_job.carry_out(Judging(source), do)
    assert (work.state, work.done, work.total) == ("done", 3, 7) and heard == [False, True]


def test_the_outcome_is_kept_although_a_beat_is_under_way(source):
    class Slow(Judging):
        def __post_init__(self):
            if threading.current_thread() is not threading.main_thread():
                time.sleep(0.3)

    at_work = heartbeat.BEAT_SECONDS + 0.1
    assert background_job.carry_out(Slow(source), lambda *_: time.sleep(at_work)).state == "done"
    assert job.status(source).state == "done"


def test_different_jobs_on_one_source_do_not_interfere(source):
    Judging(source, "done").write()
    from core import engine

    assert engine.preparation_of(source).state == "none"
    assert replace(job.status(source), state="none") == Judging(source)


def test_confirming_a_label_keeps_the_version_and_can_be_undone(source):
    dataset = datasets.open(source)
    chosen = dataset.usable["id"].iloc[0]
    versions.exclude(dataset, dataset.usable["id"][5:7], "two of them")
    before = datasets.open(source)
    versions.confirm(before, [chosen], "it is one")
    after = datasets.open(source)
    assert after.version == before.version and len(after.usable) == len(before.usable)
    assert versions.confirmed(versions.steps(dataset.path)) == {chosen}
    versions.undo(after)
    assert versions.confirmed(versions.steps(dataset.path)) == frozenset()


def test_the_data_set_can_be_restored_after_each_step(source):
    dataset = datasets.open(source)
    versions.exclude(dataset, dataset.usable["id"][5:7], "two of them")
    newest = datasets.open(source)
    assert versions.after(newest, 0).version == dataset.version
    assert versions.after(newest, 1).version == newest.version


def test_the_command_judges_prints_and_saves_the_judgement(tmp_path, monkeypatch, capsys):
    images = coloured_objects(60, 32)
    for number, (image, label) in enumerate(zip(images.images, images.labels, strict=True)):
        folder = tmp_path / "discs" / "rgb"[label]
        folder.mkdir(parents=True, exist_ok=True)
        Image.fromarray(image).save(folder / f"{number:02}.png")
    source = str(tmp_path / "discs")
    dataset = datasets.prepare(source)
    monkeypatch.setenv("LAB_WEIGHTS", str(tmp_path / "none.weights.h5"))
    assert command_line.main(["suspects", source, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert len(found["ranked"]) == 60 and found["ranked"][0]["file"].endswith(".png")
    kept = ranking.load(dataset)
    assert kept is not None and kept.version == dataset.version == found["version"]
    assert command_line.main(["suspects", source, "--report-progress"]) == 0
    work = job.status(source)
    assert work.state == "done" and 0 < work.done == work.total
    assert job.duration(dataset).basis == "from 2 earlier judgements on this machine"


def test_judging_is_estimated_from_the_latest_judgements(source, workspace):
    dataset = datasets.open(source)
    images, guess = len(dataset.usable), job.duration(dataset)
    assert "a rough guess" in guess.basis and guess.low < guess.seconds < guess.high
    job.note(images, 3 * guess.seconds)
    learnt = job.duration(dataset)
    assert learnt.seconds == pytest.approx(3 * guess.seconds) and "1 earlier judgement on" in learnt.basis
    assert learnt.high / learnt.low < guess.high / guess.low
    for _ in range(job.LATEST):
        job.note(20 * images, guess.seconds)
    learnt = job.duration(dataset)
    assert guess.seconds / 20 < learnt.seconds < guess.seconds  # somewhat less for the fewer images
    assert learnt.low < guess.seconds / 20 and guess.seconds < learnt.high
    for damage in ("{", "{}", "[1]", "[[1, -1]]", "[[0, 1]]", '[["a", 1]]', "[[1, NaN]]"):
        (workspace / "judgements" / "times.json").write_text(damage)
        assert job.duration(dataset) == guess
