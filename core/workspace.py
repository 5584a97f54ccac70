"""The folder where everything is kept: runs, data sets, uploads, the queue, what workers note."""

from __future__ import annotations

import os
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
"""Where the lab's own code lies."""


def folder() -> Path:
    """The workspace: ``LAB_WORKSPACE``, or ``workspace`` in the project."""
    return Path(os.environ.get("LAB_WORKSPACE") or PROJECT / "workspace").resolve()
