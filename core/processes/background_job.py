"""Work on a data set in a process of its own, which outlives the app; the two meet only on the disk.

A folder for each kind of work and each source holds ``status.json`` (replaced twice a second by whoever
works), ``stop`` (an empty file: please stop) and ``log.txt``.
"""

from __future__ import annotations

import hashlib
import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, ClassVar, Literal, TypeVar

from core import files, workspace
from core.errors import LabError, Stopped
from core.files import Count, Moment
from core.processes import heartbeat, launch
from core.processes.heartbeat import ProcessId
from core.processes.threads import Progress, ShouldStop

WorkState = Literal["none", "running", "done", "failed", "stopped", "interrupted"]


@dataclass(frozen=True)
class Work:
    """How far a piece of work is; ``done`` of ``total`` in the present step, which ``message`` names.

    Attributes:
        KIND: the folder of the workspace where this kind of work is noted.
        NAME: what a person calls it.
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

    KIND: ClassVar[str]
    NAME: ClassVar[str]

    @property
    def folder(self) -> Path:
        """Where progress, stop file and log of this work lie."""
        return workspace.folder() / self.KIND / hashlib.sha256(self.source.encode()).hexdigest()[:16]

    @property
    def stop_requested(self) -> bool:
        """Whether somebody asked it to stop."""
        return (self.folder / "stop").exists()

    def write(self) -> None:
        """Replace the progress file; only the working process may."""
        files.write_json(self.folder / "status.json", asdict(self))

    def stop(self) -> None:
        """Ask the working process to stop."""
        with files.explained(self.folder):
            self.folder.mkdir(parents=True, exist_ok=True)
            (self.folder / "stop").touch()


AnyWork = TypeVar("AnyWork", bound=Work)


def start(nothing: AnyWork, words: Sequence[str]) -> AnyWork:
    """Start ``python -m core`` with these words, unless this work is under way already."""
    work = status(nothing)
    if work.state == "running":
        return work
    started = replace(
        nothing, state="running", message="Starting", started=time.time(), heartbeat=time.time()
    )
    with files.explained(started.folder):
        started.folder.mkdir(parents=True, exist_ok=True)
    files.remove(started.folder / "stop")
    child = launch.start_detached("core", [*words, "--report-progress"], started.folder / "log.txt")
    started = replace(started, **heartbeat.identity(child.pid))
    started.write()
    return started


def status(nothing: AnyWork) -> AnyWork:
    """How far this work was when it was last heard of; ``nothing`` where it was never begun."""
    try:
        work = files.read_model(nothing.folder / "status.json", type(nothing), missing=nothing)
    except LabError as error:
        return replace(nothing, state="failed", message=str(error))
    if work.state == "running" and not heartbeat.is_alive(asdict(work)):
        message = f"{nothing.NAME} was interrupted; start it again."
        return replace(work, state="interrupted", message=message)
    return work


def carry_out(nothing: AnyWork, do: Callable[[Progress, ShouldStop], object]) -> AnyWork:
    """Work while telling the app how far it is; every ending has a state there."""
    report = replace(status(nothing), state="running", **heartbeat.identity())

    def say(**changes: Any) -> None:
        nonlocal report
        report = replace(report, **changes)

    def write() -> None:
        say(heartbeat=time.time())
        report.write()

    def progress(step: str, done: int, total: int) -> None:
        say(message=step, done=done, total=total)

    with heartbeat.beating(write):
        say(**_outcome(lambda: do(progress, lambda: report.stop_requested)))
    write()
    return report


def _outcome(work: Callable[[], object]) -> dict[str, str]:
    try:
        work()
    except Stopped as stopped:
        return {"state": "stopped", "message": str(stopped)}
    except LabError as error:
        return {"state": "failed", "message": str(error)}
    except Exception as error:
        traceback.print_exc()
        return {
            "state": "failed",
            "message": f"An unexpected fault ({type(error).__name__}); log.txt has the details.",
        }
    return {"state": "done", "message": ""}
