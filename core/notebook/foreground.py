"""Train in the foreground: with a progress bar, and with Ctrl-C to stop and keep the best epoch."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from core import config as settings_of
from core import datasets, more_images, run_names, runs, worker
from core.backbones import BACKBONES
from core.config import PRESETS, RunConfig
from core.data import sources
from core.errors import LabError, Stopped
from core.more_images import Answer, Study
from core.runs import Labels, Run, Status, Submission
from core.training import fresh_data, memory_estimate, progress_bar
from core.training.memory_estimate import ShortOfMemory

if TYPE_CHECKING:
    from core.ml.networks import Networks


def train(
    source: str,
    *,
    preset: str,
    name: str,
    layout: str,
    settings: Mapping[str, Any],
    despite_memory: bool = False,
) -> Run:
    """Create a run and carry it out until it has a report, see :func:`core.train`."""
    config = settled_config(source, preset=preset, layout=layout, settings=settings)
    if not despite_memory:
        _check_memory(config)
    run = runs.create(
        config,
        Labels(name=name or run_names.proposed(config)),
        submission=Submission(despite_memory=despite_memory),
    )
    status = carry_out(run)
    if not run.has_report:
        reason = f"{status.message} {status.hint}".strip()
        kind = Stopped if status.state == "stopped" else LabError
        raise kind(f"Run {run.id} has no result (state: {status.state}). {reason}")
    return run


def _check_memory(config: RunConfig) -> None:
    try:
        memory_estimate.check_free(config)
    except ShortOfMemory as error:
        raise LabError(f"{error} To try it all the same, pass despite_memory=True.") from None


def carry_out(run: Run, *, quiet: bool = False, networks: Networks | None = None) -> Status:
    """Carry out a run with a progress bar, or without one if ``quiet``; Ctrl-C asks it to stop.

    Returns:
        The final status, see :func:`core.worker.carry_out`.
    """
    with progress_bar.progress_bar(quiet=quiet) as bar, _ctrl_c_stops(run):
        return worker.carry_out(run, watch=partial(_show, bar, run), networks=networks)


def measure_more_images(study: Study, *, quiet: bool = False) -> Answer:
    """Carry out the missing runs of a study, and say whether more images would help.

    Ctrl-C ends the run in progress; a later call continues there.

    Raises:
        LabError: a run failed; says why.
    """
    from core.ml.networks import Networks

    existing, networks = study.runs(), Networks()
    for config in study.configs():
        run = existing.get(config)
        if run is not None and run.status.state == "done":
            continue
        if run is None:
            run = runs.create(config, more_images.labels(study, config))
        elif run.status.waiting:
            raise LabError(f"{run.title} is {run.status.state} in the app. Let it finish there, or stop it.")
        run.forget_stop()
        status = carry_out(run, quiet=quiet, networks=networks)
        if status.state == "stopped":
            break
        if status.state != "done":
            raise LabError(f"{run.title} has no result. {status.message} {status.hint}".strip())
    return more_images.answer(more_images.curve(study.runs().values()))


def settled_config(source: str, *, preset: str, layout: str, settings: Mapping[str, Any]) -> RunConfig:
    """Prepare a data set as far as needed, and return the settings for it, see :func:`wanted_config`."""
    config = wanted_config(source, preset, settings)  # an invalid setting is reported before images are read
    fresh_data.settle(config.data.source, layout, version=config.data.version)
    return wanted_config(source, preset, settings)


def wanted_config(source: str, preset: str, settings: Mapping[str, Any]) -> RunConfig:
    """Return the settings that a run on a data set starts from, with some of them changed.

    Args:
        preset: "" for the one that suits the network.
        settings: values by short or dotted name; Python or NumPy types.

    Raises:
        LabError: there is no such data set, preset or setting, a setting is given twice, or a value is
            invalid.
    """
    changes = _by_path(settings)
    if not preset:
        preset = "transfer" if changes.get("model.network") in BACKBONES else "tutorial"
    if preset not in PRESETS:
        raise LabError(f"There is no preset {preset!r}. Available: {', '.join(PRESETS)}.")
    base = datasets.starting_config(sources.resolve(source).name, preset)
    return base.replace(changes)


def _by_path(settings: Mapping[str, Any]) -> dict[str, Any]:
    changes: dict[str, Any] = {}
    for name, value in settings.items():
        path = settings_of.find_path(name)
        if path == "data.source" or path in changes:
            raise LabError(f"The setting {path} is given twice. Remove one of them.")
        changes[path] = value.tolist() if isinstance(value, np.generic | np.ndarray) else value
    return changes


@contextmanager
def _ctrl_c_stops(run: Run) -> Iterator[None]:
    """Let the first Ctrl-C ask the run to stop, and the second interrupt immediately, as by default.

    Python delivers signals only to the main thread, so this does nothing in other threads.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.getsignal(signal.SIGINT) or signal.SIG_DFL  # None if it was not set by Python

    def stop(*_: object) -> None:
        signal.signal(signal.SIGINT, before)
        run.ask_to_stop()

    signal.signal(signal.SIGINT, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _show(bar: Any, run: Run, status: Status) -> None:
    progress_bar.show_training(bar, status, stopping=run.stop_requested)
