"""Read and write runs. A run is a folder, and only this module knows the names of the files in it.

===================  =====================================================================
config.json          every setting, written once before the start
status.json          state, progress and heartbeat, replaced by the process that executes the run
metrics.jsonl        one line per epoch
watched.jsonl        what the model predicts for a few validation images, one line per epoch
predictions.npz      ids, labels and probabilities of the validation and test images
report.json          the scores shown to the user, computed from the predictions
labels.json          name, notes, tags and star, which the user can change afterwards
submission.json      the browser that submitted it, if any
model.keras          the kept model
checkpoint/          weights and optimiser state to resume from, or the model to continue
parent.json          the run that this one continues, if any
heatmaps/ log.txt    explanations computed so far; the worker's output
exports/             what was made to be taken along, and how it did
stop                 an empty file that requests a stop
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
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import AfterValidator, Field, FiniteFloat, PlainValidator, TypeAdapter

from core import arrays, files, workspace
from core import config as settings
from core.config import RunConfig
from core.errors import LabError, in_one_line
from core.files import Count, Moment
from core.processes import heartbeat
from core.processes.heartbeat import ProcessId
from core.report import Epoch, Report, Watched
from core.words import byte_size, printable, visible

State = Literal[
    "queued", "starting", "running", "done", "stopped", "failed", "diverged", "interrupted", "damaged"
]
WAITING: frozenset[str] = frozenset({"queued", "starting", "running"})

OneLine = Annotated[str, AfterValidator(visible)]
"""A name that a person gave; whatever was written, it is read in one line of visible characters."""
MAX_NAME, MAX_NOTES, MAX_TAG, MAX_TAGS = 500, 20_000, 100, 100
"""Longest name, notes and tag in characters, and the most tags; what is longer is cut."""

EXAMPLE = "example"
"""Id of the finished run that comes with the lab; see :mod:`core.example`."""

_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,79}")
_SCHEMA = 1
_SPLIT: dict[str, arrays.Shape] = {
    "ids": ("text", 1),
    "labels": ("whole", 1),
    "probabilities": ("fraction", 2),
}
_NEARLY_FULL = 2**20
"""With fewer bytes free, a process that ended without a word probably ended for that reason."""


def _up_to(length: int) -> AfterValidator:
    return AfterValidator(lambda value: value[:length])


@dataclass(frozen=True)
class Status:
    """State and progress of a run; if something went wrong, ``hint`` says what to do.

    ``started`` and ``ended`` are those of its last part; ``seconds_before`` is the time of earlier parts, if
    it was resumed. ``pruned`` gives the reason if a sweep stopped the run early, otherwise it is empty.
    ``if_killed`` is what to change if the process is ended before the first epoch has, where memory is short.
    ``too_large`` means that memory ran out: there is no use in resuming.
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
    seconds_before: Moment = 0.0
    first_batch: Moment = 0.0
    heartbeat: Moment = 0.0
    pid: ProcessId = 0
    create_time: Moment = 0.0
    host: str = ""
    pruned: str = ""
    if_killed: str = ""
    too_large: bool = False

    @property
    def waiting(self) -> bool:
        """Whether the run is queued or in progress."""
        return self.state in WAITING

    @property
    def seconds(self) -> float:
        """How long the run has been carried out, all parts together, up to its last heartbeat or its end."""
        if not self.started:
            return self.seconds_before
        return self.seconds_before + max(self.ended, self.heartbeat, self.started) - self.started


@dataclass(frozen=True)
class Labels:
    """The user's annotations of a run; ``group`` links repeats and the runs of a sweep."""

    name: Annotated[OneLine, _up_to(MAX_NAME)] = ""
    notes: Annotated[str, AfterValidator(printable), _up_to(MAX_NOTES)] = ""
    tags: Annotated[tuple[Annotated[OneLine, _up_to(MAX_TAG)], ...], _up_to(MAX_TAGS)] = ()
    starred: bool = False
    group: Annotated[str, _up_to(MAX_NAME)] = ""


_LABELS = TypeAdapter(Labels)


@dataclass(frozen=True)
class Submission:
    """How a run was submitted: by which browser ("" for a script), and whether despite a lack of memory.

    There are no accounts: ``by`` only shows a person which runs are another's.
    """

    by: Annotated[str, Field(pattern=r"^[0-9a-f]{0,32}$")] = ""
    despite_memory: bool = False


@dataclass(frozen=True)
class Parent:
    """The finished run that a run continues, after how many of its epochs, and the data it was trained on."""

    run: str
    epochs: Count
    data_version: str
    split_fingerprint: str
    seconds: Moment = 0.0


@dataclass(frozen=True)
class Predictions:
    """Predictions of the kept model on one split.

    ids: (N,) image ids; labels: (N,) true classes as int indices into the class names;
    probabilities: (N, C) float32, rows sum to 1; groups: (N,) the group of each image, such as a patient's,
    None where images are independent.
    """

    ids: NDArray[np.str_]
    labels: NDArray[np.int64]
    probabilities: NDArray[np.float32]
    groups: NDArray[np.int64] | None = None


@dataclass(frozen=True)
class Run:
    """One run; its properties are read from its folder on each access."""

    path: Path
    id: str = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "id", self.path.name)

    @property
    def config(self) -> RunConfig:
        """All settings. Raises LabError if config.json is missing or incompatible with this version."""
        return files.read_model(self.path / "config.json", _CONFIG_FILE)

    @property
    def status(self) -> Status:
        """Current status: interrupted if the run's process has died, damaged if it cannot be read."""
        try:
            return self.overview()[0]
        except LabError as error:
            return Status(state="damaged", message=str(error))

    def overview(self) -> tuple[Status, RunConfig, Report | None]:
        """Status, settings and report, each file read once. Raises LabError if one cannot be read."""
        status = files.read_model(self.path / "status.json", Status)
        config, report = self.config, self.report()
        if status.state in ("starting", "running") and not heartbeat.is_alive(asdict(status)):
            status = replace(status, **_why_it_ended(status, self.path))
        return status, config, report

    @property
    def labels(self) -> Labels:
        """Name, notes, tags, star and group."""
        try:
            return self.read_labels()
        except LabError:
            return Labels()

    def read_labels(self) -> Labels:
        """Like ``labels``, but raises LabError if the file is damaged."""
        return files.read_model(self.path / "labels.json", Labels, missing=Labels())

    @property
    def parent(self) -> Parent | None:
        """The run that this one continues. Raises LabError if the file is damaged."""
        return files.read_model(self.path / "parent.json", Parent, missing=None)

    @property
    def submission(self) -> Submission:
        """How it was submitted; nothing is known of earlier, imported and damaged runs."""
        try:
            return files.read_model(self.path / "submission.json", Submission, missing=Submission())
        except LabError:
            return Submission()

    @property
    def title(self) -> str:
        """The name the user gave, or else the id, which starts with the time (UTC)."""
        return self.labels.name or self.id

    @property
    def model_path(self) -> Path:
        """File of the kept model, which may not exist yet."""
        return self.path / "model.keras"

    @property
    def report_path(self) -> Path:
        """File of the report, which may not exist yet."""
        return self.path / "report.json"

    @property
    def predictions_path(self) -> Path:
        """File of the predictions, which may not exist yet."""
        return self.path / "predictions.npz"

    @property
    def checkpoint_path(self) -> Path:
        """Folder of the checkpoint that the run resumes from."""
        return self.path / "checkpoint"

    @property
    def has_checkpoint(self) -> bool:
        """Whether there is a checkpoint; imported runs have none."""
        return (self.checkpoint_path / "state.npz").exists()

    @property
    def start_path(self) -> Path:
        """File of the model that a run continues if the earlier run had no checkpoint."""
        return self.checkpoint_path / "start.keras"

    @property
    def is_example(self) -> bool:
        """Whether this is the run that comes with the lab, whose folder is only read."""
        return self.path == workspace.PROJECT / EXAMPLE

    @property
    def heatmaps_path(self) -> Path:
        """Folder of the explanations computed on this machine; the example's is in the workspace."""
        return (workspace.folder() / EXAMPLE if self.is_example else self.path) / "heatmaps"

    @property
    def exports_path(self) -> Path:
        """Folder of what was made to be taken along; the example's is in the workspace."""
        return (workspace.folder() / EXAMPLE if self.is_example else self.path) / "exports"

    @property
    def stop_requested(self) -> bool:
        """Whether a stop has been requested."""
        return (self.path / "stop").exists()

    @property
    def has_report(self) -> bool:
        """Whether the run has results."""
        return self.report_path.exists()

    def metrics(self) -> list[Epoch]:
        """The finished epochs, in order. Damaged lines are skipped, and a second one of an epoch."""
        finished: list[Epoch] = []
        for line in files.read_lines(self.path / "metrics.jsonl", Epoch):
            if not finished or line["epoch"] > finished[-1]["epoch"]:
                finished.append(line)
        return finished

    def watched(self) -> list[Watched]:
        """The predictions for a few validation images by epoch, in order; none of runs of earlier versions.

        A resumed run writes its repeated epochs again; the last line of an epoch counts.
        """
        by_epoch = {one.epoch: one for one in files.read_lines(self.path / "watched.jsonl", Watched)}
        return [by_epoch[epoch] for epoch in sorted(by_epoch)]

    def report(self) -> Report | None:
        """The run's report, or None if there is none yet. Raises LabError if it is damaged."""
        return files.read_model(self.report_path, Report, missing=None)

    def predictions(self, split: str) -> Predictions:
        """Predictions on ``"validation"`` or ``"test"``, read-only; read again only if the file has changed.

        Raises:
            LabError: there are none yet, or they are damaged or contradict the report.
        """
        report, path = self.report(), self.predictions_path
        try:
            return _predictions(
                path, split, len(report.class_names) if report else None, files.signature(path)
            )
        except FileNotFoundError:
            raise LabError(f"Run {self.id} has no predictions yet.") from None
        except OSError as error:
            raise LabError(f"{path.name} in {path.parent} is damaged: {in_one_line(error)}") from None

    def write_status(self, status: Status) -> None:
        """Replace status.json; only the process that executes the run may call this."""
        files.write_json(self.path / "status.json", asdict(status))

    def write_submission(self, submission: Submission) -> None:
        """Record how the run is submitted, by whoever submits or resumes it."""
        files.write_json(self.path / "submission.json", asdict(submission))

    def overwrite_status(self, status: Status) -> None:
        """Write status.json where a full disk has no room for a second one, see ``files.overwrite_json``."""
        files.overwrite_json(self.path / "status.json", asdict(status))

    def write_metrics(self, history: Sequence[Epoch]) -> None:
        """Replace the history, as a resumed run does when it goes back to its checkpoint."""
        with files.replacing(self.path / "metrics.jsonl") as beside:
            beside.write_text("".join(_line(epoch) for epoch in history), encoding="utf-8")

    def append_metrics(self, epoch: Epoch) -> None:
        """Add one epoch's line."""
        self._append("metrics.jsonl", _line(epoch))

    def append_watched(self, watched: Watched) -> None:
        """Add the predictions after one epoch."""
        self._append("watched.jsonl", watched.model_dump_json() + "\n")

    def _append(self, name: str, line: str) -> None:
        path = self.path / name
        with files.explained(path), files.patiently(lambda: path.open("a", encoding="utf-8")) as lines:
            lines.write(line)

    def write_predictions(self, **by_split: Predictions) -> None:
        """Save the predictions of the splits given by name."""
        arrays = {
            f"{split}_{name}": value
            for split, predictions in by_split.items()
            for name, value in vars(predictions).items()
            if value is not None
        }
        with files.replacing(self.predictions_path) as beside:
            np.savez_compressed(beside, **arrays)

    def write_report(self, report: Report) -> None:
        """Save the report."""
        files.write_json(self.report_path, report.as_json())

    def relabel(self, **changes: Any) -> None:
        """Change name, notes, tags, star or group. Raises LabError for the example, which is only read."""
        if self.is_example:
            raise LabError("The example comes with the lab and cannot be renamed.")
        _write_labels(self.path, replace(self.labels, **changes))

    def ask_to_stop(self) -> None:
        """Create the stop file, which the process that executes the run checks after every batch."""
        stop = self.path / "stop"
        with files.explained(stop):
            stop.touch()

    def forget_stop(self) -> None:
        """Remove the stop file before the run is resumed."""
        files.remove(self.path / "stop")


def create(
    config: RunConfig,
    labels: Labels = Labels(),
    continues: tuple[Run, Parent] | None = None,
    submission: Submission = Submission(),
) -> Run:
    """Create a queued run; its folder appears atomically.

    Args:
        config: its settings.
        labels: its annotations.
        continues: the run whose training it continues, and what is recorded of that.
        submission: how it is submitted.

    Raises:
        LabError: the folder cannot be written; nothing is left behind.
    """
    run_id = new_id()
    path = _root() / run_id
    new = Run(path.with_name(f".new-{run_id}"))
    try:
        with files.explained(path):
            new.path.mkdir(parents=True)
        files.write_json(new.path / "config.json", {"schema": _SCHEMA, **config.model_dump(mode="json")})
        _write_labels(new.path, labels)
        new.write_submission(submission)
        new.write_status(Status("queued", created=time.time(), epochs=config.max_epochs))
        if continues is not None:
            _take_over(new, *continues)
        with files.explained(path):
            files.patiently(lambda: os.replace(new.path, path))
    finally:
        shutil.rmtree(new.path, ignore_errors=True)
    return Run(path)


def _write_labels(folder: Path, labels: Labels) -> None:
    files.write_json(folder / "labels.json", asdict(_LABELS.validate_python(asdict(labels))))


def _take_over(new: Run, earlier: Run, parent: Parent) -> None:
    """Start a new run where an earlier one ended: from its checkpoint or, if it has none, its model."""
    files.write_json(new.path / "parent.json", asdict(parent))
    new.write_metrics(earlier.metrics()[: parent.epochs])
    new.write_status(replace(new.status, data_version=parent.data_version, seconds_before=parent.seconds))
    with files.explained(new.path):
        if earlier.has_checkpoint:
            shutil.copytree(earlier.checkpoint_path, new.checkpoint_path)
        else:
            new.checkpoint_path.mkdir()
            shutil.copyfile(earlier.model_path, new.start_path)


def new_id() -> str:
    """Return a new unique id that sorts by time, to the microsecond.

    The time is UTC: by local time, ids would go back an hour when clocks do, or further on a journey.
    """
    now = datetime.now(UTC)
    return f"{now:%Y%m%d-%H%M%S}-{now.microsecond:05x}{secrets.token_hex(1)}"


def open(run_id: str) -> Run:
    """Return the run with this id, or the one that comes with the lab.

    Raises:
        LabError: the run does not exist or the id is invalid; other paths outside the workspace are never
            read.
    """
    path = _root() / run_id
    if run_id == EXAMPLE and not path.is_dir():
        return Run(workspace.PROJECT / EXAMPLE)
    if not _ID.fullmatch(run_id) or not path.resolve().is_relative_to(_root()) or not path.is_dir():
        raise LabError(f"There is no run {run_id[:80]!r} in {_root()}. It may have been deleted or moved.")
    return Run(path)


def find(run: str | Path) -> Run:
    """Return the run with this id in the workspace, or in this folder.

    Raises:
        LabError: there is none.
    """
    path = Path(run)
    return open(path.name) if path.name == str(run) else open_folder(path)


def open_folder(path: Path) -> Run:
    """Return the run in any folder, for example one passed to a cluster worker."""
    if not (path / "config.json").is_file():
        raise LabError(f"{path} is not a run folder: it has no config.json")
    return Run(path.resolve())


def all() -> list[Run]:
    """Every run in the workspace, newest first, including damaged ones; unrelated folders are ignored."""
    root = _root()
    try:
        names = [entry.name for entry in os.scandir(root) if entry.is_dir() and _ID.fullmatch(entry.name)]
    except FileNotFoundError:
        return []
    return [Run(root / name) for name in sorted(names, reverse=True)]


def delete(run: Run) -> None:
    """Move a run to the trash; :func:`restore` brings it back.

    Raises:
        LabError: it is in progress or gone already, or it is the example, which comes with the lab.
    """
    if run.is_example:
        raise LabError("The example comes with the lab and cannot be deleted. It is not among your runs.")
    if not run.path.is_dir():
        raise LabError(f"Run {run.id} has been deleted already, perhaps in another window.")
    if run.status.waiting:
        raise LabError(f"{run.title} is still {run.status.state}. Stop it first, then delete it.")
    trash = workspace.folder() / "trash"
    sweep(run, seconds=0)
    with files.explained(trash):
        trash.mkdir(parents=True, exist_ok=True)
        files.move_over(run.path, trash / run.id)


def restore(run_id: str) -> Run:
    """Move a deleted run back from the trash.

    Raises:
        LabError: it is not in the trash, it has been put back already, or it cannot be moved.
    """
    deleted, path = workspace.folder() / "trash" / run_id, _root() / run_id
    if not _ID.fullmatch(run_id) or not deleted.is_dir():
        raise LabError(f"There is no run {run_id[:80]!r} in the trash.")
    if path.exists():
        raise LabError(f"The run {run_id} is there already, so the one in the trash stays there.")
    with files.explained(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        files.patiently(lambda: shutil.move(deleted, path))
    return Run(path)


def sweep(run: Run, seconds: float = files.ABANDONED_SECONDS) -> None:
    """Remove what a killed process left half-written in a run's folder, see ``files.sweep``.

    Heatmaps and exports are written by other processes than that which carries out the run, so there the time
    is never shorter than usual.
    """
    for folder in (run.path, run.checkpoint_path):
        files.sweep(folder, seconds)
    for folder in (run.heatmaps_path, run.heatmaps_path / "map", run.exports_path):
        files.sweep(folder, max(seconds, files.ABANDONED_SECONDS))


def _root() -> Path:
    return workspace.folder() / "runs"


def _from_file(values: Any) -> RunConfig:
    schema = values.pop("schema", None) if isinstance(values, dict) else None
    if schema != _SCHEMA:
        raise ValueError(f"it has schema {schema!r}, but this version of the lab reads {_SCHEMA}")
    return settings.parse_stored(values)


def _why_it_ended(status: Status, path: Path) -> dict[str, Any]:
    """Return what has become of a run whose process is gone without a word."""
    if status.if_killed and status.epoch <= 1:
        return out_of_memory(status.if_killed)
    message, free = "The training process ended unexpectedly.", files.free_bytes(path)
    if free < _NEARLY_FULL:
        message += f" The disk of {path} is full ({byte_size(free)} free): make room, then resume the run."
    return {"state": "interrupted", "message": message}


def out_of_memory(hint: str) -> dict[str, Any]:
    """Return the final state of a run that does not fit into memory, as changes to its status."""
    message = "Training ran out of memory: these settings are too large for this machine."
    return {"state": "failed", "message": message, "hint": hint, "too_large": True}


_CONFIG_FILE: TypeAdapter[RunConfig] = TypeAdapter(Annotated[RunConfig, PlainValidator(_from_file)])


@lru_cache(maxsize=24)
def _predictions(path: Path, split: str, classes: int | None, signature: tuple[int, int]) -> Predictions:
    known = {f"{split}_{name}": shape for name, shape in _SPLIT.items()}
    groups: arrays.Shape = ("whole", 1)
    stored = arrays.read(path, known, {f"{split}_groups": groups})
    for array in stored.values():
        array.flags.writeable = False
    ids, labels, probabilities = (stored[name] for name in known)
    read = Predictions(ids, labels, probabilities, stored.get(f"{split}_groups"))
    images, columns = read.probabilities.shape
    sizes = {images, len(read.ids), len(read.labels), len(read.groups) if read.groups is not None else images}
    if len(sizes) > 1 or classes not in (None, columns) or not np.isin(read.labels, np.arange(columns)).all():
        raise LabError(f"{path.name} in {path.parent} is damaged: its tables are inconsistent.")
    return read


def _line(epoch: Epoch) -> str:
    return json.dumps(epoch, allow_nan=False) + "\n"
