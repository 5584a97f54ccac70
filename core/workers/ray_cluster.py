"""Carries out queued runs on a Ray cluster. Needs requirements-ray.txt.

With an address kept for the workspace, or in ``LAB_RAY_ADDRESS`` (or ``RAY_ADDRESS``), the one training
worker of this machine does not train but hands each run to Ray, which places it where ``LAB_RAY_CPUS``
processors and ``LAB_RAY_GPUS`` GPUs are free. Each does the same as ``python -m core.worker RUN_DIR`` at
home, on the same folder, which all nodes share. So its state, its curves and its stop file are where they
always are, and a run whose node is lost is placed anew by Ray and goes on from its checkpoint.
"""

from __future__ import annotations

import importlib.util
import logging
import os
import re
import threading
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from core import engine, files, runs, sweeps, workspace
from core.errors import LabError
from core.runs import Run

POLL_SECONDS = 0.2
LOST_SECONDS = 45.0
"""For a run that was placed anew, until the file lock of a lost node is given up at the latest."""
_VARIABLES = ("LAB_RAY_ADDRESS", "RAY_ADDRESS")
_ADDRESS = re.compile(r"auto|(ray://)?[\w.-]+:\d{1,5}|(ray://)?\[[0-9a-fA-F:]+\]:\d{1,5}")
_NOT_INSTALLED = "Ray is not installed; pip install -r requirements-ray.txt, and start the lab again."

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class _Cluster:
    """cluster.json: where the cluster is; empty for this machine alone."""

    address: str = ""


def address() -> str:
    """Where the cluster is; empty for this machine alone."""
    variable = from_environment()
    if variable:
        return os.environ[variable]
    try:
        return files.read_model(_file(), _Cluster, missing=_Cluster()).address
    except LabError:  # damaged: as if there were none
        return ""


def from_environment() -> str:
    """The name of the environment variable that says where the cluster is, or nothing."""
    return next((name for name in _VARIABLES if os.environ.get(name)), "")


def keep_address(text: str) -> None:
    """Train the runs of this workspace on the cluster at this address from now on; empty: on this machine.

    Raises:
        LabError: it is no address, Ray is not installed, or it cannot be written.
    """
    text = text.strip()
    if text and not _ADDRESS.fullmatch(text):
        raise LabError(
            f"{text[:80]!r} is not the address of a Ray cluster, which is host:port, ray://host:port or auto."
        )
    if text and not is_installed():
        raise LabError(_NOT_INSTALLED)
    files.write_json(_file(), {"address": text})


def is_installed() -> bool:
    """Whether Ray is there."""
    return importlib.util.find_spec("ray") is not None


def serve(terminating: threading.Event) -> bool:
    """Hand queued runs to the cluster, oldest first, until there has been none for a while.

    Returns:
        Whether it ended because the address has changed, and another process has to go on.

    Raises:
        LabError: Ray is not installed, or the cluster does not answer.
    """
    try:
        ray = _connected()
    except LabError as error:
        for run in engine.queue():
            run.write_status(replace(run.status, message=str(error)))
        raise
    wanted = {"num_cpus": _wanted("CPU"), "num_gpus": _wanted("GPU")}
    # A process of its own for each run: TensorFlow's memory grows, and Ray ends none by its size.
    place = ray.remote(**wanted, max_retries=-1, max_calls=1)(_carry_out)
    under_way: dict[Any, Run] = {}
    idle_since, at_first, has_moved = time.monotonic(), address(), False
    while not terminating.is_set() and time.monotonic() - idle_since < engine.IDLE_SECONDS:
        for task in ray.wait(list(under_way), timeout=0)[0] if under_way else []:
            _note_end(ray, task, under_way.pop(task))
        has_moved = address() != at_first
        if has_moved and not under_way:
            break
        claimed = engine.claim() if len(under_way) < _places(ray) and not has_moved else None
        if claimed is not None:
            under_way[place.remote(str(claimed.path), _environment())] = claimed
        elif has_moved or len(under_way) >= _places(ray) or not sweeps.advance(at_once=_places(ray)):
            time.sleep(POLL_SECONDS)
        if under_way:
            idle_since = time.monotonic()
    ray.shutdown()
    return has_moved and not terminating.is_set()


def _carry_out(path: str, environment: dict[str, str]) -> str:
    """What a node does: a run, in Ray's own process. A child would outlive a node that is killed."""
    os.environ.update(environment)
    from core import worker

    deadline = time.monotonic() + LOST_SECONDS
    while True:
        try:
            return worker.carry_out(runs.open_folder(Path(path))).state
        except worker.Taken:  # by a lost node, whose lock may be held for a moment
            if time.monotonic() > deadline:
                raise
            time.sleep(1.0)


def _note_end(ray: Any, task: Any, run: Run) -> None:
    try:
        log.info("run %s: %s", run.id, ray.get(task))
    except Exception as error:  # whatever Ray says of a task that it could not carry out
        log.error("run %s: %s", run.id, error)
        if run.status.waiting or run.status.state == "interrupted":
            message = f"The cluster could not carry it out: {str(error).splitlines()[0][:300]}"
            run.write_status(replace(run.status, state="failed", message=message))


def _places(ray: Any) -> int:
    """How many runs the cluster can train at the same time."""
    there = ray.cluster_resources()
    wanted = {kind: _wanted(kind) for kind in ("CPU", "GPU")}
    return max(1, int(min(there.get(kind, 0) / number for kind, number in wanted.items() if number)))


def _wanted(kind: str) -> float:
    """Processors or GPUs for one run: ``LAB_RAY_CPUS`` (2) and ``LAB_RAY_GPUS`` (0)."""
    text = os.environ.get(f"LAB_RAY_{kind}S") or {"CPU": "2", "GPU": "0"}[kind]
    try:
        return float(text)
    except ValueError:
        raise LabError(f"LAB_RAY_{kind}S is a number, not {text!r}.") from None


def _environment() -> dict[str, str]:
    """What a node must know to do the same as this machine."""
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
    except Exception as error:  # ConnectionError, RuntimeError, ValueError, by what is wrong
        raise LabError(f"The Ray cluster at {address()} does not answer: {error}") from None
    return ray
