"""Client of the assistant: a second, small process that explains and predicts while training continues.

Nothing here imports TensorFlow. A page posts a request and checks for the answer on every rerun. The
process starts on first use, warms up while the user is still choosing, and exits when idle.
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
from core.explain.nearest_images import Kind
from core.processes import heartbeat, launch
from core.runs import Run
from core.words import duration

IDLE_SECONDS = 15 * 60.0
"""The process exits after this long without requests, releasing TensorFlow's memory."""
POLL_SECONDS = 0.01
SUDDEN_SECONDS = 3.0
"""A process that ends this soon after starting would end again if restarted."""

Images = Sequence[str] | NDArray[np.uint8]
"""Ids of images in the run's data set, or uint8 (N, S, S, 3) of the size the run was trained on."""


@dataclass(frozen=True)
class Ticket:
    """A pending request; check ``ready`` at least once a minute, or the request is dropped."""

    id: str

    @property
    def ready(self) -> bool:
        """Whether :meth:`answer` returns or raises immediately. Restarts the process if it died."""
        waiting = mailbox().is_waiting(self.id)
        if waiting:
            ensure_running()
        return not waiting

    def answer(self, timeout: float = 60.0) -> Arrays:
        """Wait at most ``timeout`` seconds for the answer.

        Raises:
            LabError: the request failed or timed out.
        """
        deadline = time.monotonic() + timeout
        while not self.ready:
            if time.monotonic() > deadline:
                raise LabError(f"The assistant has not answered within {duration(timeout)}; see {_log()}.")
            time.sleep(POLL_SECONDS)
        return mailbox().collect(self.id)


@dataclass(frozen=True)
class HeatmapTicket:
    """Requested heatmaps; those stored in the run need no process."""

    run: Run
    requests: tuple[Request, ...]
    ticket: Ticket | None

    @property
    def ready(self) -> bool:
        """Whether :meth:`answer` returns or raises immediately."""
        return self.ticket is None or self.ticket.ready

    def answer(self, timeout: float = 60.0) -> list[Heatmap]:
        """Return one map per request, float32 (h, w) in [0, 1]; all zeros means no evidence for the class.

        Raises:
            LabError: they could not be computed, or not within ``timeout`` seconds.
        """
        if self.ticket is not None:
            self.ticket.answer(timeout)
        maps = [heatmaps.kept(self.run, request) for request in self.requests]
        if any(heatmap is None for heatmap in maps):
            raise LabError(
                f"The heatmaps of {self.run.title} were removed while they were being computed. Try again."
            )
        return [heatmap for heatmap in maps if heatmap is not None]


def explain(run: Run, requests: Sequence[Request]) -> HeatmapTicket:
    """Request heatmaps of images in the run's data set; only those not stored yet are computed.

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
    """Request heatmaps of any images (N, S, S, 3), one class each; the answer is ``heatmaps`` (N, h, w)."""
    return ask(
        "explain_images",
        run,
        images,
        class_indices=[int(i) for i in class_indices],
        method=method,
        layer=layer,
    )


def predict(run: Run, images: Images, kind: Kind = "own") -> Ticket:
    """Request predictions: ``probabilities`` (N, C), whose rows sum to 1, and ``features`` (N, D), float32.

    The features are of the same kind as those of :func:`features`.
    """
    return ask("predict", run, images, kind=kind)


def activations(run: Run, images: Images, layer: str = "") -> Ticket:
    """Request a layer's activations on the first image; answer: ``activations`` (filters, h, w) in [0, 1]."""
    return ask("activations", run, images, layer=layer)


def trust(
    run: Run,
    images: Images,
    class_index: int,
    method: str = "grad_cam",
    layer: str = "",
    share: float = 0.1,
) -> Ticket:
    """Request the checks of the first image's heatmap, see :mod:`core.ml.heatmap_checks`.

    The answer holds ``hot`` (S, S) bool: the hottest ``share`` of the image; ``before`` and ``after``: the
    class's probability before and after greying it out; ``elsewhere`` (10,): the same after greying out
    as much in random positions; ``control`` (h, w): the heatmap of the same network with shuffled weights;
    ``similarity``: its rank correlation with the real heatmap.
    """
    return ask("trust", run, images, class_index=int(class_index), method=method, layer=layer, share=share)


def features(run: Run, kind: Kind = "own") -> Ticket:
    """Request the features of all images of the run, for :func:`core.explain.nearest_images.kept`."""
    return ask("features", run, kind=kind)


def ask(task: str, run: Run, images: Images = (), **arguments: Any) -> Ticket:
    """Post a request about a run of this workspace; see ``TASKS`` in :mod:`core.ml.assistant_tasks`."""
    ensure_running()
    values: dict[str, Any] = {"run": run.id, **arguments}
    if isinstance(images, np.ndarray):
        return Ticket(mailbox().post(task, values, images))
    return Ticket(mailbox().post(task, {**values, "image_ids": list(images)}))


def ensure_running(idle_seconds: float = IDLE_SECONDS) -> None:
    """Start the process unless it is running; cheap, and safe to call from two tabs at once.

    Raises:
        LabError: it cannot be started, or ended right after starting.
    """
    if is_running():
        return
    path = record_path()
    with files.explained(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with filelock.FileLock(path.with_name("start.lock"), timeout=10):
                if not is_running():
                    _start(path, idle_seconds)
        except filelock.Timeout:  # an OSError too, which would be explained as a full disk
            raise LabError("The assistant is being started by another process. Try again.") from None


def is_running() -> bool:
    """Return whether the assistant's process is running."""
    return heartbeat.is_alive(_record())


def stop() -> None:
    """Stop the process; it finishes the current request first."""
    files.remove(record_path())


def mailbox() -> Mailbox:
    """Return the mailbox that holds requests and answers."""
    return Mailbox(workspace.folder() / "assistant")


def record_path() -> Path:
    """Return the path of the process's record: touched as a heartbeat, removed to stop the process."""
    return workspace.folder() / "assistant" / "worker.json"


def _start(path: Path, idle_seconds: float) -> None:
    if heartbeat.age(_record()) < SUDDEN_SECONDS:
        raise LabError(
            f"The assistant ended right after starting. See {_log()} for the reason, then try again."
        )
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
