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
from pathlib import Path

import pytest

from core import engine, runs, worker, workspace
from core.config import RunConfig
from core.export import mlflow_mirror
from samples.made_runs import draw_folder
from tests.core.test_worker import QUICK, wait_for

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
    return str(mlflow_mirror._read(run.id).get("ended", ""))


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
    wait_for(lambda: "could not be told to MLflow" in log.read_text(), seconds=120)
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
