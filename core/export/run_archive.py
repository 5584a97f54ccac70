"""A run as one zip file: to send a result to somebody, or to keep it outside the workspace.

What comes in is from outside. Only the files of a run are taken, under the names below and below one new
folder; all are read and checked before the run appears, so that no page meets what a run never holds. The
model is looked at as closely as always before it is loaded (:mod:`core.explain.keras_file`).
"""

from __future__ import annotations

import io
import os
import shutil
import zipfile
import zlib
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
    "metrics.jsonl": 64 * 2**20,
    "report.json": 64 * 2**20,
    "predictions.npz": 2**30,
    "model.keras": 4 * 2**30,
}
"""The files of a run that travel, and the most bytes of each. Checkpoint, heatmaps and log stay at home."""
_NEEDED = ("config.json", "status.json")
_MAX_MEMBERS = 10_000
_CHUNK = 2**20
_STORED = frozenset({".keras", ".npz"})
"""Compressed already."""


def pack(run: Run) -> bytes:
    """The run as a zip archive with one folder in it, named like the run.

    Raises:
        LabError: it has not ended, or its settings cannot be read.
    """
    if run.status.waiting:
        raise LabError(f"{run.title} is still {run.status.state}. It can be exported when it has ended.")
    _ = run.config
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as opened:
        for name in MEMBERS:
            path = run.path / name
            if path.is_file():
                how = zipfile.ZIP_STORED if path.suffix in _STORED else zipfile.ZIP_DEFLATED
                opened.write(path, f"{run.id}/{name}", how)
    return archive.getvalue()


def unpack(archive: IO[bytes]) -> Run:
    """A new run from an archive that :func:`pack` made, or from a zipped run folder.

    It gets an id of its own. Files that do not belong to a run are left out. A copy of a run that is here
    already leaves the group of that one: among repeats, one result would count as two.

    Raises:
        LabError: it holds no run, or something that no run holds; nothing is left behind then.
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
    """Whether its group has a run with the same settings, seed included."""
    seed = run.config.fit.seed
    return bool(run.labels.group) and any(known.config.fit.seed == seed for known in repeats.siblings(run))


def _unzip(archive: IO[bytes], folder: Path) -> None:
    try:
        with zipfile.ZipFile(archive) as opened:
            for name, member in _members(opened).items():
                with opened.open(member) as content:
                    _copy(content, folder / name)
    except (zipfile.BadZipFile, zipfile.LargeZipFile, NotImplementedError, EOFError, zlib.error) as error:
        raise LabError(f"The archive is damaged, or not a zip archive: {error}") from None
    except RuntimeError as error:  # zipfile's word for a password
        raise LabError(f"The archive cannot be opened: {error}") from None


def _members(opened: zipfile.ZipFile) -> dict[str, zipfile.ZipInfo]:
    """The files of the one run in an archive, by their names in its folder."""
    listed = opened.infolist()
    zip_safety.refuse_unsafe(listed, _MAX_MEMBERS)
    configs = [member.filename for member in listed if member.filename.split("/")[-1] == "config.json"]
    if not configs:
        raise LabError("There is no run in this archive: it has no config.json.")
    if len(configs) > 1:
        raise LabError(f"There are {len(configs)} runs in this archive; import them one by one.")
    folder = configs[0].removesuffix("config.json")
    found = {name: [m for m in listed if m.filename == folder + name] for name in MEMBERS}
    twice = [name for name, members in found.items() if len(members) > 1]
    missing = [name for name in _NEEDED if not found[name]]
    if twice or missing:
        what = f"holds {twice[0]} twice" if twice else f"has no {missing[0]}"
        raise LabError(f"The archive is refused: it {what}.")
    return {name: members[0] for name, members in found.items() if members}


def _copy(content: IO[bytes], path: Path) -> None:
    """Copy a member, and stop where it is larger than it may be, whatever size it claims."""
    size, most = 0, MEMBERS[path.name]
    with path.open("xb") as file:
        while chunk := content.read(_CHUNK):
            size += len(chunk)
            if size > most:
                raise LabError(f"{path.name} in the archive is larger than {byte_size(most)}.")
            file.write(chunk)
