"""Background jobs on a data set, each in a separate process that outlives the app and reports through files.

Each kind of job has a folder per source with ``status.json`` (replaced twice a second by the working
process), ``stop`` (an empty file that requests a stop) and ``log.txt``.
"""

from __future__ import annotations

import hashlib
import threading
import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, ClassVar, Literal, TypeVar

import filelock

from core import files, workspace
from core.errors import Candidate, LabError, Stopped, Undecided
from core.files import Count, Moment
from core.processes import heartbeat, launch
from core.processes.heartbeat import ProcessId
from core.processes.threads import Progress, ShouldStop

WorkState = Literal["none", "running", "done", "failed", "stopped", "interrupted", "undecided"]


@dataclass(frozen=True)
class Work:
    """State and progress of a job: ``done`` of ``total`` in the current step, which ``message`` names.

    A job that ended "undecided" asks, in ``message``, how the data set is to be read: in one of the ways in
    ``candidates``, or by choosing one of the ``data_sets`` instead, as in :class:`core.errors.Undecided`.

    Attributes:
        KIND: the workspace folder for this kind of job.
        NAME: the name of the job in messages.
    """

    source: str
    state: WorkState = "none"
    message: str = ""
    done: Count = 0
    total: Count = 0
    started: Moment = 0.0
    heartbeat: Moment = 0.0
    pid: ProcessId = 0
    create_time: Moment = 0.0
    host: str = ""
    candidates: tuple[Candidate, ...] = ()
    data_sets: tuple[str, ...] = ()

    KIND: ClassVar[str]
    NAME: ClassVar[str]

    @property
    def folder(self) -> Path:
        """Folder of this job's progress, stop file and log."""
        return workspace.folder() / self.KIND / hashlib.sha256(self.source.encode()).hexdigest()[:16]

    @property
    def stop_requested(self) -> bool:
        """Whether a stop has been requested."""
        return (self.folder / "stop").exists()

    def write(self) -> None:
        """Replace the progress file; only the working process may call this."""
        files.write_json(self.folder / "status.json", asdict(self))

    def stop(self) -> None:
        """Ask the working process to stop."""
        with files.explained(self.folder):
            self.folder.mkdir(parents=True, exist_ok=True)
            (self.folder / "stop").touch()


AnyWork = TypeVar("AnyWork", bound=Work)


def start(nothing: AnyWork, arguments: Sequence[str]) -> AnyWork:
    """Start ``python -m core`` with these arguments, unless this job is already running."""
    with files.explained(nothing.folder):
        nothing.folder.mkdir(parents=True, exist_ok=True)
        with filelock.FileLock(nothing.folder / "start.lock"):  # two windows may start it at once
            work = status(nothing)
            return work if work.state == "running" else _started(nothing, arguments)


def _started(nothing: AnyWork, arguments: Sequence[str]) -> AnyWork:
    files.remove(nothing.folder / "stop")
    child = launch.start_detached("core", [*arguments, "--report-progress"], nothing.folder / "log.txt")
    now = time.time()
    started = replace(nothing, state="running", message="Starting", started=now, heartbeat=now)
    started = replace(started, **heartbeat.identity(child.pid))
    started.write()
    return started


def status(nothing: AnyWork) -> AnyWork:
    """Return the last known status of this job, or ``nothing`` if it was never started."""
    try:
        work = files.read_model(nothing.folder / "status.json", type(nothing), missing=nothing)
    except LabError as error:
        return replace(nothing, state="failed", message=str(error))
    if work.state == "running" and not heartbeat.is_alive(asdict(work)):
        message = f"{nothing.NAME} was interrupted; start it again."
        return replace(work, state="interrupted", message=message)
    return work


def carry_out(nothing: AnyWork, do: Callable[[Progress, ShouldStop], object]) -> AnyWork:
    """Do the work and report its progress to the app; every outcome is recorded as a state."""
    report = replace(status(nothing), state="running", candidates=(), data_sets=(), **heartbeat.identity())
    changing = threading.Lock()

    def update(**changes: Any) -> None:
        nonlocal report
        with changing:  # or the heartbeat's thread could undo what the work has reported
            report = replace(report, **changes)

    def write() -> None:
        update(heartbeat=time.time())
        report.write()

    def progress(step: str, done: int, total: int) -> None:
        update(message=step, done=done, total=total)

    with heartbeat.beating(write):
        outcome = _outcome(lambda: do(progress, lambda: report.stop_requested))
    update(**outcome)  # not before the last beat, which would write over it
    write()
    return report


def _outcome(work: Callable[[], object]) -> dict[str, Any]:
    try:
        work()
    except Stopped as stopped:
        return {"state": "stopped", "message": str(stopped)}
    except Undecided as asked:
        return {
            "state": "undecided",
            "message": asked.question,
            "candidates": asked.candidates,
            "data_sets": asked.data_sets,
        }
    except LabError as error:
        return {"state": "failed", "message": str(error)}
    except Exception as error:
        traceback.print_exc()
        return {
            "state": "failed",
            "message": f"An unexpected error occurred ({type(error).__name__}); see log.txt for details.",
        }
    return {"state": "done", "message": ""}
