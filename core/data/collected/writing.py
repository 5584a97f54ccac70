"""Append to the log of a collection: one process at a time, whole lines, on disk at once."""

from __future__ import annotations

import json
import os
import secrets
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import filelock

from core import files
from core.data.collected import log
from core.data.collected.log import LOG, Collected, Kind, Line
from core.errors import LabError

PATIENCE_SECONDS = 10.0


@contextmanager
def changing(folder: Path) -> Iterator[Collected]:
    """What is collected so far, while no other process changes it.

    Raises:
        LabError: the folder is gone, or another process does not finish.
    """
    if not folder.is_dir():
        raise LabError("This data set has been deleted. Begin a new one.")
    lock = filelock.FileLock(folder / "collected.lock", timeout=PATIENCE_SECONDS)
    with files.explained(folder / LOG):
        try:
            lock.acquire()
        except filelock.Timeout:  # an OSError too, which would be explained as a full disk
            raise LabError("Another window is still storing images in this data set. Try again.") from None
    try:
        yield log.read(folder)
    finally:
        lock.release()


def append(folder: Path, lines: Sequence[Line]) -> None:
    """Append whole lines, after one that a crash may have left unfinished."""
    text = "".join(_json(line) for line in lines)
    path = folder / LOG
    with files.explained(path), path.open("ab+") as log_file:
        size = log_file.seek(0, os.SEEK_END)
        if size:
            log_file.seek(size - 1)
            text = text if log_file.read(1) == b"\n" else f"\n{text}"
        log_file.write(text.encode("utf-8", "replace"))
        log_file.flush()
        os.fsync(log_file.fileno())


def _json(line: Line) -> str:
    meant = {name: value for name, value in asdict(line).items() if value not in ("", (), False)}
    return json.dumps(meant, ensure_ascii=False) + "\n"


def line(kind: Kind, by: str, **values: Any) -> Line:
    """A new line."""
    return Line(secrets.token_hex(4), time.time(), kind, by, **values)


def check_class(collected: Collected, key: str) -> None:
    """Raise LabError if a class is gone."""
    if key not in collected.classes:
        raise LabError("This class was removed in another window. Choose another one.")
