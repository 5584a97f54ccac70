"""The folder that holds everything: runs, data sets, uploads, the queue and the workers' files."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
"""The root folder of the lab's code."""


def folder() -> Path:
    """The workspace: ``LAB_WORKSPACE`` if set, otherwise ``workspace`` in the project.

    Nothing in it names its place, so it may be moved, copied or mounted elsewhere.
    """
    return _absolute(os.environ.get("LAB_WORKSPACE") or str(PROJECT / "workspace"))


@cache
def _absolute(path: str) -> Path:
    """Resolved once per process: a relative path keeps its meaning when the working folder changes."""
    return Path(path).resolve()
