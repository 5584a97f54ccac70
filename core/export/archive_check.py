"""A run that came from elsewhere: everything in it is read and checked before any page meets it."""

from __future__ import annotations

import zipfile
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np

from core import files
from core.errors import LabError
from core.explain import keras_file
from core.report import Report
from core.runs import Run, Status
from core.words import byte_size


def adopt(run: Run, most_bytes: int) -> None:
    """Read all of a run that came from outside, and write down that nobody here is at work on it.

    Args:
        run: in a folder that no page can see yet.
        most_bytes: what its predictions may take in memory.

    Raises:
        LabError: a part of it is not what a run holds.
    """
    try:
        status, labels, report = _read_status(run), run.read_labels(), run.report()
    except LabError as error:
        raise LabError(f"The run in the archive cannot be read: {error}") from None
    if report is not None:
        _check_answers(run, report, most_bytes)
    if run.model_path.exists():
        keras_file.read_config(run.model_path)
    files.write_json(run.path / "labels.json", asdict(labels))
    run.write_status(_ended(status))


def _read_status(run: Run) -> Status:
    _ = run.config
    status = run.status
    if status.state == "damaged":
        raise LabError(status.message)
    return status


def _check_answers(run: Run, report: Report, most_bytes: int) -> None:
    """Predictions fit together, and are of the report's classes."""
    classes = len(report.class_names)
    _refuse_bomb(run.path / "predictions.npz", most_bytes)
    for split in ("validation", "test"):
        predictions = run.predictions(split)
        number = len(predictions.ids)
        if (
            predictions.ids.dtype.kind != "U"
            or predictions.labels.dtype.kind not in "iu"
            or predictions.probabilities.dtype.kind != "f"
            or (predictions.ids.ndim, predictions.labels.shape) != (1, (number,))
            or predictions.probabilities.shape != (number, classes)
            or not np.isin(predictions.labels, np.arange(classes)).all()
            or not np.isfinite(predictions.probabilities).all()
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
        raise LabError(f"predictions.npz in the archive would unpack to {byte_size(size)}.")


def _ended(status: Status) -> Status:
    """Nobody here is at work on a run from elsewhere: it is never queued, and no process is looked for."""
    status = replace(status, pid=0, create_time=0.0, host="")
    if status.waiting:
        message = "It had not ended when it was exported."
        status = replace(status, state="interrupted", message=message, seconds_left=None)
    return status
