"""Read images that are in no data set, exactly as the images that a run was trained on were read."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from core import files, workspace
from core.config import DataConfig
from core.data import pixel_cache
from core.data.decoding import Unreadable, decode
from core.data.deep_pixels import Ranges
from core.data.sources.class_names import natural
from core.data.sources.layout_words import is_left_by_tools
from core.errors import LabError
from core.report import Report
from core.words import byte_size, count, visible

MAX_FILES = 10_000
MAX_BYTES = 200_000_000
"""Larger files are no photographs, and the page would hold them in memory."""


@dataclass(frozen=True, eq=False)
class Incoming:
    """A new image, or why it is none.

    Attributes:
        name: what its file is called; only ever shown as text.
        pixels: (S, S, 3) uint8, RGB, as the network sees it; None where ``problem`` says why.
        image: the upright image, in full; None where there are no pixels.
        note: what was decided on reading it, such as "first frame of 12".
    """

    name: str
    pixels: NDArray[np.uint8] | None = None
    image: Image.Image | None = None
    problem: str = ""
    note: str = ""


@dataclass(frozen=True)
class Reader:
    """Reads images the way one run's training read its own.

    ``ranges``: what is black and white in images of more than 8 bits, from the run's report.
    """

    image_size: int
    resize: str
    ranges: Ranges

    @classmethod
    def for_run(cls, data: DataConfig, report: Report) -> Reader:
        """The reader with a run's settings."""
        return cls(data.image_size, data.resize, Ranges(**report.pixel_ranges))

    def read(self, path: Path, name: str = "") -> Incoming:
        """Read an image file; a file that is none gets the reason as its ``problem``."""
        name = visible(name or path.name)
        try:
            if path.is_dir():
                raise Unreadable("a folder, not an image")
            if path.stat().st_size > MAX_BYTES:
                raise Unreadable(f"larger than {byte_size(MAX_BYTES)}; reduce the image first")
            decoded = decode(path, draft=self.image_size, ranges=self.ranges)
        except FileNotFoundError:
            return Incoming(name, problem="there is no such file")
        except OSError as error:
            return Incoming(name, problem=f"the file cannot be read ({error.strerror})")
        except Unreadable as reason:
            return Incoming(name, problem=str(reason))
        return Incoming(name, self.fitted(decoded.image), decoded.image, note=decoded.note)

    def read_bytes(self, content: bytes, name: str) -> Incoming:
        """Read an upload or a photo from a camera; nothing of it stays on the disk."""
        with _written(content) as path:
            return self.read(path, name)

    def fitted(self, image: Image.Image) -> NDArray[np.uint8]:
        """Return an RGB image as the network sees it: (S, S, 3) uint8."""
        return np.asarray(pixel_cache.fit(image, self.image_size, self.resize))


def found(paths: Iterable[str | Path]) -> list[tuple[Path, str]]:
    """Return files with the names to show, and in place of each folder the files in it, in natural order.

    What other programs leave in folders (``Thumbs.db``, ``__MACOSX``) is passed over.

    Raises:
        LabError: a path does not exist or cannot be opened, a folder is empty, or there are too many files.
    """
    listed: list[tuple[Path, str]] = []
    for path in map(Path, paths):
        if not _exists(path):
            raise LabError(f"There is no file or folder {path}. Check the spelling.")
        inside = list(_inside(path)) if path.is_dir() else [(path, str(path))]
        if not inside:
            raise LabError(f"There are no files in {path}.")
        listed += inside
        if len(listed) > MAX_FILES:
            raise LabError(
                f"These are more than {count(MAX_FILES, 'file')}; give fewer at once, for example by folder."
            )
    return listed


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except OSError as error:  # no permission to look, or longer than a name can be
        raise LabError(f"{str(path)[:200]} cannot be opened: {error.strerror}.") from None


def _inside(folder: Path) -> Iterator[tuple[Path, str]]:
    for where, folders, names in os.walk(folder):
        folders[:] = sorted((name for name in folders if not is_left_by_tools(name)), key=natural)
        for name in sorted(names, key=natural):
            if not is_left_by_tools(name):
                path = Path(where, name)
                yield path, path.relative_to(folder).as_posix()


@contextmanager
def _written(content: bytes) -> Iterator[Path]:
    """The content as a temporary file in the workspace, as decoders want one.

    Its name is such that ``files.sweep`` removes it, should the process be killed meanwhile.
    """
    path = workspace.folder() / "incoming" / f".{secrets.token_hex(8)}.{secrets.token_hex(4)}"
    with files.explained(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            path.write_bytes(content)
            yield path
        finally:
            files.remove(path)
