"""The name of a data set in files that are passed on: no folder of this machine is in it."""

from __future__ import annotations

import re


def portable(source: str) -> str:
    """``garden``, ``tfds:tf_flowers``; of an own folder or file its name, of an upload its title."""
    if source.startswith("upload:"):
        return source.removeprefix("upload:").rpartition("-")[0] or source
    if source.startswith("tfds:"):
        return source
    return re.split(r"[/\\]", source.rstrip("/\\"))[-1] or source
