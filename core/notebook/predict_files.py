"""Predict the classes of image files with a trained model, in this process."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from tqdm.auto import tqdm

from core.errors import LabError
from core.explain.nearest_images import Features, Kind
from core.prediction import familiarity, incoming
from core.prediction.answers import Answer, Judge
from core.prediction.incoming import Incoming, Reader
from core.prediction.sureness import AIM
from core.prediction.table import table
from core.processes.threads import ordered_map
from core.runs import Run

BATCH = 64
"""Files predicted at once."""


@dataclass(frozen=True, eq=False)
class PredictedFiles:
    """Files in order, each with its answer or the reason why it cannot be read as an image.

    ``judge`` is what the answers were judged by.
    """

    class_names: tuple[str, ...]
    judge: Judge
    names: tuple[str, ...]
    found: tuple[Answer | str, ...]

    def table(self) -> pd.DataFrame:
        """A row per file, see :func:`core.prediction.table.table`."""
        return table(self.names, self.found, self.class_names)


def predict(
    run: Run, paths: Sequence[str | Path], *, aim: float = AIM, quiet: bool = False
) -> PredictedFiles:
    """Predict files, and the files in folders, in the order given.

    Args:
        run: a run with a result.
        paths: image files or folders.
        aim: how often an answer that is called sure must be right.
        quiet: show no progress bar.

    Raises:
        LabError: a path does not exist, the run has no result or no model, or ``aim`` is not between 0 and 1.
    """
    files = incoming.found(paths)
    report = run.report()
    if report is None:
        raise LabError(f"Run {run.title} has no result yet, so it has no model to predict with.")
    reader = Reader.for_run(run.config.data, report)
    kind = familiarity.kind_for(run.config)
    judge = Judge.from_validation(run.predictions("validation"), _features(run, kind), kind, aim)
    found: list[Answer | str] = []
    with tqdm(total=len(files), unit="image", disable=quiet or None) as bar:
        for read in _batches(reader, files):
            found += _answered(run, judge, read, kind)
            bar.update(len(read))
    return PredictedFiles(report.class_names, judge, tuple(name for _, name in files), tuple(found))


def _batches(reader: Reader, files: Sequence[tuple[Path, str]]) -> Iterator[list[Incoming]]:
    """Read files without their images in full, of which 64 photos could take gigabytes."""
    for start in range(0, len(files), BATCH):
        part = files[start : start + BATCH]
        read = ordered_map(lambda file: replace(reader.read(*file), image=None), part, step="reading images")
        yield list(read)


def _answered(run: Run, judge: Judge, read: Sequence[Incoming], kind: Kind) -> list[Answer | str]:
    pixels = [one.pixels for one in read if one.pixels is not None]
    answers = iter(judge.answers(*_predicted(run, np.stack(pixels), kind)) if pixels else [])
    return [next(answers) if one.pixels is not None else one.problem for one in read]


def _predicted(
    run: Run, pixels: NDArray[np.uint8], kind: Kind
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    from core.ml import assistant_tasks  # deferred: importing core must not import TensorFlow

    answer = assistant_tasks.predict(run, pixels, kind)
    return answer["probabilities"], answer["features"]


def _features(run: Run, kind: Kind) -> Features | None:
    """The features of the run's images; None where its data set is not there or no longer as it was."""
    from core.ml import assistant_tasks

    try:
        return assistant_tasks.features(run, kind)
    except LabError:
        return None
