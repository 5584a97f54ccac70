"""Arguments and exit codes shared by several commands."""

from __future__ import annotations

import argparse

from core import config
from core.processes import ctrl_c

DONE, FAILED, WRONG_USAGE, UNFIT, INTERRUPTED = 0, 1, 2, 3, ctrl_c.INTERRUPTED
DEFAULT_PRESET = "tutorial"


def add_source(command: argparse.ArgumentParser, nargs: str | None = None) -> None:
    """Add the data set as the first argument."""
    command.add_argument(
        "source", nargs=nargs, help="garden, digits, tfds:NAME, or a folder with one subfolder per class"
    )


def add_layout(command: argparse.ArgumentParser) -> None:
    """How the files are to be read."""
    command.add_argument(
        "--layout",
        default="",
        metavar="NAME",
        help="which way to read the files where several are possible; auto takes a choice back",
    )


def add_settings(command: argparse.ArgumentParser, meaning: str) -> None:
    """The preset to start from, and settings that differ from it."""
    command.add_argument(
        "--preset", choices=list(config.PRESETS), default=DEFAULT_PRESET, help="starting point"
    )
    command.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help=meaning)


def add_json(command: argparse.ArgumentParser, help_text: str) -> None:
    """Add the option for machine-readable output."""
    command.add_argument("--json", action="store_true", help=help_text)
