"""How the files of a data set are to be read: which folders or names are classes, and which are splits.

One reading for folders, archives and uploads. It looks at names alone and opens nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from core.data.sources import file_names, masks
from core.data.sources.class_names import class_key, natural
from core.data.sources.layout_words import is_image, is_left_by_tools, may_be_image, split_named
from core.words import listed

Parts = tuple[str, ...]
SHOWN = 3
PLAIN = "class-folders"
MASK = "a mask beside its image"
_GENERIC = "images image imgs img jpg jpeg png photos pictures raw files data"
_GENERIC_FOLDERS = frozenset(_GENERIC.split())
_MIN_MIRRORED = 0.5


@dataclass(frozen=True)
class Place:
    """The class of an image, and its split where the source gives one."""

    label: str
    split: str = ""


@dataclass(frozen=True)
class Layout:
    """One way to read a data set: ``place`` gives the class of a file's parts, None where it has none.

    ``aside`` says what the files are that this layout leaves aside and others may not.
    """

    name: str
    what: str
    place: Callable[[Parts], Place | None]
    aside: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class LeftAside:
    """Files that are no examples of a class: what kind, how many, and the first of their names."""

    kind: str
    count: int
    names: tuple[str, ...]


@dataclass(frozen=True)
class Reading:
    """All sensible layouts, the likeliest first; ``aside`` says for each file left aside what it is.

    ``images`` are the files that decide, as parts; ``is_clear`` means that nobody need be asked;
    ``data_sets`` are folders that look like data sets of their own; ``pairs`` are files that may be the masks
    of the images they map to, which the layouts do not know.
    """

    layouts: tuple[Layout, ...]
    aside: Mapping[str, str]
    images: tuple[Parts, ...]
    is_clear: bool
    data_sets: tuple[str, ...] = ()
    pairs: Mapping[Parts, Parts] = field(default_factory=dict)


Found = tuple[tuple[Layout, ...], bool, tuple[str, ...]]
"""The layouts, whether the first of them is plainly meant, and the folders that may be data sets."""


def read(paths: Iterable[str]) -> Reading:
    """Work out the layouts of files by their paths below the data set's folder, split by slashes."""
    aside: dict[str, str] = {}
    images, unknown = [], []
    for path in paths:
        parts = tuple(path.split("/"))
        if any(map(is_left_by_tools, parts)):
            aside[path] = "left by the system or a tool"
        elif is_image(parts[-1]):
            images.append(parts)
        elif may_be_image(parts[-1]):
            unknown.append(parts)
        else:
            aside[path] = "no image"
    images = images or unknown
    sure = masks.find(images)
    aside |= dict.fromkeys(map("/".join, sure), MASK)
    kept = tuple(parts for parts in images if parts not in sure)
    pairs = masks.pairs(kept)
    layouts, is_clear, data_sets = layouts_of([parts for parts in kept if parts not in pairs])
    inside = "".join(f"{part}/" for part in kept[0][: _shared(kept)]) if kept else ""
    below = tuple(inside + name for name in data_sets)
    return Reading(layouts, aside, kept, is_clear, below, pairs)


def masks_in(reading: Reading) -> frozenset[str]:
    """The files that are masks of images beside them, or may be."""
    certain = {path for path, what in reading.aside.items() if what == MASK}
    return frozenset(certain.union("/".join(parts) for parts in reading.pairs))


def layouts_of(images: Sequence[Parts]) -> Found:
    """The layouts of images alone, with nothing among them that belongs elsewhere."""
    wrapper = _shared(images)
    below = [parts[wrapper:] for parts in images if len(parts) > wrapper]
    tops: dict[str, list[Parts]] = {}
    for parts in below:
        if len(parts) > 1:
            tops.setdefault(parts[0], []).append(parts[1:])
    if not tops:
        flat = _by_file_name(below, {}, wrapper)
        return ((flat,) if flat else ()), True, ()
    if len(tops) == 1 and all(len(parts) == 2 for parts in below):
        flat = _by_file_name(below, {}, wrapper)
        return ((flat,), True, ()) if flat else _of_folders(tops, wrapper)
    return _of_folders(tops, wrapper)


def _of_folders(tops: Mapping[str, list[Parts]], wrapper: int) -> Found:
    roles = {top: split_named(top) for top in tops}
    depth = {top: _doubled(top, rest) for top, rest in tops.items()}
    inner = {top: {r[depth[top]] for r in rest if len(r) > depth[top] + 1} for top, rest in tops.items()}
    nested = sorted((top for top in tops if inner[top]), key=natural)
    outer = Layout(PLAIN, "a folder for each class", lambda parts: _outer(parts, wrapper))
    pooled = Layout(
        "inner-folders",
        f"the folders inside {listed(nested, SHOWN)} as classes",
        lambda parts: _inner(parts, wrapper, depth, {}),
    )
    present = {role for role in roles.values() if role}
    learns = [top for top in nested if roles[top] == "train"]
    if learns and len(present) > 1:
        unknown = {top: inner[top] for top in nested if not roles[top]}
        of_splits = Layout(
            "split-folders",
            "a folder for each split" + (f", without {listed(list(unknown), SHOWN)}" if unknown else ""),
            lambda parts: _inner(parts, wrapper, depth, roles),
        )
        doubtful = any(inner[top] & names for top in learns for names in unknown.values())
        return (of_splits, pooled, outer) if doubtful else (of_splits,), not doubtful, ()
    if "train" in present and len(present) > 1:
        by_name = _by_file_name([(top, *r) for top, rest in tops.items() for r in rest], roles, wrapper)
        is_clear = by_name is not None and all(roles.values())
        return tuple(filter(None, (by_name, None if is_clear else outer))), is_clear, ()
    is_deep = any(len(r) > depth[top] + 2 for top, rest in tops.items() for r in rest)
    if len(nested) == len(tops) and _are_splits(set().union(*inner.values())) and not is_deep:
        return (_split_inside(wrapper, depth),), True, ()
    return _of_classes(tops, inner, bool(learns), outer, pooled)


def _of_classes(
    tops: Mapping[str, list[Parts]],
    inner: Mapping[str, set[str]],
    learns: bool,
    outer: Layout,
    pooled: Layout,
) -> Found:
    """Folders that are no splits: classes, unless what is in them looks like classes, too."""
    nested = [top for top in tops if inner[top]]
    full = [top for top in nested if len(inner[top]) > 1 and not any(len(r) == 1 for r in tops[top])]
    data_sets = tuple(sorted((top for top in full if _are_splits(inner[top])), key=natural))
    if data_sets:
        return (outer,), False, data_sets
    if learns or _mirror(nested, inner):
        return (pooled, outer), False, ()
    if len(full) == len(tops) > 1:
        return (outer, pooled), False, tuple(sorted(full, key=natural))
    return (outer,), True, ()


def _are_splits(names: set[str]) -> bool:
    return all(map(split_named, names)) and {"train"} < {split_named(name) for name in names}


def _doubled(top: str, rest: Sequence[Parts]) -> int:
    """1 where the only folder inside says no more, as in ``seg_train/seg_train``, else 0."""
    folders = {parts[0] for parts in rest if len(parts) > 1}
    if len(folders) != 1 or not any(len(parts) > 2 for parts in rest):
        return 0
    name = folders.pop()
    says_nothing = name.casefold() in _GENERIC_FOLDERS or class_key(name) == class_key(top)
    return int(says_nothing or (bool(split_named(top)) and split_named(name) == split_named(top)))


def _shared(images: Sequence[Parts]) -> int:
    """How many outer folders hold all that is in folders: a wrapper around the data set."""
    shared = 0
    while True:
        inside = [parts for parts in images if len(parts) > shared + 1]
        direct = sum(len(parts) == shared + 2 for parts in inside)
        if len({parts[shared] for parts in inside}) != 1 or 2 * direct >= len(inside):
            return shared
        shared += 1


def _outer(parts: Parts, wrapper: int) -> Place | None:
    return Place(parts[wrapper]) if len(parts) > wrapper + 1 else None


def _inner(parts: Parts, wrapper: int, depth: Mapping[str, int], roles: Mapping[str, str]) -> Place | None:
    """The class inside an outer folder; without ``roles`` all outer folders are pooled."""
    rest = parts[wrapper:]
    if len(rest) < 2 or rest[0] not in depth or (roles and not roles[rest[0]]):
        return None
    level = 1 + depth[rest[0]]
    return Place(rest[level], roles.get(rest[0], "")) if len(rest) > level + 1 else None


def _split_inside(wrapper: int, depth: Mapping[str, int]) -> Layout:
    def place(parts: Parts) -> Place | None:
        rest = parts[wrapper:]
        level = 1 + depth.get(rest[0], 0)
        split = split_named(rest[level]) if len(rest) > level + 1 else ""
        return Place(rest[0], split) if split else None

    return Layout("splits-in-classes", "a folder for each class with a folder for each split", place)


def _by_file_name(images: Sequence[Parts], roles: Mapping[str, str], wrapper: int) -> Layout | None:
    """Classes in the names of training images; of the others, those that name one of these classes."""
    label_in = file_names.labels_in([p[-1] for p in images if roles.get(p[0], "train") == "train"])
    if label_in is None:
        return None

    def place(parts: Parts) -> Place | None:
        label = label_in(parts[-1])
        split = roles.get(parts[wrapper], "") if len(parts) > wrapper + 1 else ""
        return Place(label, split) if label else None

    return Layout("file-names", "classes in the file names", place)


def _mirror(nested: Sequence[str], inner: Mapping[str, set[str]]) -> bool:
    """At least two outer folders hold the same inner folders, so that either may be the classes."""
    sets = [{class_key(name) for name in inner[top]} - _GENERIC_FOLDERS for top in nested]
    return any(
        len(one & other) > 1 and len(one & other) >= _MIN_MIRRORED * len(one | other)
        for number, one in enumerate(sets)
        for other in sets[:number]
    )
