"""Heatmaps of a run's worst mistakes, made while the worker has nothing else to do, before anyone asks."""

from __future__ import annotations

import logging
from collections import deque

from core.evaluation import confusion
from core.explain import heatmaps
from core.explain.heatmaps import Request
from core.runs import Run

MISTAKES = 10
"""As many as Results shows first."""
_MAX_RUNS = 5
"""Of a long queue, only the newest runs: the others are seldom opened."""

log = logging.getLogger(__name__)


class HeatmapsAhead:
    """What is left to make, a map at a time, so that a run that is queued meanwhile waits for one at most."""

    def __init__(self) -> None:
        self._runs: deque[Run] = deque(maxlen=_MAX_RUNS)
        self._left: deque[tuple[Run, Request]] = deque()

    def add(self, run: Run) -> None:
        """Remember a run that has ended; one without a result is left out."""
        if run.has_report:
            self._runs.append(run)

    def make_one(self) -> bool:
        """Make the next heatmap and store it in its run; return whether there was anything to do."""
        if not self._left and not self._runs:
            return False
        run = self._left[0][0] if self._left else self._runs.pop()
        try:
            if self._left:
                _make(*self._left.popleft())
            else:
                self._left.extend((run, request) for request in of_worst_mistakes(run))
        except Exception as error:  # images gone, no memory left: never a reason to end the worker
            log.info("run %s has no heatmaps made ahead: %s", run.id, error)
            self._left.clear()
        return True


def of_worst_mistakes(run: Run) -> list[Request]:
    """Return the heatmaps of the most confident mistakes that are not made yet: of both classes of each.

    Raises:
        LabError: the run has no predictions or no model.
    """
    test = run.predictions("test")
    requests = [
        Request(str(test.ids[mistake.row]), index)
        for mistake in confusion.worst(test, limit=MISTAKES)
        for index in (mistake.predicted, mistake.true)
    ]
    return [request for request in requests if heatmaps.kept(run, request) is None]


def _make(run: Run, request: Request) -> None:
    from core.ml import assistant_tasks  # deferred: it loads TensorFlow, which the worker has by then

    assistant_tasks.explain(run, [request])
