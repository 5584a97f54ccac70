"""Checks of an imported run: everything in it is read and validated before any page sees it."""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path

from core import arrays, files
from core.errors import LabError
from core.explain import keras_file
from core.runs import Run, Status


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
        if report is not None:
            _refuse_bomb(run.predictions_path, max_bytes)
            _ = [run.predictions(split) for split in ("validation", "test")]
    except LabError as error:
        raise LabError(f"The run in the archive cannot be read: {error}") from None
    if run.model_path.exists():
        keras_file.refuse_damaged(run.model_path)
        keras_file.refuse_other_sizes(run.model_path, keras_file.read_config(run.model_path))
    files.write_json(run.path / "labels.json", asdict(labels))
    run.write_status(_ended(status))


def _read_status(run: Run) -> Status:
    _ = run.config
    status = run.status
    if status.state == "damaged":
        raise LabError(status.message)
    return status


def _refuse_bomb(path: Path, max_bytes: int) -> None:
    if not path.exists():
        raise LabError(f"it has a report but no {path.name}.")
    try:
        arrays.refuse_bomb(path, max_bytes)
    except Exception as error:  # zipfile and its decoders each raise their own
        raise LabError(f"{path.name} is damaged: {error}") from None


def _ended(status: Status) -> Status:
    """Mark an imported run as not in progress: it is never queued, and no process is expected."""
    status = replace(status, pid=0, create_time=0.0, host="")
    if status.waiting:
        message = "The run had not ended when it was exported."
        status = replace(status, state="interrupted", message=message, seconds_left=None)
    return status
