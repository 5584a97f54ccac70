"""Keep a run's status file up to date while it is executed, and record how it ended."""

from __future__ import annotations

import logging
import re
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from types import TracebackType
from typing import Any

from core.errors import Diverged, LabError, Stopped
from core.processes import heartbeat
from core.runs import Run, Status, out_of_memory

_OUT_OF_MEMORY = re.compile("ResourceExhausted|out of memory|bad_alloc|could not create a memory", re.I)
"""How TensorFlow and the libraries below it say it; only :mod:`core.ml` can know TensorFlow's own errors."""
_USUAL_HINT = "Use a smaller batch size, smaller images, or fewer filters or dense units."
_MAX_MESSAGE = 1000
"""Characters of a message that is written on a full disk."""

log = logging.getLogger(__name__)


class StatusWriter:
    """Writes the status twice a second from a thread, so that its heartbeat continues during training.

    As a context manager, it turns whatever ends the block into the run's final state: done, stopped,
    interrupted (the process was asked to end), diverged or failed.
    """

    def __init__(self, run: Run, *, terminating: threading.Event, watch: Callable[[Status], None]) -> None:
        self._run = run
        self._terminating = terminating
        self._watch = watch
        self._changing = threading.Lock()
        before = run.status
        self._only_evaluates = run.stop_requested and run.has_checkpoint
        self.status = replace(
            before,
            state="starting",
            message="",
            hint="",
            seconds_before=before.seconds,
            started=time.time(),
            ended=0.0,
            first_batch=0.0,
            if_killed="",
            too_large=False,
            **heartbeat.identity(),
        )
        self._beating = heartbeat.beating(self._write)

    def should_stop(self) -> bool:
        """Whether to stop, checked after every batch: pruned, stop requested, or process terminating."""
        return bool(self.status.pruned) or self._terminating.is_set() or self._run.stop_requested

    def should_stop_preparing(self) -> bool:
        """As :meth:`should_stop`, but a run that was to stop from the outset is prepared to be evaluated."""
        return self._terminating.is_set() if self._only_evaluates else self.should_stop()

    def update(self, **changes: Any) -> None:
        """Change fields of the status; the next heartbeat writes them.

        The heartbeat's thread changes the status too, and neither may undo what the other has changed.
        """
        with self._changing:
            self.status = replace(self.status, **changes)

    def batch(self, **progress: Any) -> None:
        """Record a batch: epoch, batch, batches, images_per_second, seconds_left, loss, accuracy."""
        first = self.status.first_batch or time.time()
        self.update(state="running", message="", first_batch=first, **progress)

    def preparing(self, message: str, done: int, total: int) -> None:
        """Record progress before the first batch; a callback for :mod:`core.datasets` and
        :mod:`core.data.pixel_cache`.
        """
        self.update(message=f"{message}: {done} of {total}" if total else message)
        if self.should_stop_preparing():
            raise Stopped(f"Stopped while {message[:1].lower()}{message[1:]}.")

    def __enter__(self) -> StatusWriter:
        """Write the first status and start the heartbeat.

        Raises:
            LabError: it cannot be written, and so the run cannot start; its state says so if at all possible.
        """
        self.update(heartbeat=time.time())
        try:
            self._run.write_status(self.status)
        except LabError as error:
            self.update(**_ending(error, terminated=False), ended=time.time())
            self._write()
            raise
        self._watch(self.status)
        self._beating.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        """Stop the heartbeat and write the final state; errors are logged, recorded and suppressed."""
        self._beating.__exit__(None, None, None)
        ending = _ending(error, self._terminating.is_set(), self.status.if_killed)
        self.update(**ending, ended=time.time(), seconds_left=None)
        if error is not None and not isinstance(error, Stopped | KeyboardInterrupt):
            unexplained = None if isinstance(error, LabError) else error
            log.error("run %s ended with an error: %s", self._run.id, error, exc_info=unexplained)
        self._write()
        return isinstance(error, Exception)

    def _write(self) -> None:
        """Write the status; a full disk has room for it where the one before it is."""
        self.update(heartbeat=time.time())
        try:
            self._run.write_status(self.status)
        except LabError:
            shortened = replace(self.status, message=self.status.message[:_MAX_MESSAGE])
            self._run.overwrite_status(shortened)
        self._watch(self.status)


def _ending(error: BaseException | None, terminated: bool, hint: str = "") -> dict[str, Any]:
    if terminated:
        return {"state": "interrupted", "message": "Training was interrupted. Use Resume to continue."}
    match error:
        case None:
            return {}
        case KeyboardInterrupt():
            return {"state": "interrupted", "message": "Training was interrupted. Use Resume to continue."}
        case Stopped():
            return {"state": "stopped", "message": str(error)}
        case Diverged():
            return {"state": "diverged", "message": str(error), "hint": error.hint}
        case LabError():
            return {"state": "failed", "message": str(error)}
        case _ if _is_out_of_memory(error):
            return out_of_memory(hint or _USUAL_HINT)
        case _:
            return {
                "state": "failed",
                "message": f"An unexpected error ended the run: {type(error).__name__}.",
                "hint": "See the run's log.txt for details.",
            }


def _is_out_of_memory(error: BaseException | None) -> bool:
    """Whether memory running out caused this error, however it was wrapped on its way."""
    while error is not None:
        if isinstance(error, MemoryError) or _OUT_OF_MEMORY.search(f"{type(error).__name__}: {error}"):
            return True
        error = error.__cause__ or error.__context__
    return False
