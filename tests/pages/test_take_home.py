"""Results > Take it home: formats in words, a job with its progress, and how the export did."""

from __future__ import annotations

import importlib.machinery
import os
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from core import engine, example
from core.config import RunConfig
from core.evaluation import metrics
from core.explain import keras_file
from core.export import exporting
from core.export.formats import FORMATS
from core.export.proof import Proof
from core.processes import heartbeat, launch
from core.runs import Run
from pages.common import addresses
from pages.common.text import literal
from samples import made_runs

GREEN = Proof(
    format="tflite",
    verdict="passed",
    sentence="Tried outside the lab, on files: it gives the lab's answer to all 94 test images.",
    images=94,
    test_images=94,
    agreement=metrics.proportion(94, 94),
    accuracy=metrics.proportion(80, 94),
    lab_accuracy=metrics.proportion(80, 94),
    difference=3e-7,
    pixel_difference=3e-7,
    milliseconds=1.234,
    model_bytes=2_000_000,
)
RED = GREEN.model_copy(
    update={
        "format": "tflite-int8",
        "verdict": "failed",
        "sentence": "Not to be used: its accuracy on these test images is 64.5%, 6.5 points less.",
        "agreement": metrics.proportion(70, 94),
        "difference": 0.4,
        "instead": GREEN,
    }
)


@pytest.fixture(autouse=True)
def no_processes(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[list[str]]]:
    """Hold the worker's lock; jobs are noted instead of started."""
    started: list[list[str]] = []

    class Child:
        pid = os.getpid()

    def note(module: str, arguments: list[str], log: Path) -> Child:
        started.append(list(arguments))
        return Child()

    monkeypatch.setattr(launch, "start_detached", note)
    monkeypatch.setattr(engine, "prepare", engine.preparation_of)
    with engine.worker_lock():
        yield started


@pytest.fixture
def run(tmp_path: Path) -> Run:
    run = made_runs.finished(RunConfig().replace({"data.source": made_runs.draw_folder(tmp_path / "images")}))
    run.model_path.write_bytes(example.run().model_path.read_bytes())
    return run


def visit(run: Run) -> AppTest:
    app = AppTest.from_file(str(made_runs.APP), default_timeout=30).switch_page(addresses.RESULTS)
    app.query_params[addresses.RUN_KEY] = run.id
    app.query_params[addresses.RESULTS_TAB_KEY] = "Take it home"
    app.run()
    assert not app.exception, app.exception[0].message
    return app


def made(run: Run, name: str, proof: Proof | None) -> None:
    path = exporting.path_of(run, name)
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(b"PK")
    exporting.keep(run, name, keras_file.fingerprint(run.model_path), proof)


def downloads(app: AppTest) -> list[str]:
    return [button.proto.label for button in app.get("download_button") if "Download (" in button.proto.label]


def test_every_format_says_for_whom_it_is_and_a_press_starts_its_job(run: Run, no_processes):
    app = visit(run)
    radio = app.radio(key="export_format")
    assert radio.options == [one.title for one in FORMATS]
    assert list(radio.proto.captions) == [one.audience for one in FORMATS]
    assert downloads(app) == []
    radio.set_value("tflite").run()
    app.button(key="make_export").click().run()
    assert ["export", run.id, "--format", "tflite", "--report-progress"] in no_processes


def test_while_it_is_made_its_progress_is_shown_and_can_be_stopped(run: Run):
    work = exporting.job(run, FORMATS[0].name)
    running = replace(work, state="running", message="asking the exported model", done=30, total=94)
    replace(running, started=time.time(), heartbeat=time.time(), **heartbeat.identity()).write()
    app = visit(run)
    assert "make_export" not in [button.key for button in app.button]
    app.button(key="stop_export").click().run()
    assert work.stop_requested


def test_a_green_export_shows_its_figures_and_can_be_downloaded(run: Run):
    made(run, FORMATS[0].name, GREEN)
    app = visit(run)
    assert literal(GREEN.sentence) in [box.value for box in app.success]
    figures = {metric.label: metric.value for metric in app.metric}
    assert figures["Same answer as in the lab"] == "94 of 94"
    assert figures["Largest difference"] == "under 0.000001"
    assert figures["Time per image"] == "1.2 ms" and figures["Model"] == "2 MB"
    assert downloads(app) == ["Download (2 bytes)"]


@pytest.mark.parametrize("name", ["script", "notebook", "model-card"])
def test_what_is_no_model_is_made_and_downloaded_without_a_verdict(run: Run, name, no_processes):
    app = visit(run)
    app.radio(key="export_format").set_value(name).run()
    assert "This takes a few seconds" in "".join(caption.value for caption in app.caption)
    app.button(key="make_export").click().run()
    assert ["export", run.id, "--format", name, "--report-progress"] in no_processes
    exporting.make(run, name)
    replace(exporting.job(run, name), state="done").write()
    app = visit(run)
    app.radio(key="export_format").set_value(name).run()
    assert len(downloads(app)) == 1 and not app.success and not app.error


def test_a_red_export_says_so_and_shows_what_is_in_its_place(run: Run):
    made(run, "tflite-int8", RED)
    app = visit(run)
    app.radio(key="export_format").set_value("tflite-int8").run()
    assert [box.value for box in app.error] == [literal(RED.sentence)]
    assert [box.value for box in app.success] == [literal(GREEN.sentence)]
    assert "The package has the model of floating point instead:" in [text.value for text in app.markdown]
    assert downloads(app) == ["Download (2 bytes)"]
    export = exporting.kept(run, "tflite-int8")
    assert export is not None and export.file_name == f"{run.id}-tflite.zip"


def test_an_export_of_another_model_is_not_offered(run: Run):
    made(run, FORMATS[0].name, GREEN)
    record = run.exports_path / f"{FORMATS[0].name}.json"
    record.write_text(record.read_text().replace(keras_file.fingerprint(run.model_path), "0" * 16))
    app = visit(run)
    assert downloads(app) == [] and app.button(key="make_export")


def test_what_went_wrong_is_shown_with_the_way_to_try_again(run: Run):
    work = exporting.job(run, FORMATS[0].name)
    replace(work, state="failed", message="The disk is full.").write()
    run.exports_path.mkdir(exist_ok=True)
    (run.exports_path / f"{FORMATS[0].name}.json").write_text("{")
    app = visit(run)
    errors = [box.value for box in app.error]
    assert any("is damaged" in error for error in errors) and literal("The disk is full.") in errors
    assert app.button(key="make_export")


def test_a_format_whose_packages_are_missing_says_how_to_install_them(run: Run, monkeypatch):
    found = importlib.machinery.PathFinder.find_spec

    def without(name: str, path: object = None, target: object = None) -> object:
        return None if name == "tf2onnx" else found(name, path, target)

    monkeypatch.setattr(importlib.machinery.PathFinder, "find_spec", without)
    monkeypatch.delitem(sys.modules, "tf2onnx", raising=False)  # another test here may have converted a model
    app = visit(run)
    app.radio(key="export_format").set_value("onnx").run()
    (message,) = [box.value for box in app.info if "tf2onnx" in box.value]
    assert literal("pip install -r requirements-onnx.txt") in message
    assert "make_export" not in [button.key for button in app.button]


def test_a_run_without_its_model_file_says_so(run: Run):
    run.model_path.unlink()
    app = visit(run)
    assert any("has no model file" in box.value for box in app.info)
    assert not app.radio
