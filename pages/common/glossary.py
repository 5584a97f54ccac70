"""The glossary: every setting and every figure of the lab in plain words, used wherever they appear.

The words are in ``glossary.toml``, beside this module.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from urllib.parse import quote

from pydantic import TypeAdapter

from core.config import SETTINGS
from pages.common import addresses

_PAGES = {
    "data": addresses.DATA,
    "train": addresses.TRAIN,
    "results": addresses.RESULTS,
    "explain": addresses.EXPLAIN,
    "compare": addresses.COMPARE,
}


@dataclass(frozen=True)
class Entry:
    """A word: what it means, the page on which it is set or shown, and the name of its drawing, if any."""

    text: str
    word: str = ""
    page: Literal["data", "train", "results", "explain", "compare"] = "train"
    drawing: str = ""

    @property
    def address(self) -> str:
        """The address of the page."""
        return _PAGES[self.page]


def _read() -> dict[str, Entry]:
    content = (Path(__file__).parent / "glossary.toml").read_text(encoding="utf-8")
    entries = TypeAdapter(dict[str, Entry]).validate_python(tomllib.loads(content))
    return {key: _setting(key, entry) if key in SETTINGS else entry for key, entry in entries.items()}


def _setting(path: str, entry: Entry) -> Entry:
    setting = SETTINGS[path]
    return Entry(f"{setting.help} {entry.text}", setting.label, "train", entry.drawing)


ENTRIES = _read()
"""Every entry by its key: the path of a setting, or a figure's name in small letters."""


def help_of(key: str) -> str:
    """Return an entry's text as the help of a figure, with a link to the glossary."""
    return f"{ENTRIES[key].text} [All words]({addresses.WORDS_PATH}?{addresses.WORD_KEY}={quote(key)})"


def found(words: str) -> Iterator[tuple[str, Entry]]:
    """Yield the entries that contain all the words, by title; all entries for no words."""
    wanted = words.lower().split()
    for key, entry in sorted(ENTRIES.items(), key=lambda item: item[1].word.lower()):
        text = f"{key} {entry.word} {entry.text}".lower()
        if all(word in text for word in wanted):
            yield key, entry
