"""Limit how far a process's memory may grow before a new process replaces it.

TensorFlow retains memory for every network it has traced, more for larger ones: 12 runs in one process took
5 MB each with 7 thousand parameters and 75 MB each with 4.8 million, although no Python object still held a
weight. The limit is therefore in bytes, not in runs, and on growth, not on size, so that a worker for large
images may be large. At an eighth of the machine's memory, or 1.5 GB on a large machine, hundreds of small
runs or twenty large ones share the ten seconds that a new process takes to start.
"""

from __future__ import annotations

import logging
import os

import psutil

MAX_BYTES = 1.5e9
MAX_SHARE = 1 / 8

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
