"""``python -m core run``: train in the foreground."""

from __future__ import annotations

import argparse
import contextlib
import json
from typing import Any

from core import datasets, engine, quality, run_names, runs
from core.cli import arguments as shared
from core.cli import watcher
from core.cli.arguments import DEFAULT_PRESET, DONE, FAILED, INTERRUPTED
from core.cli.terminal import complain, say
from core.config import RunConfig, from_assignments
from core.errors import LabError, WrongUsage
from core.evaluation.headline import balanced, but_never, one_answer
from core.runs import Labels, Run, Submission
from core.training import fresh_data, memory_estimate
from core.training.memory_estimate import ShortOfMemory
from core.words import visible

MORE_EPOCHS = 10


def add_to(commands: Any) -> None:
    """Add the command to an argument parser's commands."""
    command = commands.add_parser("run", help="train in the foreground; prints the run's folder last")
    shared.add_source(command, nargs="?")
    command.add_argument(
        "--from", dest="continues", default="", metavar="RUN", help="train on: continue this finished run"
    )
    command.add_argument(
        "--epochs", type=int, metavar="N", help=f"with --from: how many more epochs (default: {MORE_EPOCHS})"
    )
    shared.add_layout(command)
    shared.add_settings(command, "for example fit.epochs=10")
    command.add_argument("--name", default="", help="the run's name; by default, what differs from the last")
    command.add_argument(
        "--despite-memory", action="store_true", help="train even if memory may run out, as far as is known"
    )
    shared.add_json(command, "print the run's report as JSON")
    command.set_defaults(command=train)


def wanted_settings(arguments: argparse.Namespace) -> RunConfig:
    """Return the settings; arguments override the data set's own settings, and these the preset.

    Raises:
        WrongUsage: a setting is invalid; says which.
    """
    try:
        assignments = [*arguments.set, f"data.source={arguments.source}"]
        return from_assignments(assignments, datasets.starting_config(arguments.source, arguments.preset))
    except LabError as error:
        raise WrongUsage(str(error)) from None


def settled_settings(arguments: argparse.Namespace) -> RunConfig:
    """Prepare the data set as far as needed, and return the settings for it, see :func:`wanted_settings`."""
    config = wanted_settings(arguments)  # an invalid setting is reported before the images are read
    fresh_data.settle(arguments.source, arguments.layout, version=config.data.version, quiet=arguments.json)
    return wanted_settings(arguments)


def train(arguments: argparse.Namespace) -> int:
    """Train and print the result."""
    from core.notebook import foreground

    run = _continued(arguments) if arguments.continues else _new(arguments)
    with watcher.watched(run):
        status = foreground.carry_out(run, quiet=arguments.json)
    if status.message:
        complain(f"{status.message} {status.hint}".strip())
    _print_run(run, as_json=arguments.json)
    return {"done": DONE, "stopped": INTERRUPTED}.get(status.state, FAILED)


def _new(arguments: argparse.Namespace) -> Run:
    if not arguments.source:
        raise WrongUsage("Name a data set to train on, or a run to continue with --from.")
    if arguments.epochs is not None:
        setting = f"--set fit.epochs={arguments.epochs}"
        raise WrongUsage(f"--epochs goes with --from; for a new run, write {setting}.")
    config = settled_settings(arguments)
    _check_memory(config, despite=arguments.despite_memory)
    _warn_if_unfit(config)
    submission = Submission(despite_memory=arguments.despite_memory)
    return runs.create(
        config, Labels(name=arguments.name or run_names.proposed(config)), submission=submission
    )


def _check_memory(config: RunConfig, *, despite: bool) -> None:
    try:
        memory_estimate.check_free(config)
    except ShortOfMemory as error:
        if not despite:
            raise LabError(f"{error} To try it all the same, add --despite-memory.") from None


def _continued(arguments: argparse.Namespace) -> Run:
    """Create the continuation of a run, whose data set and settings stay as they are."""
    if arguments.source or arguments.set or arguments.layout or arguments.preset != DEFAULT_PRESET:
        raise WrongUsage("--from continues a run with its own data set and settings; give only --epochs.")
    submission = Submission(despite_memory=arguments.despite_memory)
    epochs = MORE_EPOCHS if arguments.epochs is None else arguments.epochs
    run = engine.create_continuation(runs.open(arguments.continues), epochs, submission)
    if arguments.name:
        run.relabel(name=arguments.name)
    return run


def _warn_if_unfit(config: RunConfig) -> None:
    """Say on standard error that results on this data mean little; the run goes ahead, as asked for."""
    source = config.data.source
    with contextlib.suppress(LabError):  # the run itself says what is wrong with its data
        found = quality.check(datasets.open(source, config.data.version), config.data)
        if not found.fit:
            anyway = f"Training anyway. For the findings: python -m core prepare {visible(source)}"
            complain(found.verdict, anyway)


def _print_run(run: Run, *, as_json: bool) -> None:
    report = run.report()
    if as_json:
        figures = report.model_dump(mode="json", exclude={"schema_version"}) if report else {}
        print(json.dumps({"id": run.id, "path": str(run.path), "state": run.status.state, **figures}))
        return
    if report is not None:
        test = report.test_accuracy
        result = f"test accuracy {test}{but_never(report)}"
        say(*filter(None, [result, one_answer(report), balanced(report)]))
    say(run.path)
