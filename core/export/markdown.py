"""Text from other people's files in Markdown documents: shown as it is, never as a link, an image or HTML."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from core.words import visible

_SIGNS = re.compile(r"([\\`*_\[\]<>|~$&@]|:(?=//)|(?<=www)\.)", re.IGNORECASE)
"""What means something inside a line: emphasis, links, HTML, formulas, cells, addresses."""


def escaped(text: object) -> str:
    """Return text in one line with every sign escaped that Markdown or HTML would read as its own.

    For use inside a line: what only counts at its start, such as a hyphen, stays.
    """
    return _SIGNS.sub(r"\\\1", visible(" ".join(str(text).split())))


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return a table; its cells are shown as they are."""
    lines = [head, ["---"] * len(head), *([escaped(cell) for cell in row] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
