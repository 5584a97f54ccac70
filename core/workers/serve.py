"""The training worker of this machine: executes queued runs and keeps TensorFlow warm between them.

``python -m core.workers.serve`` exits when it has been idle for a long time, and is replaced by a new process
when its memory has grown too much.
"""

from __future__ import annotations

import logging
import signal
import sys
import time
from typing import TYPE_CHECKING

from core.processes import ctrl_c

if __name__ == "__main__":
    ctrl_c.ends_at_once()

import filelock

from core import engine, sweeps
from core.errors import LabError
from core.export import mlflow_mirror
from core.processes import launch
from core.processes.memory_limit import Growth
from core.words import printable
from core.worker import LOG_FORMAT, carry_out, terminating
from core.workers import ray_cluster
from core.workers.heatmaps_ahead import HeatmapsAhead

if TYPE_CHECKING:
    from core.ml.train import Networks

POLL_SECONDS = 0.05
LOCK_SECONDS = 1.0
"""A page that checks for a worker holds the lock for an instant; wait that out instead of exiting."""

log = logging.getLogger(__name__)


def serve() -> None:
    """Execute queued runs, oldest first, until the queue has been empty for a while."""
    launch.lower_priority()
    mlflow_mirror.catch_up()
    try:
        with engine.worker_lock().acquire(timeout=LOCK_SECONDS):
            engine.note_holder()
            if ray_cluster.address():
                _begin()
                needs_successor = ray_cluster.serve(terminating)
            else:
                networks = _warm_up()
                _begin()
                needs_successor = _serve_until_idle(networks)
    except filelock.Timeout:
        log.info("another training worker is already running")
        return
    if needs_successor:
        engine.ensure_worker()


def main() -> int:
    """Run as a process; return the exit code."""
    logging.basicConfig(level=logging.INFO, format=LOG_FORMAT)
    signal.signal(signal.SIGTERM, lambda *_: terminating.set())
    try:
        ctrl_c.interrupts()
        serve()
    except LabError as error:
        print(printable(str(error)), file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return ctrl_c.INTERRUPTED
    return 0


def _serve_until_idle(networks: Networks) -> bool:
    """Return whether a new process must take over: memory has grown, or a cluster trains from now on."""
    idle_since, growth, ahead = time.monotonic(), Growth(), HeatmapsAhead()
    while not terminating.is_set() and time.monotonic() - idle_since < engine.IDLE_SECONDS:
        if ray_cluster.address():
            return True
        run = engine.claim()
        if run is None:
            if not sweeps.advance() and not ahead.make_one():
                time.sleep(POLL_SECONDS)
            continue
        try:
            log.info("run %s: %s", run.id, carry_out(run, networks=networks).state)
            ahead.add(run)
        except LabError as error:  # the run's folder is not writable
            log.error("run %s: %s", run.id, error)
        except Exception:  # whatever one run does, the others are waiting
            log.exception("run %s", run.id)
        if growth.is_too_much() and not terminating.is_set():
            log.info("memory has grown too much; a new process takes over")
            return True
        idle_since = time.monotonic()
    return False


def _begin() -> None:
    """Put in order what earlier processes left, and log what cannot be read.

    Left may be half-written files, and runs whose marker was lost.
    """
    engine.sweep()
    engine.requeue_lost()
    for found in sweeps.damaged():
        log.error("no more runs of sweep %s are queued: %s", found.id, found.reason)


def _warm_up() -> Networks:
    """Import TensorFlow and build a small model in advance, so that the first run starts quickly."""
    from core.ml import train

    train.warm_up()
    return train.Networks()


if __name__ == "__main__":
    sys.exit(main())
