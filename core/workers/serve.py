"""The training worker of this machine: serves the queue and keeps TensorFlow warm between runs.

``python -m core.workers.serve`` leaves when there has long been no work, and lets a new process take its
place when it has grown too large.
"""

from __future__ import annotations

import logging
import signal
import sys
import time
from typing import TYPE_CHECKING

import filelock

from core import engine, sweeps
from core.errors import LabError
from core.processes import launch
from core.processes.memory_limit import Growth
from core.worker import LOG_FORMAT, carry_out, terminating
from core.workers import ray_cluster

if TYPE_CHECKING:
    from core.ml.train import Networks

POLL_SECONDS = 0.05
LOCK_SECONDS = 1.0
"""A page that looks whether a worker is there holds the lock for an instant; nobody leaves for that."""

log = logging.getLogger(__name__)


def serve() -> None:
    """Carry out queued runs, oldest first, until there has been none for a while."""
    launch.stand_back()
    try:
        with engine.worker_lock().acquire(timeout=LOCK_SECONDS):
            if ray_cluster.address():
                engine.requeue_lost()
                goes_on = ray_cluster.serve(terminating)
            else:
                networks = _warm_up()
                engine.requeue_lost()
                goes_on = _serve_until_idle(networks)
    except filelock.Timeout:
        log.info("another training worker is at work")
        return
    if goes_on:
        engine.ensure_worker()


def main() -> int:
    """The process's entry point; returns its exit code."""
    logging.basicConfig(level=logging.INFO, format=LOG_FORMAT)
    signal.signal(signal.SIGTERM, lambda *_: terminating.set())
    try:
        serve()
    except LabError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def _serve_until_idle(networks: Networks) -> bool:
    """Returns whether it ended for another process to go on: this one has grown, or a cluster trains now."""
    idle_since, growth = time.monotonic(), Growth()
    while not terminating.is_set() and time.monotonic() - idle_since < engine.IDLE_SECONDS:
        if ray_cluster.address():
            return True
        run = engine.claim()
        if run is None:
            if not sweeps.advance():
                time.sleep(POLL_SECONDS)
            continue
        try:
            log.info("run %s: %s", run.id, carry_out(run, networks=networks).state)
        except LabError as error:  # the run's folder cannot even be written to
            log.error("run %s: %s", run.id, error)
        if growth.is_too_much() and not terminating.is_set():
            log.info("the process has grown; a new one goes on")
            return True
        idle_since = time.monotonic()
    return False


def _warm_up() -> Networks:
    """Import TensorFlow and build one small model, so that the first click finds both done."""
    from core.ml import train

    train.warm_up()
    return train.Networks()


if __name__ == "__main__":
    sys.exit(main())
