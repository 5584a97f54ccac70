"""A sweep's folder ``workspace/sweeps/<id>``: ``sweep.json`` states what is varied and how.

Everything else about a sweep is read from its runs, whose labels have its id as their group.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Annotated, Any, Literal

import filelock
from pydantic import Field, PlainValidator, TypeAdapter

from core import config as settings_of
from core import files, runs, workspace
from core.config import SETTINGS, RunConfig
from core.errors import LabError
from core.files import Moment
from core.runs import Run, Submission
from core.sweeps.search import Values

Way = Literal["grid", "random", "tpe"]
State = Literal["open", "full", "stopped"]
"""Some runs are not queued yet; all are queued; the user stopped the sweep."""

MAX_RUNS = 1000
MAX_WAIT_SECONDS = 20.0
"""Seconds to wait for another process that is queueing runs of the same sweep."""

_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,79}")


def _base(stored: Any) -> RunConfig:
    return settings_of.parse_stored(stored, is_varied=True)


def _values(stored: Any) -> Values:
    """Return the values by setting, without settings and values that this version of the lab lacks."""
    tried_by_path = TypeAdapter(dict[str, tuple[Any, ...]]).validate_python(stored)
    known = {
        path: tuple(found for value in tried if (found := settings_of.valid(path, value)) is not None)
        for path, tried in tried_by_path.items()
        if path in SETTINGS
    }
    return {path: tried for path, tried in known.items() if tried}


@dataclass(frozen=True)
class Sweep:
    """What is varied, and how.

    values: the values of each setting, by dotted path; repeats: seeds per combination of settings;
    trials: how many combinations random search or TPE proposes; prune: stop unpromising trials early;
    submission: that of its runs.
    """

    id: Annotated[str, Field(pattern=rf"^{_ID.pattern}$")]
    base: Annotated[RunConfig, PlainValidator(_base)]
    values: Annotated[Values, PlainValidator(_values)]
    way: Way = "grid"
    repeats: Annotated[int, Field(ge=1, le=MAX_RUNS)] = 1
    trials: Annotated[int, Field(ge=0, le=MAX_RUNS)] = 0
    prune: bool = False
    name: str = ""
    state: State = "open"
    created: Moment = 0.0
    submission: Submission = field(default_factory=Submission)

    @property
    def path(self) -> Path:
        """The sweep's folder."""
        return _root() / self.id

    @property
    def title(self) -> str:
        """The name given by the user, or else the settings varied."""
        return self.name or " × ".join(SETTINGS[path].label for path in self.values)

    @property
    def runs(self) -> list[Run]:
        """Its runs, oldest first."""
        return members(self.id)


@dataclass(frozen=True)
class DamagedSweep:
    """A sweep whose file cannot be read, and why, in one sentence."""

    id: str
    reason: str


def members(group: str) -> list[Run]:
    """Return all runs whose labels have this group, oldest first."""
    return [run for run in reversed(runs.all()) if run.labels.group == group]


def open(sweep_id: str) -> Sweep:
    """Return the sweep with this id.

    Raises:
        LabError: there is none, or its file is damaged.
    """
    if not _ID.fullmatch(sweep_id) or not (_root() / sweep_id).is_dir():
        raise LabError(f"There is no sweep {sweep_id[:80]!r} in {_root()}.")
    return files.read_model(_root() / sweep_id / "sweep.json", Sweep)


def all() -> list[Sweep]:
    """Return every readable sweep in the workspace, newest first."""
    return [found for found in _read_all() if isinstance(found, Sweep)]


def damaged() -> list[DamagedSweep]:
    """Return every sweep in the workspace whose file cannot be read, newest first."""
    return [found for found in _read_all() if isinstance(found, DamagedSweep)]


def delete(found: Sweep | DamagedSweep) -> None:
    """Move a sweep's folder to the trash; its runs stay.

    Raises:
        LabError: the folder is gone already, or cannot be moved.
    """
    if not (_root() / found.id).is_dir():
        raise LabError(f"Sweep {found.id} has been deleted already, perhaps in another window.")
    trash = workspace.folder() / "trash"
    with files.explained(trash):
        trash.mkdir(parents=True, exist_ok=True)
        files.move_over(_root() / found.id, trash / f"sweep-{found.id}")


def _read_all() -> list[Sweep | DamagedSweep]:
    try:
        names = sorted((entry.name for entry in _root().iterdir() if _ID.fullmatch(entry.name)), reverse=True)
    except FileNotFoundError:
        return []
    found: list[Sweep | DamagedSweep] = []
    for name in names:
        try:
            found.append(open(name))
        except LabError as error:
            if not _is_being_made(_root() / name):
                found.append(DamagedSweep(name, str(error)))
    return found


def _is_being_made(path: Path) -> bool:
    """Whether a folder without its file is so new that another process may be about to write it."""
    try:
        return not (path / "sweep.json").exists() and time.time() - path.stat().st_mtime < MAX_WAIT_SECONDS
    except OSError:
        return False


def find(run: Run) -> Sweep | None:
    """Return the sweep that a run belongs to; None if there is none or it cannot be read."""
    group = run.labels.group
    try:
        return open(group) if group else None
    except LabError:
        return None


def write(sweep: Sweep) -> None:
    """Replace sweep.json; use outside :func:`changing` only for a new sweep."""
    files.write_json(sweep.path / "sweep.json", {**asdict(sweep), "base": sweep.base.model_dump(mode="json")})


def change(sweep: Sweep, **changes: Any) -> Sweep:
    """Change fields of the sweep as currently stored on disk.

    Raises:
        LabError: another process locks it for too long.
    """
    with changing(sweep, MAX_WAIT_SECONDS) as present:
        if present is None:
            raise LabError(f"The sweep {sweep.title} is being changed by another process. Try again.")
        changed = replace(present, **changes)
        write(changed)
    return changed


@contextmanager
def changing(sweep: Sweep, seconds: float = 0.0) -> Iterator[Sweep | None]:
    """Lock the sweep and yield its current state; None if another process holds the lock for that long."""
    lock = filelock.FileLock(sweep.path / "lock", timeout=seconds)
    with files.explained(sweep.path / "lock"), suppress(filelock.Timeout):
        lock.acquire()
    if not lock.is_locked:
        yield None
        return
    try:
        yield open(sweep.id)
    finally:
        lock.release()


def _root() -> Path:
    return workspace.folder() / "sweeps"
