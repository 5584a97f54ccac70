"""What several commands share: their words and their exit codes."""

from __future__ import annotations

import argparse

from core import config

DONE, FAILED, WRONG_USAGE, UNFIT, INTERRUPTED = 0, 1, 2, 3, 130


def add_source(command: argparse.ArgumentParser) -> None:
    """The data set, as the first word."""
    command.add_argument("source", help="garden, digits, tfds:NAME or a folder with one folder per class")


def add_settings(command: argparse.ArgumentParser, meaning: str) -> None:
    """The preset to start from, and settings that differ from it."""
    command.add_argument("--preset", choices=list(config.PRESETS), default="tutorial", help="starting point")
    command.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help=meaning)


def add_json(command: argparse.ArgumentParser, meaning: str) -> None:
    """Print for programs instead of people."""
    command.add_argument("--json", action="store_true", help=meaning)
