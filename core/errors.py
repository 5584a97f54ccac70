"""Errors whose messages are meant for users."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass


class LabError(Exception):
    """An error whose message says what is wrong, where, and what to do about it.

    Pages show the message unchanged; the command line prints it and exits with 1.
    Any other exception is a bug in the lab and is logged with its traceback.
    """


def in_one_line(error: Exception) -> str:
    """What a library says of a damaged file, as part of a sentence: on one line, and not endless."""
    return textwrap.shorten(str(error), 300, placeholder=" …") or type(error).__name__


class Stopped(LabError):
    """The work stopped on request."""


class Diverged(LabError):
    """The loss became NaN or infinite; ``hint`` names the setting to change."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.hint = hint


class NoWeights(LabError):
    """Pretrained weights are not on this machine and cannot be downloaded.

    ``reason`` is a clause that a sentence can end with; ``remedy`` are sentences.
    """

    def __init__(self, reason: str, remedy: str = "") -> None:
        super().__init__(f"{reason[:1].upper()}{reason[1:]}. {remedy}".rstrip())
        self.reason = reason


class InvalidSettings(LabError):
    """Settings are invalid, or do not go together; ``paths`` are their dotted paths."""

    def __init__(self, message: str, paths: tuple[str, ...]) -> None:
        super().__init__(message)
        self.paths = paths


class WrongUsage(LabError):
    """The arguments are invalid; the command line exits with 2."""


@dataclass(frozen=True)
class Candidate:
    """One way to read a data set: the name that chooses it, a plain description, and some of its files.

    ``examples`` are (file, class, split); the class is "" where the file would be left aside, the split ""
    where the source gives none.
    """

    name: str
    what: str
    examples: tuple[tuple[str, str, str], ...] = ()


class Undecided(LabError):
    """A data set can be read in several ways and a person has to choose; the command line exits with 3.

    ``candidates`` are the ways to read it, the likeliest first; ``data_sets`` are paths that may have been
    meant instead. The name of a candidate is given as ``layout`` to whatever asked.
    """

    def __init__(
        self, question: str, candidates: tuple[Candidate, ...], data_sets: tuple[str, ...] = ()
    ) -> None:
        self.question = question
        self.candidates = candidates
        self.data_sets = data_sets
        lines = [f"{question} Possible layouts:"]
        for one in candidates:
            lines.append(f"  {one.name}: {one.what}")
            lines += [f"    {file}: {_meant(label, split)}" for file, label, split in one.examples]
        if data_sets:
            lines.append(f"Or did you mean {' or '.join(data_sets)}?")
        super().__init__("\n".join(lines))


def _meant(label: str, split: str) -> str:
    if not label:
        return "left aside"
    return f"class {label}, {split}" if split else f"class {label}"
