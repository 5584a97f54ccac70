"""Which image a list means: by its path, by the end of a foreign path, or by a name without its suffix."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Collection, Iterable
from contextlib import suppress
from functools import cached_property
from urllib.parse import parse_qs, unquote, urlsplit

from core.data.sources.layout_words import is_image, split_named
from core.data.sources.scan import Found

MISSING = "is listed but does not exist"
_LABEL_STUDIO = re.compile(r"[0-9a-f]{8}-(.+)")
_ADDRESS = re.compile(r"[a-z][a-z0-9+.-]+://|/data/local-files/\?", re.I)
_WHOLE_NUMBER = re.compile(r"0*(\d+)(?:\.0)?")
_USUAL_FOLDERS = (
    "images image imgs img photos pictures jpegs jpeg jpg png jpegimages trainimages imagestrain trainimgs "
    "train training all"
)
_USUAL = frozenset(_USUAL_FOLDERS.split())
_MAX_ALIKE = 100
"""Of more images of one name nobody asks which one is meant."""
Parts = tuple[str, ...]


class Index:
    """The images of a data set by the names that lists give them; tables are made when a row needs them.

    Args:
        images: all images, however they are stored; ``shown`` is where a person sees them.
        unlikely: of two that a name fits, the one that is not meant (masks), by ``shown``.
    """

    def __init__(self, images: Iterable[Found], unlikely: Collection[str] = ()) -> None:
        self._by_place = {one.shown: one for one in images}
        self._unlikely = unlikely
        self._ends: dict[str, dict[str, list[Found]]] = {}

    def locate(self, cell: str, near: Parts = (), split: str = "") -> Found:
        """The image that a cell of a list means.

        Args:
            cell: a path, perhaps of another machine, an address, or a name with or without suffix.
            near: the folders that the list itself lies in.
            split: what the list or its row is for; of two images in split folders, that of this split.
        """
        plain = cell.replace("\\", "/").removeprefix("./")
        for place in ("/".join((*near, plain)), plain):
            if exact := self._by_place.get(place):
                return exact
        fitting = self._fitting(_keys(cell)) or ("%" in cell and self._fitting(_keys(unquote(cell)))) or []
        if 1 < len(fitting) < _MAX_ALIKE:
            fitting = self._likeliest(fitting, near, split)
        if len(fitting) == 1:
            return fitting[0]
        if not fitting:
            return Found(cell, problem=MISSING)
        first, second = (one.shown for one in fitting[:2])
        return Found(cell, problem=f"may be {first} or {second}: write the folder into the list")

    def _fitting(self, wanted: Parts) -> list[Found]:
        """The images of this name with the longest end in common, in the folder named if there is one."""
        if not wanted:
            return []
        *folders, name = wanted
        found = self._named(name)
        if len(found) > 1:
            found = self._with_longest_end(name, found, folders)
        if folders and folders[-1] in self._folders and len(found) < _MAX_ALIKE:
            return [one for one in found if folders[-1] in _keys(one.shown)[:-1]]
        return found

    def _named(self, name: str) -> list[Found]:
        found = self._by_name.get(name) or ([] if is_image(name) else self._by_stem.get(name, []))
        if not found and (number := _WHOLE_NUMBER.fullmatch(name)):  # a spreadsheet makes 7 of 0007
            found = self._by_number.get(number[1], [])
        if not found and (uploaded := _LABEL_STUDIO.fullmatch(name)):
            return self._named(uploaded[1])
        return found

    def _with_longest_end(self, name: str, found: list[Found], folders: list[str]) -> list[Found]:
        """Of images of one name those whose folders end as the path does, as far as possible."""
        if name not in self._ends:
            ends: dict[str, list[Found]] = {}
            for one in found:
                own = _keys(one.shown)[:-1]
                for start in range(len(own)):
                    ends.setdefault("/".join(own[start:]), []).append(one)
            self._ends[name] = ends
        suffixes = ("/".join(folders[start:]) for start in range(len(folders)))
        return next((self._ends[name][end] for end in suffixes if end in self._ends[name]), found)

    def _likeliest(self, found: list[Found], near: Parts, split: str) -> list[Found]:
        own = tuple(map(_key, near))
        folders = {one.shown: _keys(one.shown)[:-1] for one in found}
        splits = {shown: set(map(split_named, parts)) for shown, parts in folders.items()}
        for meant in (
            {shown for shown in folders if shown not in self._unlikely},
            {shown for shown, named in splits.items() if split and split in named},
            {shown for shown, parts in folders.items() if parts == own},
            {shown for shown, parts in folders.items() if any(map(_is_usual, parts))},
        ):
            found = [one for one in found if one.shown in meant] or found
        return found

    @cached_property
    def _by_name(self) -> dict[str, list[Found]]:
        return self._table(lambda name: name)

    @cached_property
    def _by_stem(self) -> dict[str, list[Found]]:
        return self._table(lambda name: name.rpartition(".")[0] or name)

    @cached_property
    def _by_number(self) -> dict[str, list[Found]]:
        table: dict[str, list[Found]] = {}
        for stem, found in self._by_stem.items():
            if number := _WHOLE_NUMBER.fullmatch(stem):
                table.setdefault(number[1], []).extend(found)
        return table

    @cached_property
    def _folders(self) -> frozenset[str]:
        folders = {place.rpartition("/")[0] for place in self._by_place}
        return frozenset(_key(part) for folder in folders for part in folder.split("/") if part)

    def _table(self, key: Callable[[str], str]) -> dict[str, list[Found]]:
        table: dict[str, list[Found]] = {}
        for place, one in self._by_place.items():
            table.setdefault(key(_key(place.rpartition("/")[2])), []).append(one)
        return table


def _keys(path: str) -> Parts:
    """The parts of a path without what machines differ in: drives, addresses, separators, case, accents."""
    if _ADDRESS.match(path):
        with suppress(ValueError):  # no valid address, such as https://[removed]/1.jpg
            address = urlsplit(path)
            given = parse_qs(address.query)
            path = unquote(next((v[0] for v in given.values() if is_image(v[0])), address.path))
    parts = path.replace("\\", "/").split("/")
    return tuple(_key(part) for part in parts if part not in ("", ".", "..") and not part.endswith(":"))


def _is_usual(folder: str) -> bool:
    return re.sub(r"[\W_]", "", folder) in _USUAL


def _key(part: str) -> str:
    return part.casefold() if part.isascii() else unicodedata.normalize("NFC", part).casefold()
