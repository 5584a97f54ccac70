"""Make the package of a model that leaves the lab, and try it before it does."""

from __future__ import annotations

import json
import tempfile
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core import files
from core.errors import LabError
from core.export.models import description, judgement, tried_images
from core.export.models.judgement import Answers
from core.export.models.kinds import KINDS, Kind
from core.export.models.tried_images import TriedImages
from core.export.proof import Proof
from core.processes import child
from core.processes.threads import Progress, ShouldStop
from core.report import Report
from core.runs import Run
from core.workspace import PROJECT

MEASURE = Path(__file__).parent / "measure.py"
_ON_CPU = {"CUDA_VISIBLE_DEVICES": "-1", "TF_CPP_MIN_LOG_LEVEL": "2"}
"""The GPU's memory is for training, and the proof is for machines without one."""


def make(run: Run, path: Path, progress: Progress, should_stop: ShouldStop, *, kind: str) -> Proof:
    """Write a zip file of a model with all that it takes to use it; return how it compares with the lab's.

    A model of 8 bits that fails is replaced by the one of floating point: ``instead`` is the proof of that.

    Raises:
        LabError: the run has no model, or it cannot be converted.
        Stopped: ``should_stop`` returned True.
    """
    report = run.report()
    if report is None:
        raise LabError(f"Run {run.title} has no result yet, so there is nothing to export.")
    tried = tried_images.tried(run, report, progress, should_stop)
    making = _Making(run, report, tried, path, progress, should_stop)
    proof = making.package(KINDS[kind])
    instead = KINDS[kind].instead
    if proof.verdict == "failed" and instead:
        return proof.model_copy(update={"instead": making.package(KINDS[instead], rejected=proof)})
    return proof


@dataclass(frozen=True, eq=False)
class _Making:
    run: Run
    report: Report
    tried: TriedImages
    path: Path
    progress: Progress
    should_stop: ShouldStop

    def package(self, kind: Kind, rejected: Proof | None = None) -> Proof:
        """Convert, describe, try, and pack one kind of model, perhaps in place of one that was rejected."""
        with files.explained(self.path):
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(prefix=".new-", dir=self.path.parent) as work:
                return self._package(kind, Path(work), rejected)

    def _package(self, kind: Kind, work: Path, rejected: Proof | None) -> Proof:
        package = work / f"{self.run.id}-{kind.name}"
        package.mkdir()
        described = description.describe(self.run, self.report, kind)
        (work / "description.json").write_text(json.dumps(described), encoding="utf-8")
        self._convert(kind, work, package)
        description.write(package, described, kind)
        proof = self._prove(kind, work, package)
        description.add_proof(package, described, kind, proof, rejected)
        self.progress("packing", 0, 0)
        pack(package, self.path)
        return proof

    def _convert(self, kind: Kind, work: Path, package: Path) -> None:
        np.save(work / "pixels.npy", self.tried.pixels)
        if kind.is_8_bit:
            self.progress("reading training images", 0, 0)
            np.save(work / "calibration.npy", tried_images.calibrating(self.run, self.report))
        convert(self.run, kind.name, package / kind.file, work, self.progress, self.should_stop)

    def _prove(self, kind: Kind, work: Path, package: Path) -> Proof:
        size = _size(package / kind.file)
        if not self.tried.paths:
            return judgement.unproved(kind, self.tried, size)
        answers = measure(package, work, self.tried, self.progress, self.should_stop)
        return judgement.judge(kind, self.tried, answers, size)


def convert(
    run: Run, format: str, target: Path, work: Path, progress: Progress, should_stop: ShouldStop
) -> None:
    """Convert a run's model in a process of its own, see :mod:`core.ml.conversion` for what is in WORK.

    Raises:
        LabError: it cannot be converted.
        Stopped: ``should_stop`` returned True.
    """
    progress("starting TensorFlow", 0, 0)
    child.carry_out(
        ["-m", "core.ml.conversion", run.model_path.resolve(), format, target.resolve(), work.resolve()],
        task="the conversion",
        folder=PROJECT,
        environment=_ON_CPU,
        progress=progress,
        should_stop=should_stop,
    )


def measure(
    package: Path, work: Path, tried: TriedImages, progress: Progress, should_stop: ShouldStop
) -> Answers:
    """Have the package answer in a process that knows nothing else, see :func:`answers_of`."""
    progress("starting the exported model", 0, 0)
    return answers_of([MEASURE, package.resolve()], work, tried, progress, should_stop)


def answers_of(
    script: Sequence[str | Path], work: Path, tried: TriedImages, progress: Progress, should_stop: ShouldStop
) -> Answers:
    """Run a script that tries an export; WORK, its last argument, has ``pixels.npy`` and ``lab.npy``.

    Raises:
        LabError: it gives no answers.
        Stopped: ``should_stop`` returned True.
    """
    paths = [str(path.resolve()) for path in tried.paths]
    (work / "files.json").write_text(json.dumps(paths), encoding="utf-8")
    child.carry_out(
        ["-I", *script, work.resolve()],
        task="the proof",
        folder=work,
        environment=_ON_CPU,
        progress=progress,
        should_stop=should_stop,
    )
    with np.load(work / "answers.npz", allow_pickle=False) as answers:
        return Answers(lab=np.load(work / "lab.npy"), **answers)


def pack(package: Path, path: Path) -> None:
    """Write a folder as a zip file, atomically; its files lie in one folder there, too."""
    with files.replacing(path) as beside, zipfile.ZipFile(beside, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted(package.rglob("*")):
            if file.is_file() and "__pycache__" not in file.parts:
                archive.write(file, file.relative_to(package.parent))


def _size(model: Path) -> int:
    found = [model] if model.is_file() else [file for file in model.rglob("*") if file.is_file()]
    return sum(file.stat().st_size for file in found)
