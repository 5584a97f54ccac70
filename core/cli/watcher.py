"""Say what became of a training in the foreground if the system ends its process, which then cannot."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from core import files, runs
from core.cli.terminal import complain
from core.errors import LabError
from core.runs import Run, Status
from core.workspace import PROJECT

POLL_SECONDS = 0.2


@contextmanager
def watched(run: Run) -> Iterator[None]:
    """Have a small process watch this one while the block runs; it prints to the same standard error."""
    watcher = subprocess.Popen(
        [sys.executable, "-m", "core.cli.watcher", str(run.path), str(os.getpid())],
        cwd=PROJECT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        start_new_session=True,  # Ctrl-C is for the training
    )
    try:
        yield
    finally:
        watcher.terminate()
        watcher.wait()


def main(arguments: list[str]) -> int:
    """Wait until a process is gone; complain if it left its run without an end."""
    run, process = runs.open_folder(Path(arguments[0])), _process(int(arguments[1]))
    while _is_there(process):
        time.sleep(POLL_SECONDS)
    if _was_under_way(run):
        status = run.status
        complain(f"{status.message} {status.hint}".strip(), run.path)
    return 0


def _process(pid: int) -> psutil.Process | None:
    try:
        return psutil.Process(pid)
    except psutil.Error:
        return None


def _is_there(process: psutil.Process | None) -> bool:
    """Whether it runs; one that has ended may be listed until its own parent asks for its exit code."""
    try:
        return process is not None and process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False


def _was_under_way(run: Run) -> bool:
    try:
        return files.read_model(run.path / "status.json", Status, keep=False).state in ("starting", "running")
    except LabError:
        return False


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
