"""The data sets to choose from, and their titles."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

from core import datasets
from core.data import sources
from core.data.collected import log
from core.data.dataset import Dataset
from core.datasets import CATALOGUE
from core.errors import LabError
from core.words import moment
from pages.common.text import distinct

BUILT_IN = {"garden": "Garden (drawn flowers)", "digits": "Digits (handwritten)"}
BUILT_IN_KIND, CATALOGUED, FOLDER, UPLOAD = "Built-in", "TensorFlow Datasets", "Your folder", "Upload"
COLLECTED = "New data set"
KIND = "source_kind"
"""``st.session_state["source_kind"]``: which of the five ways to choose images the Data page shows."""
KIND_WANTED = "source_kind_wanted"
"""``st.session_state["source_kind_wanted"] = kind`` makes the Data page open on it."""
_CATALOGUE_TITLES = {entry.source: entry.title for entry in CATALOGUE}


def title(source: str) -> str:
    """Return the title of a source.

    A folder is shown with its path and an upload with its time, since many are called "photos".
    """
    if source in BUILT_IN:
        return BUILT_IN[source]
    if source.startswith("upload:"):
        how = "collected" if is_collected(source) else "uploaded"
        return f"{short(source)} ({how}{_when(source)})"
    if source.startswith("tfds:"):
        return f"{_CATALOGUE_TITLES.get(source, source.removeprefix('tfds:'))} ({source})"
    return f"{Path(source).name} ({source})"


def heading(source: str) -> str:
    """Return the title of a source without the path of a folder, which may be long."""
    return short(source) if kind(source) == FOLDER else title(source)


@lru_cache(maxsize=1024)  # asked of every run at every click
def short(source: str) -> str:
    """Return a short title for narrow spaces, such as the bare name of a folder."""
    if source.startswith("upload:"):
        return source.removeprefix("upload:").rpartition("-")[0]
    return Path(source).name or source


def kind(source: str) -> str:
    """Return the way to choose images by which a source is chosen."""
    if source in BUILT_IN:
        return BUILT_IN_KIND
    if source.startswith("upload:"):
        return COLLECTED if is_collected(source) else UPLOAD
    return CATALOGUED if source.startswith("tfds:") else FOLDER


def is_collected(source: str) -> bool:
    """Return whether all images of a source were collected in the lab."""
    try:
        folder = sources.resolve(source).folder
    except LabError:
        return False
    return folder is not None and log.exists(folder) and not (folder / "list.csv").exists()


def _when(source: str) -> str:
    try:
        folder = sources.resolve(source).folder
        return f" {moment(folder.stat().st_mtime)}" if folder else ""
    except (LabError, OSError):  # it is gone, which the page reports where it matters
        return ""


def choices() -> dict[str, str]:
    """Return the built-in and the prepared data sets, which can be trained on at once, as name to title."""
    return titles(dict.fromkeys([*BUILT_IN, *datasets.prepared()]))


def titles(sources: Iterable[str]) -> dict[str, str]:
    """Return the titles of sources by name, no two the same."""
    return distinct({source: title(source) for source in sources})


def open_if_prepared(source: str, version: str = "") -> Dataset | None:
    """Open the data set in this version (empty: the newest); None if it must be prepared first.

    Raises:
        LabError: no such source or version exists, or its index is damaged.
    """
    try:
        return datasets.open(source, version)
    except datasets.NotPrepared:
        return None
