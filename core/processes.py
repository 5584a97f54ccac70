"""Who is doing a piece of work, and whether that process still lives."""

from __future__ import annotations

import logging
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psutil

from core.errors import LabError
from core.files import explained

PROJECT = Path(__file__).resolve().parent.parent
BEAT_SECONDS = 0.5
SILENT_SECONDS = 30.0
"""A heartbeat older than this means the work was interrupted."""

log = logging.getLogger(__name__)


def identity(pid: int | None = None) -> dict[str, Any]:
    """This process, or the one with ``pid``; the creation time tells it from a later one with that pid."""
    process = psutil.Process(pid)
    return {"pid": process.pid, "create_time": process.create_time(), "host": socket.gethostname()}


def is_alive(record: Mapping[str, Any]) -> bool:
    """Whether the process in ``record`` (an :func:`identity` with a ``heartbeat``) is still at work.

    On another host only the heartbeat can tell.
    """
    if time.time() - float(record.get("heartbeat", 0)) > SILENT_SECONDS:
        return False
    return record.get("host") != socket.gethostname() or _runs_here(record)


def _runs_here(record: Mapping[str, Any]) -> bool:
    try:
        process = psutil.Process(int(record.get("pid", 0)))
        same = abs(process.create_time() - float(record.get("create_time", 0))) < 1.0
        return same and process.status() != psutil.STATUS_ZOMBIE
    except (psutil.Error, ValueError):
        return False


@contextmanager
def beating(beat: Callable[[], None]) -> Iterator[None]:
    """Call ``beat`` twice a second from a thread while the block works, so that its heartbeat goes on.

    A beat that cannot be written is logged: a full disk must not end the work it reports on.
    """
    over = threading.Event()

    def until_over() -> None:
        while not over.wait(BEAT_SECONDS):
            try:
                beat()
            except LabError as error:
                log.warning("%s", error)

    thread = threading.Thread(target=until_over, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def stand_back() -> None:
    """Let the app's pages go first: this process works in the background, and gets what they leave."""
    lower = getattr(psutil, "BELOW_NORMAL_PRIORITY_CLASS", 5)  # Windows has classes, the others a number
    with suppress(psutil.Error):
        psutil.Process().nice(lower)


def start_detached(module: str, arguments: Sequence[str], log: Path) -> subprocess.Popen[bytes]:
    """Start ``python -m module`` so that it outlives this process and its terminal.

    multiprocessing would run the app's script again in the child and hold up the server's shutdown.
    """
    with explained(log):
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("ab") as output:
            return subprocess.Popen(
                [sys.executable, "-m", module, *arguments],
                cwd=PROJECT,
                env={**os.environ, "PYTHONUNBUFFERED": "1"},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
