"""Ctrl-C before a process has anything to put in order.

It imports nothing but the standard library, so that it can come before everything else.
"""

from __future__ import annotations

import os
import signal
from types import FrameType

INTERRUPTED = 130
"""The exit code of a process that was interrupted from the keyboard."""


def ends_at_once() -> None:
    """Have Ctrl-C end this process without a word, until :func:`interrupts` is called.

    This is for the second in which a process imports what it needs: there, a KeyboardInterrupt would be a
    traceback, or be turned into an ImportError by a library that is written in C.
    """
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:  # otherwise it is ignored, on purpose
        signal.signal(signal.SIGINT, _end)


def interrupts() -> None:
    """Let Ctrl-C raise KeyboardInterrupt again."""
    if signal.getsignal(signal.SIGINT) is _end:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def _end(number: int, frame: FrameType | None) -> None:
    os._exit(INTERRUPTED)
