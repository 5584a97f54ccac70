"""Execute queued runs on a Ray cluster. Needs requirements-ray.txt.

If an address is saved for the workspace or set in ``LAB_RAY_ADDRESS`` (or ``RAY_ADDRESS``), this machine's
training worker does not train but submits each run to Ray, which schedules it where ``LAB_RAY_CPUS``
processors and ``LAB_RAY_GPUS`` GPUs are free. Each task does the same as a local
``python -m core.worker RUN_DIR``, on the same folder, which all nodes share. Status, metrics and stop file
are therefore in their usual place, and if a node is lost, Ray reschedules its run, which resumes from its
checkpoint.
"""

from __future__ import annotations

import importlib.util
import logging
import math
import os
import re
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from core import engine, files, runs, sweeps, workspace
from core.errors import LabError, in_one_line
from core.runs import Run

POLL_SECONDS = 0.2
LOST_SECONDS = 45.0
"""Longest time that a rescheduled run waits for the file lock of a lost node to be released."""
_VARIABLES = ("LAB_RAY_ADDRESS", "RAY_ADDRESS")
_ADDRESS = re.compile(r"auto|(ray://)?[\w.-]+:\d{1,5}|(ray://)?\[[0-9a-fA-F:]+\]:\d{1,5}")
_NOT_INSTALLED = "Ray is not installed. Run pip install -r requirements-ray.txt and restart the lab."

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class _Cluster:
    """cluster.json: the cluster's address; empty to train on this machine."""

    address: str = ""


def address() -> str:
    """The cluster's address; empty to train on this machine."""
    variable = from_environment()
    if variable:
        return os.environ[variable]
    try:
        return files.read_model(_file(), _Cluster, missing=_Cluster()).address
    except LabError:  # a damaged file counts as none
        return ""


def from_environment() -> str:
    """The name of the environment variable that sets the cluster's address, or an empty string."""
    return next((name for name in _VARIABLES if os.environ.get(name)), "")


def keep_address(text: str) -> None:
    """Train this workspace's runs on the cluster at this address from now on; if empty, on this machine.

    Raises:
        LabError: the address is invalid, Ray is not installed, or the file cannot be written.
    """
    text = text.strip()
    if text and not _ADDRESS.fullmatch(text):
        raise LabError(f"{text[:80]!r} is not a Ray cluster address; use host:port, ray://host:port or auto.")
    if text and not is_installed():
        raise LabError(_NOT_INSTALLED)
    files.write_json(_file(), {"address": text})


def is_installed() -> bool:
    """Whether Ray is installed."""
    return importlib.util.find_spec("ray") is not None


def serve(terminating: threading.Event) -> bool:
    """Submit queued runs to the cluster, oldest first, until the queue has been empty for a while.

    Returns:
        Whether it ended because the address has changed, so that another process must take over.

    Raises:
        LabError: Ray is not installed, or the cluster does not respond.
    """
    try:
        ray = _connected()
    except LabError as error:
        for run in engine.queue():
            if run.status.state == "queued":  # a damaged file is left as it is
                run.write_status(replace(run.status, message=str(error)))
        raise
    wanted = {"num_cpus": _wanted("CPU"), "num_gpus": _wanted("GPU")}
    # A separate process for each run: TensorFlow's memory grows, and Ray does not end processes by size.
    execute = ray.remote(**wanted, max_retries=-1, max_calls=1)(_carry_out)
    under_way: dict[Any, Run] = {}
    idle_since, initial_address, has_moved = time.monotonic(), address(), False
    while not terminating.is_set() and time.monotonic() - idle_since < engine.IDLE_SECONDS:
        for task in ray.wait(list(under_way), timeout=0)[0] if under_way else []:
            _note_end(ray, task, under_way.pop(task))
        has_moved = address() != initial_address
        if has_moved and not under_way:
            break
        claimed = engine.claim() if len(under_way) < _capacity(ray) and not has_moved else None
        if claimed is not None:
            under_way[execute.remote(str(claimed.path), _environment())] = claimed
        elif has_moved or len(under_way) >= _capacity(ray) or not sweeps.advance(at_once=_capacity(ray)):
            time.sleep(POLL_SECONDS)
        if under_way:
            idle_since = time.monotonic()
    ray.shutdown()
    return has_moved and not terminating.is_set()


def _carry_out(path: str, environment: dict[str, str]) -> str:
    """Execute a run on a node, in Ray's own process: a child process would outlive a killed node."""
    os.environ.update(environment)
    from core import worker

    deadline = time.monotonic() + LOST_SECONDS
    while True:
        try:
            return worker.carry_out(runs.open_folder(Path(path))).state
        except worker.Taken:  # by a lost node, whose lock may persist for a while
            if time.monotonic() > deadline:
                raise
            time.sleep(1.0)


def _note_end(ray: Any, task: Any, run: Run) -> None:
    """Log how a run ended, and record it where no node could; whatever one run does, the others go on."""
    try:
        state = ray.get(task)
        log.info("run %s: %s", run.id, state if state != "damaged" else run.status.message)
    except Exception as error:  # Ray raises many types for a task that it could not execute
        log.error("run %s: %s", run.id, error)
        if run.status.waiting or run.status.state == "interrupted":
            message = f"The cluster could not execute the run: {in_one_line(error)}"
            with suppress(LabError):  # the disk is full
                run.write_status(replace(run.status, state="failed", message=message))


def _capacity(ray: Any) -> int:
    """The number of runs that the cluster can train at the same time."""
    available = ray.cluster_resources()
    wanted = {kind: _wanted(kind) for kind in ("CPU", "GPU")}
    fitting = (available.get(kind, 0) / number for kind, number in wanted.items() if number)
    return max(1, int(min(fitting, default=1)))


def _wanted(kind: str) -> float:
    """Processors or GPUs per run: ``LAB_RAY_CPUS`` (default 2) and ``LAB_RAY_GPUS`` (default 0)."""
    text = os.environ.get(f"LAB_RAY_{kind}S") or {"CPU": "2", "GPU": "0"}[kind]
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not 0 <= number < math.inf:
        raise LabError(f"LAB_RAY_{kind}S must be a number from 0 on, not {text!r}.")
    return number


def _environment() -> dict[str, str]:
    """The environment variables that a node needs to behave like this machine."""
    names = ("LAB_", "TFDS_DATA_DIR", "MLFLOW_")
    return {name: value for name, value in os.environ.items() if name.startswith(names)}


def _file() -> Path:
    return workspace.folder() / "cluster.json"


def _connected() -> Any:
    try:
        import ray
    except ImportError:
        raise LabError(_NOT_INSTALLED) from None
    try:
        ray.init(address=address(), log_to_driver=False, logging_level=logging.WARNING)
    except Exception as error:  # ConnectionError, RuntimeError or ValueError, depending on the cause
        raise LabError(f"The Ray cluster at {address()} does not respond: {error}") from None
    return ray
