"""``python -m core runs``: all runs, newest first, and sweeps that cannot be read."""

from __future__ import annotations

import argparse
import json
from typing import Any

from core import runs, sweeps
from core.cli import arguments as shared
from core.cli.arguments import DONE
from core.cli.terminal import complain, say
from core.errors import LabError
from core.runs import Run
from core.words import interval, percent, visible


def add_to(commands: Any) -> None:
    """Add the command to an argument parser's commands."""
    command = commands.add_parser("runs", help="list all runs, newest first")
    shared.add_json(command, "print the list as JSON")
    command.set_defaults(command=show)


def show(arguments: argparse.Namespace) -> int:
    """Print the list of runs; sweeps that cannot be read are named on standard error."""
    for found in sweeps.damaged():
        complain(f"Sweep {found.id} is left out, but not its runs: {found.reason}")
    table = [_summary(run) for run in runs.all()]
    if arguments.json:
        print(json.dumps(table))
        return DONE
    for row in table:
        test = row["test_accuracy"]
        has_score = test and test["value"] is not None
        score = f"test {percent(test['value'])} ({interval(test['low'], test['high'])})" if has_score else ""
        source = visible(row["source"])
        say(f"{row['id']}  {row['state']:<12} {source:<20} {score}  {row['name']}")
    return DONE


def _summary(run: Run) -> dict[str, Any]:
    source, report = "", None
    try:
        status, config, report = run.overview()
        source = config.data.source
    except LabError:
        status = run.status
    return {
        "id": run.id,
        "name": run.labels.name,
        "path": str(run.path),
        "state": status.state,
        "source": source,
        "message": status.message,
        "val_accuracy": report.val_accuracy.model_dump() if report else None,
        "test_accuracy": report.test_accuracy.model_dump() if report else None,
    }
