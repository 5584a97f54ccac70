"""The files of a data set, each with its class: what a source finds, placed as its layout says."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from core.data.sources import class_names, layout, layout_choices, layout_sentences
from core.data.sources.class_names import natural
from core.data.sources.layout import PLAIN, Layout, LeftAside, Reading
from core.data.sources.layout_words import is_image, may_be_image
from core.errors import Candidate, LabError, Undecided
from core.words import listed


@dataclass(frozen=True)
class Found:
    """A file by its place below the root; ``problem`` is a plain reason why it is not even opened.

    ``name`` is what a person calls it, where that is not its place. ``group`` is what its source says that
    it belongs to, a patient or a burst of photos, "" where the source says nothing.
    """

    file: str
    label: str = ""
    source_split: str = ""
    bytes: int = 0
    modified: int = 0
    problem: str = ""
    name: str = ""
    group: str = ""

    @property
    def shown(self) -> str:
        """What a person calls it."""
        return self.name or self.file


@dataclass(frozen=True)
class Scan:
    """All files that may be images in a stable order, the classes, and how the files were read.

    ``candidates`` are the ways to read them, the likeliest first; ``is_plain`` means that nothing about the
    reading need be said: each folder is a class and nothing was left aside.
    """

    found: list[Found]
    class_names: tuple[str, ...]
    read_as: str = ""
    left_aside: tuple[LeftAside, ...] = ()
    candidates: tuple[Candidate, ...] = ()
    is_plain: bool = True


LISTED = "a list of files"
"""How an upload that names the classes itself is read."""


class NoSuchLayout(LabError):
    """The files cannot be read in the way that was chosen."""


def read(every: Sequence[Found], root: Path | None, *, is_folder: bool) -> Reading:
    """The ways to read files by their names, and by the pixels of a few that may be masks."""
    reading = layout.read(one.shown for one in every if not one.problem)
    files = {one.shown: root / one.file for one in every} if root and reading.pairs else {}
    reading = layout_choices.with_pairs(reading, files)
    return reading if is_folder else layout_choices.with_data_sets_inside(reading)


def arrange(
    where: str,
    found: Iterable[Found],
    aside: Mapping[str, str] | None = None,
    chosen: str = "",
    root: Path | None = None,
    *,
    is_folder: bool = True,
) -> Scan:
    """Give each file its class as the layout says.

    Args:
        where: what a person calls the data set, for the sentences.
        found: all files, without classes.
        aside: what the source has left aside already: what it is, by its name.
        chosen: the name of the layout, "" for the one that is plainly meant.
        root: the folder that the files lie in, to look at the pixels of a few.
        is_folder: whether a folder among the files can be chosen by its path instead of ``where``.

    Raises:
        Undecided: more than one layout is possible and none is chosen; names them all.
        NoSuchLayout: the chosen one is none of them.
        LabError: there are no classes.
    """
    every = list(found)
    reading = read(every, root, is_folder=is_folder)
    how = _choose(where, reading, chosen)
    left = {**(aside or {}), **reading.aside, **how.aside}
    places = [(one, _placed(one, how)) for one in every if one.shown not in left]
    placed = [at for _, at in places if at is not None]
    holders = _holders(placed)
    kept: list[Found] = []
    for one in placed:
        reason = "" if one.problem or one.label else _without_class(one, holders)
        if reason and reason != _LOOSE:
            left[one.shown] = reason
        else:
            kept.append(one if not reason else replace(one, problem=reason))
    left |= {one.shown: "no image" for one, at in places if at is None and one.shown not in left}
    return replace(labelled(kept, how, left), candidates=layout_sentences.candidates(reading))


MIN_CLASSES = 2
_LOOSE = "is not in a class folder"


def labelled(
    found: Iterable[Found],
    how: Layout | None = None,
    aside: Mapping[str, str] | None = None,
    how_in_words: str = LISTED,
) -> Scan:
    """The scan of files that know their classes: spellings of one class are made one.

    ``how_in_words`` says how they were read where no layout does. A class without training images, where the
    source gives splits, cannot be learned and is left aside.
    """
    every = list(found)
    names = class_names.merged(one.label for one in every if one.label)
    merged = [replace(one, label=names.get(one.label, "")) for one in every]
    untaught = _without_training(merged)
    more = {one.shown: untaught[one.label] for one in merged if one.label in untaught}
    left = layout_sentences.summary({**(aside or {}), **more})
    merged = [one for one in merged if one.label not in untaught]
    in_order = tuple(sorted({one.label for one in merged if one.label}, key=natural))
    splits = {one.source_split for one in merged}
    words = (
        layout_sentences.in_words(how, in_order, splits) if how else f"{how_in_words}, {_classes(in_order)}"
    )
    remarks = (class_names.merges_in_words(names), layout_sentences.aside_in_words(left))
    return Scan(
        sorted(merged, key=lambda one: one.file),
        in_order,
        "; ".join(filter(None, (words, *remarks))) + ".",
        left,
        is_plain=not any(remarks) and (how.name == PLAIN if how else how_in_words == LISTED),
    )


def _without_training(found: Iterable[Found]) -> dict[str, str]:
    """Why a class cannot be learned, for each that the source keeps for validation or test alone."""
    splits: dict[str, set[str]] = {}
    for one in found:
        if one.label and not one.problem:
            splits.setdefault(one.label, set()).add(one.source_split)
    if sum("train" in present for present in splits.values()) < MIN_CLASSES:
        return {}
    return {
        label: f"class {label} has no training images"
        for label, present in splits.items()
        if not present & {"train", ""}
    }


def _classes(names: Collection[str]) -> str:
    return f"{'classes' if len(names) > 1 else 'class'} {listed(list(names), 6)}"


def _placed(one: Found, how: Layout) -> Found | None:
    """The file with its class and split; None for one that is no image and has no class."""
    place = how.place(tuple(one.shown.split("/")))
    if one.problem and not may_be_image(one.shown):
        return None
    if place is not None and may_be_image(one.shown):
        return replace(one, label=place.label, source_split=place.split)
    return one if one.problem or is_image(one.shown) else None


def _holders(placed: Iterable[Found]) -> set[str]:
    """All folders that hold an image with a class, at whatever depth."""
    holders = {""}
    for one in placed:
        folder = one.shown.rpartition("/")[0]
        while one.label and folder not in holders:
            holders.add(folder)
            folder = folder.rpartition("/")[0]
    return holders


def _without_class(one: Found, holders: set[str]) -> str:
    folder = one.shown.rpartition("/")[0]
    return _LOOSE if folder in holders else f"images without a class in {folder}"


def _choose(where: str, reading: Reading, chosen: str) -> Layout:
    by_name = {one.name: one for one in reading.layouts}
    subject = where[:1].upper() + where[1:]
    if chosen in by_name:
        return by_name[chosen]
    if not by_name:
        raise LabError(
            f"{subject} contains no class folders. Put the images of each class into a separate folder, "
            "for example flowers/roses and flowers/tulips, and choose the folder flowers."
        )
    if chosen:
        raise NoSuchLayout(f"{subject} has no layout {chosen!r}; it may be read as {listed(list(by_name))}.")
    if reading.is_clear:
        return reading.layouts[0]
    raise Undecided(
        layout_sentences.question(where, reading),
        layout_sentences.candidates(reading),
        tuple(f"{where}/{name}" for name in reading.data_sets[: layout_choices.MAX_DATA_SETS]),
    )
