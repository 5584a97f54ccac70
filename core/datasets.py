"""A data set: a folder of pictures and an index of what is known about each. Any source becomes one.

``workspace/datasets/<id>/``

=================  ==========================================================================
dataset.json       source, title, credit, where the pictures lie, class names
index.parquet      a row a picture, see ``Dataset``
files/             the pictures, where the lab made or unpacked them (a person's own folder
                   is indexed where it lies and never written to)
pixels/            decoded pictures, see core/pixels.py
thumbnails/        small pictures for the screen
=================  ==========================================================================
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import filelock
import pandas as pd
from PIL import Image

from core import duplicates, files, indexing, runs, sources
from core.decoding import Unreadable, decode
from core.errors import LabError
from core.parallel import Progress, ShouldStop, never, silent, stop_if
from core.selection import Selection, fingerprint, select
from core.sources import Source, folder
from core.sources.catalogue import CATALOGUE, CatalogueEntry

__all__ = [
    "CATALOGUE",
    "CatalogueEntry",
    "Dataset",
    "NotPrepared",
    "Selection",
    "open",
    "prepare",
    "prepared",
    "select",
]

_SCHEMA = 1
_LOCK_POLL_SECONDS = 0.2


class NotPrepared(LabError):
    """The data set has to be prepared first."""


@dataclass(frozen=True, eq=False)
class Dataset:
    """Pictures with labels.

    Attributes:
        id: name of its folder below workspace/datasets.
        source: ``garden``, ``digits``, ``tfds:NAME`` or the folder it was made from.
        path: its folder in the workspace.
        root: where its picture files lie.
        class_names: all class folders, in natural order, those without pictures included.
        index: a row a file, with the columns of ``indexing.COLUMNS`` and ``group`` (int, one for all
            copies of a picture, near ones included). A row with a ``problem`` gives no picture.
        version: fingerprint of the usable pictures and their labels.
    """

    id: str
    source: str
    title: str
    credit: str
    path: Path
    root: Path
    class_names: tuple[str, ...]
    index: pd.DataFrame
    usable: pd.DataFrame
    version: str

    @property
    def skipped(self) -> list[dict[str, str]]:
        """Files that give no picture: ``{"file": ..., "reason": ...}``."""
        bad = self.index[self.index["problem"] != ""]
        return [{"file": f, "reason": p} for f, p in zip(bad["file"], bad["problem"], strict=True)]

    def image(self, row: pd.Series | str) -> Image.Image:
        """The upright RGB picture of an index row or a file name of the index.

        Raises:
            LabError: it can no longer be read.
        """
        file = row if isinstance(row, str) else str(row["file"])
        try:
            return decode(self.root / file).image
        except Unreadable as reason:
            raise LabError(f"{file} of data set '{self.title}': {reason}") from None

    def thumbnail(self, row: pd.Series, size: int) -> bytes:
        """The picture as a JPEG of at most ``size`` pixels a side, made once and kept.

        Raises:
            LabError: it can no longer be read.
        """
        kept = self.path / "thumbnails" / f"{row['id']}-{size}.jpg"
        try:
            return kept.read_bytes()
        except OSError:
            jpeg = _jpeg(self.image(row), size)
        try:
            with files.replacing(kept) as beside:
                beside.write_bytes(jpeg)
        except LabError:
            pass  # it is only a cache; the picture can be shown all the same
        return jpeg


def open(source: str) -> Dataset:
    """The data set of a source, as it was last prepared.

    Raises:
        NotPrepared: it never was.
        LabError: there is no such source, or its index is damaged.
    """
    return _open(sources.resolve(source))


def prepared() -> list[str]:
    """The sources of all data sets that are prepared in this workspace, last prepared first."""
    found = (runs.workspace() / "datasets").glob("*/dataset.json")
    names = []
    for path in sorted(found, key=lambda path: path.stat().st_mtime_ns, reverse=True):
        with contextlib.suppress(LabError, KeyError):  # a damaged one is no choice
            names.append(str(files.read(path, _parse_facts)["source"]))
    return names


def prepare(source: str, *, progress: Progress = silent, should_stop: ShouldStop = never) -> Dataset:
    """Make or unpack the pictures where needed, read each once, and write the index.

    What has not changed since the last time is not read again. Nothing is replaced before all of it is
    done, so a crash or a stop leaves the data set as it was.

    Raises:
        LabError: it cannot be made, downloaded, read or written; says why.
        Stopped: ``should_stop`` said so.
    """
    origin = sources.resolve(source)
    path = _path(origin)
    with _alone(path, should_stop):
        root = origin.folder or _made(origin, path, progress, should_stop)
        found = folder.scan(root, progress, should_stop)
        index = indexing.build(root, found.found, _known(path, origin), progress, should_stop)
        progress("looking for duplicates", 0, 0)
        _write(path, origin, root, found.class_names, index.assign(group=duplicates.groups(index)))
    return _open(origin)


def _open(origin: Source) -> Dataset:
    path = _path(origin)
    try:
        signature = tuple((path / name).stat().st_mtime_ns for name in ("dataset.json", "index.parquet"))
    except FileNotFoundError:
        raise NotPrepared(f"Data set '{origin.title}' is not prepared yet; prepare it first.") from None
    opened = _opened.get(path)
    if opened is None or opened[0] != signature:
        opened = _opened[path] = signature, _read(path, origin)
    return opened[1]


_opened: dict[Path, tuple[tuple[int, ...], Dataset]] = {}


def _read(path: Path, origin: Source) -> Dataset:
    facts: dict[str, Any] = files.read(path / "dataset.json", _parse_facts)
    try:
        index = pd.read_parquet(path / "index.parquet")
    except Exception as error:  # pyarrow has its own kinds for a damaged file
        raise LabError(
            f"The index of data set '{origin.title}' is damaged ({error}); prepare it again."
        ) from None
    usable = index[index["problem"] == ""]
    return Dataset(
        id=origin.id,
        source=origin.name,
        title=origin.title,
        credit=origin.credit,
        path=path,
        root=Path(facts["root"]) if origin.folder else path / "files",
        class_names=tuple(facts["class_names"]),
        index=index,
        usable=usable,
        version=fingerprint(usable),
    )


def _parse_facts(text: str) -> dict[str, Any]:
    facts: dict[str, Any] = json.loads(text)
    return facts


def _write(path: Path, origin: Source, root: Path, class_names: tuple[str, ...], index: pd.DataFrame) -> None:
    with files.replacing(path / "index.parquet") as beside:
        index.to_parquet(beside, index=False)
    facts = {"schema": _SCHEMA, "source": origin.name, "recipe": origin.recipe, "root": str(root)}
    files.write_json(path / "dataset.json", {**facts, "class_names": class_names})


def _path(origin: Source) -> Path:
    return runs.workspace() / "datasets" / origin.id


def _made(origin: Source, path: Path, progress: Progress, should_stop: ShouldStop) -> Path:
    """The folder of a source's own pictures, made beside and moved into place when whole."""
    assert origin.make is not None
    finished, recipe = path / "files", path / "recipe.txt"
    if finished.is_dir() and recipe.is_file() and recipe.read_text() == origin.recipe:
        return finished
    beside = path / f".files.{uuid.uuid4().hex[:8]}"
    try:
        with files.explained(beside):
            beside.mkdir(parents=True)
        origin.make(beside, progress, should_stop)
        with files.explained(finished):
            shutil.rmtree(finished, ignore_errors=True)
            os.replace(beside, finished)
            recipe.write_text(origin.recipe)
    finally:
        shutil.rmtree(beside, ignore_errors=True)
    return finished


def _known(path: Path, origin: Source) -> pd.DataFrame:
    try:
        return pd.read_parquet(path / "index.parquet")
    except Exception:  # none yet, or damaged: read every picture
        return indexing.empty()


@contextmanager
def _alone(path: Path, should_stop: ShouldStop) -> Iterator[None]:
    """Two processes never prepare the same data set at once; the second waits and finds it done."""
    with files.explained(path):
        path.mkdir(parents=True, exist_ok=True)
        lock = filelock.FileLock(path / "lock")
        while True:
            try:
                lock.acquire(timeout=_LOCK_POLL_SECONDS)
                break
            except filelock.Timeout:
                stop_if(should_stop, "waiting for another process that prepares the same data set")
    try:
        yield
    finally:
        lock.release()


def _jpeg(image: Image.Image, size: int) -> bytes:
    small = image.copy()
    small.thumbnail((size, size), Image.Resampling.BICUBIC, reducing_gap=2.0)
    buffer = io.BytesIO()
    small.save(buffer, "JPEG", quality=88, subsampling=0)
    return buffer.getvalue()
