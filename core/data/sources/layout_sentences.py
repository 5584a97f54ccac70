"""A data set's layout in words: how it was read, what was left aside, and what there is to choose."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from functools import partial

from core.data.sources.layout import SHOWN, Layout, LeftAside, Parts, Reading
from core.errors import Candidate
from core.words import SPLIT_NAMES, count, listed

MAX_NAMES = 500
"""So many of the names of files left aside are kept for a list, the same number of each kind."""
_TRIED = 1000


def question(where: str, reading: Reading) -> str:
    """Why a person has to choose."""
    if reading.pairs:
        return (
            f"Nearly every JPEG in {where} has another file of the same name beside it, which may be its "
            "mask or an image of its own."
        )
    if reading.data_sets and len(reading.layouts) == 1:
        return f"{where} seems to hold several data sets."
    return f"It is not clear how to read {where}."


def candidates(reading: Reading) -> tuple[Candidate, ...]:
    """The layouts with some of their files, for a person to choose from.

    Among the files is one that shows how the layouts differ.
    """
    images = sorted(reading.images)
    last = len(images) - 1
    some = [images[index] for index in sorted({last * number // (SHOWN - 1) for number in range(SHOWN)})]
    telling = max(images[:: len(images) // _TRIED | 1], key=partial(_outcomes, reading))
    if _outcomes(reading, telling) > max(_outcomes(reading, parts) for parts in some):
        some = sorted([*some[:-1], telling])
    return tuple(
        Candidate(one.name, one.what, tuple(_example(one, parts) for parts in some))
        for one in reading.layouts
    )


def _outcomes(reading: Reading, parts: Parts) -> int:
    return len({_example(one, parts) for one in reading.layouts})


def _example(layout: Layout, parts: Parts) -> tuple[str, str, str]:
    file = "/".join(parts)
    place = None if file in layout.aside else layout.place(parts)
    return file, place.label if place else "", place.split if place else ""


def in_words(layout: Layout, class_names: Sequence[str], splits: Iterable[str]) -> str:
    """``training and test folders, classes cats and dogs``."""
    present = set(splits)
    known = [words for split, words in SPLIT_NAMES.items() if split in present]
    sorted_into = f"{listed(known)} folder{'s' if len(known) > 1 else ''}, " if known else ""
    how = "" if known else f"{layout.what}, "
    return f"{sorted_into}{how}{'classes' if len(class_names) > 1 else 'class'} {listed(class_names, 6)}"


def summary(aside: Mapping[str, str]) -> tuple[LeftAside, ...]:
    """What was left aside, counted by kind."""
    names: defaultdict[str, list[str]] = defaultdict(list)
    for path, kind in aside.items():
        names[kind].append(path)
    kept = max(SHOWN, MAX_NAMES // max(len(names), 1))
    return tuple(
        LeftAside(kind, len(paths), tuple(sorted(paths)[:kept])) for kind, paths in sorted(names.items())
    )


def aside_in_words(left: Sequence[LeftAside]) -> str:
    """``3 others left aside (no image: README.md; a mask beside its image: 1.png, 2.png)``."""
    if not left:
        return ""
    kinds = "; ".join(
        f"{one.kind}: {', '.join(one.names[:SHOWN])}{', ...' if one.count > SHOWN else ''}" for one in left
    )
    return f"{count(sum(one.count for one in left), 'other')} left aside ({kinds})"


def without_names(read_as: str, left: Sequence[LeftAside]) -> str:
    """How a data set was read, without the names of files left aside, which are listed elsewhere."""
    words = aside_in_words(left)
    return read_as.replace(words, words.partition(" (")[0]) if words else read_as
