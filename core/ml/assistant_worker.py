"""The assistant's process: answers what pages ask while training goes on in another one.

``python -m core.ml.assistant_worker [IDLE_SECONDS]``, started by :mod:`core.explain.assistant`. It keeps out
of training's way: low priority, one thread, no GPU. It leaves after idling, when it has grown too large
(whoever waits for an answer starts another), and when its record or the whole workspace is removed.
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
from core.processes import heartbeat
from core.processes.memory_limit import Growth

CarryOut = Callable[[Letter], Arrays]

LOOK_SECONDS, IDLE_LOOK_SECONDS = 0.01, 0.05
LIVELY_SECONDS = 60.0
"""It looks for requests often for so long after the last one, then less often."""
HEARTBEAT_SECONDS = 1.0
TIDY_SECONDS = 60.0
NICENESS = 5

log = logging.getLogger(__name__)


def main(arguments: list[str]) -> int:
    """The process's entry point; returns its exit code."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s")
    idle_seconds = float(arguments[0]) if arguments else assistant.IDLE_SECONDS
    try:
        with _alone() as dismissed:
            serve(assistant.mailbox(), _warm_up(), idle_seconds, dismissed)
    except filelock.Timeout:
        log.info("another assistant is at work")
    return 0


def serve(mailbox: Mailbox, carry_out: CarryOut, idle_seconds: float, dismissed: threading.Event) -> None:
    """Answer requests, oldest first, until dismissed, grown, or without any for ``idle_seconds``."""
    mailbox.refuse_the_deadly()
    growth = Growth()
    last_request = last_tidy = time.monotonic()
    while not dismissed.is_set() and time.monotonic() - last_request < idle_seconds:
        letter = mailbox.next()
        if letter is not None:
            answer(mailbox, letter, carry_out)
            if growth.is_too_much():
                log.info("the process has grown; another one answers the next request")
                return
            last_request = time.monotonic()
        elif time.monotonic() - last_tidy > TIDY_SECONDS:
            mailbox.tidy()
            last_tidy = time.monotonic()
        else:
            lively = time.monotonic() - last_request < LIVELY_SECONDS
            time.sleep(LOOK_SECONDS if lively else IDLE_LOOK_SECONDS)


def answer(mailbox: Mailbox, letter: Letter, carry_out: CarryOut) -> None:
    """Carry out one request; whatever goes wrong becomes its answer, and the process stays."""
    started = time.monotonic()
    try:
        with mailbox.at_work_on(letter.id):
            mailbox.reply(letter.id, carry_out(letter))
        log.info("%s %s: %.0f ms", letter.id, letter.task, 1000 * (time.monotonic() - started))
    except LabError as error:
        mailbox.refuse(letter.id, str(error))
    except Exception as error:  # a fault of ours: the log has it, the page gets a sentence
        log.exception("%s %s failed", letter.id, letter.task)
        mailbox.refuse(letter.id, f"The assistant failed at '{letter.task}' ({error}). Its log says more.")


@contextmanager
def _alone() -> Iterator[threading.Event]:
    """Be the only assistant of the workspace, and say so; the event is set when it is sent home."""
    record = assistant.record_path()
    lock = filelock.FileLock(record.with_name("worker.lock"), timeout=5)
    with files.explained(record):
        record.parent.mkdir(parents=True, exist_ok=True)
    with lock:
        files.write_json(record, heartbeat.identity())
        dismissed = threading.Event()
        threading.Thread(target=_beat, args=(record, dismissed), daemon=True).start()
        yield dismissed


def _beat(record: Path, dismissed: threading.Event) -> None:
    """Touch the record as long as it names this process; a request may take longer than a heartbeat."""
    try:
        while files.read_model(record, heartbeat.Identity).pid == os.getpid():
            os.utime(record)
            time.sleep(HEARTBEAT_SECONDS)
    except (OSError, LabError):
        log.info("the record is gone, so the assistant goes too")
    dismissed.set()


def _warm_up() -> CarryOut:
    os.environ["CUDA_VISIBLE_DEVICES"] = "-1"  # the GPU's memory is for training
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    import tensorflow as tf

    from core.ml import assistant_tasks

    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    if hasattr(os, "nice"):
        os.nice(NICENESS)  # only now: at low priority the import alone could take a minute beside training
    return assistant_tasks.carry_out


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
