"""``python -m core sweep``: train many runs that differ in a few settings, on the training worker."""

from __future__ import annotations

import argparse
import json
import signal
import time
from collections.abc import Iterable
from typing import Any

import pandas as pd
from tqdm import tqdm

from core import config, engine, sweeps
from core.cli import arguments as shared
from core.cli.arguments import DONE, FAILED, INTERRUPTED
from core.cli.run import wanted_settings
from core.cli.terminal import say
from core.config import SETTINGS, RunConfig
from core.errors import LabError, WrongUsage
from core.sweeps.folder import Sweep
from core.training import fresh_data
from core.words import percent

POLL_SECONDS = 0.5


def add_to(commands: Any) -> None:
    """Add the command to an argument parser's commands."""
    sweep = commands.add_parser(
        "sweep", help="train with several values of some settings and compare the results"
    )
    shared.add_source(sweep)
    shared.add_settings(sweep, "a setting shared by all runs, e.g. fit.epochs=10")
    sweep.add_argument(
        "--vary",
        action="append",
        required=True,
        metavar="NAME=VALUE,VALUE",
        help="e.g. fit.learning_rate=0.001,0.0003; separate lists by semicolons: model.filters=16,32;32,64",
    )
    sweep.add_argument("--repeat", type=int, default=1, metavar="N", help="seeds per combination of settings")
    sweep.add_argument(
        "--way",
        choices=["grid", "random", "tpe"],
        default="grid",
        help="search method: every combination, random, or guided (TPE)",
    )
    sweep.add_argument(
        "--trials", type=int, default=0, metavar="N", help="number of combinations for random or tpe"
    )
    sweep.add_argument("--prune", action="store_true", help="stop unpromising runs early")
    sweep.add_argument("--name", default="", help="a name for the sweep")
    shared.add_json(sweep, "print all runs as JSON")
    sweep.set_defaults(command=run)


def run(arguments: argparse.Namespace) -> int:
    """Start a sweep, wait until it has finished and print its results."""
    sweep = _started(arguments)
    stopped = False

    def stop(*_: object) -> None:
        nonlocal stopped
        stopped = True

    signal.signal(signal.SIGINT, stop)
    with tqdm(disable=arguments.json or None, unit="run") as bar:
        while not _is_over(sweep, bar):
            if stopped and sweeps.open(sweep.id).state != "stopped":
                sweeps.stop(sweep)
            time.sleep(POLL_SECONDS)
    _print(sweeps.open(sweep.id), as_json=arguments.json)
    if stopped:
        return INTERRUPTED
    return DONE if all(run.status.state == "done" or run.status.pruned for run in sweep.runs) else FAILED


def values_from(assignments: Iterable[str], base: RunConfig) -> dict[str, tuple[Any, ...]]:
    """Parse the ``--vary`` arguments: dotted path to values.

    Raises:
        LabError: an argument has no ``=``, names no setting, or a value is invalid.
    """
    values: dict[str, tuple[Any, ...]] = {}
    for assignment in assignments:
        path, equals, text = assignment.partition("=")
        if not equals or path not in SETTINGS:
            raise LabError(
                f"--vary {assignment!r} does not name a setting with values; write it as "
                "fit.learning_rate=0.001,0.0003"
            )
        parts = text.split(";" if SETTINGS[path].kind is tuple else ",")
        values[path] = tuple(config.from_assignments([f"{path}={part}"], base).get(path) for part in parts)
    return values


def _started(arguments: argparse.Namespace) -> Sweep:
    if arguments.trials and arguments.way == "grid":
        raise WrongUsage("A grid tries every combination; for --trials, add --way random or --way tpe.")
    base = wanted_settings(arguments)
    fresh_data.refresh(arguments.source, version=base.data.version, quiet=arguments.json)
    try:
        return sweeps.start(
            base,
            values_from(arguments.vary, base),
            way=arguments.way,
            repeats=arguments.repeat,
            trials=arguments.trials,
            prune=arguments.prune,
            name=arguments.name,
        )
    except LabError as error:
        raise WrongUsage(str(error)) from None


def _is_over(sweep: Sweep, bar: Any) -> bool:
    sweeps.tend()
    engine.tend()
    sweep = sweeps.open(sweep.id)
    states = [run.status.state for run in sweep.runs]
    waiting = sum(state in ("queued", "starting", "running") for state in states)
    bar.total = max(len(states), sweep.trials * sweep.repeats)
    bar.n = len(states) - waiting
    bar.refresh()
    return sweep.state != "open" and not waiting


def _print(sweep: Sweep, *, as_json: bool) -> None:
    table = sweeps.table(sweep)
    if as_json:
        rows = json.loads(table.to_json(orient="records"))
        print(json.dumps({"id": sweep.id, "path": str(sweep.path), "runs": rows}))
        return
    for _, row in sweeps.choices(sweep, table).iterrows():
        say(_line(sweep, row))
    shares, caution = sweeps.importance(sweep)
    if shares:
        listed = ", ".join(f"{path} {percent(share, 0)}" for path, share in shares.items())
        say(f"share of the differences: {listed}{f' ({caution})' if caution else ''}")
    say(sweep.path)


def _line(sweep: Sweep, row: pd.Series[Any]) -> str:
    settings = " ".join(f"{path}={row[path]}" for path in sweep.values)
    if not row["n"]:
        return f"{settings}  no result"
    return f"{settings}  validation accuracy {sweeps.describe_score(row)}"
