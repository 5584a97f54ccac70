"""Write files so that a reader, a crash or a full disk never meets half of one."""

from __future__ import annotations

import json
import os
import shutil
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TypeVar

from core.errors import LabError

Result = TypeVar("Result")

_WAITS = (0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.5)
"""Seconds between two tries, see :func:`patiently`."""


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield a path beside ``path`` to write to; it takes the final name only when the block succeeds.

    The temporary name keeps the suffix, since Keras and numpy choose the format by it.

    Raises:
        LabError: the disk is full or the folder cannot be written; names the path and the free space.
    """
    beside = path.with_name(f".{path.stem}.{uuid.uuid4().hex[:8]}{path.suffix}")
    try:
        with explained(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            yield beside
            patiently(lambda: os.replace(beside, path))
    finally:
        with suppress(OSError):  # not there to begin with, or its folder is none
            beside.unlink()


def patiently(work: Callable[[], Result]) -> Result:
    """Do ``work`` with a file, and try again for about two seconds while the system refuses it.

    Windows, and some network folders, refuse to replace, remove or open a file that somebody else has open.
    Readers here hold a file for an instant, so waiting is enough.

    Raises:
        PermissionError: it was refused to the end.
    """
    for seconds in _WAITS:
        with suppress(PermissionError):
            return work()
        time.sleep(seconds)
    return work()


def remove(path: Path) -> bool:
    """Remove a file if it is there; returns whether it is gone.

    One that is still in use, as a mapped file on Windows, is left for the next time.
    """
    try:
        patiently(lambda: path.unlink(missing_ok=True))
    except PermissionError:
        return False
    return True


@contextmanager
def explained(path: Path) -> Iterator[None]:
    """Turn an ``OSError`` while writing to ``path`` into a sentence a person can act on."""
    try:
        yield
    except OSError as error:
        raise LabError(
            f"could not write {path}: {error.strerror or error} ({_free_space(path)} free there). "
            "Make room or give write permission, or set LAB_WORKSPACE to another folder."
        ) from error


def write_json(path: Path, value: Any) -> None:
    """Write ``value`` as JSON under ``path``, whole or not at all."""
    text = json.dumps(value, indent=1, ensure_ascii=False, allow_nan=False)
    with replacing(path) as beside:
        beside.write_text(text, encoding="utf-8")


_contents: dict[str, tuple[tuple[int, int], Any]] = {}


def read(path: Path, parse: Callable[[str], Any], *, missing: Any = None) -> Any:
    """A text file's parsed content, read again only when the file has changed.

    Raises:
        LabError: it is damaged, or it does not exist and ``missing`` gives nothing to answer instead.
    """
    try:
        name, stat = str(path), path.stat()
        signature = (stat.st_mtime_ns, stat.st_size)
        known = _contents.get(name)
        if known is None or known[0] != signature:
            known = signature, parse(path.read_text(encoding="utf-8"))
            _contents[name] = known
        return known[1]
    except FileNotFoundError:
        if missing is None:
            raise LabError(f"{path.name} is missing from {path.parent}.") from None
        return missing
    except (ValueError, TypeError, OSError) as error:
        raise LabError(f"{path.name} in {path.parent} is damaged: {error}") from None


def _free_space(path: Path) -> str:
    folder = next((p for p in path.parents if p.exists()), Path())
    return f"{shutil.disk_usage(folder).free / 2**20:,.0f} MB"
