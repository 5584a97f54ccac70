"""When two spellings of a class are one class, and the order in which classes are listed."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping

from core.words import visible


def natural(name: str) -> tuple[list[tuple[int, str]], str]:
    """Sorting key that puts class 2 before class 10; ``1`` and ``01`` are ordered by the name itself."""
    parts = re.split(r"(\d+)", name.casefold())
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in parts], name


def class_key(name: str) -> str:
    """The same for spellings of one class: blanks, case and the way accents are written do not count.

    Single letters keep their case: ``A`` and ``a`` are two classes of handwriting.
    """
    plain = " ".join(unicodedata.normalize("NFC", name).split())
    return plain if len(plain) == 1 else unicodedata.normalize("NFC", plain.casefold())


def merged(labels: Iterable[str]) -> dict[str, str]:
    """The name of its class for each spelling: the one that most images have, composed and visible."""
    by_key: dict[str, Counter[str]] = {}
    for label, number in Counter(labels).items():
        by_key.setdefault(class_key(label), Counter())[label] += number
    return {spelling: _chosen(spellings) for spellings in by_key.values() for spelling in spellings}


def merges_in_words(names: Mapping[str, str]) -> str:
    """``"CAT", "Cat" and "cat" are one class``, for spellings that differ in more than their encoding."""
    spellings: dict[str, list[str]] = {}
    for spelling, name in sorted(names.items()):
        written = unicodedata.normalize("NFC", spelling)
        if written not in spellings.setdefault(name, []):
            spellings[name].append(written)
    several = [all_of for all_of in spellings.values() if len(all_of) > 1]
    return "; ".join(
        ", ".join(f'"{one}"' for one in all_of[:-1]) + f' and "{all_of[-1]}" are one class'
        for all_of in several
    )


def _rank(name: str) -> tuple[int, str]:
    """Of spellings that are as frequent, the one with the fewest capitals."""
    return sum(map(str.isupper, name)), name


def _chosen(spellings: Counter[str]) -> str:
    most = min(
        spellings, key=lambda name: (-spellings[name], name != name.strip(), natural(name)[0], _rank(name))
    )
    name = unicodedata.normalize("NFC", most)
    return visible(name.strip() if len(spellings) > 1 else name)
