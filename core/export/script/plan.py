"""What a script is made of: the settings of a run, the images it used, and what it reached with them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from core import datasets
from core.config import RunConfig
from core.data import deep_pixels, heif
from core.data.dataset import Dataset
from core.data.deep_pixels import Kind, Range
from core.data.sources.catalogue import is_transposed
from core.errors import LabError
from core.export.script import differences
from core.report import Report
from core.runs import Run

_TFDS = "tfds:"


@dataclass(frozen=True)
class Plan:
    """Everything that the script of a run is written from.

    Attributes:
        run: its id.
        rows: rows of the data set's index, with their ``split``.
        tfds: the name in TensorFlow Datasets; "" where the images come as files.
        tfds_image: the feature that is the image, where it had to be chosen; else "".
        is_transposed: the stored images have rows and columns exchanged.
        ranges: what is black and white in images of more than 8 bits, by kind.
        has_deep_colours: some of these are in colour, for which Pillow has no mode.
        modes: Pillow's modes of the files.
        has_heif: some files are HEIC photos.
        is_bfloat16: the network was trained in bfloat16.
        notes: sentences on what the script does otherwise than the run did.
        where: where a person finds the images, in words.
    """

    run: str
    config: RunConfig
    report: Report
    rows: pd.DataFrame
    tfds: str
    tfds_image: str
    is_transposed: bool
    ranges: dict[Kind, Range]
    has_deep_colours: bool
    modes: frozenset[str]
    has_heif: bool
    is_bfloat16: bool
    notes: tuple[str, ...]
    where: str

    @property
    def class_names(self) -> tuple[str, ...]:
        """In the order of the model's probabilities."""
        return self.report.class_names


def gather(run: Run) -> Plan:
    """Return what the script of a finished run is written from.

    Raises:
        LabError: the run has no result, its data set is gone, or the images or their split are no longer
            those of the run.
    """
    config, report = run.config, run.report()
    if report is None:
        raise LabError(f"{run.title} has no result yet. Let it finish, then take its script home.")
    dataset = datasets.open(config.data.source, report.data_version)
    rows = _rows(run, config, report, dataset)
    deep = rows[rows["depth"] != ""] if "depth" in rows else rows.iloc[:0]
    ranges = _ranges(dataset, deep)
    is_bfloat16 = "bfloat16" in (report.precision, config.fit.precision)
    source = dataset.source.removeprefix(_TFDS) if dataset.source.startswith(_TFDS) and not ranges else ""
    return Plan(
        run=run.id,
        config=config,
        report=report,
        rows=rows,
        tfds=source,
        tfds_image=_image_feature(dataset.layout),
        is_transposed=is_transposed(source),
        ranges=ranges,
        has_deep_colours=not deep["mode"].map(_is_grey).all(),
        modes=frozenset(rows["mode"]),
        has_heif=any(_is_heif(dataset.root / file) for file in rows["file"]),
        is_bfloat16=is_bfloat16,
        notes=tuple(differences.notes(run, config, report, is_bfloat16=is_bfloat16)),
        where=_where(dataset, source),
    )


def _rows(run: Run, config: RunConfig, report: Report, dataset: Dataset) -> pd.DataFrame:
    """The images of a run with their splits; raises LabError if they cannot be had as it had them."""
    selection = datasets.select(dataset, config.data)
    if (selection.fingerprint, selection.class_names) != (report.split_fingerprint, report.class_names):
        raise LabError(
            f"The images of data set '{dataset.title}' or their split are no longer those of {run.title}, so "
            "its script would not be the same run. Train it again, then take its script home."
        )
    if dataset.ranges is None and selection.rows["mode"].map(_is_grey).any():
        raise LabError(
            f"Images of data set '{dataset.title}' have more than 8 bits, and an earlier version of the lab "
            "scaled each by itself. Prepare the data set again and train again, then take the script home."
        )
    return selection.rows


def _ranges(dataset: Dataset, deep: pd.DataFrame) -> dict[Kind, Range]:
    if dataset.ranges is None:
        return {}
    kinds = set(deep["depth"])
    return {
        kind: found
        for kind in deep_pixels.KINDS
        if kind in kinds and (found := dataset.ranges.range_of(kind))
    }


def _is_grey(mode: str) -> bool:
    """Whether it is one of Pillow's modes for more than 8 bits; there are none in colour."""
    return mode == "F" or mode.startswith("I")


def _image_feature(layout: str) -> str:
    """The image of a layout such as ``image:photo,label:kind``."""
    parts = dict(part.partition(":")[::2] for part in layout.split(","))
    return parts.get("image", "")


def _is_heif(path: Path) -> bool:
    """By what the file begins with: phones and mail programs call such photos .jpg, too."""
    try:
        with path.open("rb") as file:
            return heif.is_heif(file.read(512))
    except OSError:  # a file that is gone now may be there when the script is run
        return False


def _where(dataset: Dataset, tfds: str) -> str:
    """Where a person finds the images, without the name of a folder of this machine."""
    if tfds:
        return "which TensorFlow Datasets can download"
    if dataset.source.startswith("upload:"):
        return "the files that were uploaded to the lab, in their folders"
    if dataset.root.is_relative_to(dataset.path):
        return f"`datasets/{dataset.id}/files` in the workspace of the lab"
    return "the folder that the run was trained on"
