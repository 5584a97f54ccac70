"""The assistant's process: answers requests from pages while training continues in another process.

``python -m core.ml.assistant_worker [IDLE_SECONDS]``, started by :mod:`core.explain.assistant`. To leave
resources to training, it uses low priority, one thread and no GPU. It exits when idle, when it uses too
much memory (a waiting client then starts another), and when its record or the whole workspace is removed.
"""

from __future__ import annotations

import logging
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import filelock

from core import files
from core.errors import LabError
from core.explain import assistant
from core.explain.mailbox import Arrays, Letter, Mailbox
from core.ml import assistant_standby
from core.processes import heartbeat
from core.processes.memory_limit import Growth

CarryOut = Callable[[Letter], Arrays]

LOOK_SECONDS, IDLE_LOOK_SECONDS = 0.01, 0.05
LIVELY_SECONDS = 60.0
"""It polls frequently for this long after the last request, then less often."""
HEARTBEAT_SECONDS = 1.0
TAKE_OVER_SECONDS = 0.1
TIDY_SECONDS = 60.0
NICENESS = 5

log = logging.getLogger(__name__)


def main(arguments: list[str]) -> int:
    """The process's entry point; returns its exit code."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s")
    idle_seconds = float(arguments[0]) if arguments else assistant.IDLE_SECONDS
    try:
        with _alone() as dismissed:
            carry_out = _warm_up()
            standby = os.getpid()
            return assistant_standby.carry_on(lambda: _work(carry_out, idle_seconds, dismissed, standby))
    except filelock.Timeout:
        log.info("another assistant is already running")
    return 0


def _work(carry_out: CarryOut, idle_seconds: float, dismissed: threading.Event, standby: int) -> int:
    """Serve until no longer needed, or until this process is too large."""
    if os.getpid() != standby:  # forked, without the threads of the one that stands by
        dismissed = threading.Event()
        arguments = (assistant.record_path(), dismissed, standby)
        threading.Thread(target=_beat, args=arguments, daemon=True).start()
    return assistant_standby.AGAIN if serve(assistant.mailbox(), carry_out, idle_seconds, dismissed) else 0


def serve(mailbox: Mailbox, carry_out: CarryOut, idle_seconds: float, dismissed: threading.Event) -> bool:
    """Answer requests, oldest first, until dismissed or idle for ``idle_seconds``, or too large.

    Returns:
        Whether the process is too large, so that another one should go on.
    """
    mailbox.refuse_the_fatal_request()
    growth = Growth()
    last_request = last_tidy = time.monotonic()
    while not dismissed.is_set() and time.monotonic() - last_request < idle_seconds:
        letter = mailbox.next()
        if letter is not None:
            answer(mailbox, letter, carry_out)
            if growth.is_too_much():
                log.info("the process uses too much memory; another one will answer the next request")
                return True
            last_request = time.monotonic()
        elif time.monotonic() - last_tidy > TIDY_SECONDS:
            mailbox.tidy()
            last_tidy = time.monotonic()
        else:
            lively = time.monotonic() - last_request < LIVELY_SECONDS
            time.sleep(LOOK_SECONDS if lively else IDLE_LOOK_SECONDS)
    return False


def answer(mailbox: Mailbox, letter: Letter, carry_out: CarryOut) -> None:
    """Carry out one request; any error becomes its answer, and the process continues."""
    started = time.monotonic()
    try:
        with mailbox.at_work_on(letter.id):
            mailbox.reply(letter.id, carry_out(letter))
        log.info("%s %s: %.0f ms", letter.id, letter.task, 1000 * (time.monotonic() - started))
    except LabError as error:
        mailbox.refuse(letter.id, str(error))
    except Exception as error:  # a bug: the log gets the traceback, the page a sentence
        log.exception("%s %s failed", letter.id, letter.task)
        mailbox.refuse(
            letter.id, f"The assistant failed at '{letter.task}' ({error}). See its log for details."
        )


@contextmanager
def _alone() -> Iterator[threading.Event]:
    """Register as the workspace's only assistant; the event is set when it is told to stop.

    A process that is forked from this one shares its lock.
    """
    record = assistant.record_path()
    lock = filelock.FileLock(record.with_name("worker.lock"), timeout=5)
    with files.explained(record):
        record.parent.mkdir(parents=True, exist_ok=True)
    with lock:
        files.write_json(record, heartbeat.identity())
        dismissed = threading.Event()
        threading.Thread(target=_beat, args=(record, dismissed), daemon=True).start()
        yield dismissed


def _beat(record: Path, dismissed: threading.Event, standby: int = 0) -> None:
    """Touch the record until it is removed; in a thread, as a request may outlast a heartbeat.

    A forked process does so once the one that stands by, which does it before, has been killed.
    """
    try:
        while True:
            named = files.read_model(record, heartbeat.Identity).pid
            if standby and os.getppid() == standby:
                time.sleep(TAKE_OVER_SECONDS)
                continue
            if named != os.getpid():  # of a process that is gone, or that will not get the lock
                files.write_json(record, heartbeat.identity())
            os.utime(record)
            time.sleep(HEARTBEAT_SECONDS)
    except (OSError, LabError):
        log.info("the record was removed, so the assistant stops")
    dismissed.set()


def _warm_up() -> CarryOut:
    os.environ["CUDA_VISIBLE_DEVICES"] = "-1"  # the GPU's memory is for training
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    import tensorflow as tf

    from core.ml import assistant_tasks

    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    if hasattr(os, "nice"):
        os.nice(NICENESS)  # only now: at low priority, the import could take a minute during training
    return assistant_tasks.carry_out


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
