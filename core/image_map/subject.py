"""What a map shows: the images in use of a data set, or those of a run."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core import datasets, example, runs
from core.data.dataset import Dataset
from core.errors import LabError
from core.image_map.sample import sample
from core.runs import Run

_RUN = "run:"


@dataclass(frozen=True, eq=False)
class Subject:
    """The images that a map shows.

    Attributes:
        name: a data set's source, or ``run:`` and a run's id.
        title: in messages.
        rows: index rows of the data set; those of a run have a column ``split``.
        folder: where the map is stored.
        run: None for a data set.
    """

    name: str
    title: str
    dataset: Dataset
    rows: pd.DataFrame
    folder: Path
    run: Run | None = None

    @cached_property
    def shown(self) -> pd.DataFrame:
        """The rows that the map shows: all, or a sample of many."""
        return sample(self.rows)


def of_dataset(dataset: Dataset) -> Subject:
    """Return the images in use of a data set."""
    return Subject(dataset.source, dataset.title, dataset, dataset.usable, dataset.path / "map")


def of_run(run: Run) -> Subject:
    """Return the images that a run was trained, validated and tested on.

    Of the example, and where the data set's files have changed since, those it made predictions for and that
    are still there.

    Raises:
        LabError: the data set is gone or damaged.
    """
    data, report = run.config.data, run.report()
    try:
        dataset = datasets.open(data.source, report.data_version if report else data.version)
        rows = datasets.select(dataset, data).rows
    except LabError:
        dataset = example.images_of(run)
        rows = _predicted_rows(run, dataset)
    return Subject(_RUN + run.id, run.title, dataset, rows, run.heatmaps_path / "map", run)


def named(name: str) -> Subject:
    """Return the subject of this name.

    Raises:
        LabError: there is no such data set or run, or its images are gone.
    """
    if name.startswith(_RUN):
        return of_run(runs.open(name.removeprefix(_RUN)))
    return of_dataset(datasets.open(name))


def groups(rows: pd.DataFrame) -> NDArray[np.int64]:
    """Return a number (N,) for each row, which rows that belong together share: copies, or one patient's."""
    return np.asarray(rows["together" if "together" in rows else "group"], np.int64)


def _predicted_rows(run: Run, dataset: Dataset) -> pd.DataFrame:
    split = {str(image_id): name for name in ("validation", "test") for image_id in run.predictions(name).ids}
    rows = dataset.index[dataset.index["id"].isin(split) & (dataset.index["problem"] == "")]
    return rows.assign(split=rows["id"].map(split))
