"""The classes in the cells of a list: one for each image, or several, which is said and not trained."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence

SEVERAL = "has more than one label in the list"
"""How the reason begins why an image is left out that belongs to several classes."""
CONTRADICTED = "is listed twice with different labels"
NONE = "has no label in the list"
_YES = frozenset(["1", "1.0", "1,0", "true", "yes", "y", "x"])
_NO = frozenset(["0", "0.0", "0,0", "-1", "-1.0", "false", "no", "n", ""])
_SEPARATORS = "|;, /+&"
_CERTAIN = "|;"
"""Nobody writes these within the name of one class where its parts recur in other labels."""
_DOUBTFUL = "/+&"
"""These part labels only where each part is a label of its own."""
_MIN_KNOWN = 0.9
_QUOTED = re.compile(r"'([^']*)'|\"([^\"]*)\"")


def in_cell(cell: str, separator: str) -> tuple[str, ...]:
    """The labels of a cell, each once: those of a JSON list, else what ``separator`` parts."""
    listed = _from_json(cell) if cell[:1] in "[{" and cell[-1:] in "]}" else None
    if listed is None:
        listed = cell.split(separator) if separator and separator in cell else [cell]
    return tuple(dict.fromkeys(filter(None, map(str.strip, listed))))


def _from_json(cell: str) -> list[str] | None:
    """The texts in ``["a", "b"]``, ``['a', 'b']``, ``['a' 'b']`` or Label Studio's ``{"choices": [...]}``."""
    try:
        found = json.loads(cell)
    except (ValueError, RecursionError):
        quoted = [one or other for one, other in _QUOTED.findall(cell)]
        return quoted if quoted and cell.startswith("[") and ":" not in cell else None
    if isinstance(found, dict):
        found = found.get("choices", next(iter(found.values())) if len(found) == 1 else None)
    if isinstance(found, str):
        return [found]
    if not isinstance(found, list) or any(isinstance(one, dict | list) for one in found):
        return None
    return [one if isinstance(one, str) else json.dumps(one) for one in found]


def holds_regions(cell: str) -> bool:
    """The cell describes boxes or outlines in the image, as annotation tools export them."""
    return cell[:2] in ("[{", "[[") or (cell[:1] == "{" and ("points" in cell or "bbox" in cell))


def separator_of(cells: Collection[str]) -> str:
    """What parts several labels in one cell, ``|``, ``;``, a comma or a blank; "" where each is one class.

    A separator counts where the parts recur in other labels: ``a``, ``b`` and ``a|b``. Names of classes such
    as ``Tomato, healthy`` and ``Potato, healthy`` are not cut: each has as many parts, each in its position.
    """
    plain = [cell for cell in cells if cell and cell[0] not in "[{"]
    return next((one for one in _SEPARATORS if _parts_labels(plain, one)), "")


def _parts_labels(cells: Sequence[str], separator: str) -> bool:
    cut = [tuple(filter(None, map(str.strip, cell.split(separator)))) for cell in cells]
    composed = [parts for parts in cut if len(parts) > 1]
    occurs = Counter(part for parts in set(cut) for part in set(parts))
    known = [parts for parts in composed if all(occurs[part] > 1 for part in parts)]
    if separator in _CERTAIN:
        return any(occurs[part] > 1 for parts in composed for part in parts)
    if not composed or len(known) < _MIN_KNOWN * len(composed) or _is_grid(cut):
        return False
    alone = {parts[0] for parts in cut if len(parts) == 1}
    if all(alone.issuperset(parts) for parts in composed):
        return True
    return separator not in _DOUBTFUL and len(set(map(len, cut))) > 1 and len(set(cut)) > len(occurs)


def _is_grid(cut: Sequence[tuple[str, ...]]) -> bool:
    """Every name has as many parts, and no part occurs in two positions."""
    if len(set(map(len, cut))) != 1:
        return False
    positions = [set(column) for column in zip(*cut, strict=True)]
    return len(set().union(*positions)) == sum(map(len, positions))


def is_binary(values: Collection[str]) -> bool:
    """A column of yes and no, one of several that say which classes an image has."""
    folded = {value.casefold() for value in values}
    return folded <= _YES | _NO and not folded <= {""}


def has_yes(values: Collection[str]) -> bool:
    """The column marks at least one image."""
    return any(value.casefold() in _YES for value in values)


def marked(cells: Sequence[str], names: Mapping[int, str]) -> tuple[str, ...]:
    """The classes whose column says yes; ``names`` gives the class by the column."""
    return tuple(name for i, name in names.items() if i < len(cells) and cells[i].casefold() in _YES)


def is_share(values: Collection[str]) -> bool:
    """A column of numbers between 0 and 1, not all whole: how much of a class an image has."""
    try:
        numbers = [float(value) for value in values if value]
    except ValueError:
        return False
    return bool(numbers) and all(0 <= n <= 1 for n in numbers) and any(n not in (0, 1) for n in numbers)
