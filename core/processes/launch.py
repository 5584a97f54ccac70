"""Start a process that outlives the one that starts it, and let it stand back behind the pages."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import psutil

from core.files import explained
from core.workspace import PROJECT


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
