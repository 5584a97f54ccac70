"""Submit, stop and resume runs, and prepare data sets, in background processes.

The background processes outlive the app and communicate with it only through files: a queued run is a
marker file in ``workspace/queue``, ``ROUND-TIME-BROWSER~RUN``. The process that removes the marker has
claimed the run. Rounds make the queue fair: whoever submits several runs puts one into each round, so that
another person's first run waits for one run of theirs, not for all. Within a round, the oldest comes first.
"""

from __future__ import annotations

import contextlib
import re
import shutil
import time
from collections.abc import Iterable
from dataclasses import asdict, replace
from pathlib import Path

import filelock

from core import files, runs, workspace
from core.config import RunConfig
from core.errors import LabError
from core.processes import background_job, heartbeat, launch
from core.processes.background_job import Work
from core.runs import Labels, Parent, Run, Submission
from core.words import count

IDLE_SECONDS = 15 * 60.0
"""An idle training worker exits after this long and frees TensorFlow's memory."""

_MARKER = re.compile(r"[0-9a-f-]{1,80}~[a-z0-9][a-z0-9-]{0,79}")
_SWEPT = (
    *("runs", "uploads", "uploads/*", "queue", "sweeps/*", "incoming", "weights", "tfjs", "workers"),
    *(
        "assistant",
        "assistant/*",
        "seals",
        "tracking",
        "preparations/*",
        "exports/*",
        "maps/*",
        "judgements/*",
    ),
    *("example/heatmaps", "example/heatmaps/map", "example/exports"),
    *("datasets/*", "datasets/*/pixels", "datasets/*/thumbnails", "datasets/*/map", "datasets/*/features/*"),
)


def submit(config: RunConfig, labels: Labels = Labels(), submission: Submission = Submission()) -> Run:
    """Queue a run and make sure that a worker is running."""
    return submit_all([(config, labels)], submission)[0]


def submit_all(
    wanted: Iterable[tuple[RunConfig, Labels]], submission: Submission = Submission()
) -> list[Run]:
    """Queue several runs, in the given order."""
    submitted = [_submit(runs.create(config, labels, submission=submission)) for config, labels in wanted]
    ensure_worker()
    return submitted


def stop(run: Run) -> None:
    """Ask a run to stop and keep what it has learned so far. A queued run ends immediately."""
    run.ask_to_stop()
    if run.status.state == "queued" and _take(run):
        run.write_status(replace(run.status, state="stopped", message="Stopped before it started."))


def stop_all(unfinished: Iterable[Run]) -> None:
    """Stop several runs, the last in the queue first, so that none of them starts meanwhile."""
    for run in reversed(list(unfinished)):
        stop(run)


def take_back(queued: Iterable[Run]) -> None:
    """Undo the queueing of runs: those that have not begun go to the trash, the others are stopped.

    Raises:
        LabError: a run cannot be moved.
    """
    queued = [run for run in queued if run.status.waiting]
    stop_all(queued)
    for run in queued:
        if run.status.state == "stopped" and not run.metrics():
            runs.delete(run)


def resume(run: Run, submission: Submission = Submission()) -> None:
    """Queue a stopped, interrupted or failed run again; it resumes from its last checkpoint."""
    resume_all([run], submission)


def resume_all(interrupted: Iterable[Run], submission: Submission = Submission()) -> None:
    """Queue several runs again, in the given order, see :func:`resume`."""
    for run in interrupted:
        _requeue(run, submission)
    ensure_worker()


def finish(run: Run, submission: Submission = Submission()) -> None:
    """Evaluate the best epoch of a run that was interrupted, without training on: it ends as if stopped.

    Raises:
        LabError: no epoch was finished, or the run is not one that could be resumed.
    """
    if not run.has_checkpoint:
        raise LabError(f"{run.title} has finished no epoch, so there is no model to evaluate. Resume it.")
    _requeue(run, submission, to_stop=True)
    ensure_worker()


def train_on(run: Run, epochs: int, submission: Submission = Submission()) -> Run:
    """Queue a new run that continues a finished one for more epochs, see :func:`create_continuation`."""
    continued = _submit(create_continuation(run, epochs, submission))
    ensure_worker()
    return continued


def create_continuation(run: Run, epochs: int, submission: Submission = Submission()) -> Run:
    """Create a run that continues a finished one for more epochs, with its settings, images and split.

    It starts from the last epoch with the optimiser's state, so that it ends as one longer training would. If
    fine-tuning lowers its learning rate, only the new epochs have the rates of one longer training. An
    imported run has only its model: then it starts from the best epoch, with a new optimiser.

    Raises:
        LabError: the run has no result, its model is gone, or that many epochs are not allowed.
    """
    report = run.report()
    if report is None or run.status.waiting:
        raise LabError(f"{run.title} has no result yet, so it cannot be trained on. Let it finish first.")
    if epochs < 1:
        raise LabError(f"A run cannot be trained on for {count(epochs, 'epoch')}; choose at least 1.")
    if not run.has_checkpoint and not run.model_path.exists():
        raise LabError(f"The model of {run.title} is gone, so it cannot be trained on. Start a new run.")
    path, counted = epochs_to_continue(run)
    done = _epochs_done(run)
    changes = {path: counted + epochs}
    if path != "fit.epochs" and not counted:
        changes["fit.epochs"] = done  # or the last layer alone would be trained further first
    config = run.config.replace(changes)
    parent = Parent(run.id, done, report.data_version, report.split_fingerprint, report.seconds)
    name = f"{run.labels.name}, trained on" if run.labels.name else ""
    return runs.create(config, Labels(name=name), continues=(run, parent), submission=submission)


def epochs_to_continue(run: Run) -> tuple[str, int]:
    """Return the setting that more epochs of a finished run are added to, and how many of these are done.

    A run that was fine-tuned goes on fine-tuning, even from a model whose last layer alone was the best.
    """
    done = _epochs_done(run)
    is_tuning = [line.get("stage") == "fine_tuning" for line in run.metrics()]
    return ("fit.fine_tune_epochs", sum(is_tuning[:done])) if any(is_tuning) else ("fit.epochs", done)


def _epochs_done(run: Run) -> int:
    """Return after how many epochs a run is continued: an imported one has only the model of its best."""
    report = run.report()
    return len(run.metrics()) if run.has_checkpoint or report is None else report.kept_epoch


def queue() -> list[Run]:
    """Queued runs, in the order in which they will be executed."""
    paths = map(_run_path, _markers())
    return [runs.open_folder(path) for path in paths if (path / "config.json").is_file()]


def claim() -> Run | None:
    """Claim the next queued run; if several workers try, only one gets it.

    A second marker of a run, as of one that two people have resumed at once, does not start it again.
    """
    for marker in _markers():
        path = _run_path(marker)
        with contextlib.suppress(FileNotFoundError):
            marker.unlink()  # only one process succeeds, and that claims the run
            if (path / "config.json").is_file():
                run = runs.open_folder(path)
                if run.status.state in ("queued", "damaged"):  # who carries it out says what is damaged
                    return run
    return None


def ensure_worker() -> None:
    """Start the training worker unless one is alive on this machine; cheap enough for every page."""
    if not worker_is_alive():
        launch.start_detached("core.workers.serve", [], workspace.folder() / "workers" / "training.log")


def worker_is_alive() -> bool:
    """Whether a training worker holds this machine's lock, and is not just being ended.

    The lock of a killed process is released only when its last thread has ended, some 0.1 s later.
    """
    try:
        with worker_lock():
            return False
    except filelock.Timeout:
        return _holder_is_alive()


def worker_age() -> float | None:
    """Return the seconds since this machine's training worker was started; None if there is none.

    An unknown one was started a moment ago.
    """
    if not worker_is_alive():
        return None
    try:
        return heartbeat.age(asdict(files.read_model(_holder(), heartbeat.Identity)))
    except LabError:
        return 0.0


def note_holder() -> None:
    """Note that this process holds the lock; the training worker calls it. Never fails."""
    try:
        files.write_json(_holder(), heartbeat.identity())
    except LabError:  # the disk is full: better no note than that of the process before
        files.remove(_holder())


def _holder() -> Path:
    return workspace.folder() / "workers" / "training.json"


def _holder_is_alive() -> bool:
    """Whether the process that noted itself is alive; an unknown one is."""
    try:
        holder = files.read_model(_holder(), heartbeat.Identity)
    except LabError:
        return True
    return heartbeat.is_same_process(asdict(holder))


def worker_lock() -> filelock.BaseFileLock:
    """The lock that this machine's only training worker holds for its lifetime."""
    path = workspace.folder() / "workers" / "training.lock"
    with files.explained(path):
        path.parent.mkdir(parents=True, exist_ok=True)
    return filelock.FileLock(path, timeout=0)


def tend() -> None:
    """Restart the worker if it died while runs are queued; pages call this when they refresh."""
    if _markers():
        ensure_worker()


def sweep() -> None:
    """Remove what killed processes left behind in the workspace, see ``files.sweep``; never fails.

    The training worker calls it at its start.
    """
    for run in runs.all():
        if run.status.state not in ("starting", "running"):
            runs.sweep(run)
    for pattern in _SWEPT:
        for folder in workspace.folder().glob(pattern):
            files.sweep(folder)


def requeue_lost() -> None:
    """Queue runs again whose marker was lost, for example when a workspace was copied."""
    marked = {_run_path(marker) for marker in _markers()}
    for run in reversed(runs.all()):
        if run.status.state == "queued" and run.path not in marked:
            _enqueue(run)


class Preparation(Work):
    """Progress of preparing a data set: ``done`` of ``total`` images in the current step."""

    KIND = "preparations"
    NAME = "Preparation"


def prepare(source: str, layout: str = "") -> Preparation:
    """Start preparing a data set in a separate process, unless that is already under way.

    ``layout`` names the way to read its files, see :func:`core.datasets.prepare`.
    """
    chosen = [f"--layout={layout}"] if layout else []
    return background_job.start(Preparation(source), ["prepare", source, "--quiet", *chosen])


def preparation_of(source: str) -> Preparation:
    """Progress of the most recent preparation of this source."""
    return background_job.status(Preparation(source))


def _queue_folder() -> Path:
    return workspace.folder() / "queue"


def _markers() -> list[Path]:
    """Markers, oldest first; whatever else lies in the folder is no marker."""
    try:
        found = list(_queue_folder().iterdir())
    except OSError:
        return []
    return sorted((path for path in found if _MARKER.fullmatch(path.name) and path.is_file()), key=_turn)


def _turn(marker: Path) -> tuple[int, str]:
    """Return the round and the rest of the name; a marker of an earlier version has no round and is first."""
    place = marker.name.partition("~")[0].split("-")
    return (int(place[0]) if len(place) > 1 and place[0].isdecimal() else 0), marker.name


def _next_round(by: str) -> int:
    """Return the round after this browser's last; without one, the round that is served now."""
    markers = _markers()
    now = max([1, *(_turn(marker)[0] for marker in markers[:1])])
    own = [_turn(marker)[0] for marker in markers if marker.name.partition("~")[0].endswith(f"-{by}")]
    return max([now - 1, *own]) + 1


def _run_path(marker: Path) -> Path:
    return workspace.folder() / "runs" / marker.name.partition("~")[2]


def _submit(run: Run) -> Run:
    """Queue a new run; one that cannot be queued is not kept."""
    try:
        _enqueue(run)
    except LabError:
        shutil.rmtree(run.path, ignore_errors=True)
        raise
    return run


def _requeue(run: Run, submission: Submission, *, to_stop: bool = False) -> None:
    status = run.status
    if status.waiting:
        raise LabError(f"{run.title} is already {status.state}.")
    if status.state in ("done", "damaged"):
        raise LabError(f"{run.title} is {status.state}; there is nothing to resume.")
    if status.too_large:
        raise LabError(f"{run.title} does not fit into memory, however often it is tried. {status.hint}")
    run.forget_stop()
    if to_stop:
        run.ask_to_stop()
    run.write_submission(submission)
    run.write_status(replace(status, state="queued", message="", hint="", pruned=""))
    try:
        _enqueue(run)
    except LabError:
        run.write_status(status)
        raise


def _enqueue(run: Run) -> None:
    by = run.submission.by
    marker = _queue_folder() / f"{_next_round(by):010d}-{time.time_ns():020d}-{by}~{run.id}"
    with files.explained(marker):
        marker.parent.mkdir(parents=True, exist_ok=True)
        marker.touch()


def _take(run: Run) -> bool:
    for marker in (m for m in _markers() if _run_path(m) == run.path):
        with contextlib.suppress(FileNotFoundError):
            marker.unlink()
            return True
    return False
