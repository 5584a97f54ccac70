"""The data sets a person can choose from, and how they are called."""

from __future__ import annotations

from pathlib import Path

from core import datasets
from core.data import sources
from core.data.dataset import Dataset
from core.datasets import CATALOGUE
from core.errors import LabError
from core.words import moment

BUILT_IN = {"garden": "Garden (drawn flowers)", "digits": "Digits (handwritten)"}
_CATALOGUE_TITLES = {entry.source: entry.title for entry in CATALOGUE}


def title(source: str) -> str:
    """How a source is called.

    An own folder by its name and place, and an upload by its name and time, since many are called "photos".
    """
    if source in BUILT_IN:
        return BUILT_IN[source]
    if source.startswith("upload:"):
        return f"{short(source)} (uploaded{_when(source)})"
    if source.startswith("tfds:"):
        return f"{_CATALOGUE_TITLES.get(source, source.removeprefix('tfds:'))} ({source})"
    return f"{Path(source).name} ({source})"


def short(source: str) -> str:
    """The same in a word, for narrow places: an own folder by its name alone."""
    if source.startswith("upload:"):
        return source.removeprefix("upload:").rpartition("-")[0]
    return Path(source).name or source


def _when(source: str) -> str:
    try:
        folder = sources.resolve(source).folder
        return f" {moment(folder.stat().st_mtime)}" if folder else ""
    except (LabError, OSError):  # it is gone, which the page says where it matters
        return ""


def choices() -> dict[str, str]:
    """What can be trained on at once: the built-in data sets and those that are prepared, name to title."""
    return {source: title(source) for source in dict.fromkeys([*BUILT_IN, *datasets.prepared()])}


def open_if_prepared(source: str, version: str = "") -> Dataset | None:
    """The data set in this version (empty: the newest), or None where it has to be prepared first.

    Raises:
        LabError: there is no such source or version, or its index is damaged.
    """
    try:
        return datasets.open(source, version)
    except datasets.NotPrepared:
        return None
