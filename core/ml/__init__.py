"""Everything that needs TensorFlow, and nothing else imports it: it takes seconds to load.

TensorFlow writes notes about missing CUDA libraries straight to the process's error output, before any
setting can quieten it; they would lie across progress bars and fill every log, so they are dropped here.
Whatever is really wrong still arrives as an exception.
"""

from __future__ import annotations

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


with _silent_errors():
    import tensorflow as tf

    tf.config.list_physical_devices()
