"""Learning curves that update during training, fixed in size and scale so that nothing jumps."""

from __future__ import annotations

from core.runs import Run, Status
from pages.common import learning_curves

_EPOCHS_PER_STEP = 10
"""Epochs by which the axis of a long training run grows at a time."""


def show(run: Run, status: Status) -> None:
    """Show accuracy and loss of the finished epochs: means of whole epochs, which do not jump."""
    history = run.metrics()
    learning_curves.show(
        learning_curves.frame({"": [history]}),
        last_epoch=max(1, min(status.epochs, _EPOCHS_PER_STEP * (len(history) // _EPOCHS_PER_STEP + 1))),
        key=run.id,
    )
