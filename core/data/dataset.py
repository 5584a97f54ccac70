"""What a data set is: images with labels, and an index of what is known about each."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
from PIL import Image

from core import files
from core.data.decoding import Unreadable, decode
from core.errors import LabError


@dataclass(frozen=True)
class Facts:
    """dataset.json: the source, how it was made, and its class folders."""

    source: str
    class_names: tuple[str, ...]
    recipe: str = ""
    schema: int = 1


@dataclass(frozen=True, eq=False)
class Dataset:
    """Images with labels.

    Attributes:
        id: name of its folder below workspace/datasets.
        source: ``garden``, ``digits``, ``tfds:NAME`` or the folder it was made from.
        path: its folder in the workspace.
        root: where its image files lie.
        class_names: all class folders, in natural order, those without images included.
        index: a row a file, with the columns of ``indexing.COLUMNS``, ``group`` (int, one for all copies
            of an image, near ones included), ``folder_label`` (the class before any relabel) and
            ``excluded`` (the reason, or ""). A row with a ``problem`` gives no image.
        usable: the rows with neither a problem nor an exclusion.
        version: fingerprint of the usable images and their labels.
    """

    id: str
    source: str
    title: str
    credit: str
    path: Path
    root: Path
    class_names: tuple[str, ...]
    index: pd.DataFrame
    usable: pd.DataFrame
    version: str

    @property
    def cache_key(self) -> tuple[str, str, int]:
        """The same for the same data set in the same version, with as many files, and cheap to get."""
        return str(self.path), self.version, len(self.index)

    @property
    def skipped(self) -> list[dict[str, str]]:
        """Files that give no image: ``{"file": ..., "reason": ...}``."""
        bad = self.index[self.index["problem"] != ""]
        return [{"file": f, "reason": p} for f, p in zip(bad["name"], bad["problem"], strict=True)]

    def rows(self, ids: Sequence[str]) -> pd.DataFrame:
        """The index rows of images by their ids, in the order of the ids.

        Raises:
            LabError: some are no longer in the data set.
        """
        index = self.index.set_index("id", drop=False)
        gone = [image_id for image_id in ids if image_id not in index.index]
        if gone:
            raise LabError(f"{len(gone)} of the images are no longer in the data set {self.source}.")
        return index.loc[list(ids)]

    def image(self, row: pd.Series | str) -> Image.Image:
        """The upright RGB image of an index row or a file name of the index.

        Raises:
            LabError: it can no longer be read.
        """
        return self._decoded(row if isinstance(row, str) else str(row["file"]))

    def thumbnail(self, row: pd.Series, size: int) -> bytes:
        """The image as a JPEG of at most ``size`` pixels a side, made once and kept.

        Raises:
            LabError: it can no longer be read.
        """
        kept = self.path / "thumbnails" / f"{row['id']}-{size}.jpg"
        try:
            return kept.read_bytes()
        except OSError:
            jpeg = _jpeg(self._decoded(str(row["file"]), draft=size), size)
        try:
            with files.replacing(kept) as beside:
                beside.write_bytes(jpeg)
        except LabError:
            pass  # it is only a cache; the image can be shown all the same
        return jpeg

    def _decoded(self, file: str, draft: int = 0) -> Image.Image:
        try:
            return decode(self.root / file, draft).image
        except Unreadable as reason:
            raise LabError(f"{file} of data set '{self.title}': {reason}") from None


def fingerprint(rows: pd.DataFrame, *columns: str) -> str:
    """12 hex digits for the images, their labels and more columns; the order of rows does not matter."""
    table = (rows[name].tolist() for name in ("id", "label", *columns))
    lines = sorted(map("\t".join, zip(*table, strict=True)))
    return hashlib.blake2b("\n".join(lines).encode(), digest_size=6).hexdigest()


def _jpeg(image: Image.Image, size: int) -> bytes:
    small = image.copy()
    small.thumbnail((size, size), Image.Resampling.BICUBIC, reducing_gap=2.0)
    buffer = io.BytesIO()
    small.save(buffer, "JPEG", quality=88, subsampling=0)
    return buffer.getvalue()
