"""Text made safe for display."""

from __future__ import annotations

import re

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


def literal_path(text: object) -> str:
    """Escape a path like :func:`literal`, and let it wrap in a narrow column after slashes and the like."""
    return re.sub(r"(?<=[/_-])", "\N{ZERO WIDTH SPACE}", literal(text))
