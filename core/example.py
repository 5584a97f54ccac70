"""The finished run that comes with the lab, so that there is a result to see before anything is trained.

Its folder, ``example/`` in the project, is that of any run, with its test images and those watched during
training beside it. It is only read: what is computed from it later goes to ``workspace/example``. ``make
example`` creates it anew.

=====================  =================================================================
images/CLASS/ID.jpg    these images, smaller than in the data set
images/index.parquet   their rows of the data set's index, with the ids of the originals
=====================  =================================================================
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import pandas as pd

from core import datasets, runs, workspace
from core.data.dataset import Dataset
from core.errors import LabError
from core.runs import Run

FOLDER = workspace.PROJECT / runs.EXAMPLE


def run() -> Run:
    """Return the example."""
    return Run(FOLDER)


def images_of(run: Run) -> Dataset:
    """Return the data set of a run as it is now, to show and explain its images.

    The example's test images come with it, until its data set has been prepared on this machine.

    Raises:
        LabError: the data set has not been prepared, is gone, or is damaged.
    """
    try:
        dataset = datasets.open(run.config.data.source)
    except LabError:
        if not run.is_example:
            raise
        return _shipped(run)
    if run.is_example and not _index().index.isin(dataset.index["id"]).all():
        return _shipped(run)  # drawn by another version of the lab
    return dataset


def _shipped(run: Run) -> Dataset:
    report, rows = run.report(), _index().reset_index(drop=True)
    assert report is not None
    return Dataset(
        id=runs.EXAMPLE,
        source=run.config.data.source,
        title="Example",
        credit="",
        path=workspace.folder() / runs.EXAMPLE,
        root=FOLDER / "images",
        class_names=report.class_names,
        index=rows,
        usable=rows,
        version=report.data_version,
    )


@lru_cache(1)
def _index(path: Path = FOLDER / "images" / "index.parquet") -> pd.DataFrame:
    return pd.read_parquet(path).set_index("id", drop=False)
