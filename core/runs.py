"""A run is a folder. This is the only module that knows the names of the files in it.

===================  =====================================================================
config.json          every setting, written once before the start
status.json          state, progress and heartbeat, replaced by whoever carries out the run
metrics.jsonl        one line an epoch
predictions.npz      ids, labels and probabilities of the validation and test images
report.json          the figures a person sees, made from the predictions
labels.json          name, notes, tags and star: what a person may change afterwards
model.keras          the kept model
checkpoint/          weights and optimiser state to go on from
heatmaps/ log.txt    explanations made so far; the worker's output
stop                 empty: please stop
===================  =====================================================================

A run folder may be copied, zipped or deleted with ordinary tools.
"""

from __future__ import annotations

import json
import os
import re
import secrets
import shutil
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Literal, NotRequired, cast

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, FiniteFloat, PlainValidator, TypeAdapter
from typing_extensions import TypedDict  # the one that pydantic can check before Python 3.12

from core import config as settings
from core import files, workspace
from core.config import RunConfig
from core.errors import LabError
from core.files import Count, Moment
from core.processes import heartbeat
from core.processes.heartbeat import ProcessId
from core.report import Report

State = Literal[
    "queued", "starting", "running", "done", "stopped", "failed", "diverged", "interrupted", "damaged"
]
WAITING: frozenset[str] = frozenset({"queued", "starting", "running"})

_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,79}")
_SCHEMA = 1


@dataclass(frozen=True)
class Status:
    """How far a run is; ``hint`` is what to do about it where something went wrong.

    ``pruned`` says why a sweep ended the run early, and is empty for all others.
    """

    state: State
    message: str = ""
    hint: str = ""
    epoch: Count = 0
    epochs: Count = 0
    batch: Count = 0
    batches: Count = 0
    images_per_second: FiniteFloat | None = None
    seconds_left: Moment | None = None
    loss: FiniteFloat | None = None
    accuracy: FiniteFloat | None = None
    data_version: str = ""
    created: Moment = 0.0
    started: Moment = 0.0
    ended: Moment = 0.0
    first_batch: Moment = 0.0
    heartbeat: Moment = 0.0
    pid: ProcessId = 0
    create_time: Moment = 0.0
    host: str = ""
    pruned: str = ""

    @property
    def waiting(self) -> bool:
        """Queued or at work: something will still happen by itself."""
        return self.state in WAITING


@dataclass(frozen=True)
class Labels:
    """What a person may change about a finished run; ``group`` joins repeats and sweeps."""

    name: str = ""
    notes: str = ""
    tags: tuple[str, ...] = ()
    starred: bool = False
    group: str = ""


class _Epoch(TypedDict):
    """A line of metrics.jsonl; a value is None where it was not a number."""

    epoch: Annotated[int, Field(ge=1, le=10**6)]
    loss: NotRequired[FiniteFloat | None]
    accuracy: NotRequired[FiniteFloat | None]
    val_loss: NotRequired[FiniteFloat | None]
    val_accuracy: NotRequired[FiniteFloat | None]
    seconds: NotRequired[FiniteFloat | None]


@dataclass(frozen=True)
class Predictions:
    """What the kept model answers on one split.

    ids: (N,) image ids; labels: (N,) int indices into the class names;
    probabilities: (N, C) float32, rows sum to 1.
    """

    ids: NDArray[np.str_]
    labels: NDArray[np.int64]
    probabilities: NDArray[np.float32]


@dataclass(frozen=True)
class Run:
    """One run, read from its folder each time it is asked."""

    path: Path
    id: str = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "id", self.path.name)

    @property
    def config(self) -> RunConfig:
        """All settings. Raises LabError if config.json is missing or does not fit this version."""
        return files.read_model(self.path / "config.json", _CONFIG_FILE)

    @property
    def status(self) -> Status:
        """Progress; a run whose process is gone reads as interrupted, an unreadable one as damaged."""
        try:
            return self.overview()[0]
        except LabError as error:
            return Status(state="damaged", message=str(error))

    def overview(self) -> tuple[Status, RunConfig, Report | None]:
        """Status, settings and report, each file read once. Raises LabError if one cannot be read."""
        status = files.read_model(self.path / "status.json", Status)
        config, report = self.config, self.report()
        if status.state in ("starting", "running") and not heartbeat.is_alive(asdict(status)):
            status = replace(status, state="interrupted", message="The training process is gone.")
        return status, config, report

    @property
    def labels(self) -> Labels:
        """Name, notes, tags, star and group."""
        try:
            return self.read_labels()
        except LabError:
            return Labels()

    def read_labels(self) -> Labels:
        """The same as ``labels``, but raises LabError where they are damaged."""
        return files.read_model(self.path / "labels.json", Labels, missing=Labels())

    @property
    def title(self) -> str:
        """The name a person gave, or else the id, which begins with the time."""
        return self.labels.name or self.id

    @property
    def model_path(self) -> Path:
        """Where the kept model lies, or will lie."""
        return self.path / "model.keras"

    @property
    def checkpoint_path(self) -> Path:
        """Folder of the checkpoint that a resumed run goes on from."""
        return self.path / "checkpoint"

    @property
    def heatmaps_path(self) -> Path:
        """Folder of the explanations made so far."""
        return self.path / "heatmaps"

    @property
    def stop_requested(self) -> bool:
        """Whether somebody asked the run to stop."""
        return (self.path / "stop").exists()

    @property
    def has_report(self) -> bool:
        """Whether the run ended with something to look at."""
        return (self.path / "report.json").exists()

    def metrics(self) -> list[dict[str, Any]]:
        """One dict an epoch: epoch, loss, accuracy, val_loss, val_accuracy, seconds; a value is None where
        it was not a number. Damaged lines are left out.
        """
        return files.read_lines(self.path / "metrics.jsonl", _EPOCH)

    def report(self) -> Report | None:
        """What came of the run; None while there is no report. Raises LabError if it is damaged."""
        return files.read_model(self.path / "report.json", Report, missing=None)

    def predictions(self, split: str) -> Predictions:
        """Predictions on ``"validation"`` or ``"test"``. Raises LabError while there are none."""
        return _predictions(self.path / "predictions.npz", split)

    def write_status(self, status: Status) -> None:
        """Replace status.json; only the process that carries out the run may."""
        files.write_json(self.path / "status.json", asdict(status))

    def write_metrics(self, history: Sequence[dict[str, Any]]) -> None:
        """Replace the history, as a resumed run does that goes back to its checkpoint."""
        with files.replacing(self.path / "metrics.jsonl") as beside:
            beside.write_text("".join(_line(epoch) for epoch in history), encoding="utf-8")

    def append_metrics(self, epoch: dict[str, Any]) -> None:
        """Add one epoch's line."""
        path = self.path / "metrics.jsonl"
        with files.explained(path), files.patiently(lambda: path.open("a", encoding="utf-8")) as lines:
            lines.write(_line(epoch))

    def write_predictions(self, **by_split: Predictions) -> None:
        """Store the predictions of each split given by name."""
        arrays = {
            f"{split}_{name}": value
            for split, predictions in by_split.items()
            for name, value in vars(predictions).items()
        }
        with files.replacing(self.path / "predictions.npz") as beside:
            np.savez_compressed(beside, **arrays)

    def write_report(self, report: Report) -> None:
        """Store the report."""
        files.write_json(self.path / "report.json", report.as_json())

    def relabel(self, **changes: Any) -> None:
        """Change name, notes, tags, star or group."""
        files.write_json(self.path / "labels.json", asdict(replace(self.labels, **changes)))

    def ask_to_stop(self) -> None:
        """Leave the stop file; whoever carries out the run looks after every batch."""
        stop = self.path / "stop"
        with files.explained(stop):
            stop.touch()

    def forget_stop(self) -> None:
        """Take the stop file away, before a run is resumed."""
        files.remove(self.path / "stop")


def create(config: RunConfig, labels: Labels = Labels()) -> Run:
    """A new queued run; its folder appears whole."""
    run_id = new_id()
    path = _root() / run_id
    new = Run(path.with_name(f".new-{run_id}"))
    with files.explained(path):
        new.path.mkdir(parents=True)
    files.write_json(new.path / "config.json", {"schema": _SCHEMA, **config.model_dump(mode="json")})
    files.write_json(new.path / "labels.json", asdict(labels))
    new.write_status(Status("queued", created=time.time(), epochs=config.fit.epochs))
    with files.explained(path):
        files.patiently(lambda: os.replace(new.path, path))
    return Run(path)


def new_id() -> str:
    """An id that sorts by time, to the microsecond, and is not given twice."""
    now = datetime.now()
    return f"{now:%Y%m%d-%H%M%S}-{now.microsecond:05x}{secrets.token_hex(1)}"


def open(run_id: str) -> Run:
    """The run with this id.

    Raises:
        LabError: there is none, or the id is not one; no path outside the workspace is ever touched.
    """
    path = _root() / run_id
    if not _ID.fullmatch(run_id) or not path.resolve().is_relative_to(_root()) or not path.is_dir():
        raise LabError(f"There is no run {run_id[:80]!r} in {_root()}. It may have been deleted or moved.")
    return Run(path)


def open_folder(path: Path) -> Run:
    """The run in any folder, as a cluster's worker is given one."""
    if not (path / "config.json").is_file():
        raise LabError(f"{path} is not a run's folder: it has no config.json")
    return Run(path.resolve())


def all() -> list[Run]:
    """Every run in the workspace, newest first; damaged ones too, foreign folders not."""
    root = _root()
    try:
        names = [entry.name for entry in os.scandir(root) if entry.is_dir() and _ID.fullmatch(entry.name)]
    except FileNotFoundError:
        return []
    return [Run(root / name) for name in sorted(names, reverse=True)]


def delete(run: Run) -> None:
    """Move a run to the trash, from where :func:`restore` brings it back."""
    if run.status.waiting:
        raise LabError(f"{run.title} is still {run.status.state}. Stop it first, then delete it.")
    trash = workspace.folder() / "trash"
    with files.explained(trash):
        trash.mkdir(parents=True, exist_ok=True)
        files.patiently(lambda: shutil.move(run.path, trash / run.id))


def restore(run_id: str) -> Run:
    """Bring a deleted run back."""
    if not _ID.fullmatch(run_id) or not (workspace.folder() / "trash" / run_id).is_dir():
        raise LabError(f"There is no run {run_id[:80]!r} in the trash.")
    files.patiently(lambda: shutil.move(workspace.folder() / "trash" / run_id, _root() / run_id))
    return Run(_root() / run_id)


def _root() -> Path:
    return workspace.folder() / "runs"


def _from_file(values: Any) -> RunConfig:
    schema = values.pop("schema", None) if isinstance(values, dict) else None
    if schema != _SCHEMA:
        raise ValueError(f"it has schema {schema!r}, this version of the lab reads {_SCHEMA}")
    return settings.parse(values)


_EPOCH: TypeAdapter[dict[str, Any]] = TypeAdapter(cast("type[dict[str, Any]]", _Epoch))
_CONFIG_FILE: TypeAdapter[RunConfig] = TypeAdapter(Annotated[RunConfig, PlainValidator(_from_file)])


def _predictions(path: Path, split: str) -> Predictions:
    try:
        with np.load(path, allow_pickle=False) as arrays:
            return Predictions(*(arrays[f"{split}_{name}"] for name in ("ids", "labels", "probabilities")))
    except FileNotFoundError:
        raise LabError(f"Run {path.parent.name} has no predictions yet.") from None
    except Exception as error:  # zipfile, numpy and zlib each have their own kind for a damaged archive
        raise LabError(f"predictions.npz of run {path.parent.name} is damaged: {error}") from None


def _line(epoch: dict[str, Any]) -> str:
    return json.dumps(epoch, allow_nan=False) + "\n"
