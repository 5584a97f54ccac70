"""Learning curves while they grow: of fixed size and scale, so that nothing jumps when a value comes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from core.runs import Run, Status
from pages.common import learning_curves

_EPOCHS_A_STEP = 10
"""The axis of a long training grows by so many epochs at a time."""


def show(run: Run, status: Status) -> None:
    """Accuracy and loss, training and validation, by epoch; the current epoch's training figures too."""
    history = run.metrics()
    learning_curves.show(
        learning_curves.frame({"": [with_current_epoch(history, status)]}),
        last_epoch=max(1, min(status.epochs, _EPOCHS_A_STEP * (len(history) // _EPOCHS_A_STEP + 1))),
        key=run.id,
    )


def with_current_epoch(history: Sequence[Mapping[str, Any]], status: Status) -> list[Mapping[str, Any]]:
    """The finished epochs and the one under way, whose number has a fraction: as far as it has come."""
    if status.state != "running" or not status.batches or status.epoch <= len(history):
        return list(history)
    epoch = status.epoch - 1 + status.batch / status.batches
    return [*history, {"epoch": epoch, "accuracy": status.accuracy, "loss": status.loss}]
