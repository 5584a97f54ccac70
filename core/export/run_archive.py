"""A run as one zip file: to share a result, or to keep it outside the workspace.

An imported archive is not trusted. Only the files of a run are extracted, under the names below and into
one new folder. All are read and checked before the run appears, so no page encounters invalid content. The
model is checked as always before it is loaded (:mod:`core.explain.keras_file`).
"""

from __future__ import annotations

import io
import os
import shutil
import zipfile
from pathlib import Path
from typing import IO

from core import files, runs, workspace
from core.data.sources import zip_safety
from core.errors import LabError
from core.export import archive_check
from core.runs import Run
from core.sweeps import repeats
from core.words import byte_size

MEMBERS = {
    "config.json": 2**20,
    "status.json": 2**20,
    "labels.json": 2**20,
    "parent.json": 2**20,
    "metrics.jsonl": 64 * 2**20,
    "watched.jsonl": 64 * 2**20,
    "report.json": 64 * 2**20,
    "predictions.npz": 2**30,
    "model.keras": 4 * 2**30,
}
"""The exported files of a run and their maximum sizes in bytes. Checkpoint, heatmaps and log are left out."""
_NEEDED = ("config.json", "status.json")
_MAX_MEMBERS = 10_000
_STORED = frozenset({".keras", ".npz"})
"""Compressed already."""


def pack(run: Run) -> bytes:
    """Return the run as a zip archive with one folder, named after the run.

    A damaged run is packed as it is, to be kept or repaired elsewhere; it cannot be imported again.

    Raises:
        LabError: the run has not ended.
    """
    if run.status.waiting:
        raise LabError(f"{run.title} is still {run.status.state}. You can export it once it has ended.")
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as opened:
        for name in MEMBERS:
            path = run.path / name
            if path.is_file():
                compression = zipfile.ZIP_STORED if path.suffix in _STORED else zipfile.ZIP_DEFLATED
                opened.write(path, f"{run.id}/{name}", compression)
    return archive.getvalue()


def unpack(archive: IO[bytes]) -> Run:
    """Create a run from an archive written by :func:`pack`, or from a zipped run folder.

    The run gets a new id. Files that do not belong to a run are ignored. A copy of a run that already
    exists here leaves that run's group, since among repeats one result would count twice.

    Raises:
        LabError: the archive contains no run, or invalid content; nothing is left behind.
    """
    run_id = runs.new_id()
    path = workspace.folder() / "runs" / run_id
    beside = Run(path.with_name(f".new-{run_id}"))
    try:
        with files.explained(path):
            beside.path.mkdir(parents=True)
            _unzip(archive, beside.path)
            archive_check.adopt(beside, MEMBERS["predictions.npz"])
            if _is_copy(beside):
                beside.relabel(group="")
            files.patiently(lambda: os.replace(beside.path, path))
    finally:
        shutil.rmtree(beside.path, ignore_errors=True)
    return Run(path)


def _is_copy(run: Run) -> bool:
    """Return whether its group has a run with the same settings, seed included."""
    seed = run.config.fit.seed
    return bool(run.labels.group) and any(other.config.fit.seed == seed for other in repeats.siblings(run))


def _unzip(archive: IO[bytes], folder: Path) -> None:
    with zip_safety.opened(archive) as opened:
        for name, member in _members(opened).items():
            with opened.open(member) as content:
                _copy(content, folder / name)


def _members(opened: zipfile.ZipFile) -> dict[str, zipfile.ZipInfo]:
    """Return the files of the archive's only run, by name within its folder."""
    listed = opened.infolist()
    zip_safety.refuse_unsafe(listed, _MAX_MEMBERS)
    configs = [member.filename for member in listed if member.filename.split("/")[-1] == "config.json"]
    if not configs:
        raise LabError("This archive contains no run: it has no config.json.")
    if len(configs) > 1:
        raise LabError(f"This archive contains {len(configs)} runs. Import them one at a time.")
    folder = configs[0].removesuffix("config.json")
    found = {name: [m for m in listed if m.filename == folder + name] for name in MEMBERS}
    twice = [name for name, members in found.items() if len(members) > 1]
    missing = [name for name in _NEEDED if not found[name]]
    if twice or missing:
        reason = f"contains {twice[0]} twice" if twice else f"has no {missing[0]}"
        raise LabError(f"The archive cannot be imported: it {reason}.")
    return {name: members[0] for name, members in found.items() if members}


def _copy(content: IO[bytes], path: Path) -> None:
    """Copy a member, but stop once it exceeds its maximum size, whatever size it claims."""
    size, limit = 0, MEMBERS[path.name]
    with path.open("xb") as file:
        for chunk in zip_safety.chunks(content):
            size += len(chunk)
            if size > limit:
                raise LabError(f"{path.name} in the archive is larger than {byte_size(limit)}.")
            file.write(chunk)
