"""Text as the screen shows it."""

from __future__ import annotations

import re

_PUNCTUATION = re.compile(r"([!-/:-@\[-`{-~])")


def literal(text: object) -> str:
    """Any text so that Markdown, LaTeX and Streamlit's own directives show it letter by letter.

    Class, file and run names come from other people's folders: ``![x](http://...)`` must not load an image.
    """
    return _PUNCTUATION.sub(r"\\\1", " ".join(str(text).split()))
