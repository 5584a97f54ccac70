"""Runs executed by real worker processes that are killed, stopped and resumed."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from core import datasets, engine, runs, sweeps, worker, workspace
from core.cli.main import main
from core.config import RunConfig, join_list
from core.data import pixel_cache, versions
from core.errors import LabError
from core.explain import keras_file
from core.explain.heatmaps import Request
from core.ml import assistant_tasks
from core.ml.network import Network
from core.runs import Run
from core.workers import heatmaps_ahead
from core.workers.heatmaps_ahead import HeatmapsAhead
from samples.made_images import coloured_objects
from tests.training import NETWORKS, QUICK, background, python, wait_for

__all__ = ["background"]  # a fixture

ENDLESS = {"fit.epochs": 500, "fit.learning_rate": 0.0001}


@pytest.fixture
def source(tmp_path: Path) -> str:
    """A folder of made images, one of them broken, in classes whose names could do harm on a page."""
    folder = tmp_path / "images"
    made = coloured_objects(60, 48)
    names = ["red", "![x](http://example.org/x.png)", "blue & <b>bold</b>"]
    for number, (image, label) in enumerate(zip(made.images, made.labels, strict=True)):
        path = folder / names[label].replace("/", "∕") / f"{number:03}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(image).save(path)
    (folder / "red" / "broken.jpg").write_bytes(b"\xff\xd8\xff\xe0 and then nothing")
    return str(folder)


@pytest.fixture(autouse=True)
def no_other_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    """Submitting starts no worker of its own here: each test says when there is one."""
    monkeypatch.setattr(engine, "ensure_worker", lambda: None)


def config(source: str, **changes: Any) -> RunConfig:
    return RunConfig().replace({"data.source": source, **QUICK, **changes})


@pytest.mark.fault("F14")
def test_a_run_goes_from_settings_to_report_with_no_image_in_two_splits(source: str) -> None:
    run = engine.submit(config(source))
    engine.claim()
    status = worker.carry_out(run)
    assert (status.state, status.message) == ("done", "")
    report = run.report()
    test = run.predictions("test")
    assert report.test_accuracy.value == (test.probabilities.argmax(axis=1) == test.labels).mean()
    assert np.abs(test.probabilities.sum(axis=1) - 1).max() < 1e-6
    assert report.kept_epoch in (1, 2)
    assert len(run.metrics()) == 2
    assert np.sum(report.confusion_matrix) == len(test.ids)
    assert [skipped.file for skipped in report.skipped] == ["red/broken.jpg"]
    assert sum(layer.parameters for layer in report.summary) == report.parameters
    assert keras_file.feature_maps(run.model_path) == ("conv_1",)
    kept = run.metrics()[report.kept_epoch - 1]["val_accuracy"]
    assert report.val_accuracy.value == pytest.approx(kept)
    watched = run.watched()
    assert [one.epoch for one in watched] == [1, 2]
    assert len({one.label for one in watched[0].images}) == len(report.class_names)
    validation = run.predictions("validation")
    assert not set(validation.ids) & set(test.ids)
    kept_images = {image.id: image for image in watched[report.kept_epoch - 1].images}
    for image_id, row in zip(validation.ids, validation.probabilities, strict=True):
        if image_id in kept_images:
            assert kept_images[image_id].predicted == report.class_names[row.argmax()]
            assert kept_images[image_id].confidence == pytest.approx(row.max(), abs=1e-5)
    ahead = HeatmapsAhead()
    ahead.add(run)
    wanted = heatmaps_ahead.of_worst_mistakes(run)
    steps = sum(iter(ahead.make_one, False))
    assert len(list(run.heatmaps_path.glob("*.npz"))) == len(wanted) == steps - 1 > 0
    assert heatmaps_ahead.of_worst_mistakes(run) == []
    run.model_path.unlink()
    ahead.add(run)
    assert [ahead.make_one(), ahead.make_one()] == [True, False]  # what cannot be made is left


@pytest.mark.fault("F18", "A7", "A8")
def test_a_killed_worker_leaves_an_interrupted_run_that_resumes(source: str, background: Any) -> None:
    run = engine.submit(config(source, **ENDLESS))
    process = background()
    wait_for(lambda: len(run.metrics()) >= 3)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    assert run.status.state == "interrupted"
    before = run.metrics()
    assert (run.checkpoint_path / "state.npz").exists()
    left = [run.checkpoint_path / ".state.0123abcd.npz", run.path / ".model.0123abcd.whole.keras"]
    for path in left:
        path.write_bytes(b"half")
        os.utime(path, (time.time() - 60,) * 2)

    images = datasets.open(source).usable["id"].tolist()[:2]
    heatmaps = assistant_tasks.explain(run, [Request(image_id, 0) for image_id in images])
    assert len(heatmaps) == 2  # from the best of the finished epochs

    engine.finish(run)
    engine.claim()
    assert worker.carry_out(run, networks=NETWORKS).state == "stopped"
    assert run.report().kept_epoch <= len(run.metrics()) in (len(before) - 1, len(before))
    assert not any(path.exists() for path in left)

    engine.resume(run)
    background()
    wait_for(lambda: len(run.metrics()) >= len(before) + 2)
    engine.stop(run)
    wait_for(lambda: run.status.state == "stopped")
    after = run.metrics()
    assert [line["epoch"] for line in after] == list(range(1, len(after) + 1))
    saved = len(before) - 1  # the last line may be younger than the checkpoint; it is then learned again
    assert after[:saved] == before[:saved]
    assert run.report().kept_epoch <= len(after)


STOPS: dict[str, tuple[Any, str, str]] = {
    "while loading": (pixel_cache, "load", "stopped"),
    "in the first batch": (Network, "learn", "stopped"),
    "while validating": (Network, "evaluate", "stopped"),
    "while saving the model": (worker, "_predict", "done"),
    "while predicting": (Run, "write_predictions", "done"),
}
"""What is about to be called when a stop is asked for, and how the run ends."""


@pytest.mark.fault("F20")
@pytest.mark.parametrize("stage", STOPS)
def test_a_stop_at_any_moment_ends_the_run_with_what_there_is(source: str, stage: str, monkeypatch) -> None:
    owner, name, state = STOPS[stage]
    real, run = getattr(owner, name), engine.submit(config(source))

    def stopped_before(*arguments: Any, **named: Any) -> Any:
        run.ask_to_stop()
        return real(*arguments, **named)

    monkeypatch.setattr(owner, name, stopped_before)
    engine.claim()
    status = worker.carry_out(run, networks=NETWORKS)
    assert status.state == state
    if stage in ("while loading", "in the first batch"):
        assert status.message.startswith("Stopped")
    else:
        assert run.report() is not None and run.model_path.exists() and len(run.predictions("test").ids)


@pytest.mark.fault("A8")
def test_a_run_without_a_finished_epoch_cannot_be_evaluated(source: str) -> None:
    run = engine.submit(config(source))
    engine.stop(run)
    with pytest.raises(LabError, match="has finished no epoch"):
        engine.finish(run)


def test_a_resumed_run_keeps_the_images_it_started_with(source: str) -> None:
    run = engine.submit(config(source, **ENDLESS))
    engine.claim()
    worker.carry_out(run, lambda status: run.ask_to_stop() if status.epoch > 1 else None, NETWORKS)
    before = run.report().split_fingerprint
    dataset = datasets.open(source)
    versions.exclude(dataset, dataset.usable["id"][:6], "for the test")
    assert datasets.open(source).version != run.status.data_version

    engine.resume(run)
    run.ask_to_stop()
    engine.claim()
    worker.carry_out(run, networks=NETWORKS)
    assert run.status.data_version == run.report().data_version == dataset.version
    assert run.report().split_fingerprint == before


def test_the_time_of_a_resumed_run_is_that_of_both_its_parts(source: str) -> None:
    run = engine.submit(config(source, **ENDLESS))
    engine.claim()
    before = 0.0
    for part in (1, 2):
        if before:
            time.sleep(1.5)  # the time between two parts does not count
            engine.resume(run)
            engine.claim()
        enough = part * 20
        status = worker.carry_out(
            run, lambda status, enough=enough: run.ask_to_stop() if status.epoch > enough else None, NETWORKS
        )
        report = run.report()
        assert report is not None and report.seconds > before
        assert status.seconds_before == pytest.approx(before, abs=1)
        assert status.seconds == pytest.approx(report.seconds, abs=1)
        before = report.seconds
    assert before > sum(line["seconds"] or 0 for line in run.metrics())


def carried_out(run: Run) -> Run:
    assert engine.claim() == run
    assert worker.carry_out(run, networks=NETWORKS).state == "done", run.status
    return run


def without_time(run: Run) -> list[dict[str, Any]]:
    return [{name: value for name, value in line.items() if name != "seconds"} for line in run.metrics()]


def test_a_run_trained_on_ends_as_one_longer_training(source: str) -> None:
    first = carried_out(engine.submit(config(source, **{"model.dropout": 0.3}), runs.Labels(name="first")))
    before = first.metrics()
    on = carried_out(engine.train_on(first, 3))
    whole = carried_out(engine.submit(config(source, **{"model.dropout": 0.3, "fit.epochs": 5})))
    assert without_time(on) == without_time(whole)
    assert on.metrics()[:2] == before == first.metrics()
    np.testing.assert_array_equal(
        on.predictions("test").probabilities, whole.predictions("test").probabilities
    )
    assert on.parent is not None and (on.parent.run, on.parent.epochs) == (first.id, 2)
    assert on.labels.name == "first, trained on"
    assert on.report().seconds > first.report().seconds
    assert on.report().split_fingerprint == first.report().split_fingerprint


def test_an_imported_run_is_trained_on_from_its_model(source: str) -> None:
    first = carried_out(engine.submit(config(source)))
    shutil.rmtree(first.checkpoint_path)
    kept = first.report().kept_epoch
    on = carried_out(engine.train_on(first, 1))
    assert [line["epoch"] for line in on.metrics()] == list(range(1, kept + 2))
    assert on.metrics()[:kept] == first.metrics()[:kept]
    assert abs((on.metrics()[-1]["loss"] or 9) - (first.metrics()[kept - 1]["loss"] or 0)) < 0.3
    first.model_path.unlink()
    with pytest.raises(LabError, match="is gone, so it cannot be trained on"):
        engine.train_on(first, 1)


def test_a_run_is_trained_on_only_with_the_same_images_and_split(source: str) -> None:
    first = carried_out(engine.submit(config(source)))
    dataset = datasets.open(source)
    versions.exclude(dataset, dataset.usable["id"][:6], "for the test")
    assert carried_out(engine.train_on(first, 1)).report().data_version == dataset.version  # still there
    other = engine.train_on(first, 1)
    parent = json.loads((other.path / "parent.json").read_text())
    (other.path / "parent.json").write_text(json.dumps({**parent, "split_fingerprint": "0" * 12}))
    engine.claim()
    status = worker.carry_out(other, networks=NETWORKS)
    assert status.state == "failed" and "could be among the test images" in status.message


def test_training_on_waits_for_improvement_anew(source: str) -> None:
    patient = {"fit.early_stopping": True, "fit.patience": 2, "fit.epochs": 40, "fit.learning_rate": 0.05}
    first = carried_out(engine.submit(config(source, **patient)))
    assert len(first.metrics()) < 40
    on = engine.train_on(first, 1)
    assert len(carried_out(on).metrics()) == len(first.metrics()) + 1


def test_an_unfinished_run_or_no_epochs_are_refused(source: str) -> None:
    waiting = engine.submit(config(source))
    with pytest.raises(LabError, match="has no result yet"):
        engine.train_on(waiting, 1)
    first = carried_out(waiting)
    for epochs, words in ((0, "at least 1"), (500, "1 to 500")):
        with pytest.raises(LabError, match=words):
            engine.train_on(first, epochs)
    assert runs.all() == [first]


@pytest.mark.fault("F18", "F19")
def test_a_second_worker_leaves_the_first_alone_which_ends_its_run_when_terminated(
    source: str, background: Any
) -> None:
    run = engine.submit(config(source, **ENDLESS))
    process = background()
    wait_for(lambda: len(run.metrics()) >= 1)
    assert background().wait(timeout=60) == 0
    assert run.status.state == "running"
    process.terminate()
    process.wait(timeout=20)
    assert run.status.state == "interrupted"
    assert not run.has_report
    assert "Resume" in run.status.message


def test_one_warm_worker_executes_the_queue_in_order_with_the_results_of_a_fresh_process(
    source: str, background: Any
) -> None:
    wanted = [config(source, **{"model.dropout": 0.2, "fit.seed": seed}) for seed in (4, 5, 6)]
    submitted = [engine.submit(one) for one in wanted]
    background()
    wait_for(lambda: all(run.status.state == "done" for run in submitted))
    ended = [run.status.ended for run in submitted]
    assert ended == sorted(ended)
    assert len({run.status.pid for run in submitted}) == 1
    warm, fresh = submitted[1], runs.create(wanted[1])
    subprocess.run([sys.executable, "-m", "core.worker", fresh.path], cwd=workspace.PROJECT, check=True)
    learned = [[{**line, "seconds": 0} for line in run.metrics()] for run in (warm, fresh)]
    assert learned[0] == learned[1]
    assert len(learned[0]) == 2
    for split in ("validation", "test"):
        one, other = (run.predictions(split).probabilities for run in (warm, fresh))
        np.testing.assert_array_equal(one, other)
    with zipfile.ZipFile(warm.model_path) as one, zipfile.ZipFile(fresh.model_path) as other:
        assert one.read("config.json") == other.read("config.json")


def test_a_worker_whose_memory_has_grown_is_replaced_and_the_sweep_goes_on(
    source: str, background: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LAB_WORKER_GROWTH_MB", "0")
    sweep = sweeps.start(config(source), {"model.dense_units": (8, 16)}, way="random", trials=2)
    assert len(engine.queue()) == 1  # the worker proposes the other trial when the queue is empty
    background()
    wait_for(lambda: sweeps.open(sweep.id).state == "full")
    wait_for(lambda: [run.status.state for run in sweep.runs] == ["done", "done"])
    assert len({run.status.pid for run in sweep.runs}) == 2


@pytest.mark.fault("F14")
def test_a_run_with_too_few_images_fails_with_a_message(source: str) -> None:
    for name in Path(source).iterdir():
        for path in sorted(name.iterdir())[1:]:
            path.unlink()
    run = engine.submit(config(source))
    engine.claim()
    status = worker.carry_out(run)
    assert status.state == "failed"
    assert "at least 3 are needed to split" in status.message


def test_an_unexpected_error_is_reported_plainly_and_logged(
    source: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any, **__: Any) -> None:
        raise RuntimeError("a fault of ours")

    monkeypatch.setattr("core.datasets.select", broken)
    run = engine.submit(config(source))
    engine.claim()
    status = worker.carry_out(run)
    assert (status.state, status.message) == ("failed", "An unexpected error ended the run: RuntimeError.")
    assert "a fault of ours" in (run.path / "log.txt").read_text()


def test_the_command_line_trains_and_prints_json(source: str, capsys: pytest.CaptureFixture[str]) -> None:
    done = python("run", source, "--json", *assignments())
    assert done.returncode == 0, done.stderr
    printed = json.loads(done.stdout)
    assert printed["state"] == "done"
    assert 0 <= printed["test_accuracy"]["low"] <= printed["test_accuracy"]["value"]
    assert runs.open_folder(Path(printed["path"])) == Run(Path(printed["path"]))
    assert main(["runs", "--json"]) == 0
    assert [row["id"] for row in json.loads(capsys.readouterr().out)] == [printed["id"]]


def assignments() -> list[str]:
    return [f"--set={name}={join_list(v) if isinstance(v, tuple) else v}" for name, v in QUICK.items()]


def test_training_on_unfit_data_is_not_silent(source: str, capsys: pytest.CaptureFixture[str]) -> None:
    for path in sorted(Path(source, "red").glob("*.png"))[6:]:
        path.unlink()
    assert main(["run", source, "--json", *assignments()]) == 0
    output = capsys.readouterr()
    assert "Not ready for training yet" in output.err
    assert f"Training anyway. For the findings: python -m core prepare {source}" in output.err
    assert json.loads(output.out)["state"] == "done"


def test_the_command_line_trains_on(source: str, capsys: pytest.CaptureFixture[str]) -> None:
    first = carried_out(engine.submit(config(source)))
    assert main(["run", "--from", first.id, "--epochs", "1", "--name", "longer"]) == 0
    on = Run(Path(capsys.readouterr().out.splitlines()[-1]))
    assert on.parent is not None and on.parent.run == first.id
    assert (len(on.metrics()), on.labels.name) == (3, "longer")


INVALID = [
    (("run",), 2, "or a run to continue with --from"),
    (("run", "garden", "--from", "20261126-101500-0a1b2c"), 2, "give only --epochs"),
    (("run", "garden", "--epochs", "5"), 2, "write --set fit.epochs=5"),
    (("run", "--from", "20261126-101500-0a1b2c"), 1, "There is no run"),
    (("run", "/no/such/folder"), 1, "There is no folder"),
    (("run", "garden", "--set", "fit.epochs"), 2, "no '='"),
    (("run", "garden", "--set", "fit.epochs=0"), 2, "Epochs"),
    (("sweep", "garden", "--vary", "fit.seed=1,2", "--trials", "1"), 2, "add --way random"),
    (("prepare", "tfds:../x"), 1, "not a TensorFlow data set name"),
]


@pytest.mark.parametrize(("arguments", "code", "words"), INVALID)
def test_invalid_arguments_on_the_command_line_give_a_message(
    arguments: tuple[str, ...], code: int, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    try:
        found: object = main(list(arguments))
    except SystemExit as exit:
        found = exit.code
    assert words in capsys.readouterr().err
    assert found == code


def test_a_command_that_fails_says_so_by_its_exit_code() -> None:
    arguments, code, words = INVALID[2]
    done = python(*arguments)
    assert (done.returncode, done.stdout) == (code, "")
    assert words in done.stderr and "Traceback" not in done.stderr
