"""Images in a file that are read when they are asked for, so that memory does not grow with the data set."""

from __future__ import annotations

import io
import math
import threading
import weakref
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from core.errors import LabError

Pixels = NDArray[np.uint8]
Indices = NDArray[np.int64]


class Images(Protocol):
    """Images (N, S, S, 3) uint8 of which some can be taken: an array, or :class:`StoredImages`."""

    @property
    def shape(self) -> tuple[int, ...]:
        """(N, S, S, 3)."""

    def __len__(self) -> int:
        """N."""

    def __getitem__(self, rows: slice | Indices, /) -> Pixels:
        """The images of these rows, as an array of their own or a view."""


class PixelFile:
    """A ``.npy`` file of images (M, S, S, 3) uint8 that is read in part.

    It is read, not mapped: pages of a mapping count as memory of the process, and where a mapped file on a
    network drive cannot be read the process is killed. It stays open, so it can be deleted meanwhile.

    Raises:
        OSError, ValueError: there is no such file, or it is damaged.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file = io.FileIO(path)
        weakref.finalize(self, self._file.close)
        self._reading = threading.Lock()
        np.lib.format.read_magic(self._file)
        shape, fortran_order, dtype = np.lib.format.read_array_header_1_0(self._file)
        self.shape, self._start = tuple(shape), self._file.tell()
        self._image_bytes = math.prod(shape[1:])
        size = self._start + math.prod(shape)
        if fortran_order or dtype != np.uint8 or path.stat().st_size != size:
            raise ValueError(f"{path} is damaged")

    def __len__(self) -> int:
        return self.shape[0]

    def read(self, first: int, images: Pixels) -> None:
        """Fill ``images``, contiguous (K, S, S, 3) or one (S, S, 3), from index ``first`` on.

        Raises:
            LabError: the file can no longer be read.
        """
        wanted = images.data.cast("B")
        try:
            with self._reading:
                self._file.seek(self._start + first * self._image_bytes)
                while wanted:
                    read = self._file.readinto(wanted)
                    if not read:
                        raise OSError("it has become shorter")
                    wanted = wanted[read:]
        except OSError as error:
            reason = error.strerror or error
            raise LabError(f"The stored pixels in {self.path} could not be read: {reason}.") from None


@dataclass(frozen=True)
class StoredImages:
    """Images in any order, of a file and of an array in memory.

    ``indices`` (N,) refer to the images of ``file``, if there is one, and then to those of ``held``
    (K, S, S, 3).
    """

    indices: Indices
    held: Pixels
    file: PixelFile | None = None

    @property
    def shape(self) -> tuple[int, ...]:
        """(N, S, S, 3)."""
        return (len(self.indices), *self.held.shape[1:])

    def __len__(self) -> int:
        return len(self.indices)

    def select(self, rows: Indices) -> StoredImages:
        """The images of these rows; nothing is read."""
        return replace(self, indices=self.indices[rows])

    def __getitem__(self, rows: slice | Indices, /) -> Pixels:
        """Read the images of these rows into a new array uint8 (len(rows), S, S, 3).

        Raises:
            LabError: the file can no longer be read.
        """
        if self.file is None:
            return self.held[self.indices[rows]]
        wanted = self.indices[rows]
        images = np.empty((len(wanted), *self.shape[1:]), np.uint8)
        is_held = wanted >= len(self.file)
        images[is_held] = self.held[wanted[is_held] - len(self.file)]
        for start, stop in _runs(wanted, is_held):
            self.file.read(int(wanted[start]), images[start:stop])
        return images


def _runs(indices: Indices, left_out: NDArray[np.bool_]) -> Iterator[tuple[int, int]]:
    """Where each index follows the one before, as (start, stop): these images are read at once."""
    breaks = np.flatnonzero((np.diff(indices) != 1) | (left_out[1:] != left_out[:-1])) + 1
    bounds = [0, *breaks.tolist(), len(indices)]
    for start, stop in pairwise(bounds):
        if start < stop and not left_out[start]:
            yield start, stop
