"""A process that has imported TensorFlow and only forks the one that works: again, should that be killed.

The import takes seconds, and many times as long beside a training run. The two processes share its memory, so
that standing by costs little. Only on Linux can a process be forked safely; elsewhere one does both.
"""

from __future__ import annotations

import logging
import os
import sys
import time
from collections.abc import Callable

SUDDEN_SECONDS = 3.0
"""A process that is killed this soon after its start would be killed again."""
AGAIN = 3
"""Exit code of a process that another one is to replace."""

log = logging.getLogger(__name__)


def carry_on(work: Callable[[], int]) -> int:
    """Let a forked process do the work, and fork another one if it is killed; return the last exit code.

    Args:
        work: returns an exit code, ``AGAIN`` to be replaced.
    """
    if sys.platform != "linux":
        return work() % AGAIN
    while True:
        started = time.monotonic()
        child = os.fork()
        if not child:
            _exit_after(work)
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        was_killed = code < 0 and time.monotonic() - started > SUDDEN_SECONDS
        if not was_killed and code != AGAIN:
            return abs(code)
        log.info("another process takes the place of one that ended with %d", code)


def _exit_after(work: Callable[[], int]) -> None:
    """End the forked process with its work: what follows is for the process that stands by."""
    code = 1
    try:
        code = work()
    except Exception:
        log.exception("the assistant failed")
    finally:
        logging.shutdown()
        os._exit(code)
