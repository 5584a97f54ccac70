"""Classes in the names of files, as in ``cat.0.jpg``, ``great_dane_12.jpg`` and ``12_dog.jpg``."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial

from core.data.sources.class_names import class_key

MIN_IMAGES = 2
_LABEL_FIRST = re.compile(r"([^\W\d_]+(?:[ _-][^\W\d_]+)*)[ ._-]*\(?\d+\)?")
_LABEL_LAST = re.compile(r"\d+[ ._-]+([^\W\d_]+(?:[ _-][^\W\d_]+)*)")
_CAMERA = (
    "img image images imagen dsc dscn dscf pic picture photo foto bild p frame screenshot scan pxl "
    "mvi vid wa file sample copy train test val x im n pict export crop tile patch slice page "
    "untitled"
)
_CAMERA_WORDS = frozenset(_CAMERA.split())


def labels_in(names: Sequence[str]) -> Callable[[str], str] | None:
    """What gives the class in a file's name, "" for none; None unless all ``names`` hold one of several."""
    for pattern in (_LABEL_FIRST, _LABEL_LAST):
        counts = Counter(_label(name, pattern) for name in names)
        keys = frozenset(map(class_key, counts))
        if "" not in keys and len(keys) > 1 and min(counts.values()) >= MIN_IMAGES:
            return partial(_known_label, pattern=pattern, keys=keys)
    return None


def _known_label(name: str, *, pattern: re.Pattern[str], keys: frozenset[str]) -> str:
    label = _label(name, pattern)
    return label if class_key(label) in keys else ""


def _label(name: str, pattern: re.Pattern[str]) -> str:
    match = pattern.fullmatch(name.rpartition(".")[0] or name)
    if not match or match[1].casefold() in _CAMERA_WORDS:
        return ""
    return match[1]
