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
from core.data import copy_evidence, duplicates, indexing, scanning, versions
from core.data.collected import log
from core.data.dataset import Facts
from core.data.deep_pixels import Ranges
from core.data.sources import Source
from core.data.sources.scan import NoSuchLayout, Scan
from core.errors import LabError
from core.processes.threads import Progress, ShouldStop, stop_if

AUTO = "auto"
"""In place of a layout: take the one that is plainly meant, whatever was chosen before."""
_LOCK_POLL_SECONDS = 0.2
_NOTE = "note.txt"


def prepare(origin: Source, path: Path, layout: str, progress: Progress, should_stop: ShouldStop) -> None:
    """Make or unpack the images where needed, read what is new, and write the index into ``path``.

    Raises:
        LabError: the data set cannot be created, downloaded, read or written.
        Stopped: ``should_stop`` returned True; the previous state is intact.
    """
    with _alone(path, should_stop):
        before = _facts_before(path)
        chosen = "" if layout == AUTO else layout or before.layout
        origin = origin.in_layout(chosen)
        root = origin.folder or _created(origin, path, progress, should_stop)
        chosen, found = _read(origin, root, layout, before.layout, progress, should_stop)
        known = _previous_index(path)
        index, ranges = indexing.build(
            root, found.found, known, before.ranges or Ranges(), progress, should_stop
        )
        progress("looking for duplicates", 0, 0)
        looked_at = copy_evidence.read(path)
        evidence = copy_evidence.gather(index, root, looked_at, progress, should_stop, ranges)
        copy_evidence.write(path, evidence)
        group = duplicates.whole_groups(index, duplicates.find(index, evidence))
        note = _text(path / _NOTE)  # what the source said of its images when they were made
        facts = Facts(
            source=origin.name,
            class_names=found.class_names,
            recipe=origin.recipe,
            layout=chosen,
            read_as=f"{found.read_as.rstrip('.')}; {note}." if note else found.read_as,
            left_aside=found.left_aside,
            candidates=found.candidates,
            is_plain=found.is_plain and not note,
            ranges=ranges,
        )
        if origin.folder is not None and log.exists(root):
            _record_added(path, known, index)
        _write(path, facts, index.assign(group=group))


def _read(
    origin: Source, root: Path, layout: str, before: str, progress: Progress, should_stop: ShouldStop
) -> tuple[str, Scan]:
    """What a person chose, now or before, and the files read in this way.

    What was chosen before no longer counts if the files have changed so that they cannot be read in this way.
    """
    chosen = "" if layout == AUTO else layout or before
    try:
        return chosen, scanning.scan(origin, root, chosen, progress, should_stop)
    except NoSuchLayout:
        if layout:
            raise
        return "", scanning.scan(origin, root, "", progress, should_stop)


def _facts_before(path: Path) -> Facts:
    """What is known from the last time the data set was prepared; nothing if that is damaged or never was."""
    try:
        return files.read_model(path / "dataset.json", Facts)
    except (LabError, OSError):
        return Facts(source="", class_names=())


def _record_added(path: Path, before: pd.DataFrame, index: pd.DataFrame) -> None:
    """What was collected since the last time is a new version; the versions before it can still be opened."""
    new = index.loc[~index["id"].isin(before["id"]) & (index["problem"] == ""), "id"]
    if len(before) and len(new):
        versions.add(path, new.tolist(), "in the lab")


def _write(path: Path, facts: Facts, index: pd.DataFrame) -> None:
    with files.replacing(path / "index.parquet") as beside:
        index.to_parquet(beside, index=False)
    files.write_json(path / "dataset.json", asdict(facts))


def _created(origin: Source, path: Path, progress: Progress, should_stop: ShouldStop) -> Path:
    """The folder of a source's generated images, created beside and moved into place when complete."""
    assert origin.make is not None
    finished, recipe = path / "files", path / "recipe.txt"
    if finished.is_dir() and _text(recipe) == origin.recipe:
        return finished
    beside = path / f".files.{uuid.uuid4().hex[:8]}"
    try:
        with files.explained(beside):
            beside.mkdir(parents=True)
        note = origin.make(beside, progress, should_stop) or ""
        with files.explained(finished):
            shutil.rmtree(finished, ignore_errors=True)
            files.patiently(lambda: os.replace(beside, finished))
            (path / _NOTE).write_text(note, encoding="utf-8")
            recipe.write_text(origin.recipe, encoding="utf-8")
    finally:
        shutil.rmtree(beside, ignore_errors=True)
    return finished


def _text(path: Path) -> str:
    """What is in a file of the lab's own; nothing if it is missing or damaged."""
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return ""


def _previous_index(path: Path) -> pd.DataFrame:
    try:
        previous = indexing.read(path / "index.parquet")
        indexing.refuse_damaged(previous)
    except Exception:  # none yet, or damaged: read every image
        return indexing.empty()
    needed = set(indexing.COLUMNS) - indexing.FROM_THE_SOURCE
    return previous if needed <= set(previous.columns) else indexing.empty()


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
