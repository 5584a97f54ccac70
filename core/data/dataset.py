"""The data set: labelled images and an index of what is known about each."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from PIL import Image

from core import files
from core.data.decoding import Unreadable, decode
from core.data.deep_pixels import Ranges
from core.data.image_stats import content_hash
from core.data.sources.layout import LeftAside
from core.errors import Candidate, LabError

Row = pd.Series | Mapping[Any, Any]
"""A row of the index."""


@dataclass(frozen=True)
class Facts:
    """dataset.json: the source, how it was made, and its classes.

    ``layout`` is what a person chose, "" for the one that is plainly meant; ``read_as`` says in words how
    the files were read; ``left_aside`` counts what is no example of a class. ``candidates`` and ``is_plain``
    are those of the :class:`~core.data.sources.scan.Scan`. ``ranges`` says what is black and white in images
    of more than 8 bits, None where an earlier version of the lab scaled each by itself.
    """

    source: str
    class_names: tuple[str, ...]
    recipe: str = ""
    schema: int = 1
    layout: str = ""
    read_as: str = ""
    left_aside: tuple[LeftAside, ...] = ()
    candidates: tuple[Candidate, ...] = ()
    is_plain: bool = True
    ranges: Ranges | None = None


@dataclass(frozen=True, eq=False)
class Dataset:
    """Labelled images.

    Attributes:
        id: name of its folder in workspace/datasets.
        source: ``garden``, ``digits``, ``tfds:NAME`` or the user's folder.
        path: its folder in the workspace.
        root: where its image files lie.
        class_names: all classes, in natural order.
        index: a row a file, with the columns of ``indexing.COLUMNS``, ``group`` (int, one for all copies
            of an image, near ones included), ``folder_label`` (the class before any relabel) and
            ``excluded`` (the reason, or ""). A row with a ``problem`` gives no image.
        usable: the rows with neither a problem nor an exclusion.
        version: fingerprint of the usable images and their labels.
        read_as: how its files were read, in words; "" where an earlier version of the lab prepared it.
        left_aside: files that are no examples of a class, counted by kind.
        layout: the way to read its files that a person chose; "" for the one that is plainly meant.
        candidates: the ways to read its files, the likeliest first, as far as they are known.
        is_plain: whether each folder is a class and nothing was left aside, so that nothing need be said.
        ranges: what is black and white in its images of more than 8 bits, see ``Facts``.
        stamp: another number whenever its index was written anew.
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
    read_as: str = ""
    left_aside: tuple[LeftAside, ...] = ()
    layout: str = ""
    candidates: tuple[Candidate, ...] = ()
    is_plain: bool = True
    ranges: Ranges | None = None
    stamp: int = 0

    @property
    def cache_key(self) -> tuple[str, str, int]:
        """A cheap key that identifies the data set, its version and all that the index says of its files.

        The version alone says nothing of splits and groups, which a list may give anew.
        """
        return str(self.path), self.version, self.stamp

    @property
    def prepared_at(self) -> float:
        """When it was last prepared, in seconds since 1970."""
        return (self.path / "dataset.json").stat().st_mtime

    @property
    def current_layout(self) -> str:
        """The name of the candidate that its files were read as; "" where an earlier version prepared it."""
        return self.layout or next((one.name for one in self.candidates), "")

    @cached_property
    def skipped(self) -> tuple[dict[str, str], ...]:
        """Files that could not be read as images: ``{"file": ..., "reason": ...}``."""
        bad = self.index[self.index["problem"] != ""]
        return tuple({"file": f, "reason": p} for f, p in zip(bad["name"], bad["problem"], strict=True))

    def rows(self, ids: Sequence[str]) -> pd.DataFrame:
        """The index rows with the given ids, in the order of the ids.

        Raises:
            LabError: some are no longer in the data set.
        """
        index = self.index.set_index("id", drop=False)
        missing = [image_id for image_id in ids if image_id not in index.index]
        if missing:
            raise LabError(f"{len(missing)} of the images are no longer in the data set {self.source}.")
        return index.loc[list(ids)]

    def image(self, row: Row, draft: int = 0) -> Image.Image:
        """The upright RGB image of an index row, as it was when the data set was prepared.

        A file with the size and time it had then counts as unchanged; of any other, the pixels are compared.

        Args:
            row: its file, bytes, modified and content.
            draft: see ``decode``.

        Raises:
            LabError: the file can no longer be read, or shows another image by now.
        """
        path = self.root / row["file"]
        untouched = _is_untouched(path, row)
        try:
            image = decode(path, draft if untouched else 0, self.ranges).image
        except Unreadable as reason:
            raise LabError(f"{row['file']} of data set '{self.title}': {reason}. {_RESCAN}") from None
        if not untouched and content_hash(np.asarray(image)) != row["content"]:
            raise LabError(
                f"{row['file']} of data set '{self.title}' has been replaced by another image since the data "
                f"set was prepared. {_RESCAN}"
            )
        return image

    def thumbnail(self, row: Row, size: int) -> bytes:
        """The image as a JPEG of at most ``size`` pixels a side, created once and cached.

        Raises:
            LabError: as ``image``.
        """
        cached = self.path / "thumbnails" / f"{row['id']}-{size}.jpg"
        try:
            return cached.read_bytes()
        except OSError:
            jpeg = _jpeg(self.image(row, draft=size), size)
        try:
            with files.replacing(cached) as beside:
                beside.write_bytes(jpeg)
        except LabError:
            pass  # only a cache; the image can be shown anyway
        return jpeg


_RESCAN = "Press Rescan files on the Data page, or run python -m core prepare."


def _is_untouched(path: Path, row: Row) -> bool:
    try:
        info = path.stat()
    except OSError:  # decoding it says why
        return False
    return (info.st_size, info.st_mtime_ns) == (row["bytes"], row["modified"])


def fingerprint(rows: pd.DataFrame, *columns: str) -> str:
    """12 hex digits that identify the images, their labels and further columns, regardless of row order."""
    table = (rows[name].tolist() for name in ("id", "label", *columns))
    lines = sorted(map("\t".join, zip(*table, strict=True)))
    return hashlib.blake2b("\n".join(lines).encode(), digest_size=6).hexdigest()


def _jpeg(image: Image.Image, size: int) -> bytes:
    small = image.copy()
    small.thumbnail((size, size), Image.Resampling.BICUBIC, reducing_gap=2.0)
    buffer = io.BytesIO()
    small.save(buffer, "JPEG", quality=88, subsampling=0)
    return buffer.getvalue()
