"""Paths as systems and terminals paste them: in quotes, as a ``file://`` address, with escapes."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from difflib import get_close_matches
from pathlib import Path
from urllib.parse import unquote, urlsplit

from core.data.sources.catalogue import CATALOGUE
from core.errors import LabError

_QUOTES = ("''", '""', "``", "“”", "‘’", "„“", "«»", "<>")
_NETWORK = re.compile(r"[\\/]{2}")
_WINDOWS = re.compile(r"[A-Za-z]:[\\/]|\\\\[^\\]")


def understood(name: str) -> Path:
    """The path that a person means: as it is written where there is such a one, else as it may be meant.

    Raises:
        LabError: it is a path of another system, or no path at all.
    """
    try:
        readings = list(_readings(name))
        paths = [Path(one).expanduser().absolute() for one in readings]
        found = next((path for path in paths if path.exists()), paths[0])
    except (ValueError, OSError, RuntimeError) as error:
        raise LabError(f"{name!r} is not a valid folder name: {error}.") from None
    windows = next((one for one in readings if _WINDOWS.match(one)), "")
    if windows and os.name != "nt" and not found.exists():
        raise LabError(
            f"{windows} is a Windows path, but the lab runs on another system. Enter the path as that "
            "system has it (under WSL: /mnt/c/...), or upload the images."
        )
    return found


def is_on_network(name: str) -> bool:
    """Whether Windows would look for a path on another computer, as for ``\\\\host\\folder``, however pasted.

    Merely to look whether there is such a path makes Windows log in on that computer.
    """
    try:
        return any(_NETWORK.match(one.strip()) for one in _readings(name))
    except ValueError:
        return False


def suggestion(name: str) -> str:
    """A sentence that names the source somebody may have meant, or nothing."""
    known = {"garden": "garden", "digits": "digits"}
    known |= {entry.name: entry.source for entry in CATALOGUE}
    known |= {entry.name.partition("/")[0]: entry.source for entry in CATALOGUE} | known
    plain = re.sub(r"[ -]", "_", name.strip().casefold())
    close = [plain] if plain in known else get_close_matches(plain, known, 1, 0.8)
    return f" Did you mean {known[close[0]]}?" if close else ""


def _readings(name: str) -> Iterator[str]:
    """The name as it is, then without what was put around and into it."""
    yield name
    bare = _unquoted(name.strip())
    if bare.lower().startswith("file:"):
        address = urlsplit(bare)
        yield re.sub(r"^/(?=[A-Za-z]:)", "", unquote(address.path))
        return
    yield bare
    yield re.sub(r"\\(.)", r"\1", bare)
    yield unquote(bare)


def _unquoted(name: str) -> str:
    while len(name) > 1 and name[0] + name[-1] in _QUOTES:
        name = name[1:-1].strip()
    return name
