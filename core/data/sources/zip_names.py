"""The names of a zip archive's members: many programs write them without saying in which encoding."""

from __future__ import annotations

import unicodedata
import zipfile
from collections.abc import Sequence

_UTF8_FLAG = 0x800


def decoded(members: Sequence[zipfile.ZipInfo]) -> dict[str, str]:
    """The name of each member by the name that ``zipfile`` gives it, composed (NFC) as people write it.

    Names without the UTF-8 flag are UTF-8 where all of them are valid UTF-8, as macOS writes them; else the
    old western code page whose letters make words: that of DOS, which the format prescribes, or of Windows.
    """
    raw = {m.orig_filename: _bytes(m) for m in members if not m.flag_bits & _UTF8_FLAG}
    encoding = _encoding([one for one in raw.values() if one is not None and not one.isascii()])
    names = {m.orig_filename: m.filename for m in members}
    names |= {name: one.decode(encoding) for name, one in raw.items() if one is not None}
    return {name: unicodedata.normalize("NFC", text) for name, text in names.items()}


def _bytes(member: zipfile.ZipInfo) -> bytes | None:
    try:
        return member.orig_filename.encode("cp437")
    except UnicodeEncodeError:
        return None


def _encoding(names: list[bytes]) -> str:
    possible = [one for one in ("utf-8", "cp437", "cp850", "cp1252") if _fits(names, one)]
    if not names or possible[0] == "utf-8":
        return "utf-8" if names else "cp437"
    return max(possible, key=lambda encoding: sum(_plausible(name.decode(encoding)) for name in names))


def _fits(names: list[bytes], encoding: str) -> bool:
    try:
        return all(name.decode(encoding) is not None for name in names)
    except UnicodeDecodeError:
        return False


def _plausible(name: str) -> int:
    """Letters count for a reading; signs, and capitals after small letters, against it."""
    score = 0
    for before, letter in zip(" " + name, name, strict=False):
        if letter.isascii():
            continue
        odd = not letter.isalpha() or letter in "ªºƒ" or (letter.isupper() and before.islower())
        score += -2 if odd else 1
    return score
