"""Make an export of a run, keep it in the run's folder, and find it again."""

from __future__ import annotations

import shutil
import time
from dataclasses import dataclass
from pathlib import Path

from core import files
from core.errors import LabError, WrongUsage
from core.explain import keras_file
from core.export import formats
from core.export.formats import Format
from core.export.proof import Proof
from core.files import Moment
from core.processes import background_job
from core.processes.background_job import Work
from core.processes.threads import Progress, ShouldStop, never, silent
from core.runs import Run


@dataclass(frozen=True)
class Record:
    """What is kept beside an export: of which weights it was made, when, and how it did."""

    model: str
    made: Moment
    proof: Proof | None = None


@dataclass(frozen=True)
class Export:
    """A file that was made of a run, and the proof that it answers as the lab does, if it can answer."""

    format: Format
    path: Path
    made: float
    proof: Proof | None

    @property
    def file_name(self) -> str:
        """What the file is called once it is taken along: by the model that is in it, if that is another."""
        if self.proof is None or self.proof.instead is None:
            return self.path.name
        ending = f"-{self.format.name}{self.format.suffix}"
        return f"{self.path.name.removesuffix(ending)}-{self.proof.instead.format}{self.format.suffix}"


class Exporting(Work):
    """Progress of making one export; its ``source`` is the run and the format."""

    KIND = "exports"
    NAME = "The export"


def job(run: Run, name: str) -> Exporting:
    """The background job that makes this export, as it is before its start."""
    return Exporting(f"{run.id}/{name}")


def status(run: Run, name: str) -> Exporting:
    """Progress of making this export."""
    return background_job.status(job(run, name))


def start(run: Run, name: str) -> Exporting:
    """Start to make an export in a process of its own, unless it is being made.

    Raises:
        LabError: the format does not exist, or needs packages that are not installed.
    """
    formats.ready(name)
    return background_job.start(job(run, name), ["export", run.id, "--format", name])


def make(run: Run, name: str, *, progress: Progress = silent, should_stop: ShouldStop = never) -> Export:
    """Make an export in this process and keep it in the run's folder.

    Raises:
        LabError: the run has no result, the format does not exist, or the export cannot be made.
        Stopped: ``should_stop`` returned True.
    """
    chosen = formats.ready(name)
    if not run.has_report:
        raise LabError(f"Run {run.title} has no result yet, so there is nothing to export.")
    model = keras_file.fingerprint(run.model_path)
    proof = chosen.make(run, path_of(run, name), progress, should_stop)
    return keep(run, name, model, proof)


def keep(run: Run, name: str, model: str, proof: Proof | None) -> Export:
    """Record how an export did that lies at :func:`path_of`.

    Args:
        run: of which it was made.
        name: of the format.
        model: the fingerprint of the run's model, from before it was made.
        proof: how it compares with the lab's model, if it is a model.
    """
    record = Record(model, time.time(), proof)
    files.write_json(_record_path(run, name), {**vars(record), "proof": proof and proof.model_dump()})
    return Export(formats.find(name), path_of(run, name), record.made, proof)


def kept(run: Run, name: str) -> Export | None:
    """The export that was made before; None if there is none of the run's present model.

    Raises:
        LabError: the record of it is damaged.
    """
    path = path_of(run, name)
    record = files.read_model(_record_path(run, name), Record, missing=None)
    if record is None or not path.is_file() or record.model != keras_file.fingerprint(run.model_path):
        return None
    return Export(formats.find(name), path, record.made, record.proof)


def target_of(target: str | Path, name: str) -> Path:
    """Return the file or folder that an export in this format can be copied to, before it is made.

    A target that ends like the export, such as in ``.zip``, is a file, and any other is a folder, which may
    be new. What ends like another file is refused: a folder ``model.tflite`` was hardly meant.

    Raises:
        WrongUsage: it is neither.
    """
    path, suffix = Path(target).expanduser(), formats.find(name).suffix
    if path.is_dir() or path.suffix.lower() == suffix or not (path.suffix or path.exists()):
        return path
    raise WrongUsage(
        f"{path} is not a folder, and what is made is a {suffix} file. Name a file with this ending, or a "
        "folder that exists."
    )


def copy_to(export: Export, target: Path) -> Path:
    """Copy an export to a file, or under its own name into a folder, and return where it lies.

    Args:
        export: what was made.
        target: from :func:`target_of`.

    Raises:
        LabError: it cannot be written.
    """
    is_file = not target.is_dir() and target.suffix.lower() == export.path.suffix
    path = target if is_file else target / export.file_name
    with files.replacing(path) as beside:
        shutil.copyfile(export.path, beside)
    return path


def path_of(run: Run, name: str) -> Path:
    """Where an export lies once it is made."""
    return run.exports_path / f"{run.id}-{name}{formats.find(name).suffix}"


def _record_path(run: Run, name: str) -> Path:
    return run.exports_path / f"{name}.json"
