"""How much memory there is, and how far a process's memory may grow before a new process replaces it.

TensorFlow retains memory for every network it has traced, more for larger ones: 12 runs in one process took
5 MB each with 7 thousand parameters and 75 MB each with 4.8 million, although no Python object still held a
weight. The limit is therefore in bytes, not in runs, and on growth, not on size, so that a worker for large
images may be large. At an eighth of the machine's memory, or 1.5 GB on a large machine, hundreds of small
runs or twenty large ones share the ten seconds that a new process takes to start.
"""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

import psutil

MAX_BYTES = 1.5e9
MAX_SHARE = 1 / 8

_CONTAINER = ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")
_CONTAINER_USED = ("/sys/fs/cgroup/memory.current", "/sys/fs/cgroup/memory/memory.usage_in_bytes")
"""Where Linux says how much a container may use and uses, in its two versions of control groups."""

log = logging.getLogger(__name__)


class Growth:
    """Measures the growth of this process's memory since the first measurement."""

    def __init__(self) -> None:
        self._limit = limit()
        self._first: int | None = None

    def is_too_much(self) -> bool:
        """Whether the process has grown by at least the limit since the first call."""
        now: int = psutil.Process().memory_info().rss
        self._first = now if self._first is None else self._first
        return now - self._first >= self._limit


def limit() -> float:
    """The limit in bytes, as above or from ``LAB_WORKER_GROWTH_MB``; 0 gives every run a new process."""
    text = os.environ.get("LAB_WORKER_GROWTH_MB")
    try:
        if text:
            return float(text) * 1e6
    except ValueError:
        log.warning("LAB_WORKER_GROWTH_MB must be a number of megabytes, not %r; ignored.", text)
    return min(MAX_BYTES, MAX_SHARE * psutil.virtual_memory().total)


def total() -> int:
    """Return the memory of this machine in bytes, or what its container may use of it."""
    machine: int = psutil.virtual_memory().total
    return min(machine, _number(_CONTAINER) or machine)


def available() -> int:
    """Return the bytes that processes can still take without others being swapped out or ended.

    In a container, files that Linux keeps in memory until it is needed do not count as used.
    """
    machine: int = psutil.virtual_memory().available
    limit, used = _number(_CONTAINER), _number(_CONTAINER_USED)
    if not limit or not used:
        return machine
    return min(machine, max(limit - used + _droppable(), 0))


def held(pids: Iterable[int | None]) -> int:
    """Return the bytes that these processes hold; None is this one, and those that are gone hold nothing."""
    total = 0
    for pid in pids:
        with suppress(psutil.Error):
            total += psutil.Process(pid).memory_info().rss
    return total


def _droppable() -> int:
    for path in _CONTAINER_USED:
        with suppress(OSError):
            text = Path(path).with_name("memory.stat").read_text(encoding="ascii")
            found = re.search(r"^(?:total_)?inactive_file (\d+)$", text, re.MULTILINE)
            return int(found[1]) if found else 0
    return 0


def _number(paths: tuple[str, ...]) -> int | None:
    """Return the number in the first of these files that exists; None for ``max``, which is no limit."""
    for path in paths:
        try:
            return int(Path(path).read_text(encoding="ascii"))
        except (OSError, ValueError):
            continue
    return None
