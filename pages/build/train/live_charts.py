"""Learning curves that update during training, fixed in size and scale so that nothing jumps."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from core.report import Epoch
from core.runs import Run, Status
from pages.common import learning_curves

_EPOCHS_PER_STEP = 10
"""Epochs by which the axis of a long training run grows at a time."""


def show(run: Run, status: Status) -> None:
    """Show accuracy and loss by epoch, including the training figures of the current epoch."""
    history = run.metrics()
    learning_curves.show(
        learning_curves.frame({"": [with_current_epoch(history, status)]}),
        last_epoch=max(1, min(status.epochs, _EPOCHS_PER_STEP * (len(history) // _EPOCHS_PER_STEP + 1))),
        key=run.id,
    )


def with_current_epoch(history: Sequence[Epoch], status: Status) -> list[Epoch]:
    """Return the finished epochs and the current one, whose number has a fraction that marks its progress."""
    if status.state != "running" or not status.batches or status.epoch <= len(history):
        return list(history)
    current = {"accuracy": status.accuracy, "loss": status.loss}
    epoch = status.epoch - 1 + status.batch / status.batches
    return [*history, cast("Epoch", {"epoch": epoch, **current})]
