"""Start detached background processes that give priority to the app's pages."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import psutil

from core import workspace
from core.files import explained
from core.workspace import PROJECT

_SLEEPING_THREADS = {"OMP_WAIT_POLICY": "PASSIVE"}
"""Threads of scikit-learn that wait for each other sleep. While a training used all cores, placing 791 images
took 80 s instead of 5 where they kept looking; OpenMP reads this when it is loaded."""


def lower_priority() -> None:
    """Lower this process's priority, so that background work does not slow down the app's pages."""
    lower = getattr(psutil, "BELOW_NORMAL_PRIORITY_CLASS", 5)  # a class on Windows, a number elsewhere
    with suppress(psutil.Error):
        psutil.Process().nice(lower)


def start_detached(module: str, arguments: Sequence[str], log: Path) -> subprocess.Popen[bytes]:
    """Start ``python -m module`` so that it outlives this process and its terminal.

    multiprocessing would rerun the app's script in the child and delay the server's shutdown.
    """
    with explained(log):
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("ab") as output:
            return subprocess.Popen(
                [sys.executable, "-m", module, *arguments],
                cwd=PROJECT,
                env={
                    **_SLEEPING_THREADS,
                    **os.environ,
                    "PYTHONUNBUFFERED": "1",
                    "LAB_WORKSPACE": str(workspace.folder()),
                },
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
