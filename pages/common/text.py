"""Text made safe for display."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Mapping

from core.words import visible

_PUNCTUATION = re.compile(r"([!-/:-@\[-`{-~])")
_LINK_START = re.compile(r"(?<=\\:)\\/\\/|(?<=www)\\\.|\\@", re.IGNORECASE)
"""What makes an address of the text around it, even where each of its letters is escaped."""


def literal(text: object) -> str:
    """Escape any text so that Markdown, LaTeX and Streamlit's directives show it literally, in one line.

    Class, file and run names come from other people's folders: ``![x](http://...)`` must not load an image,
    and ``http://...`` must not become a link. Streamlit turns addresses into links after it has read the
    escapes, so the part in the middle of one is set apart, as text in a colour that is none.
    """
    line = visible(" ".join(str(text).split()))
    escaped = _PUNCTUATION.sub(r"\\\1", line)
    return _LINK_START.sub(r":color[\g<0>]", escaped)


def distinct(labels: Mapping[str, str]) -> dict[str, str]:
    """Return labels by id, with the end of its id after each of those that are the same.

    A list to choose from answers with a label: of equal ones, the browser could choose only one.
    """
    times = Counter(labels.values())
    return {key: label if times[label] == 1 else f"{label} · {key[-6:]}" for key, label in labels.items()}


def entry_for_all(words: str, names: Collection[str]) -> str:
    """Return what stands for all names in a list to choose from: other words than any of the names."""
    while words in names:
        words = f"({words})"
    return words


def literal_path(text: object) -> str:
    """Escape a path like :func:`literal`, and let it wrap in a narrow column after slashes and the like."""
    return re.sub(r"(?<=[/_-])", "\N{ZERO WIDTH SPACE}", literal(text))
