"""Ask the assistant: a second small process that explains and predicts while training goes on.

Nothing here imports TensorFlow. A page posts a request and looks for its answer whenever it is drawn;
the process is started on first use, warms up while the person still chooses, and leaves after idling.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import filelock
import numpy as np
from numpy.typing import NDArray

from core import files, workspace
from core.errors import LabError
from core.explain import heatmaps
from core.explain.heatmaps import Heatmap, Request
from core.explain.mailbox import Arrays, Mailbox
from core.processes import heartbeat, launch
from core.runs import Run
from core.words import duration

IDLE_SECONDS = 15 * 60.0
"""Without requests the process leaves after this long and gives TensorFlow's memory back."""
POLL_SECONDS = 0.01
SUDDEN_SECONDS = 3.0
"""A process that is gone this soon would die again if it were started again."""

Images = Sequence[str] | NDArray[np.uint8]
"""Ids of images in the run's data set, or uint8 (N, S, S, 3) of the size that the run was trained with."""


@dataclass(frozen=True)
class Ticket:
    """A request on its way; look at ``ready`` at least once a minute, or the request is forgotten."""

    id: str

    @property
    def ready(self) -> bool:
        """Whether :meth:`answer` returns, or raises, at once. Brings the process back if it died."""
        waiting = mailbox().is_waiting(self.id)
        if waiting:
            ensure_running()
        return not waiting

    def answer(self, timeout: float = 60.0) -> Arrays:
        """Wait at most ``timeout`` seconds for the answer.

        Raises:
            LabError: the request could not be carried out, or it took longer.
        """
        deadline = time.monotonic() + timeout
        while not self.ready:
            if time.monotonic() > deadline:
                raise LabError(f"The assistant has not answered within {duration(timeout)}; see {_log()}.")
            time.sleep(POLL_SECONDS)
        return mailbox().collect(self.id)


@dataclass(frozen=True)
class HeatmapTicket:
    """Heatmaps asked for; those the run has kept need no process at all."""

    run: Run
    requests: tuple[Request, ...]
    ticket: Ticket | None

    @property
    def ready(self) -> bool:
        """Whether :meth:`answer` returns, or raises, at once."""
        return self.ticket is None or self.ticket.ready

    def answer(self, timeout: float = 60.0) -> list[Heatmap]:
        """One map for each request, float32 (h, w) in [0, 1]; all zero: nothing spoke for the class.

        Raises:
            LabError: they could not be made, or it took longer than ``timeout`` seconds.
        """
        if self.ticket is not None:
            self.ticket.answer(timeout)
        maps = [heatmaps.kept(self.run, request) for request in self.requests]
        if any(heatmap is None for heatmap in maps):
            raise LabError(f"The heatmaps of {self.run.title} were removed while they were made; ask again.")
        return [heatmap for heatmap in maps if heatmap is not None]


def explain(run: Run, requests: Sequence[Request]) -> HeatmapTicket:
    """Heatmaps of images in the run's data set; only those that the run has not kept are made.

    Raises:
        LabError: the run has no model, or a damaged one.
    """
    missing = [request for request in requests if heatmaps.kept(run, request) is None]
    ids = [request.image_id for request in missing]
    wanted = [vars(request) for request in missing]
    ticket = ask("explain", run, ids, requests=wanted) if missing else None
    return HeatmapTicket(run, tuple(requests), ticket)


def explain_images(
    run: Run,
    images: NDArray[np.uint8],
    class_indices: Sequence[int],
    method: str = "grad_cam",
    layer: str = "",
) -> Ticket:
    """Heatmaps of any images (N, S, S, 3), one class each: answers ``heatmaps`` (N, h, w)."""
    return ask(
        "explain_images",
        run,
        images,
        class_indices=[int(i) for i in class_indices],
        method=method,
        layer=layer,
    )


def predict(run: Run, images: Images) -> Ticket:
    """The model's probabilities: answers ``probabilities`` (N, C) float32, rows sum to 1."""
    return ask("predict", run, images)


def activations(run: Run, images: Images, layer: str = "") -> Ticket:
    """The filters of a layer on the first image: answers ``activations`` (filters, h, w) in [0, 1]."""
    return ask("activations", run, images, layer=layer)


def trust(
    run: Run,
    images: Images,
    class_index: int,
    method: str = "grad_cam",
    layer: str = "",
    share: float = 0.1,
) -> Ticket:
    """Can the heatmap of the first image be trusted? See :mod:`core.ml.heatmap_checks`.

    Answers ``hot`` (S, S) bool: the hottest ``share`` of the image; ``before`` and ``after``: probability
    of the class before and after greying it out; ``elsewhere`` (10,): after greying out as much in random
    places; ``control`` (h, w): the heatmap of the same network with shuffled weights; ``similarity``: its
    rank correlation with the real one.
    """
    return ask("trust", run, images, class_index=int(class_index), method=method, layer=layer, share=share)


def features(run: Run) -> Ticket:
    """Make what :func:`core.explain.nearest_images.kept` then gives: the network's features of all images
    of the run.
    """
    return ask("features", run)


def ask(task: str, run: Run, images: Images = (), **arguments: Any) -> Ticket:
    """Post a request about a run of this workspace; see ``TASKS`` in :mod:`core.ml.assistant_tasks`."""
    ensure_running()
    values: dict[str, Any] = {"run": run.id, **arguments}
    if isinstance(images, np.ndarray):
        return Ticket(mailbox().post(task, values, images))
    return Ticket(mailbox().post(task, {**values, "image_ids": list(images)}))


def ensure_running(idle_seconds: float = IDLE_SECONDS) -> None:
    """Start the process unless it lives: cheap, and safe to call from two tabs at once.

    Raises:
        LabError: it cannot be started, or ended right after its start.
    """
    if is_running():
        return
    path = record_path()
    with files.explained(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        with filelock.FileLock(path.with_name("start.lock"), timeout=10):
            if not is_running():
                _start(path, idle_seconds)


def is_running() -> bool:
    """Whether the assistant's process lives."""
    return heartbeat.is_alive(_record())


def stop() -> None:
    """Send the process home; it first finishes what it is at."""
    files.remove(record_path())


def mailbox() -> Mailbox:
    """Where requests and answers lie."""
    return Mailbox(workspace.folder() / "assistant")


def record_path() -> Path:
    """Says which process answers; touched by it as its heartbeat, and removed to send it home."""
    return workspace.folder() / "assistant" / "worker.json"


def _start(path: Path, idle_seconds: float) -> None:
    if time.time() - _record().get("create_time", 0.0) < SUDDEN_SECONDS:
        raise LabError(f"The assistant ended right after its start. {_log()} says why; then try again.")
    child = launch.start_detached("core.ml.assistant_worker", [str(idle_seconds)], _log())
    files.write_json(path, heartbeat.identity(child.pid))


def _record() -> dict[str, Any]:
    path = record_path()
    try:
        record = files.read_model(path, heartbeat.Identity)
        return {**asdict(record), "heartbeat": path.stat().st_mtime}
    except (LabError, FileNotFoundError):
        return {}


def _log() -> Path:
    return workspace.folder() / "assistant" / "log.txt"
