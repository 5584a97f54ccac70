"""``python -m core more-images``: would more images help?"""

from __future__ import annotations

import argparse
import json
from typing import Any

from core.cli import arguments as shared
from core.cli.arguments import DONE, INTERRUPTED
from core.cli.run import settled_settings
from core.cli.terminal import say
from core.more_images import SEEDS, SHARES, Answer, Study


def add_to(commands: Any) -> None:
    """Add the command to an argument parser's commands."""
    command = commands.add_parser(
        "more-images",
        help="train on a quarter, a half and all of the training images, and say whether more would help",
    )
    shared.add_source(command)
    shared.add_layout(command)
    shared.add_settings(command, "a setting shared by all runs, e.g. fit.epochs=10")
    command.add_argument(
        "--seeds", type=int, default=SEEDS, metavar="N", help="runs on each share of the images, at least 2"
    )
    shared.add_json(command, "print the answer and all scores as JSON")
    command.set_defaults(command=run)


def run(arguments: argparse.Namespace) -> int:
    """Carry out the runs that are missing, and print the answer."""
    from core.notebook import foreground

    config = settled_settings(arguments)
    study = Study(config, SHARES, arguments.seeds)
    answer = foreground.measure_more_images(study, quiet=arguments.json)
    if arguments.json:
        print(json.dumps(_facts(answer)))
    else:
        say(answer)
    return DONE if study.is_finished else INTERRUPTED


def _facts(answer: Answer) -> dict[str, Any]:
    facts = {"answer": answer.kind, "sentence": answer.sentence, "gain_of_twice_the_images": answer.gain}
    scores = answer.curve.table().to_dict("records")
    return {**facts, "low": answer.low, "high": answer.high, "images": answer.curve.held_out, "runs": scores}
