"""Whether the classes of a data set are in its folders or in a list that lies in it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from core.data.sources import layout, layout_choices, layout_sentences, scan
from core.data.sources.class_names import class_key
from core.data.sources.layout import Reading
from core.data.sources.layout_words import is_plain_folder, may_be_image
from core.data.sources.lists import offers
from core.data.sources.lists.layouts import ListLayout
from core.data.sources.lists.offers import Offer
from core.data.sources.scan import Found, NoSuchLayout, Scan
from core.errors import LabError, Undecided
from core.processes.threads import Progress, ShouldStop, never, silent
from core.words import listed

_MIN_COVERED = 0.5
_UNLISTED = "an image that the list does not name"


def arrange(
    where: str,
    root: Path,
    found: Iterable[Found],
    aside: Mapping[str, str] | None = None,
    chosen: str = "",
    progress: Progress = silent,
    should_stop: ShouldStop = never,
    *,
    is_folder: bool = True,
) -> Scan:
    """Give each file its class, as its folder or a list among the files says.

    A list is taken where no folders are classes; where they are and the list says something else, a person
    has to choose.

    Args:
        where: what a person calls the data set, for the sentences.
        root: where the files lie.
        found: all files, without classes.
        aside: what the source has left aside already: what it is, by its name.
        chosen: the name of the layout, "" for the one that is plainly meant.
        progress: told how many images were found.
        should_stop: asked while lists are read.
        is_folder: whether a folder among the files can be chosen by its path instead of ``where``.

    Raises:
        Undecided: more than one way is possible and none is chosen; names them all.
        NoSuchLayout: the chosen one is none of them.
        LabError: there are no classes.
        Stopped: ``should_stop`` returned True.
    """
    every = list(found)
    if not any(map(offers.may_be_list, every)):
        return scan.arrange(where, every, aside, chosen, root, is_folder=is_folder)
    reading = scan.read(every, root, is_folder=is_folder)
    offer = offers.offered(root, every, layout.masks_in(reading), should_stop)
    folders = _classes_by_folder(reading)
    if chosen:
        how = _chosen(where, reading, offer, chosen)
    else:
        how = _clear(where, every, reading, folders, offer, should_stop)
    ways = {one.name: one for one in (*offer.layouts, *filter(None, [how]))}
    by_list = tuple(one.candidate() for one in ways.values())
    if how is None:
        by_folder = scan.arrange(where, every, aside, chosen, root, is_folder=is_folder)
        return replace(by_folder, candidates=by_folder.candidates + by_list)
    left = {**(aside or {}), **reading.aside, **offer.aside}
    others = layout_sentences.candidates(reading) if folders else ()
    return replace(_by_list(how, every, left, progress, should_stop), candidates=by_list + others)


def _by_list(
    how: ListLayout,
    every: Sequence[Found],
    aside: Mapping[str, str],
    progress: Progress,
    should_stop: ShouldStop,
) -> Scan:
    listed_images = how.read(progress, should_stop)
    files, lists = {one.file for one in listed_images}, {member.table.name for member in how.members}
    used = lists | {one.shown for one in every if one.file in files}
    others = [one for one in every if one.shown not in used and may_be_image(one.shown)]
    left = {shown: what for shown, what in aside.items() if shown not in used}
    left |= {one.shown: _UNLISTED for one in others if not one.problem and one.shown not in left}
    kept = [*listed_images, *(one for one in others if one.problem)]
    return scan.labelled(kept, aside=left, how_in_words=how.what)


def _clear(
    where: str,
    every: Sequence[Found],
    reading: Reading,
    folders: Mapping[str, str],
    offer: Offer,
    should_stop: ShouldStop,
) -> ListLayout | None:
    """The list that is plainly meant, None where the folders are; raises Undecided where neither is."""
    ways = offer.layouts
    problem = offer.problem or ("" if reading.layouts else offer.stranger)
    if problem and not ways and not folders:
        raise LabError(problem)
    if not ways:
        return None
    if folders:
        classes = {one.file: folders[one.shown] for one in every if one.shown in folders}
        if not offer.is_clear or _agree(classes, ways[0], should_stop):
            return None
    elif offer.is_clear:
        return ways[0]
    by_folder = layout_sentences.candidates(reading) if folders else ()
    raise Undecided(
        f"It is not clear how to read {where}.",
        (*by_folder, *(one.candidate() for one in ways)),
        tuple(f"{where}/{name}" for name in reading.data_sets[: layout_choices.MAX_DATA_SETS]),
    )


def _chosen(where: str, reading: Reading, offer: Offer, chosen: str) -> ListLayout | None:
    how = offer.chosen(chosen)
    names = [one.name for one in reading.layouts]
    if how is None and offer.layouts and chosen not in names:
        names += [one.name for one in offer.layouts]
        raise NoSuchLayout(
            f"{where[:1].upper()}{where[1:]} has no layout {chosen!r}; it may be read as {listed(names)}."
        )
    return how


def _classes_by_folder(reading: Reading) -> dict[str, str]:
    """The class of each image by the likeliest layout; empty where its folders are no classes."""
    if not reading.layouts:
        return {}
    places = {"/".join(parts): reading.layouts[0].place(parts) for parts in reading.images}
    classes = {path: place.label for path, place in places.items() if place}
    names = set(classes.values())
    return classes if len(names) > 1 and not all(map(is_plain_folder, names)) else {}


def _agree(classes: Mapping[str, str], how: ListLayout, should_stop: ShouldStop) -> bool:
    """The list says what the folders say, a class for each under whatever name; or it names few images."""
    try:
        read = how.read(silent, should_stop)
    except LabError:
        if should_stop():
            raise
        return True
    named = [one for one in read if one.label and not one.problem]
    labelled = [one for one in named if one.file in classes]
    if len(named) - len(labelled) >= _MIN_COVERED * len(classes):
        return False  # as many images again, which the folders would lose
    both = {(class_key(classes[one.file]), class_key(one.label)) for one in labelled}
    is_one_to_one = len(both) == len({one for one, _ in both}) == len({other for _, other in both})
    return is_one_to_one or len(labelled) < _MIN_COVERED * len(classes)
