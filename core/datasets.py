"""Data sets: open and prepare a folder of images with an index of every image, from any source.

``workspace/datasets/<id>/``

=================  ==========================================================================
dataset.json       source, class names and how the files were read
index.parquet      a row an image, see ``Dataset``
copies.parquet     which images are near copies, see core/data/copy_evidence.py
steps.json         exclusions and label changes, see core/data/versions.py
files/             the images, if the lab created or unpacked them (a user's own folder
                   is indexed in place and never written to)
pixels/            decoded images, see core/data/pixel_cache.py
thumbnails/        small images for display
=================  ==========================================================================
"""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any

from core import config, files, workspace
from core.config import RunConfig
from core.data import changes, indexing, sources, versions
from core.data.changes import Changes
from core.data.dataset import Dataset, Facts, fingerprint
from core.data.selection import Selection, select
from core.data.sources import Source
from core.data.sources.catalogue import CATALOGUE, CatalogueEntry
from core.errors import LabError, in_one_line
from core.processes.threads import Progress, ShouldStop, never, silent

__all__ = [
    "CATALOGUE",
    "CatalogueEntry",
    "Changes",
    "Dataset",
    "NotPrepared",
    "Selection",
    "changed_on_disk",
    "open",
    "prepare",
    "prepared",
    "select",
    "starting_config",
    "starting_configs",
    "starting_settings",
]


class NotPrepared(LabError):
    """The data set must be prepared first."""


def open(source: str, version: str = "") -> Dataset:
    """Return the data set of a source as last prepared, in its newest or an earlier version.

    Raises:
        NotPrepared: the data set has not been prepared.
        LabError: the source or version does not exist, or the index is damaged.
    """
    newest = _open(sources.resolve(source))
    if version in ("", newest.version):
        return newest
    for index in versions.earlier(newest.index, versions.steps(newest.path)):
        if fingerprint(versions.usable(index)) == version:
            return versions.of_index(newest, index)
    raise LabError(
        f"Data set '{newest.title}' has no version {version[:40]!r}: its files have changed since, or the "
        f"version was created on another machine. The newest version is {newest.version}."
    )


def starting_settings(source: str) -> dict[str, Any]:
    """The initial settings of a data set that differ from the defaults: dotted paths to values.

    Flipping left-right is initially off if some classes mirror each other, as far as that is known: for the
    user's own data sets, once they are prepared.
    """
    from core.data import mirroring

    try:
        flips = _flip_starts_on(open(source))
    except LabError:  # not prepared yet, or there is no such source, which opening it reports
        flips = source not in mirroring.MEANT
    return {} if flips else {"augment.flip": False}


def starting_config(source: str, preset: str) -> RunConfig:
    """The settings that a run on a data set starts from: its own settings override those of the preset.

    Raises:
        LabError: ``source`` cannot be a data set's name.
    """
    return starting_configs(source)[preset]


def starting_configs(source: str) -> dict[str, RunConfig]:
    """What :func:`starting_config` returns for each preset.

    Raises:
        LabError: ``source`` cannot be a data set's name.
    """
    base, own = RunConfig().replace({"data.source": source}), starting_settings(source)
    return {name: config.preset(name, base).replace(own) for name in config.PRESETS}


def _flip_starts_on(dataset: Dataset) -> bool:
    """Worked out once for each version: pages ask at every click."""
    from core.data import copy_evidence, mirroring

    key = (*dataset.cache_key, copy_evidence.stamp(dataset.path))
    known = _flips.get(dataset.path)
    if known is None or known[0] != key:
        known = _flips[dataset.path] = key, mirroring.flip_starts_on(dataset)
    return known[1]


_flips: dict[Path, tuple[tuple[object, ...], bool]] = {}


def folder(source: str) -> Path:
    """The folder in the workspace of a data set, which may not exist yet.

    Raises:
        LabError: there is no such source.
    """
    return _path(sources.resolve(source))


def prepared() -> list[str]:
    """The sources of all prepared data sets in this workspace, most recently prepared first."""
    found = (workspace.folder() / "datasets").glob("*/dataset.json")
    names = []
    for path in files.newest_first(found):
        with contextlib.suppress(LabError):  # a damaged data set cannot be chosen
            names.append(files.read_model(path, Facts).source)
    return names


def prepare(
    source: str, *, layout: str = "", progress: Progress = silent, should_stop: ShouldStop = never
) -> Dataset:
    """Make or unpack the images where needed, read each once, and write the index.

    What has not changed since the last time is not read again. Nothing is replaced before all of it is
    done, so a crash or a stop leaves the data set as it was. ``layout`` chooses between several ways to
    read the files, ``auto`` takes a choice back; a choice is kept until there is another.

    Raises:
        Undecided: the files may be read in several ways, and none is chosen.
        LabError: it cannot be made, downloaded, read or written; says why.
        Stopped: ``should_stop`` said so.
    """
    from core.data import preparing  # imported late: finding copies needs SciPy, the first page does not

    origin = sources.resolve(source)
    preparing.prepare(origin, _path(origin), layout, progress, should_stop)
    return _open(origin)


def changed_on_disk(source: str) -> Changes:
    """What has changed in the files of a data set since it was prepared, see ``changes.find``.

    Raises:
        NotPrepared: the data set has not been prepared.
        LabError: the source does not exist, or the index is damaged.
    """
    origin = sources.resolve(source)
    return changes.find(origin, _open(origin), files.read_model(_path(origin) / "dataset.json", Facts))


def _open(origin: Source) -> Dataset:
    path = _path(origin)
    try:
        signature = tuple((path / name).stat().st_mtime_ns for name in ("dataset.json", "index.parquet"))
    except FileNotFoundError:
        raise NotPrepared(f"Data set '{origin.title}' has not been prepared yet; prepare it first.") from None
    recorded = versions.steps(path)
    signature = (*signature, len(recorded))
    opened = _opened.get(path)
    if opened is None or opened[0] != signature:
        opened = _opened[path] = signature, _read(path, origin, recorded, stamp=signature[1])
    return opened[1]


_opened: dict[Path, tuple[tuple[int, ...], Dataset]] = {}


def _read(path: Path, origin: Source, recorded: tuple[versions.Step, ...], stamp: int) -> Dataset:
    facts = files.read_model(path / "dataset.json", Facts)
    try:
        index = indexing.read(path / "index.parquet")
        if not set(indexing.COLUMNS) - indexing.ADDED_LATER | {"group"} <= set(index.columns):
            raise NotPrepared(
                f"Data set '{origin.title}' was prepared with a different version of the lab; "
                "prepare it again."
            )
        indexing.refuse_damaged(index)
    except NotPrepared:
        raise
    except Exception as error:  # pyarrow raises its own exception types for a damaged file
        raise LabError(
            f"The index of data set '{origin.title}' is damaged ({in_one_line(error)}); prepare it again."
        ) from None
    index = versions.apply(index if "source_group" in index else index.assign(source_group=""), recorded)
    usable = versions.usable(index)
    dataset = Dataset(
        id=origin.id,
        source=origin.name,
        title=origin.title,
        credit=origin.credit,
        path=path,
        root=origin.folder or path / "files",
        class_names=facts.class_names,
        index=index,
        usable=usable,
        version=fingerprint(usable),
        read_as=facts.read_as,
        left_aside=facts.left_aside,
        layout=facts.layout,
        candidates=facts.candidates,
        is_plain=facts.is_plain,
        ranges=facts.ranges,
        stamp=stamp,
    )
    return versions.of_index(dataset, index) if len(usable) < len(index) else dataset


def _path(origin: Source) -> Path:
    return workspace.folder() / "datasets" / origin.id
