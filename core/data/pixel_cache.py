"""Decode and resize every image once: square uint8 pixels, kept beside the index as memory-mapped files.

A cache file holds images in one size and fit, a second file beside it their ids. Both are written once
and never changed, so any number of processes may read them while another adds one.
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
"""Up to this many missing images are decoded on the spot; a cache file for them would not pay."""
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
    """The images of index rows as a network sees them.

    Args:
        rows: rows of the data set's index, in any order.
        image_size: side S of the square in pixels.
        resize: "stretch", "crop" or "pad", see ``fit``.

    Returns:
        uint8 (len(rows), S, S, 3), RGB, 0-255, C-contiguous; read-only and memory-mapped where it can be.

    Raises:
        LabError: an image can no longer be read, or the disk is full.
        Stopped: ``should_stop`` said so.
    """
    ids = rows["id"].to_numpy(dtype="U16")
    caches = _caches(dataset.path / "pixels", image_size, resize)
    indices = [cache.places(ids) for cache in caches]
    whole = next((n for n, place in enumerate(indices) if (place >= 0).all()), None)
    if whole is not None:
        return caches[whole].take(indices[whole])
    best = max(range(len(caches)), key=lambda n: int((indices[n] >= 0).sum()), default=None)
    known = None if best is None else (caches[best].pixels, indices[best])
    reader = _Reader(dataset, rows["file"].tolist(), image_size, resize, known)
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
    """Gives the image of a place in ``files``, from a cache that has it or else from its file."""

    dataset: Dataset
    files: list[str]
    image_size: int
    resize: str
    known: tuple[Pixels, NDArray[np.intp]] | None

    @property
    def missing(self) -> int:
        return len(self.files) if self.known is None else int((self.known[1] < 0).sum())

    def read(self, place: int) -> Pixels:
        if self.known is not None and self.known[1][place] >= 0:
            pixels: Pixels = self.known[0][self.known[1][place]]
            return pixels
        file = self.files[place]
        try:
            image = decode(self.dataset.root / file, draft=self.image_size).image
        except Unreadable as reason:
            raise LabError(
                f"{file} of data set '{self.dataset.title}': {reason}. Prepare it again."
            ) from None
        return np.asarray(fit(image, self.image_size, self.resize))


@dataclass(frozen=True)
class _Cache:
    """pixels (N, S, S, 3) uint8, memory-mapped, and the ids (N,) of the images in it."""

    path: Path
    pixels: Pixels
    ids: pd.Index[str]

    def places(self, ids: NDArray[np.str_]) -> NDArray[np.intp]:
        """Where each image lies, -1 for those that are not here."""
        return self.ids.get_indexer(pd.Index(ids))

    def take(self, places: NDArray[np.intp]) -> Pixels:
        in_order = len(places) == len(self.pixels) and bool((places == np.arange(len(places))).all())
        return self.pixels if in_order else self.pixels[places]


def _caches(folder: Path, image_size: int, resize: str) -> list[_Cache]:
    """The whole caches of one size and fit, newest first."""
    found = sorted(folder.glob(f"{image_size}-{resize}-*.ids.npy"), key=lambda path: -path.stat().st_mtime_ns)
    return [cache for path in found if (cache := _open(path))]


def _open(ids_path: Path) -> _Cache | None:
    path = ids_path.with_name(ids_path.name.replace(".ids.npy", ".npy"))
    try:
        pixels = np.load(path, mmap_mode="r", allow_pickle=False)
        return _Cache(path, pixels, pd.Index(np.load(ids_path, allow_pickle=False)))
    except (OSError, ValueError):
        return None  # pruned by another process just now, or damaged: decode again


def _write(
    folder: Path, ids: NDArray[np.str_], image_size: int, resize: str, images: Iterable[Pixels]
) -> Pixels:
    """Stream the images into a new cache. Written, not mapped: a full disk kills a process that maps."""
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
    """Keep the newest few caches; a process that still maps an older one keeps its pixels.

    Where a mapped file cannot be removed, as on Windows, it keeps its list of ids too, so that it is found
    again the next time.
    """
    found = sorted(folder.glob("*.ids.npy"), key=lambda path: -path.stat().st_mtime_ns)
    for path in found[_KEPT_FILES:]:
        if files.remove(path.with_name(path.name.replace(".ids.npy", ".npy"))):
            files.remove(path)


def fit(image: Image.Image, size: int, resize: str) -> Image.Image:
    """An RGB image as a square of ``size`` pixels a side.

    "stretch" ignores the aspect ratio, "crop" cuts the middle square, "pad" adds black bars. The filter
    is bilinear with its support scaled to the reduction (so fine patterns do not alias, as they do in
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
