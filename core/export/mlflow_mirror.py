"""Mirror runs to the MLflow server that ``MLFLOW_TRACKING_URI`` names. Needs requirements-mlflow.txt.

The training worker only leaves a note that a run is to be mirrored: ``workspace/tracking/<run id>.json``.
A separate process, ``python -m core.export.mlflow_mirror``, reads the run's folder as it grows and sends
what is new. A slow, unreachable or misconfigured server therefore never delays training, and receives
what it missed later.
"""

from __future__ import annotations

import logging
import os
import re
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
from core.report import Epoch, Metric, Report
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

_UNFIT = re.compile(r"[^\w\- :]")
"""What MLflow refuses in the name of a tag, and dots and slashes, which it refuses in some places."""
_MAX_RUN_NAME = 250
"""Characters; MLflow's databases have no room for more."""

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Note:
    """What MLflow has of a run.

    creating: whether a record was requested whose id has not arrived yet; mlflow_run: its id; settings:
    whether all settings were sent; epochs: the number of epochs sent; ended: the final state once sent.
    """

    creating: bool = False
    mlflow_run: str = ""
    settings: bool = False
    epochs: Count = 0
    ended: str = ""


def begin(run: Run) -> None:
    """Start mirroring a run; does nothing if no server is named, and never fails."""
    if not os.environ.get(ADDRESS):
        return
    try:
        _write(run.id, replace(_read(run.id), ended=""))
        _ensure_alive()
    except (LabError, OSError) as error:
        log.warning("this run is not mirrored to MLflow: %s", error)


def catch_up() -> None:
    """Send what an earlier process left unsent, such as the end of a run that died with it; never fails."""
    if not os.environ.get(ADDRESS):
        return
    try:
        if _noted():
            _ensure_alive()
    except (LabError, OSError) as error:
        log.warning("earlier runs are not mirrored to MLflow: %s", error)


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
        for run_id in _noted():
            active = time.monotonic()
            try:
                _mirror(client, run_id)
                succeeded = time.monotonic()
            except Exception as error:  # any error of the server or the network
                log.warning("run %s could not be sent to MLflow: %s", run_id, str(error)[:500])
                if not _given_up(client, run_id):
                    time.sleep(RETRY_SECONDS)


def _given_up(client: Any, run_id: str) -> bool:
    """Send nothing more of a run whose record was deleted on the server; whether that is so."""
    note = _read(run_id)
    try:
        deleted = note.mlflow_run and client.get_run(note.mlflow_run).info.lifecycle_stage == "deleted"
    except Exception:  # the server cannot be asked, so try again later
        return False
    if deleted:
        log.warning("the record of run %s was deleted in MLflow; nothing more is sent of it", run_id)
        _write(run_id, replace(note, ended="deleted"))
    return bool(deleted)


def _mirror(client: Any, run_id: str) -> None:
    """Send what is new of a run; of one that was deleted here, or can no longer be read, close the record."""
    try:
        run = runs.open(run_id)
    except LabError:
        _close(client, run_id, "KILLED")
        files.remove(_path(run_id))
        return
    status = run.status
    if status.state == "damaged":
        log.warning("nothing more of run %s is sent to MLflow: %s", run_id, status.message)
        _close(client, run_id, "FAILED")
        _write(run_id, replace(_read(run_id), ended="damaged"))
        return
    _send(client, run)


def _close(client: Any, run_id: str, ending: str) -> None:
    if mlflow_run := _read(run_id).mlflow_run:
        client.set_terminated(mlflow_run, ending)


def _send(client: Any, run: Run) -> None:
    """Update the server's record of a run to match its folder."""
    note = _read(run.id)
    if not note.mlflow_run:
        note = _created(client, run, note)
    if not note.settings:
        for path in SETTINGS:
            client.log_param(note.mlflow_run, path, str(run.config.get(path))[:500])
        note = _write(run.id, replace(note, settings=True))
    status, history = run.status, run.metrics()
    while new := history[note.epochs :][:_MAX_EPOCHS]:
        client.log_batch(note.mlflow_run, metrics=_metrics(new))
        note = _write(run.id, replace(note, epochs=note.epochs + len(new)))
    if status.waiting:
        return
    _send_result(client, run, note.mlflow_run)
    client.set_terminated(note.mlflow_run, _ENDINGS.get(status.state, "FAILED"))
    _write(run.id, replace(note, ended=status.state))


def _created(client: Any, run: Run, note: Note) -> Note:
    """Create the run's record on the server, once: its id is noted before anything else is sent.

    Where the note says that an earlier attempt ended before its id arrived, the record it may have left is
    looked for first.
    """
    experiment_id = _experiment(client, run.config.data.source)
    filter_by_id = f"tags.`lab.run` = '{run.id}'"
    left = client.search_runs([experiment_id], filter_by_id) if note.creating else []
    if left:
        return _write(run.id, replace(note, mlflow_run=str(left[0].info.run_id)))
    note = _write(run.id, replace(note, creating=True))
    labels = run.labels
    tags = {"lab.run": run.id, "lab.group": labels.group, "mlflow.note.content": labels.notes}
    tags |= {f"lab.tag.{_UNFIT.sub('_', tag)}": "yes" for tag in labels.tags}
    created = client.create_run(experiment_id, run_name=run.title[:_MAX_RUN_NAME], tags=tags)
    return _write(run.id, replace(note, mlflow_run=str(created.info.run_id)))


def _experiment(client: Any, name: str) -> str:
    """Return the id of the experiment of this name; a deleted one still owns its name, and is restored."""
    experiment = client.get_experiment_by_name(name)
    if experiment is None:
        return str(client.create_experiment(name))
    if experiment.lifecycle_stage == "deleted":
        log.warning("the experiment %s had been deleted in MLflow; it was restored to receive runs", name)
        client.restore_experiment(experiment.experiment_id)
    return str(experiment.experiment_id)


def _send_result(client: Any, run: Run, mlflow_run: str) -> None:
    """Send the scores with their intervals, and the run's files."""
    for name in ("config.json", "report.json", "metrics.jsonl", "log.txt", run.model_path.name):
        if (run.path / name).exists():
            client.log_artifact(mlflow_run, str(run.path / name))
    if (report := run.report()) is not None:
        from core.export import figures

        client.log_batch(mlflow_run, metrics=_scores(report))
        drawn = figures.confusion_matrix(report.confusion_matrix, report.class_names)
        client.log_figure(mlflow_run, drawn, "confusion_matrix.png")


def _scores(report: Report) -> list[Any]:
    from mlflow.entities import Metric

    scores = {
        "val_accuracy_low": report.val_accuracy.low,
        "val_accuracy_high": report.val_accuracy.high,
        "test_accuracy_low": report.test_accuracy.low,
        "test_accuracy_high": report.test_accuracy.high,
        "test_accuracy": report.test_accuracy.value,
    }
    now = int(time.time() * 1000)
    return [
        Metric(name, score, now, report.kept_epoch) for name, score in scores.items() if score is not None
    ]


def _metrics(lines: list[Epoch]) -> list[Any]:
    from mlflow.entities import Metric

    now = int(time.time() * 1000)
    return [
        Metric(name, value, now, line["epoch"])
        for line in lines
        for name in _METRICS
        if (value := line.get(name)) is not None
    ]


def _noted() -> list[str]:
    """Return the ids of the runs that may have unsent updates."""
    ids = [path.stem for path in sorted(_folder().glob("*.json"))]
    return [run_id for run_id in ids if not _read(run_id).ended]


def _folder() -> Path:
    return workspace.folder() / "tracking"


def _path(run_id: str) -> Path:
    return _folder() / f"{run_id}.json"


def _read(run_id: str) -> Note:
    """Return the note of a run; where it is damaged, a record may have been made, so one is looked for."""
    try:
        return files.read_model(_path(run_id), Note, missing=Note())
    except LabError:
        return Note(creating=True)


def _write(run_id: str, note: Note) -> Note:
    files.write_json(_path(run_id), asdict(note))
    return note


def _lock() -> filelock.BaseFileLock:
    _folder().mkdir(parents=True, exist_ok=True)
    return filelock.FileLock(_folder() / "lock", timeout=0)


def _ensure_alive() -> None:
    if not _is_alive():
        launch.start_detached("core.export.mlflow_mirror", [], _folder() / "log.txt")


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
