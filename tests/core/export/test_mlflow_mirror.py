"""Runs mirrored to a real MLflow server with SQLite that the test starts, and to one that is down.

Needs requirements-mlflow.txt here and, since a whole MLflow wants an older pandas, a server in an environment
of its own, named by LAB_TEST_MLFLOW; ``make test-extras`` sets both up.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import socket
import subprocess
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from core import engine, runs, worker, workspace
from core.config import SETTINGS, RunConfig
from core.export import mlflow_mirror
from samples.made_runs import draw_folder
from tests.training import QUICK, wait_for

SERVER = os.environ.get("LAB_TEST_MLFLOW") or shutil.which("mlflow-server")

needs_client = pytest.mark.skipif(
    importlib.util.find_spec("mlflow") is None, reason="needs pip install -r requirements-mlflow.txt"
)
needs_server = pytest.mark.skipif(not SERVER, reason="needs LAB_TEST_MLFLOW, the mlflow program of a server")


@pytest.fixture(autouse=True)
def no_other_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "ensure_worker", lambda: None)


@pytest.fixture
def config(tmp_path: Path, workspace: Path) -> RunConfig:
    source = draw_folder(tmp_path / "images", each=15, size=32)
    return RunConfig().replace({"data.source": source, **QUICK})


@pytest.fixture
def address() -> str:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{free.getsockname()[1]}"


@pytest.fixture
def server(address: str, tmp_path: Path) -> Iterator[str]:
    """A real MLflow server with SQLite, gone after the test."""
    assert SERVER
    process = subprocess.Popen(
        [SERVER, "server", "--port", address.rpartition(":")[2], "--workers", "1",
         "--backend-store-uri", f"sqlite:///{tmp_path}/mlflow.db",
         "--artifacts-destination", str(tmp_path / "artifacts")],
        cwd=tmp_path,
        env={name: value for name, value in os.environ.items() if name != "PYTHONPATH"},
        start_new_session=True,
    )  # fmt: skip
    try:
        wait_for(lambda: _answers(address), seconds=120)
        yield address
    finally:
        os.killpg(process.pid, 15)
        process.wait()


def _answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(f"{address}/health", timeout=2) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def ended(run: runs.Run) -> str:
    return mlflow_mirror._read(run.id).ended


@needs_client
@needs_server
def test_a_run_is_mirrored_with_params_metrics_and_files(config, server, monkeypatch):
    from mlflow import MlflowClient

    monkeypatch.setenv(mlflow_mirror.ADDRESS, server)
    run = engine.submit(config, runs.Labels(name="mirrored", group="a-group", tags=("first",)))
    assert worker.carry_out(engine.claim()).state == "done"
    wait_for(lambda: ended(run) == "done")
    client = MlflowClient(server)
    experiment = client.get_experiment_by_name(config.data.source)
    (mirrored,) = client.search_runs([experiment.experiment_id])
    assert mirrored.info.status == "FINISHED"
    assert mirrored.info.run_name == "mirrored"
    assert mirrored.data.params["fit.learning_rate"] == "0.001"
    assert mirrored.data.tags["lab.run"] == run.id
    assert mirrored.data.tags["lab.group"] == "a-group"
    history = client.get_metric_history(mirrored.info.run_id, "val_accuracy")
    assert [(line.step, line.value) for line in history] == [
        (line["epoch"], pytest.approx(line["val_accuracy"])) for line in run.metrics()
    ]
    assert mirrored.data.metrics["test_accuracy"] == run.report().test_accuracy.value
    artifacts = {artifact.path for artifact in client.list_artifacts(mirrored.info.run_id)}
    assert {"report.json", "model.keras", "confusion_matrix.png", "config.json"} <= artifacts


@needs_client
@needs_server
def test_what_a_server_missed_is_sent_when_it_is_back(config, address, monkeypatch, request):
    from mlflow import MlflowClient

    monkeypatch.setenv(mlflow_mirror.ADDRESS, address)
    run = engine.submit(config)
    assert worker.carry_out(engine.claim()).state == "done"
    log = workspace.folder() / "tracking" / "log.txt"
    wait_for(lambda: "could not be sent to MLflow" in log.read_text(), seconds=120)
    assert ended(run) == ""
    request.getfixturevalue("server")
    wait_for(lambda: ended(run) == "done", seconds=120)
    experiment = MlflowClient(address).get_experiment_by_name(config.data.source)
    (mirrored,) = MlflowClient(address).search_runs([experiment.experiment_id])
    assert len(MlflowClient(address).get_metric_history(mirrored.info.run_id, "loss")) == 2


def test_without_an_address_nothing_is_noted_or_started(config, monkeypatch):
    monkeypatch.delenv(mlflow_mirror.ADDRESS, raising=False)
    run = engine.submit(config)
    mlflow_mirror.begin(run)
    assert not (workspace.folder() / "tracking").exists()


def test_training_goes_on_where_notes_cannot_be_written(config, monkeypatch, caplog):
    monkeypatch.setenv(mlflow_mirror.ADDRESS, "http://127.0.0.1:9")
    workspace.folder().mkdir(parents=True, exist_ok=True)
    (workspace.folder() / "tracking").write_text("in the way")
    run = engine.submit(config)
    mlflow_mirror.begin(run)
    assert "not mirrored to MLflow" in caplog.text


class Server:
    """What the mirror uses of an MLflow client, in memory; the request numbered ``fails`` is refused."""

    def __init__(self, fails: int = 0, stage: str = "active", arrives: bool = False) -> None:
        self.records: dict[str, dict[str, Any]] = {}
        self.experiment = SimpleNamespace(experiment_id="1", lifecycle_stage=stage)
        self._fails, self._arrives, self._requests = fails, arrives, 0

    def _count(self) -> None:
        self._requests += 1
        if self._requests == self._fails:
            raise RuntimeError("500")

    def get_experiment_by_name(self, name: str) -> Any:
        self._count()
        return self.experiment

    def restore_experiment(self, experiment_id: str) -> None:
        self._count()
        self.experiment.lifecycle_stage = "active"

    def create_run(self, experiment_id: str, run_name: str, tags: dict[str, str]) -> Any:
        if self.experiment.lifecycle_stage == "deleted":
            raise RuntimeError("the experiment must be active")
        if not self._arrives:
            self._count()
        run_id = str(len(self.records))
        self.records[run_id] = {"tags": tags, "params": {}, "status": "RUNNING", "stage": "active"}
        if self._arrives:  # the server has made it, but the answer is lost
            self._count()
        return self._described(run_id)

    def _described(self, run_id: str) -> Any:
        info = SimpleNamespace(run_id=run_id, lifecycle_stage=self.records[run_id]["stage"])
        return SimpleNamespace(info=info)

    def search_runs(self, experiments: list[str], filter_string: str) -> list[Any]:
        self._count()
        wanted = filter_string.split("'")[1]
        found = [run_id for run_id, one in self.records.items() if one["tags"]["lab.run"] == wanted]
        return [self._described(run_id) for run_id in found]

    def get_run(self, run_id: str) -> Any:
        return self._described(run_id)

    def log_param(self, run_id: str, path: str, value: str) -> None:
        self._count()
        if self.records[run_id]["stage"] == "deleted":
            raise RuntimeError("the run must be active")
        assert self.records[run_id]["params"].setdefault(path, value) == value

    def log_artifact(self, run_id: str, path: str) -> None:
        self._count()

    def set_terminated(self, run_id: str, status: str) -> None:
        self._count()
        self.records[run_id]["status"] = status


def failed_run() -> runs.Run:
    run = runs.create(RunConfig())
    run.write_status(replace(run.status, state="failed"))
    mlflow_mirror._write(run.id, mlflow_mirror.Note())
    return run


@pytest.mark.parametrize("arrives", [False, True])
@pytest.mark.parametrize("fails", range(1, len(SETTINGS) + 6))
def test_one_refused_request_never_leaves_a_second_record(workspace, fails, arrives):
    run, server = failed_run(), Server(fails, arrives=arrives)
    for _ in range(3):
        with suppress(RuntimeError):
            mlflow_mirror._mirror(server, run.id)
    (record,) = server.records.values()
    assert record["status"] == "FAILED"
    assert record["params"].keys() == SETTINGS.keys()
    assert ended(run) == "failed"


def test_a_deleted_experiment_is_restored_and_that_is_said(workspace, caplog):
    run, server = failed_run(), Server(stage="deleted")
    mlflow_mirror._mirror(server, run.id)
    assert ended(run) == "failed" and len(server.records) == 1
    assert "had been deleted in MLflow; it was restored" in caplog.text


def test_a_record_deleted_on_the_server_is_given_up_and_that_is_said(workspace, caplog):
    run, server = failed_run(), Server(fails=3)
    with suppress(RuntimeError):
        mlflow_mirror._mirror(server, run.id)
    assert not mlflow_mirror._given_up(server, run.id)
    server.records["0"]["stage"] = "deleted"
    with pytest.raises(RuntimeError, match="must be active"):
        mlflow_mirror._mirror(server, run.id)
    assert mlflow_mirror._given_up(server, run.id)
    assert mlflow_mirror._noted() == []
    assert "nothing more is sent of it" in caplog.text


def test_the_record_of_a_run_deleted_in_the_lab_is_closed(workspace):
    run, server = failed_run(), Server(fails=4)
    with suppress(RuntimeError):
        mlflow_mirror._mirror(server, run.id)
    assert server.records["0"]["status"] == "RUNNING"
    runs.delete(run)
    mlflow_mirror._mirror(server, run.id)
    assert server.records["0"]["status"] == "KILLED"
    assert mlflow_mirror._noted() == []


@pytest.mark.fault("F16")
@pytest.mark.parametrize("name", ["status.json", "config.json", "report.json"])
def test_a_damaged_run_is_closed_on_the_server_and_holds_up_no_other(workspace, caplog, monkeypatch, name):
    damaged, server = failed_run(), Server(fails=4)
    with suppress(RuntimeError):
        mlflow_mirror._mirror(server, damaged.id)
    (damaged.path / name).write_text('{"state": [')
    good = failed_run()
    for setting in ("LOOK_SECONDS", "IDLE_SECONDS", "RETRY_SECONDS"):
        monkeypatch.setattr(mlflow_mirror, setting, 0.05)
    mlflow_mirror._serve(server)
    assert [record["status"] for record in server.records.values()] == ["FAILED", "FAILED"]
    assert (ended(damaged), ended(good)) == ("damaged", "failed")
    assert f"nothing more of run {damaged.id} is sent to MLflow: {name} in" in caplog.text
    assert "could not be sent" not in caplog.text


@pytest.mark.fault("F16")
def test_a_damaged_note_is_begun_anew_without_a_second_record(workspace):
    run, server = failed_run(), Server(fails=4)
    with suppress(RuntimeError):
        mlflow_mirror._mirror(server, run.id)
    mlflow_mirror._path(run.id).write_text("{")
    mlflow_mirror._mirror(server, run.id)
    assert ended(run) == "failed" and len(server.records) == 1


def test_what_an_earlier_process_left_unsent_is_sent_by_the_next_worker(workspace, monkeypatch):
    started: list[str] = []
    monkeypatch.setattr(mlflow_mirror.launch, "start_detached", lambda module, *_: started.append(module))
    run = failed_run()
    monkeypatch.delenv(mlflow_mirror.ADDRESS, raising=False)
    mlflow_mirror.catch_up()
    assert started == []
    monkeypatch.setenv(mlflow_mirror.ADDRESS, "http://127.0.0.1:9")
    mlflow_mirror.catch_up()
    assert started == ["core.export.mlflow_mirror"]
    mlflow_mirror._write(run.id, mlflow_mirror.Note(ended="failed"))
    mlflow_mirror.catch_up()
    assert len(started) == 1


@needs_client
@needs_server
def test_an_experiment_deleted_on_a_real_server_receives_runs_again(config, server, monkeypatch):
    from mlflow import MlflowClient

    monkeypatch.setenv(mlflow_mirror.ADDRESS, server)
    client = MlflowClient(server)
    experiment_id = client.create_experiment(config.data.source)
    client.delete_experiment(experiment_id)
    run = engine.submit(config)
    assert worker.carry_out(engine.claim()).state == "done"
    wait_for(lambda: ended(run) == "done")
    (mirrored,) = client.search_runs([experiment_id])
    assert mirrored.info.status == "FINISHED"
    mlflow_mirror._write(run.id, mlflow_mirror.Note(creating=True))  # as if its id had never arrived
    mlflow_mirror._mirror(MlflowClient(server), run.id)
    assert len(client.search_runs([experiment_id])) == 1
    assert ended(run) == "done"
