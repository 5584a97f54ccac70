"""Record which process is doing a job, and check whether it is still alive."""

from __future__ import annotations

import logging
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Annotated, Any

import psutil
from pydantic import Field

from core.errors import LabError
from core.files import Moment

ProcessId = Annotated[int, Field(ge=0, lt=2**31)]
BEAT_SECONDS = 0.5
SILENT_SECONDS = 30.0
"""A heartbeat older than this means that the work was interrupted."""
_SAME_SECONDS = 2.0
"""Readings of one creation may differ by less: the start of the system is known to the second."""

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Identity:
    """An :func:`identity` read back from a file."""

    pid: ProcessId
    create_time: Moment
    host: str


def identity(pid: int | None = None) -> dict[str, Any]:
    """Identify this process or the one with ``pid``; the creation time guards against a reused pid."""
    process = psutil.Process(pid)
    return {"pid": process.pid, "create_time": _create_time(process), "host": socket.gethostname()}


def _create_time(process: psutil.Process) -> float:
    """When a process was created, in seconds that no change of the clock shifts.

    Linux knows it relative to its start, and psutil adds the time of that by the present clock.
    """
    created: float = process.create_time()
    return created - _origin()


def _origin() -> float:
    return psutil.boot_time() if psutil.LINUX else 0.0


def age(record: Mapping[str, Any]) -> float:
    """Seconds since the process of an :func:`identity` was created."""
    created: float = record.get("create_time", 0.0)
    return time.time() - _origin() - created


def is_alive(record: Mapping[str, Any]) -> bool:
    """Whether the process in ``record`` (an :func:`identity` with a ``heartbeat``) is still alive.

    For a process on another host, only the heartbeat is checked.
    """
    if time.time() - record.get("heartbeat", 0.0) > SILENT_SECONDS:
        return False
    return is_same_process(record)


def is_same_process(record: Mapping[str, Any]) -> bool:
    """Whether the process of an :func:`identity` is there and has not ended; always, on another host."""
    if record.get("host") != socket.gethostname():
        return True
    try:
        process = psutil.Process(record.get("pid", 0))
        same = abs(_create_time(process) - record.get("create_time", 0.0)) < _SAME_SECONDS
        return same and process.status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False


@contextmanager
def beating(beat: Callable[[], None]) -> Iterator[None]:
    """Call ``beat`` twice a second from a thread while the block runs, to keep its heartbeat going.

    A beat that cannot be written is only logged: a full disk must not end the work being reported on.
    """
    finished = threading.Event()

    def beat_until_finished() -> None:
        while not finished.wait(BEAT_SECONDS):
            try:
                beat()
            except LabError as error:
                log.warning("%s", error)

    thread = threading.Thread(target=beat_until_finished, daemon=True)
    thread.start()
    try:
        yield
    finally:
        finished.set()
        thread.join()
