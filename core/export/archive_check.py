"""Checks of an imported run: everything in it is read and validated before any page sees it."""

from __future__ import annotations

import zipfile
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core import files
from core.errors import LabError
from core.explain import keras_file
from core.report import Report
from core.runs import Run, Status
from core.words import byte_size


def adopt(run: Run, max_bytes: int) -> None:
    """Read and check an imported run, and record that no process here is working on it.

    Args:
        run: in a folder that no page can see yet.
        max_bytes: maximum size of its predictions in memory.

    Raises:
        LabError: part of it is not valid for a run.
    """
    try:
        status, labels, report, _ = _read_status(run), run.read_labels(), run.report(), run.parent
    except LabError as error:
        raise LabError(f"The run in the archive cannot be read: {error}") from None
    if report is not None:
        _check_predictions(run, report, max_bytes)
    if run.model_path.exists():
        keras_file.read_config(run.model_path)
        keras_file.refuse_damaged(run.model_path)
    files.write_json(run.path / "labels.json", asdict(labels))
    run.write_status(_ended(status))


def _read_status(run: Run) -> Status:
    _ = run.config
    status = run.status
    if status.state == "damaged":
        raise LabError(status.message)
    return status


def _check_predictions(run: Run, report: Report, max_bytes: int) -> None:
    """Check that the predictions are consistent and match the report's classes."""
    classes = len(report.class_names)
    _refuse_bomb(run.path / "predictions.npz", max_bytes)
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
            or not _are_groups(predictions.groups, number)
        ):
            raise LabError("predictions.npz in the archive is damaged: its tables are inconsistent.")


def _are_groups(groups: NDArray[np.int64] | None, images: int) -> bool:
    return groups is None or (groups.dtype.kind in "iu" and groups.shape == (images,))


def _refuse_bomb(path: Path, max_bytes: int) -> None:
    if not path.exists():
        raise LabError("The run in the archive is damaged: it has a report but no predictions.npz.")
    try:
        with zipfile.ZipFile(path) as archive:
            size = sum(member.file_size for member in archive.infolist())
    except Exception as error:  # zipfile and its decoders each raise their own
        raise LabError(f"predictions.npz in the archive is damaged: {error}") from None
    if size > max_bytes:
        raise LabError(f"predictions.npz in the archive would unpack to {byte_size(size)}.")


def _ended(status: Status) -> Status:
    """Mark an imported run as not in progress: it is never queued, and no process is expected."""
    status = replace(status, pid=0, create_time=0.0, host="")
    if status.waiting:
        message = "The run had not ended when it was exported."
        status = replace(status, state="interrupted", message=message, seconds_left=None)
    return status
