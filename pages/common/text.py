"""Text made safe for display."""

from __future__ import annotations

import re

_PUNCTUATION = re.compile(r"([!-/:-@\[-`{-~])")


def literal(text: object) -> str:
    """Escape any text so that Markdown, LaTeX and Streamlit's directives show it literally.

    Class, file and run names come from other people's folders: ``![x](http://...)`` must not load an image.
    """
    return _PUNCTUATION.sub(r"\\\1", " ".join(str(text).split()))


def literal_path(text: object) -> str:
    """Escape a path like :func:`literal`, and let it wrap in a narrow column after slashes and the like."""
    return re.sub(r"(?<=[/_-])", "\N{ZERO WIDTH SPACE}", literal(text))
