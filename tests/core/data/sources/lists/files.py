"""Small data sets with lists. Reading a list opens no image, so empty files will do."""

from __future__ import annotations

from pathlib import Path

from core.data.sources import csv_list, folder
from core.data.sources.scan import Scan


def touch(root: Path, *names: str) -> Path:
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")
    return root


def numbered(root: Path, inside: str = "", count: int = 6, suffix: str = ".png") -> Path:
    return touch(root, *(f"{inside}{number}{suffix}" for number in range(count)))


def write(root: Path, text: str | bytes, name: str = "labels.csv") -> Path:
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def rows(header: str, row: str, count: int = 6) -> str:
    """A list whose images are a and b in turn; ``{i}`` and ``{c}`` stand for the number and the class."""
    lines = [row.format(i=number, c="ab"[number % 2]) for number in range(count)]
    return "\n".join([*([header] if header else []), *lines, ""])


def labels(scanned: Scan) -> dict[str, str]:
    return {one.file: one.label for one in scanned.found if not one.problem}


def problems(scanned: Scan) -> dict[str, str]:
    return {one.shown: one.problem for one in scanned.found if one.problem}


def listed(path: Path, chosen: str = "") -> Scan:
    return csv_list.scan(path, chosen=chosen)


def inside(root: Path, chosen: str = "") -> Scan:
    return folder.scan(root, chosen=chosen)


ALTERNATING = {f"{number}.png": "ab"[number % 2] for number in range(6)}
