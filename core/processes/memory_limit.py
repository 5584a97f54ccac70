"""How far a process may grow before a new one takes its place.

TensorFlow keeps some of every network that it has traced, and more of a large one: 12 runs in one process
took 5 MB each with 7 thousand parameters, and 75 MB each with 4.8 million, though no Python object held a
weight any more. So bytes are limited and not the number of runs. A limit on the growth, not on the size, lets
a worker for large images be large. At an eighth of the machine's memory, or 1.5 GB on a large machine,
hundreds of small runs or twenty large ones share the ten seconds that a new process takes to wake up.
"""

from __future__ import annotations

import logging
import os

import psutil

MAX_BYTES = 1.5e9
MAX_SHARE = 1 / 8

log = logging.getLogger(__name__)


class Growth:
    """Measures this process against what it took when it was first asked."""

    def __init__(self) -> None:
        self._limit = limit()
        self._first: int | None = None

    def is_too_much(self) -> bool:
        """Whether the process has grown by the limit or more since the first time this was asked."""
        now: int = psutil.Process().memory_info().rss
        self._first = now if self._first is None else self._first
        return now - self._first >= self._limit


def limit() -> float:
    """In bytes, as said above or as ``LAB_WORKER_GROWTH_MB`` says; with 0 every run has a new process."""
    text = os.environ.get("LAB_WORKER_GROWTH_MB")
    try:
        if text:
            return float(text) * 1e6
    except ValueError:
        log.warning("LAB_WORKER_GROWTH_MB is a number of megabytes, not %r; it is left aside.", text)
    return min(MAX_BYTES, MAX_SHARE * psutil.virtual_memory().total)
