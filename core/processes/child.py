"""Have a child process do one thing: follow its progress, end it on request, and say why it failed.

The child prints lines of JSON: ``{"step": ..., "done": ..., "total": ...}`` or, before it fails,
``{"error": ...}`` with a sentence for a person. Whatever else it prints is passed over.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

from core.errors import LabError
from core.processes.threads import Progress, ShouldStop, stop_if

_POLL_SECONDS = 0.1


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
        threading.Thread(target=_keep_last, args=(child.stderr, said), daemon=True),
    ]
    with child:
        try:
            for listener in listeners:
                listener.start()
            while child.poll() is None:
                stop_if(should_stop, task)
                time.sleep(_POLL_SECONDS)
        finally:
            child.kill()
        for listener in listeners:
            listener.join()
    if child.returncode:
        raise LabError(said.get("error") or _why_it_ended(task, child.returncode, said.get("last", "")))


def _follow(output: IO[bytes], progress: Progress, said: dict[str, str]) -> None:
    for line in output:
        with suppress(ValueError, TypeError, AttributeError):
            fields: dict[str, Any] = json.loads(line)
            if "error" in fields:
                said["error"] = str(fields["error"])
            elif "step" in fields:
                progress(str(fields["step"]), int(fields.get("done", 0)), int(fields.get("total", 0)))


def _keep_last(errors: IO[bytes], said: dict[str, str]) -> None:
    """Pass on what goes to standard error, which the log collects; the last line often is the reason."""
    for line in errors:
        text = line.decode("utf-8", "replace").strip()
        print(text, file=sys.stderr)
        said["last"] = text[:300] or said.get("last", "")


def _why_it_ended(task: str, code: int, last: str) -> str:
    if code == -9:
        return (
            f"The system ended {task}, probably because memory ran out. Close other programs and try again."
        )
    return f"{task[:1].upper()}{task[1:]} ended unexpectedly (exit code {code}){f': {last}' if last else '.'}"
