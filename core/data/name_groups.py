"""Groups in the names of files and folders: the images of one patient, burst, video or original.

A name is read as fields, each a word with its number: ``subject3_session2_017`` has three. A subject's field
names a group, or else the first fields do, where the rest starts again in every group (``_01`` to ``_06``) or
words say so (``video``, ``frame``). Marks of a version of one original (``_flip``, ``_rot90``, ``_aug3``,
Roboflow's ``_jpg.rf.HASH``) do not count as a part of the name.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from core.data.sources.class_names import natural

Fields = tuple[str, ...]

MIN_GROUPS = 3
"""Groups that the median class must have; with fewer, what names share is the class itself."""
MIN_SHARE = 0.3
"""Share of all images that must be in a group of two or more."""
MIN_MARKED_SHARE = 0.1
"""The same where marks say that an image is a version of another."""
MIN_FOLDER_SHARE = 0.5
"""The same for folders, which hold all images of a class, not only some."""
MAX_DISTINCT = 0.5
"""A counter starts again in every group: it has at most this many values per image."""
MOST = 0.9
MAX_STARTS, MIN_STARTING = 3, 0.5
"""At least this share of the groups start with one of the few most common values of the counter."""

_SUBJECTS = (
    "patient|pat|subject|subj|person|participant|individual|volunteer|proband|user|speaker|pid|id|case|animal|"
    "mouse|specimen"
)
_TAKES = (
    "study|slide|biopsy|video|vid|clip|movie|film|seq|sequence|scene|session|series|burst|track|episode|aug|"
    "augmented|augmentation"
)
_ID_WORDS = f"{_SUBJECTS}|{_TAKES}"
_MEMBER_WORDS = (
    "frame|frm|burst|take|shot|view|angle|slice|tile|patch|crop|aug|augmented|augmentation|version|copy"
)
_CHANGES = (
    "aug|augm|augmented|augmentation|flip|flipped|hflip|vflip|fliplr|fliptb|flipud|mirror|mirrored|rot|rotate|"
    "rotated|rotation|crop|cropped|bright|brighter|brightness|dark|darker|contrast|blur|blurred|noise|noisy|"
    "gaussian|zoom|zoomed|shift|shifted|shear|sheared|translate|translated|scale|scaled|resized|gray|grey|"
    "grayscale|greyscale|jitter|hue|saturation|sharpen|sharpened|inverted|distorted|elastic|copy|kopie|copia|"
    "copie|orig|original|edit|edited"
)
_UUID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_SUFFIX = re.compile(r"\.[a-z][a-z0-9]{1,4}$", re.IGNORECASE)
_INNER_SUFFIX = re.compile(r"[._](?:jpe?g|png|bmp|webp|tiff?)$", re.IGNORECASE)
_MARKS = (
    re.compile(r"(?<=.)\.rf\.[0-9a-z]{8,}$", re.IGNORECASE),
    re.compile(rf"(?<=.)[ _.-]{_UUID}$", re.IGNORECASE),
    re.compile(rf"(?<=[^\W_])[ _.-]+(?:{_CHANGES})(?:[ _.-]?-?\d+(?!\d))*(?:deg)?$", re.IGNORECASE),
    re.compile(r"(?<=[^\W_])[ _.-]+(?:new)?-?\d+deg(?:flip(?:lr|tb|ud)?)?$", re.IGNORECASE),
    re.compile(r"(?<=\d)[ _-]*\(\d+\)$"),
)
_MARK_BEFORE = re.compile(rf"^(?:{_CHANGES})(?:[ _.-]?\d+)?[ _.-]+(?=.*[^\W\d_])", re.IGNORECASE)
_DATE = r"(?:19|20)\d\d[-_.]?(?:0\d|1[0-2])[-_.]?(?:[0-2]\d|3[01])"
_TIME = r"[-_ T.]*(?:at)?[ ]*(?:[01]\d|2[0-3])[-_.:]?[0-5]\d[-_.:]?[0-5]\d\d*"
_MOMENT = re.compile(rf"(?<!\d){_DATE}(?:{_TIME}(?!\d)|[-_]WA\d+|(?!\d))")
_DATE_ONLY = re.compile(r"\D*(?:19|20)\d\d(?:(?:0\d|1[0-2])(?:[0-2]\d|3[01]))?")
_LETTERED = rf"(?i:{_ID_WORDS})(?:[\W_]+[A-Za-z]|[A-Z])(?![^\W\d_])"
_FIELD = re.compile(rf"{_LETTERED}|(?:[^\W\d_]+[\W_]*)?\d+|[^\W\d_]+")
_LAST_NUMBER = re.compile(r"[\W_]*\d+[\W_]*$")
_WORD_AND_NUMBER = rf"(?!{_LETTERED})[^\W\d_]*[ _.-]*\d+"
_COUNTED = re.compile(_WORD_AND_NUMBER)
"""The usual name: nothing more to read."""
_NUMBERED_FILES = re.compile(r"/\d+(?:\.\w+)?$", re.MULTILINE)
_COUNTED_FILES = re.compile(rf"(?:^|(?<=/)){_WORD_AND_NUMBER}(?:\.[A-Za-z]\w{{0,4}})?$", re.MULTILINE)
_SUBJECT = re.compile(rf"(?:{_SUBJECTS})(?:\d+|[a-z])")
_ID = re.compile(rf"(?:{_ID_WORDS})(?:\d+|[a-z])")
_MEMBER = re.compile(rf"(?:{_MEMBER_WORDS})\d*")


@dataclass(frozen=True)
class _Name:
    """A file's name without marks, its fields, and whether it had marks."""

    plain: str
    fields: Fields
    marked: bool


def from_names(names: Sequence[str], labels: Sequence[str], *, asked: bool = False) -> list[str] | None:
    """A group for each file by its name, or None where the names do not say that images belong together.

    Args:
        names: the file names, with or without folders.
        labels: the class of each.
        asked: a person says that they do: then names that are alike but for a number at the end are enough.
    """
    if not asked and _are_only_counted(names):
        return None
    read = [_read(name.rpartition("/")[2]) for name in names]
    keys = _subjects(read, labels)
    if are_groups(keys, labels, MIN_SHARE):
        return keys
    deepest = max((len(one.fields) for one in read), default=0)
    for level in range(1, deepest):
        keys = _keys(read, labels, level)
        if _are_ids(read, level) and are_groups(keys, labels, MIN_SHARE) and _restart(read, keys, level):
            return keys
    keys = [f"{label}/{one.plain}" for one, label in zip(read, labels, strict=True)]
    if _are_versions(read, keys, labels):
        return keys
    keys = [_LAST_NUMBER.sub("", one.plain) for one in read]
    return keys if asked and are_groups(keys, labels, MIN_SHARE) else None


def from_folders(
    names: Sequence[str], labels: Sequence[str], folders: Sequence[str], *, asked: bool = False
) -> list[str] | None:
    """The folder of each file, or None where folders do not say that images belong together.

    Args:
        names: the file names, with or without folders.
        labels: the class of each.
        folders: the folder below or above the class that may be a group; "" for none.
        asked: a person says that it is.
    """
    keys = [folder or name for folder, name in zip(folders, names, strict=True)]
    if asked:
        return keys if any(folders) else None
    fields = {folder: _fields(folder) for folder in set(folders)}
    last = [fields[folder][-1] for folder in folders if fields[folder]]
    if not _name_ids(last) or not are_groups(keys, labels, MIN_FOLDER_SHARE):
        return None
    files = [name.rpartition("/")[2].casefold() for name in names]
    return keys if all(map(_ID.fullmatch, last)) or _starts_again(keys, files) else None


def _are_only_counted(names: Sequence[str]) -> bool:
    """So many names are words with a number that the others could not make groups; mostly so, hence quick."""
    text, many = "\n".join(names), (1 - MIN_MARKED_SHARE / 2) * len(names)
    return any(len(kind.findall(text)) > many for kind in (_NUMBERED_FILES, _COUNTED_FILES))


def _read(file: str) -> _Name:
    whole = _SUFFIX.sub("", file)
    if _COUNTED.fullmatch(whole):
        return _Name(whole.casefold(), (whole,), marked=False)
    plain, before = whole, ""
    while plain != before:
        before = plain
        for mark in _MARKS:
            cut = mark.sub("", plain)
            plain = _INNER_SUFFIX.sub("", cut) if cut != plain else plain
    plain = _MARK_BEFORE.sub("", plain)
    return _Name(plain.casefold(), _fields(plain), plain != whole)


def _fields(name: str) -> Fields:
    joined = _MOMENT.sub(lambda found: re.sub(r"\D", "", found[0]), name)
    return tuple(re.sub(r"[\W_]", "", field).casefold() for field in _FIELD.findall(joined))


def _subjects(read: Sequence[_Name], labels: Sequence[str]) -> list[str]:
    """The field of each name that is the id of a subject, wherever it stands; else the file."""
    found = (next(filter(_SUBJECT.fullmatch, one.fields), "") for one in read)
    own = (f"{label}/{one.plain}" for one, label in zip(read, labels, strict=True))
    return [field or file for field, file in zip(found, own, strict=True)]


def _keys(read: Sequence[_Name], labels: Sequence[str], level: int) -> list[str]:
    """The first fields of each name that has more than these, or that is such a key itself; else the file."""
    long = [" ".join(one.fields[:level]) if len(one.fields) > level else "" for one in read]
    known = set(long)
    short = (" ".join(one.fields) for one in read)
    own = (f"{label}/{one.plain}" for one, label in zip(read, labels, strict=True))
    return [
        key or (whole if whole in known else file) for key, whole, file in zip(long, short, own, strict=True)
    ]


def _are_ids(read: Sequence[_Name], level: int) -> bool:
    return _name_ids([one.fields[level - 1] for one in read if len(one.fields) > level])


def _name_ids(fields: Sequence[str]) -> bool:
    """Nearly all of these fields have a number, and it is not only that of a day or a year."""
    ids = sum(map(_is_id, fields))
    days = sum(_DATE_ONLY.fullmatch(field) is not None for field in fields)
    return ids >= MOST * len(fields) > days


def _is_id(field: str) -> bool:
    return field[-1].isdecimal() or bool(_ID.fullmatch(field))


def are_groups(keys: Sequence[str], labels: Sequence[str], least: float) -> bool:
    """Enough images are in groups of two or more, and the median class has several groups."""
    table = pd.DataFrame({"key": keys, "label": labels})
    grouped = table["key"].duplicated(keep=False)
    if grouped.mean() < least:
        return False
    return float(table.groupby("label")["key"].nunique().median()) >= MIN_GROUPS


def _restart(read: Sequence[_Name], keys: Sequence[str], level: int) -> bool:
    """What follows the key starts again in every group, or words say that it is a group and its images."""
    longer = [(one.fields, key) for one, key in zip(read, keys, strict=True) if len(one.fields) > level]
    said = sum(
        bool(_ID.fullmatch(fields[level - 1]) or _MEMBER.fullmatch(fields[level])) for fields, _ in longer
    )
    rest = [" ".join(fields[level:]) for fields, _ in longer]
    return said >= MIN_SHARE * len(read) or _starts_again([key for _, key in longer], rest)


def _starts_again(keys: Sequence[str], rest: Sequence[str]) -> bool:
    table = pd.DataFrame({"key": keys, "rest": rest})
    table = table[table["key"].duplicated(keep=False)]
    if table.empty or table["rest"].nunique() > MAX_DISTINCT * len(table):
        return False
    order = {value: number for number, value in enumerate(sorted(table["rest"].unique(), key=natural))}
    starts = table["rest"].map(order).groupby(table["key"]).min().value_counts(normalize=True)
    return float(starts.iloc[:MAX_STARTS].sum()) >= MIN_STARTING


def _are_versions(read: Sequence[_Name], keys: Sequence[str], labels: Sequence[str]) -> bool:
    """Marks say of several images that they are versions of one."""
    table = pd.DataFrame({"key": keys, "marked": [one.marked for one in read]})
    marked = table.groupby("key")["marked"].transform("any") & table["key"].duplicated(keep=False)
    return float(marked.mean()) >= MIN_MARKED_SHARE and are_groups(keys, labels, MIN_MARKED_SHARE)
