"""What commands print for people to read; names in it come from other people's files."""

from __future__ import annotations

import sys

from core.words import printable


def say(*lines: object) -> None:
    """Print lines to standard output, without anything that commands the terminal."""
    print(*map(printable, map(str, lines)), sep="\n")


def complain(*lines: object) -> None:
    """Print lines to standard error, like :func:`say`."""
    print(*map(printable, map(str, lines)), sep="\n", file=sys.stderr)
