"""Have a child process do one thing: follow its progress, end it on request, and say why it failed.

The child prints lines of JSON: ``{"step": ..., "done": ..., "total": ...}`` or, before it fails,
``{"error": ...}`` with a sentence for a person. Whatever else it prints is passed over.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
import threading
import time
from collections import deque
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

from core.errors import LabError, Stopped
from core.processes.threads import Progress, ShouldStop

_POLL_SECONDS = 0.1
_KEPT_LINES = 200


def carry_out(
    command: Sequence[str | Path],
    *,
    task: str,
    folder: Path,
    environment: Mapping[str, str] = {},
    progress: Progress,
    should_stop: ShouldStop,
) -> None:
    """Wait until a child has done its work; it ends with this process's request to stop.

    Args:
        command: a script and its arguments for this interpreter of Python.
        task: what it does, such as "the conversion", for messages.
        folder: where it runs.
        environment: variables to set besides this process's own.
        progress: gets what the child reports.
        should_stop: asked ten times a second.

    Raises:
        LabError: the child failed; says why.
        Stopped: ``should_stop`` returned True.
    """
    said: dict[str, str] = {}
    complaints: deque[str] = deque(maxlen=_KEPT_LINES)
    child = subprocess.Popen(
        [sys.executable, *map(str, command)],
        cwd=folder,
        env={**os.environ, **environment},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    listeners = [
        threading.Thread(target=_follow, args=(child.stdout, progress, said), daemon=True),
        threading.Thread(target=_listen, args=(child.stderr, complaints), daemon=True),
    ]
    with child:
        try:
            for listener in listeners:
                listener.start()
            while child.poll() is None:
                if should_stop():
                    raise Stopped(f"Stopped during {task}.")
                time.sleep(_POLL_SECONDS)
        finally:
            child.kill()
        for listener in listeners:
            listener.join()
    if child.returncode:
        print(*complaints, sep="\n", file=sys.stderr)  # for the log; of a success it is only noise
        raise LabError(said.get("error") or _why_it_ended(task, child.returncode, complaints))


def _follow(output: IO[bytes], progress: Progress, said: dict[str, str]) -> None:
    for line in output:
        with suppress(ValueError, TypeError, AttributeError):
            fields: dict[str, Any] = json.loads(line)
            if "error" in fields:
                said["error"] = str(fields["error"])
            elif "step" in fields:
                progress(str(fields["step"]), int(fields.get("done", 0)), int(fields.get("total", 0)))


def _listen(errors: IO[bytes], complaints: deque[str]) -> None:
    for line in errors:
        if text := line.decode("utf-8", "replace").rstrip():
            complaints.append(text)


def _why_it_ended(task: str, code: int, complaints: Sequence[str]) -> str:
    """The last line that a program prints before it fails often is the reason."""
    if code == -9:
        return (
            f"The system ended {task}, probably because memory ran out. Close other programs and try again."
        )
    last = f": {textwrap.shorten(complaints[-1], 300)}" if complaints else "."
    return f"{task[:1].upper()}{task[1:]} ended unexpectedly (exit code {code}){last}"
