"""Train in this process while a person looks on: a progress bar, and Ctrl-C that keeps the best epoch."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import Any

import numpy as np

from core import config as settings_of
from core import runs, worker
from core.config import PRESETS, RunConfig
from core.data import sources
from core.errors import LabError
from core.runs import Labels, Run, Status
from core.training import progress_bar


def train(source: str, *, preset: str, name: str, settings: Mapping[str, Any]) -> Run:
    """A new run from its settings to its report, see :func:`core.train`."""
    run = runs.create(wanted_config(source, preset, settings), Labels(name=name))
    status = carry_out(run)
    if not run.has_report:
        reason = f"{status.message} {status.hint}".strip()
        raise LabError(f"Run {run.id} has no result, it is {status.state}. {reason}")
    return run


def carry_out(run: Run, *, quiet: bool = False) -> Status:
    """Carry out a run with a progress bar, or without if ``quiet``; Ctrl-C asks it to stop.

    Returns:
        The last status, see :func:`core.worker.carry_out`.
    """
    with progress_bar.progress_bar(quiet=quiet) as bar, _ctrl_c_stops(run):
        return worker.carry_out(run, watch=partial(_show, bar, run))


def wanted_config(source: str, preset: str, settings: Mapping[str, Any]) -> RunConfig:
    """A preset on a data set, with some settings changed.

    Args:
        settings: by short or dotted name; values may be Python's or NumPy's.

    Raises:
        LabError: there is no such data set, preset or setting, a setting is given twice, or a value does
            not fit.
    """
    if preset not in PRESETS:
        raise LabError(f"There is no preset {preset!r}; the presets are: {', '.join(PRESETS)}.")
    base = RunConfig().replace({"data.source": sources.resolve(source).name})
    return settings_of.preset(preset, base).replace(_by_path(settings))


def _by_path(settings: Mapping[str, Any]) -> dict[str, Any]:
    changes: dict[str, Any] = {}
    for name, value in settings.items():
        path = settings_of.find_path(name)
        if path == "data.source" or path in changes:
            raise LabError(f"The setting {path} is given twice; leave one out.")
        changes[path] = value.tolist() if isinstance(value, np.generic | np.ndarray) else value
    return changes


@contextmanager
def _ctrl_c_stops(run: Run) -> Iterator[None]:
    """The first Ctrl-C asks the run to stop; a second one interrupts at once, as if nothing were here.

    Python delivers signals to the main thread alone, so elsewhere there is nothing to do.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.getsignal(signal.SIGINT) or signal.SIG_DFL  # None if it was not set by Python

    def stop(*_: object) -> None:
        run.ask_to_stop()
        signal.signal(signal.SIGINT, before)

    signal.signal(signal.SIGINT, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _show(bar: Any, run: Run, status: Status) -> None:
    progress_bar.show_training(bar, status, stopping=run.stop_requested)
