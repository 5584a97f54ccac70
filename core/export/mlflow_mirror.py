"""Mirror runs to the MLflow server that ``MLFLOW_TRACKING_URI`` names. Needs requirements-mlflow.txt.

The training worker only leaves a note that a run is to be mirrored: ``workspace/tracking/<run id>.json``.
A separate process, ``python -m core.export.mlflow_mirror``, reads the run's folder as it grows and sends
what is new. A slow, unreachable or misconfigured server therefore never delays training, and receives
what it missed later.
"""

from __future__ import annotations

import logging
import os
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Literal

import filelock

from core import files, runs, workspace
from core.config import SETTINGS
from core.errors import LabError
from core.files import Count
from core.processes import launch
from core.report import Epoch, Metric
from core.runs import Run

ADDRESS = "MLFLOW_TRACKING_URI"
LOOK_SECONDS = 1.0
RETRY_SECONDS = 10.0
"""Wait after a failure before contacting the server again."""
IDLE_SECONDS = 120.0
GIVE_UP_SECONDS = 15 * 60.0
"""The process exits after this long without success; the notes stay, and the next run restarts it."""
REQUEST_SECONDS, RETRIES = "10", "1"

_ENDINGS = {"done": "FINISHED", "stopped": "FINISHED", "interrupted": "KILLED"}
_MAX_EPOCHS = 100
"""Epochs per request; MLflow accepts 1,000 values."""
_METRICS: tuple[Literal[Metric, "seconds"], ...] = ("loss", "accuracy", "val_loss", "val_accuracy", "seconds")

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Note:
    """What MLflow has of a run: its id there, the number of epochs sent, and the final state once sent."""

    mlflow_run: str = ""
    epochs: Count = 0
    ended: str = ""


def begin(run: Run) -> None:
    """Start mirroring a run; does nothing if no server is named, and never fails."""
    if not os.environ.get(ADDRESS):
        return
    try:
        _write(run.id, replace(_read(run.id), ended=""))
        if not _is_alive():
            launch.start_detached("core.export.mlflow_mirror", [], _folder() / "log.txt")
    except (LabError, OSError) as error:
        log.warning("this run is not mirrored to MLflow: %s", error)


def serve() -> None:
    """Send updates of all noted runs until there has been nothing to send for a while."""
    try:
        from mlflow import MlflowClient
    except ImportError:
        log.error("MLflow is not installed; pip install -r requirements-mlflow.txt")
        return
    try:
        with _lock():
            _serve(MlflowClient())
    except filelock.Timeout:
        log.info("another process is already mirroring runs")


def _serve(client: Any) -> None:
    active = succeeded = time.monotonic()
    while time.monotonic() - active < IDLE_SECONDS and time.monotonic() - succeeded < GIVE_UP_SECONDS:
        time.sleep(LOOK_SECONDS)
        for run in _noted():
            active = time.monotonic()
            try:
                _send(client, run)
                succeeded = time.monotonic()
            except Exception as error:  # any error of the server or the network
                log.warning("run %s could not be sent to MLflow: %s", run.id, str(error)[:500])
                time.sleep(RETRY_SECONDS)


def _send(client: Any, run: Run) -> None:
    """Update the server's record of a run to match its folder."""
    note = _read(run.id)
    if not note.mlflow_run:
        note = replace(note, mlflow_run=_create(client, run))
        _write(run.id, note)
    status, history = run.status, run.metrics()
    while new := history[note.epochs :][:_MAX_EPOCHS]:
        client.log_batch(note.mlflow_run, metrics=_metrics(new))
        note = replace(note, epochs=note.epochs + len(new))
        _write(run.id, note)
    if status.waiting:
        return
    _send_result(client, run, note.mlflow_run)
    client.set_terminated(note.mlflow_run, _ENDINGS.get(status.state, "FAILED"))
    _write(run.id, replace(note, ended=status.state))


def _create(client: Any, run: Run) -> str:
    config, labels = run.config, run.labels
    experiment = client.get_experiment_by_name(config.data.source)
    experiment_id = experiment.experiment_id if experiment else client.create_experiment(config.data.source)
    tags = {"lab.run": run.id, "lab.group": labels.group, "mlflow.note.content": labels.notes}
    tags |= {f"lab.tag.{tag}": "yes" for tag in labels.tags}
    created = client.create_run(experiment_id, run_name=run.title, tags=tags)
    run_id = str(created.info.run_id)
    for path in SETTINGS:
        client.log_param(run_id, path, str(config.get(path))[:500])
    return run_id


def _send_result(client: Any, run: Run, mlflow_run: str) -> None:
    """Send the scores with their intervals, and the run's files."""
    from mlflow.entities import Metric

    report, now = run.report(), int(time.time() * 1000)
    if report is not None:
        scores = {
            "val_accuracy_low": report.val_accuracy.low,
            "val_accuracy_high": report.val_accuracy.high,
            "test_accuracy_low": report.test_accuracy.low,
            "test_accuracy_high": report.test_accuracy.high,
            "test_accuracy": report.test_accuracy.value,
        }
        metrics = [
            Metric(name, score, now, report.kept_epoch) for name, score in scores.items() if score is not None
        ]
        client.log_batch(mlflow_run, metrics=metrics)
    for name in ("config.json", "report.json", "metrics.jsonl", "log.txt", run.model_path.name):
        if (run.path / name).exists():
            client.log_artifact(mlflow_run, str(run.path / name))
    if report is not None:
        from core.export import figures

        drawn = figures.confusion_matrix(report.confusion_matrix, report.class_names)
        client.log_figure(mlflow_run, drawn, "confusion_matrix.png")


def _metrics(lines: list[Epoch]) -> list[Any]:
    from mlflow.entities import Metric

    now = int(time.time() * 1000)
    return [
        Metric(name, value, now, line["epoch"])
        for line in lines
        for name in _METRICS
        if (value := line.get(name)) is not None
    ]


def _noted() -> list[Run]:
    """Return the runs that may have unsent updates; delete the notes of runs that are gone."""
    found = []
    for path in sorted(_folder().glob("*.json")):
        if _read(path.stem).ended:
            continue
        try:
            found.append(runs.open(path.stem))
        except LabError:
            files.remove(path)
    return found


def _folder() -> Path:
    return workspace.folder() / "tracking"


def _read(run_id: str) -> Note:
    try:
        return files.read_model(_folder() / f"{run_id}.json", Note, missing=Note())
    except LabError:
        return Note()


def _write(run_id: str, note: Note) -> None:
    files.write_json(_folder() / f"{run_id}.json", asdict(note))


def _lock() -> filelock.BaseFileLock:
    _folder().mkdir(parents=True, exist_ok=True)
    return filelock.FileLock(_folder() / "lock", timeout=0)


def _is_alive() -> bool:
    try:
        with _lock():
            return False
    except filelock.Timeout:
        return True


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s")
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_TIMEOUT", REQUEST_SECONDS)
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", RETRIES)
    serve()
