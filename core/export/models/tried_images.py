"""Which images an exported model is tried on, and which calibrate one of 8 bits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from core import datasets, example
from core.data import pixel_cache
from core.data.dataset import Dataset
from core.data.stored_images import Pixels
from core.errors import LabError
from core.prediction.incoming import Reader
from core.processes.threads import Progress, ShouldStop, ordered_map
from core.report import Report
from core.runs import Predictions, Run

TRIED = 200
"""Test images; all where there are fewer."""
CALIBRATING = 100
"""Training images; more change the measured ranges little."""
_SEED = 0


@dataclass(frozen=True, eq=False)
class TriedImages:
    """Test images of a run, N of them.

    Attributes:
        paths: their files.
        pixels: (N, S, S, 3) uint8, as the app reads these files.
        test: their ids, labels and groups; the probabilities are those of the report.
        total: how many test images the run has.
        missing: why there is none, as the end of a sentence; "" otherwise.
    """

    paths: tuple[Path, ...]
    pixels: Pixels
    test: Predictions
    total: int
    missing: str = ""


def tried(run: Run, report: Report, progress: Progress, should_stop: ShouldStop) -> TriedImages:
    """Choose test images at random, always the same ones, and read their files.

    Images that are no longer as they were in training are left out.

    Raises:
        LabError: the run's predictions are damaged.
        Stopped: ``should_stop`` returned True.
    """
    test, size = run.predictions("test"), run.config.data.image_size
    chosen = np.sort(np.random.default_rng(_SEED).permutation(len(test.labels))[:TRIED])
    try:
        dataset = example.images_of(run)
    except LabError as error:
        return TriedImages(
            (), np.empty((0, size, size, 3), np.uint8), _part(test, []), len(test.ids), str(error)
        )
    index = dataset.index.drop_duplicates("id").set_index("id")
    rows = index.reindex(test.ids[chosen]).to_dict("records")
    reader = Reader.for_run(run.config.data, report)
    pixels = ordered_map(
        lambda row: _read(dataset, row, reader),
        rows,
        step="reading test images",
        progress=progress,
        should_stop=should_stop,
    )
    found = [
        (index, row, one) for index, row, one in zip(chosen, rows, pixels, strict=True) if one is not None
    ]
    return TriedImages(
        tuple(dataset.root / row["file"] for _, row, _ in found),
        np.stack([one for *_, one in found]) if found else np.empty((0, size, size, 3), np.uint8),
        _part(test, [index for index, *_ in found]),
        len(test.ids),
        "" if found else "none of the run's test images is in the data set any more.",
    )


def calibrating(run: Run, report: Report) -> Pixels:
    """Training images (M, S, S, 3) uint8, about as many of each class.

    Raises:
        LabError: the data set is not here as it was in training.
    """
    data = run.config.data
    try:
        dataset = datasets.open(data.source, report.data_version)
        rows = datasets.select(dataset, data).rows
        return pixel_cache.load(
            dataset, _spread(rows[rows["split"] == "train"]), data.image_size, data.resize
        )[:]
    except LabError as error:
        raise LabError(
            f"A model of 8 bits is calibrated on training images, and they are not at hand: {error} "
            "Other formats need no calibration."
        ) from None


def _spread(rows: pd.DataFrame) -> pd.DataFrame:
    """As many of each class, as far as there are so many."""
    shuffled = rows.sample(frac=1, random_state=_SEED)
    rank = shuffled.groupby("label").cumcount()
    return (
        shuffled.assign(rank=rank).sort_values("rank", kind="stable").head(CALIBRATING).drop(columns="rank")
    )


def _read(dataset: Dataset, row: Mapping[Any, Any], reader: Reader) -> Pixels | None:
    """Read an image as the app reads a file; None if it is gone or shows something else by now."""
    try:
        dataset.image(row, draft=reader.image_size)
    except (LabError, TypeError):  # TypeError: no row of the index has its id
        return None
    return reader.read(dataset.root / row["file"]).pixels


def _part(test: Predictions, indices: list[int]) -> Predictions:
    chosen = np.array(indices, np.int64)
    groups = None if test.groups is None else test.groups[chosen]
    return Predictions(test.ids[chosen], test.labels[chosen], test.probabilities[chosen], groups)
