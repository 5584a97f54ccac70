"""Everything that needs TensorFlow, which takes seconds to load; nothing else imports it.

TensorFlow writes notes about missing CUDA libraries directly to stderr, before any setting can silence
them. They would disrupt progress bars and fill every log, so they are dropped here. Real errors still
arrive as exceptions. And nothing that TensorFlow creates while it loads is garbage: looking for some would
take a seventh of the time.
"""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")


@contextmanager
def _silent_errors() -> Iterator[None]:
    sys.stderr.flush()
    kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)


@contextmanager
def _no_garbage_collection() -> Iterator[None]:
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


with _silent_errors(), _no_garbage_collection():
    import tensorflow as tf

    tf.config.list_physical_devices()
