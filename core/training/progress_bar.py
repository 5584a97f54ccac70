"""A progress bar in the terminal or in a notebook."""

from __future__ import annotations

import sys
from typing import NoReturn

from tqdm.auto import tqdm

from core.runs import Status
from core.words import duration, visible


def progress_bar(*, quiet: bool = False) -> tqdm[NoReturn]:
    """Return a bar that ``n`` fills from 0 to 1; hidden if ``quiet`` or if the output is not interactive.

    A notebook counts as interactive, although its output is not a terminal.
    """
    in_notebook = "ipykernel" in sys.modules
    disable = quiet if in_notebook else quiet or None
    return tqdm(disable=disable, bar_format="{desc} {percentage:3.0f}%|{bar}| {postfix}", total=1.0)


def show_training(bar: tqdm[NoReturn], status: Status, *, stopping: bool = False) -> None:
    """Show the progress of a run."""
    if status.state == "starting" or not status.batches:
        bar.set_description_str(visible(status.message or status.state))
        return
    done = status.epoch - 1 + status.batch / status.batches
    bar.n = 1.0 if status.state == "done" else max(done, 0) / max(status.epochs, 1)
    bar.set_description_str("stopping" if stopping else f"epoch {status.epoch} of {status.epochs}")
    speed = f"{status.images_per_second:.0f} images/s" if status.images_per_second else ""
    left = f"{duration(status.seconds_left)} left" if status.seconds_left is not None else ""
    bar.set_postfix_str(" ".join(filter(None, (speed, left))))
