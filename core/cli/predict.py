"""``python -m core predict``: what a trained model says about image files."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from core import runs
from core.cli import arguments as shared
from core.cli.arguments import DONE, FAILED
from core.cli.terminal import say
from core.export import csv_tables
from core.notebook import predict_files
from core.prediction.sureness import AIM, AIMS
from core.prediction.table import in_words


def add_to(commands: Any) -> None:
    """Add the command to an argument parser's commands."""
    command = commands.add_parser("predict", help="predict the classes of images with a trained model")
    command.add_argument("run", help="a run's id, as python -m core runs lists them, or its folder")
    command.add_argument("files", nargs="+", metavar="FILE", help="image files, or folders of them")
    command.add_argument(
        "--aim",
        type=float,
        choices=AIMS,
        default=AIM,
        help="how often an answer that is called sure must be right",
    )
    form = command.add_mutually_exclusive_group()
    form.add_argument("--csv", action="store_true", help="print a table as CSV, for a spreadsheet")
    shared.add_json(form, "print a list as JSON")
    command.set_defaults(command=run)


def run(arguments: argparse.Namespace) -> int:
    """Predict, and print an answer per file; fails if no file could be read as an image."""
    paths = [Path(file) for file in arguments.files]
    predicted = predict_files.predict(runs.find(arguments.run), paths, aim=arguments.aim)
    if arguments.csv:
        sys.stdout.buffer.write(csv_tables.csv(predicted.table()))
    elif arguments.json:
        print(predicted.table().to_json(orient="records"))
    else:
        each = zip(predicted.names, predicted.found, strict=True)
        say(*(in_words(*one, predicted.class_names) for one in each))
        say("", *predicted.judge.promises())
    return FAILED if all(isinstance(found, str) for found in predicted.found) else DONE
