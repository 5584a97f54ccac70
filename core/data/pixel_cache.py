"""Decode and resize every image once: square uint8 pixels, stored beside the index as memory-mapped files.

A cache file holds the images at one size and fit, a second file beside it their ids. Both are written once
and never changed, so any number of processes can read them while another adds a new cache.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from PIL import Image

from core import files
from core.data.decoding import Unreadable, decode
from core.errors import LabError
from core.processes.threads import Progress, ShouldStop, never, ordered_map, silent

if TYPE_CHECKING:
    from core.data.dataset import Dataset

Pixels = NDArray[np.uint8]

_FEW = 64
"""Up to this many missing images are decoded directly; a cache file would not be worthwhile."""
_KEPT_FILES = 6


def load(
    dataset: Dataset,
    rows: pd.DataFrame,
    image_size: int,
    resize: str,
    *,
    progress: Progress | None = None,
    should_stop: ShouldStop | None = None,
) -> Pixels:
    """Return the images of index rows as the network sees them.

    Args:
        rows: rows of the data set's index, in any order.
        image_size: side S of the square in pixels.
        resize: "stretch", "crop" or "pad", see ``fit``.

    Returns:
        uint8 (len(rows), S, S, 3), RGB, 0-255, C-contiguous; read-only and memory-mapped if possible.

    Raises:
        LabError: an image can no longer be read, or the disk is full.
        Stopped: ``should_stop`` returned True.
    """
    ids = rows["id"].to_numpy(dtype="U16")
    caches = _caches(dataset.path / "pixels", image_size, resize)
    indices = [cache.find(ids) for cache in caches]
    complete = next((n for n, found in enumerate(indices) if (found >= 0).all()), None)
    if complete is not None:
        return caches[complete].take(indices[complete])
    best = max(range(len(caches)), key=lambda n: int((indices[n] >= 0).sum()), default=None)
    cached = None if best is None else (caches[best].pixels, indices[best])
    reader = _Reader(dataset, rows["file"].tolist(), image_size, resize, cached)
    images = ordered_map(
        reader.read,
        range(len(rows)),
        step="reading images",
        progress=progress or silent,
        should_stop=should_stop or never,
    )
    if reader.missing <= _FEW:
        return np.stack(list(images)) if len(rows) else np.zeros((0, image_size, image_size, 3), np.uint8)
    return _write(dataset.path / "pixels", ids, image_size, resize, images)


@dataclass(frozen=True)
class _Reader:
    """Reads images by their index in ``files``, from a cache if possible, otherwise from the file."""

    dataset: Dataset
    files: list[str]
    image_size: int
    resize: str
    cached: tuple[Pixels, NDArray[np.intp]] | None

    @property
    def missing(self) -> int:
        return len(self.files) if self.cached is None else int((self.cached[1] < 0).sum())

    def read(self, index: int) -> Pixels:
        if self.cached is not None and self.cached[1][index] >= 0:
            pixels: Pixels = self.cached[0][self.cached[1][index]]
            return pixels
        file = self.files[index]
        try:
            image = decode(self.dataset.root / file, draft=self.image_size).image
        except Unreadable as reason:
            raise LabError(
                f"{file} of data set '{self.dataset.title}': {reason}. Prepare it again."
            ) from None
        return np.asarray(fit(image, self.image_size, self.resize))


@dataclass(frozen=True)
class _Cache:
    """Pixels (N, S, S, 3) uint8, memory-mapped, and the ids (N,) of the cached images."""

    path: Path
    pixels: Pixels
    ids: pd.Index[str]

    def find(self, ids: NDArray[np.str_]) -> NDArray[np.intp]:
        """The index of each image in the cache, or -1 for images that it does not contain."""
        return self.ids.get_indexer(pd.Index(ids))

    def take(self, indices: NDArray[np.intp]) -> Pixels:
        in_order = len(indices) == len(self.pixels) and bool((indices == np.arange(len(indices))).all())
        return self.pixels if in_order else self.pixels[indices]


def _caches(folder: Path, image_size: int, resize: str) -> list[_Cache]:
    """The readable caches of one size and fit, newest first."""
    found = sorted(folder.glob(f"{image_size}-{resize}-*.ids.npy"), key=lambda path: -path.stat().st_mtime_ns)
    return [cache for path in found if (cache := _open(path))]


def _open(ids_path: Path) -> _Cache | None:
    path = ids_path.with_name(ids_path.name.replace(".ids.npy", ".npy"))
    try:
        pixels = np.load(path, mmap_mode="r", allow_pickle=False)
        return _Cache(path, pixels, pd.Index(np.load(ids_path, allow_pickle=False)))
    except (OSError, ValueError):
        return None  # just pruned by another process, or damaged: decode again


def _write(
    folder: Path, ids: NDArray[np.str_], image_size: int, resize: str, images: Iterable[Pixels]
) -> Pixels:
    """Stream the images into a new cache. It is written, not mapped: a full disk kills a mapping process."""
    digest = hashlib.blake2b(ids.tobytes(), digest_size=6).hexdigest()
    path = folder / f"{image_size}-{resize}-{digest}.npy"
    header = {"descr": "|u1", "fortran_order": False, "shape": (len(ids), image_size, image_size, 3)}
    with files.replacing(path) as beside, beside.open("wb") as file:
        np.lib.format.write_array_header_1_0(file, header)
        for image in images:
            file.write(np.ascontiguousarray(image).data)
    with files.replacing(path.with_name(f"{path.stem}.ids.npy")) as beside:
        np.save(beside, ids)
    _prune(folder)
    pixels: Pixels = np.load(path, mmap_mode="r", allow_pickle=False)
    return pixels


def _prune(folder: Path) -> None:
    """Keep the newest few caches; a process that still maps an older one can go on reading it.

    If a mapped file cannot be removed, as on Windows, its list of ids is kept too, so that the next pruning
    finds it again.
    """
    found = sorted(folder.glob("*.ids.npy"), key=lambda path: -path.stat().st_mtime_ns)
    for path in found[_KEPT_FILES:]:
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
        resized = image.resize(inner, Image.Resampling.BILINEAR, reducing_gap=2.0)
        square.paste(resized, ((size - inner[0]) // 2, (size - inner[1]) // 2))
        return square
    return image.resize((size, size), Image.Resampling.BILINEAR, box=box, reducing_gap=2.0)
