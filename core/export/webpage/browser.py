"""The browser that a web page is tried in, where there is one."""

from __future__ import annotations

import shutil
from importlib.util import find_spec

_NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome", "msedge")


def path() -> str | None:
    """The path of Chromium or one of its kind; None if there is none or Playwright is not installed."""
    if find_spec("playwright") is None:
        return None
    return next(filter(None, map(shutil.which, _NAMES)), None)
