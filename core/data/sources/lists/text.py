"""The text of a list, whichever program wrote it: its encoding, and its lines one by one."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from pathlib import Path

from core.errors import LabError
from core.words import byte_size

MAX_BYTES = 500_000_000
WESTERN = "cp1252"
"""What Excel writes on Windows in western countries when a person saves as plain CSV."""
_BOMS = {codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
_NOT_WESTERN = re.compile(rb"[\x80-\xff]{3}|[\x81\x8d\x8f\x90\x9d]|[\xc2\xc3][\x80-\xbf]")
"""Bytes that western text does not have: three letters with accents in a row, none, or letters of UTF-8."""
_CHUNK = 1 << 20


def encoding(path: Path, name: str) -> str:
    """How the text is encoded: by its mark (BOM), else UTF-8, else as Excel writes it.

    Raises:
        LabError: the file is too large or cannot be read, or its encoding is not known.
    """
    try:
        if path.stat().st_size > MAX_BYTES:
            raise LabError(f"{name} is larger than {byte_size(MAX_BYTES)}, too large for a list of images.")
        with path.open("rb") as file:
            head = file.read(4096)
            marked = next((known for mark, known in _BOMS.items() if head.startswith(mark)), "")
            return marked or _unmarked(head) or _by_content(path, name)
    except OSError as error:
        raise LabError(f"{name} could not be read: {error.strerror or error}.") from None


def lines(path: Path, name: str, encoded: str) -> Iterator[str]:
    """The lines with their ends, decoded one by one.

    Raises:
        LabError: a line cannot be decoded, or holds a NUL character; names the line.
    """
    number = 0
    try:
        with path.open(encoding=encoded, newline="") as file:
            for number, line in enumerate(file, 1):
                if "\0" in line:
                    raise LabError(
                        f"{name}, line {number}: it holds a NUL character, which no text has. "
                        "Save the list again as CSV (UTF-8)."
                    )
                yield line
    except UnicodeError:
        raise LabError(f"{name}, after line {number}: {_SAVE}") from None
    except OSError as error:
        raise LabError(f"{name} could not be read: {error.strerror or error}.") from None


_SAVE = "it is neither UTF-8 nor western text (Windows-1252). Save the list as CSV (UTF-8)."


def _unmarked(head: bytes) -> str:
    """UTF-16 without a mark: every second byte of Latin letters is 0."""
    even, odd = head[::2], head[1::2]
    for encoded, zeros, letters in (("utf-16-le", odd, even), ("utf-16-be", even, odd)):
        if zeros.count(0) > len(zeros) * 0.7 and 0 not in letters:
            return encoded
    return ""


def _by_content(path: Path, name: str) -> str:
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        for chunk in _chunks(path):
            decoder.decode(chunk)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        line = 1
        for chunk in _chunks(path):
            if match := _NOT_WESTERN.search(chunk):
                line += chunk.count(b"\n", 0, match.start())
                raise LabError(f"{name}, line {line}: {_SAVE}") from None
            line += chunk.count(b"\n")
        return WESTERN
    return "utf-8"


def _chunks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            yield chunk
