"""Decode and resize every image once: square uint8 pixels, stored in files beside the index.

A cache file holds the images at one size and fit, a second file beside it their ids. Both are written once
and never changed, so any number of processes can read them while another adds a new cache.
"""

from __future__ import annotations

import hashlib
from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from PIL import Image

from core import files
from core.data.stored_images import PixelFile, Pixels, StoredImages
from core.processes.threads import Progress, ShouldStop, never, ordered_map, silent

if TYPE_CHECKING:
    from core.data.dataset import Dataset

_FEW = 64
"""Up to this many missing images are decoded directly; a cache file would not be worthwhile."""
_KEPT_FILES = 6
KERNEL = Image.Resampling.BILINEAR
REDUCING_GAP = 2.0
"""How images are resized, see :func:`fit`; exported models need images resized in the same way."""


def load(
    dataset: Dataset,
    rows: pd.DataFrame,
    image_size: int,
    resize: str,
    *,
    progress: Progress | None = None,
    should_stop: ShouldStop | None = None,
) -> StoredImages:
    """Return the images of index rows as the network sees them; they are read when they are asked for.

    Args:
        rows: rows of the data set's index, in any order.
        image_size: side S of the square in pixels.
        resize: "stretch", "crop" or "pad", see ``fit``.

    Returns:
        (len(rows), S, S, 3) uint8, RGB, 0-255; ``[:]`` reads them all.

    Raises:
        LabError: an image can no longer be read or is another one by now, or the disk is full.
        Stopped: ``should_stop`` returned True.
    """
    ids = rows["id"].to_numpy(dtype="U16")
    cache = _best(_caches(dataset.path / "pixels", image_size, resize), ids)
    indices = cache.find(ids) if cache else np.full(len(ids), -1)
    missing = np.flatnonzero(indices < 0)
    chosen = np.arange(len(ids)) if len(missing) > _FEW else missing
    reader = _Reader(dataset, rows, image_size, resize, cache, indices)
    images = ordered_map(
        reader.read,
        chosen.tolist(),
        step="reading images",
        progress=progress or silent,
        should_stop=should_stop or never,
    )
    if len(missing) > _FEW:
        file = _write(dataset.path / "pixels", ids, image_size, resize, images)
        return StoredImages(np.arange(len(ids)), reader.none, file)
    held = np.stack(list(images)) if len(missing) else reader.none
    indices[missing] = (len(cache.pixels) if cache else 0) + np.arange(len(missing))
    return StoredImages(indices, held, cache.pixels if cache else None)


def _best(caches: Iterable[_Cache], ids: NDArray[np.str_]) -> _Cache | None:
    """The newest of those that hold most of the images; None if none holds any."""
    counts = [(int((cache.find(ids) >= 0).sum()), cache) for cache in caches]
    most = max((count for count, _ in counts), default=0)
    return next((cache for count, cache in counts if count == most), None) if most else None


@dataclass(frozen=True)
class _Reader:
    """Reads images by their index in ``rows``, from a cache if possible, otherwise from the file."""

    dataset: Dataset
    rows: pd.DataFrame
    image_size: int
    resize: str
    cache: _Cache | None
    indices: NDArray[np.int64]

    @property
    def none(self) -> Pixels:
        return np.zeros((0, self.image_size, self.image_size, 3), np.uint8)

    def read(self, index: int) -> Pixels:
        if self.cache is not None and self.indices[index] >= 0:
            pixels = np.empty(self.none.shape[1:], np.uint8)
            self.cache.pixels.read(int(self.indices[index]), pixels)
            return pixels
        image = self.dataset.image(self._records[index], draft=self.image_size)
        return np.asarray(fit(image, self.image_size, self.resize))

    @cached_property
    def _records(self) -> list[dict[Hashable, Any]]:
        return self.rows[["file", "bytes", "modified", "content"]].to_dict("records")


@dataclass(frozen=True)
class _Cache:
    """A file of pixels, and the ids (N,) of its images."""

    pixels: PixelFile
    ids: pd.Index[str]

    def find(self, ids: NDArray[np.str_]) -> NDArray[np.int64]:
        """The index of each image in the cache, or -1 for images that it does not contain."""
        return self.ids.get_indexer(pd.Index(ids)).astype(np.int64)


def _caches(folder: Path, image_size: int, resize: str) -> list[_Cache]:
    """The readable caches of one size and fit, newest first."""
    found = files.newest_first(folder.glob(f"{image_size}-{resize}-*.ids.npy"))
    return [cache for path in found if (cache := _open(path, image_size))]


def _open(ids_path: Path, image_size: int) -> _Cache | None:
    try:
        ids = np.load(ids_path, allow_pickle=False)
        pixels = PixelFile(ids_path.with_name(ids_path.name.replace(".ids.npy", ".npy")))
    except (OSError, ValueError, EOFError):
        return None  # just pruned by another process, or damaged: decode again
    return _Cache(pixels, pd.Index(ids)) if pixels.shape == (len(ids), image_size, image_size, 3) else None


def _write(
    folder: Path, ids: NDArray[np.str_], image_size: int, resize: str, images: Iterable[Pixels]
) -> PixelFile:
    """Stream the images into a new cache."""
    digest = hashlib.blake2b(ids.tobytes(), digest_size=6).hexdigest()
    path = folder / f"{image_size}-{resize}-{digest}.npy"
    header = {"descr": "|u1", "fortran_order": False, "shape": (len(ids), image_size, image_size, 3)}
    with files.replacing(path) as beside, beside.open("wb") as file:
        np.lib.format.write_array_header_1_0(file, header)
        for image in images:
            file.write(np.ascontiguousarray(image).data)
    with files.replacing(path.with_name(f"{path.stem}.ids.npy")) as beside:
        np.save(beside, ids)
    pixels = PixelFile(path)  # opened first: where the clock was set back, it counts as the oldest
    _prune(folder)
    return pixels


def _prune(folder: Path) -> None:
    """Keep the newest few caches; a process that still reads an older one can go on reading it.

    If a file in use cannot be removed, as on Windows, its list of ids is kept too, so that the next pruning
    finds it again.
    """
    for path in files.newest_first(folder.glob("*.ids.npy"))[_KEPT_FILES:]:
        if files.remove(path.with_name(path.name.replace(".ids.npy", ".npy"))):
            files.remove(path)


def fit(image: Image.Image, size: int, resize: str) -> Image.Image:
    """Return an RGB image as a square of ``size`` pixels a side.

    "stretch" ignores the aspect ratio, "crop" cuts out the central square, "pad" adds black bars. The filter
    is bilinear with its support scaled to the reduction (so that fine patterns do not alias, unlike in
    tf.image.resize), after a box reduction to twice the size for speed (``reducing_gap``).
    """
    box = None
    if resize == "crop":
        side = min(image.size)
        left, top = (image.width - side) / 2, (image.height - side) / 2
        box = (left, top, left + side, top + side)
    if resize == "pad":
        scale = size / max(image.size)
        inner = max(1, round(image.width * scale)), max(1, round(image.height * scale))
        square = Image.new("RGB", (size, size))
        resized = image.resize(inner, KERNEL, reducing_gap=REDUCING_GAP)
        square.paste(resized, ((size - inner[0]) // 2, (size - inner[1]) // 2))
        return square
    return image.resize((size, size), KERNEL, box=box, reducing_gap=REDUCING_GAP)
