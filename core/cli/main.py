"""The lab without a screen: ``python -m core prepare | run | runs | suspects | sweep``.

Exit codes: 0 all is well, 1 it failed and a sentence on standard error says why, 2 the words of the
command are wrong, 3 the data set is not fit to train on, 130 stopped from the keyboard.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from core.cli import prepare, run, runs, suspects, sweep
from core.cli.arguments import FAILED, INTERRUPTED, WRONG_USAGE
from core.errors import LabError, WrongUsage

COMMANDS = (prepare, run, runs, suspects, sweep)


def main(words: Sequence[str] | None = None) -> int:
    """Carry out one command and return its exit code."""
    arguments = _parser().parse_args(words)
    try:
        exit_code: int = arguments.command(arguments)
    except LabError as error:
        print(error, file=sys.stderr)
        return WRONG_USAGE if isinstance(error, WrongUsage) else FAILED
    except KeyboardInterrupt:
        return INTERRUPTED
    return exit_code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m core", description="Train and understand image classifiers."
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for command in COMMANDS:
        command.add_to(commands)
    return parser
