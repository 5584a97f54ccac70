"""Create a data set's folder: the images, if the source has to be generated, and their index."""

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
    """Create or unpack the images if needed, read new files, and write the index to ``path``.

    Raises:
        LabError: the data set cannot be created, downloaded, read or written.
        Stopped: ``should_stop`` returned True; the previous state is intact.
    """
    with _alone(path, should_stop):
        root = origin.folder or _created(origin, path, progress, should_stop)
        scan = folder.scan if not origin.listing else csv_list.scan
        found = scan(root / origin.listing, progress, should_stop)
        index = indexing.build(root, found.found, _previous_index(path), progress, should_stop)
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


def _created(origin: Source, path: Path, progress: Progress, should_stop: ShouldStop) -> Path:
    """The folder of a source's generated images, created beside and moved into place when complete."""
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


def _previous_index(path: Path) -> pd.DataFrame:
    try:
        previous = pd.read_parquet(path / "index.parquet")
    except Exception:  # none yet, or damaged: read every image
        return indexing.empty()
    return previous if set(indexing.COLUMNS) <= set(previous.columns) else indexing.empty()


@contextmanager
def _alone(path: Path, should_stop: ShouldStop) -> Iterator[None]:
    """Ensure that only one process prepares a data set at a time; a second one waits and finds it done."""
    with files.explained(path):
        path.mkdir(parents=True, exist_ok=True)
        lock = filelock.FileLock(path / "lock")
        while True:
            try:
                lock.acquire(timeout=_LOCK_POLL_SECONDS)
                break
            except filelock.Timeout:
                stop_if(should_stop, "waiting for another process that is preparing the same data set")
    try:
        yield
    finally:
        lock.release()
