"""A run that came from elsewhere: everything in it is read and checked before any page meets it."""

from __future__ import annotations

import math
import zipfile
from dataclasses import asdict, replace
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from pydantic import AllowInfNan, BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from core import files
from core.errors import LabError
from core.explain import keras_file
from core.runs import Labels, Run, Status

Number = Annotated[float, AllowInfNan(False)]
Count = Annotated[int, Field(ge=0)]
Share = Annotated[float, Field(ge=0, le=1)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="allow", strict=True)


class _Proportion(_Strict):
    value: Share | None
    low: Share | None
    high: Share | None
    correct: Count
    total: Count


class _ClassScores(_Strict):
    class_name: str
    precision: Share | None
    precision_low: Share | None
    precision_high: Share | None
    recall: Share | None
    recall_low: Share | None
    recall_high: Share | None
    f1: Share | None
    support: Count


class _Layer(_Strict):
    name: str
    kind: str
    output: list[int]
    parameters: Count


class _Report(_Strict):
    """What the pages read of report.json."""

    class_names: Annotated[list[str], Field(min_length=1, max_length=10_000)]
    test_accuracy: _Proportion
    val_accuracy: _Proportion
    baseline_accuracy: _Proportion
    mean_f1: Share | None
    per_class: list[_ClassScores]
    confusion_matrix: list[list[Count]]
    counts: dict[str, dict[str, Count]]
    kept_epoch: Count
    images_per_second: Number
    seconds: Number
    parameters: Count
    precision: str
    data_version: str
    split_fingerprint: str
    environment: dict[str, Any]
    summary: list[_Layer] = []
    skipped: list[dict[str, str]] = []


class _Epoch(_Strict):
    """A line of metrics.jsonl; a value is None where it was not a number."""

    epoch: Annotated[int, Field(ge=1, le=10**6)]
    loss: Number | None = None
    accuracy: Number | None = None
    val_loss: Number | None = None
    val_accuracy: Number | None = None
    seconds: Number | None = None


def adopt(run: Run, most_bytes: int) -> None:
    """Read all of a run that came from outside, and write down that nobody here is at work on it.

    Args:
        run: in a folder that no page can see yet.
        most_bytes: what its predictions may take in memory.

    Raises:
        LabError: a part of it is not what a run holds.
    """
    try:
        status = TypeAdapter(Status).validate_python(asdict(_read_status(run)))
        labels = TypeAdapter(Labels).validate_python(asdict(run.labels))
        TypeAdapter(list[_Epoch]).validate_python(run.metrics())
        if run.has_report:
            report = _Report.model_validate(run.report())
            _check_answers(run, report, most_bytes)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise LabError(f"The run in the archive is damaged: {where}: {first['msg']}.") from None
    if run.model_path.exists():
        keras_file.read_config(run.model_path)
    files.write_json(run.path / "labels.json", asdict(labels))
    run.write_status(_ended(status))


def _read_status(run: Run) -> Status:
    _ = run.config
    status = run.status
    if status.state == "damaged":
        raise LabError(f"The run in the archive cannot be read: {status.message}")
    return status


def _check_answers(run: Run, report: _Report, most_bytes: int) -> None:
    """Predictions fit together, and the report's matrix is as large as its list of classes."""
    classes = len(report.class_names)
    if {len(report.confusion_matrix), len(report.per_class), *map(len, report.confusion_matrix)} != {classes}:
        raise LabError(
            f"report.json in the archive is damaged: not everything in it is of {classes} classes."
        )
    _refuse_bomb(run.path / "predictions.npz", most_bytes)
    for split in ("validation", "test"):
        answered = run.predictions(split)
        number = len(answered.ids)
        if (
            answered.ids.dtype.kind != "U"
            or answered.labels.dtype.kind not in "iu"
            or answered.probabilities.dtype.kind != "f"
            or (answered.ids.ndim, answered.labels.shape) != (1, (number,))
            or answered.probabilities.shape != (number, classes)
            or not np.isin(answered.labels, np.arange(classes)).all()
            or not np.isfinite(answered.probabilities).all()
        ):
            raise LabError("predictions.npz in the archive is damaged: its tables do not fit together.")


def _refuse_bomb(path: Path, most_bytes: int) -> None:
    if not path.exists():
        raise LabError("The run in the archive is damaged: it has a report and no predictions.npz.")
    try:
        with zipfile.ZipFile(path) as archive:
            size = sum(member.file_size for member in archive.infolist())
    except (zipfile.BadZipFile, OSError) as error:
        raise LabError(f"predictions.npz in the archive is damaged: {error}") from None
    if size > most_bytes:
        raise LabError(f"predictions.npz in the archive would unpack to {size // 2**20:,} MB.")


def _ended(status: Status) -> Status:
    """Nobody here is at work on a run from elsewhere: it is never queued, and no process is looked for."""
    times = (status.created, status.started, status.ended, status.heartbeat)
    if not all(math.isfinite(time) and 0 <= time < 2**33 for time in times):
        status = replace(status, created=0.0, started=0.0, ended=0.0, heartbeat=0.0)
    status = replace(status, pid=0, create_time=0.0, host="")
    if status.waiting:
        message = "It had not ended when it was exported."
        status = replace(status, state="interrupted", message=message, seconds_left=None)
    return status
