"""Numbers and names as a person reads them."""

from __future__ import annotations

import re
from datetime import datetime

NO_BREAK = "\u00a0"
_PUNCTUATION = re.compile(r"([!-/:-@\[-`{-~])")


def literal(text: object) -> str:
    """Any text so that Markdown, LaTeX and Streamlit's own directives show it letter by letter.

    Class, file and run names come from other people's folders: ``![x](http://...)`` must not load a picture.
    """
    return _PUNCTUATION.sub(r"\\\1", " ".join(str(text).split()))


def percent(value: float | None, digits: int = 1) -> str:
    """``0.692`` as ``69.2 %``, never torn apart at the end of a line; a dash where there is no value."""
    return "–" if value is None else f"{100 * value:.{digits}f}{NO_BREAK}%"


def interval(low: float | None, high: float | None) -> str:
    """The ends of an interval as ``64.3 to 73.7 %``; a dash where there is none."""
    return "–" if low is None or high is None else f"{100 * low:.1f} to {100 * high:.1f}{NO_BREAK}%"


def duration(seconds: float | None) -> str:
    """``75`` as ``1 min 15 s``; a dash where there is no value."""
    if seconds is None:
        return "–"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {rest} s" if minutes else f"{seconds:.1f} s" if seconds < 10 else f"{rest} s"


def moment(timestamp: float) -> str:
    """A time of day in this machine's zone, as ``24 Nov 2026, 09:12``."""
    return f"{datetime.fromtimestamp(timestamp):%-d %b %Y, %H:%M}"


def count(number: int, thing: str) -> str:
    """``count(1, "picture")`` is ``1 picture``, ``count(2, "picture")`` is ``2 pictures``."""
    return f"{number:,} {thing}" if number == 1 else f"{number:,} {thing}s"
