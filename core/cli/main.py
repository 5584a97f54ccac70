"""The command line, ``python -m core COMMAND``: see :data:`COMMANDS`.

Exit codes: 0 success, 1 failure (standard error says why), 2 invalid arguments, 3 the data set is not ready
for training or can be read in several ways, 130 interrupted from the keyboard.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from core.cli import export, map, more_images, predict, prepare, run, runs, suspects, sweep
from core.cli.arguments import FAILED, INTERRUPTED, UNFIT, WRONG_USAGE
from core.cli.terminal import complain
from core.errors import LabError, Undecided, WrongUsage
from core.processes import ctrl_c

COMMANDS = (prepare, run, runs, predict, export, map, suspects, sweep, more_images)


def main(argv: Sequence[str] | None = None) -> int:
    """Execute one command and return its exit code."""
    try:
        ctrl_c.interrupts()
        arguments = _parser().parse_args(argv)
        exit_code: int = arguments.command(arguments)
    except Undecided as question:
        complain(question, "Choose one with --layout NAME.")
        return UNFIT
    except LabError as error:
        complain(error)
        return WRONG_USAGE if isinstance(error, WrongUsage) else FAILED
    except KeyboardInterrupt:
        return INTERRUPTED
    return exit_code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m core", description="Train, evaluate and understand image classifiers."
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for command in COMMANDS:
        command.add_to(commands)
    return parser
