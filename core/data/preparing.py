"""Make a data set's folder: its own images where the source has to be made, and the index of them."""

from __future__ import annotations

import os
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

import filelock
import pandas as pd

from core import files
from core.data import copy_evidence, duplicates, indexing
from core.data.dataset import Facts
from core.data.sources import Source, csv_list, folder
from core.processes.threads import Progress, ShouldStop, stop_if

_LOCK_POLL_SECONDS = 0.2


def prepare(origin: Source, path: Path, progress: Progress, should_stop: ShouldStop) -> None:
    """Make or unpack the images where needed, read what is new, and write the index into ``path``.

    Raises:
        LabError: it cannot be made, downloaded, read or written.
        Stopped: ``should_stop`` said so; what was there before is still there.
    """
    with _alone(path, should_stop):
        root = origin.folder or _made(origin, path, progress, should_stop)
        scan = folder.scan if not origin.listing else csv_list.scan
        found = scan(root / origin.listing, progress, should_stop)
        index = indexing.build(root, found.found, _known(path), progress, should_stop)
        progress("looking for duplicates", 0, 0)
        evidence = copy_evidence.gather(index, root, copy_evidence.read(path), progress, should_stop)
        copy_evidence.write(path, evidence)
        group = duplicates.whole_groups(index, duplicates.find(index, evidence))
        _write(path, origin, found.class_names, index.assign(group=group))


def _write(path: Path, origin: Source, class_names: tuple[str, ...], index: pd.DataFrame) -> None:
    with files.replacing(path / "index.parquet") as beside:
        index.to_parquet(beside, index=False)
    facts = Facts(source=origin.name, class_names=class_names, recipe=origin.recipe)
    files.write_json(path / "dataset.json", asdict(facts))


def _made(origin: Source, path: Path, progress: Progress, should_stop: ShouldStop) -> Path:
    """The folder of a source's own images, made beside and moved into place when whole."""
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
            files.patiently(lambda: os.replace(beside, finished))
            recipe.write_text(origin.recipe)
    finally:
        shutil.rmtree(beside, ignore_errors=True)
    return finished


def _known(path: Path) -> pd.DataFrame:
    try:
        known = pd.read_parquet(path / "index.parquet")
    except Exception:  # none yet, or damaged: read every image
        return indexing.empty()
    return known if set(indexing.COLUMNS) <= set(known.columns) else indexing.empty()


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
