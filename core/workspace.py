"""The folder that holds everything: runs, data sets, uploads, the queue and the workers' files."""

from __future__ import annotations

import os
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
"""The root folder of the lab's code."""


def folder() -> Path:
    """The workspace: ``LAB_WORKSPACE`` if set, otherwise ``workspace`` in the project."""
    return Path(os.environ.get("LAB_WORKSPACE") or PROJECT / "workspace").resolve()
