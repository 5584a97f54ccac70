"""Sources of images: turn a source's name into a folder of class folders."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO

from core import workspace
from core.data.sources import pasted
from core.data.sources.catalogue import CATALOGUE, is_transposed
from core.errors import LabError
from core.processes.threads import Progress, ShouldStop, never, silent

Make = Callable[[Path, Progress, ShouldStop], str | None]
"""Fills an empty folder with class folders, or raises a LabError; may say in words what is not plain."""


@dataclass(frozen=True)
class Source:
    """A data set before it is prepared.

    ``folder`` contains the user's own images; all others are created once, by ``make``, in the workspace.
    ``recipe`` changes when ``make`` would produce different images. ``listing`` is a list that gives the
    class of each image; without one, the folders do, or a list that is found among the files. ``make_as`` is
    ``make`` for a chosen layout, of a source whose layout decides what is made.
    """

    name: str
    id: str
    title: str
    credit: str
    folder: Path | None = None
    make: Make | None = None
    recipe: str = "1"
    listing: str = ""
    make_as: Callable[[str], Make] | None = None

    def in_layout(self, layout: str) -> Source:
        """The source that makes its images as a layout says."""
        if not layout or self.make_as is None:
            return self
        return replace(self, make=self.make_as(layout), recipe=f"{self.recipe} {layout}")

    @property
    def is_archive(self) -> bool:
        """Whether the images are unpacked from the user's own archive."""
        return self.make is not None and bool(self.listing)


_MAX_SLUG = 40
_POSSIBLE = (
    "A data set is garden, digits, tfds:NAME, a folder with one subfolder of images "
    "per class or with a list of classes, a zip archive of such a folder, or a list: a CSV, TSV, text or "
    "JSON lines file with a column for the image files and one for their classes."
)


class NoSuchSource(LabError):
    """No data set has this name; ``problem`` says why, without what else could be named."""

    def __init__(self, problem: str, possible: str) -> None:
        super().__init__(f"{problem} {possible}")
        self.problem = problem


def resolve(name: str) -> Source:
    """Return the source with this name: ``garden``, ``digits``, ``tfds:NAME``, ``upload:ID``, or a path.

    A path points to a folder with one subfolder per class, or with images and a list of their classes; to a
    zip archive of such a folder; or to the list itself, beside or above the images: CSV, TSV, text or JSON
    lines with a column for the files (names, ids or paths, as Kaggle, Excel, Label Studio, Hugging Face and
    Roboflow write them) and one for the classes, or one-hot columns.

    Raises:
        LabError: the name is none of these.
    """
    name = name.strip()
    if name == "garden":
        return _garden()
    if name == "digits":
        return _digits()
    if name.startswith("tfds:"):
        return _tfds(name.removeprefix("tfds:").strip())
    if name.startswith("upload:"):
        return _upload(name.removeprefix("upload:").strip())
    return _own_path(name)


def check(source: Source) -> None:
    """Look at a source that is about to be chosen, for about a second.

    Raises:
        NoSuchSource: it cannot be a data set: an unknown name, or a folder without an image.
    """
    if problem := _problem(source):
        raise NoSuchSource(problem + ("" if problem.endswith("?") else "."), _POSSIBLE)


def _problem(source: Source) -> str:
    if source.name.startswith("tfds:"):
        from core.ml import tfds_names  # as tfds_source, but without TensorFlow

        return tfds_names.problem(source.name.removeprefix("tfds:"))
    if source.folder is None or source.listing:
        return ""
    from core.data.sources import first_look

    return first_look.problem(source.folder)


def keep_files(
    title: str,
    uploaded: Iterable[tuple[str, IO[bytes]]],
    *,
    progress: Progress = silent,
    should_stop: ShouldStop = never,
) -> str:
    """Store uploaded files (names including folders, and contents); return the source.

    Raises:
        LabError: the files are rejected; says why and leaves nothing behind.
        Stopped: ``should_stop`` returned True; nothing is left behind.
    """
    from core.data.sources import uploads

    def write(folder: Path) -> None:
        uploads.store(uploaded, folder, progress=progress, should_stop=should_stop)

    return f"upload:{uploads.keep(_uploads(), title, write)}"


def keep_archive(
    title: str, archive: IO[bytes], *, progress: Progress = silent, should_stop: ShouldStop = never
) -> str:
    """Store the content of an uploaded zip archive; return the source. Raises like ``keep_files``."""
    from core.data.sources import uploads

    def write(folder: Path) -> None:
        uploads.unpack(archive, folder, progress=progress, should_stop=should_stop)

    return f"upload:{uploads.keep(_uploads(), title, write)}"


def _uploads() -> Path:
    return workspace.folder() / "uploads"


def _upload(upload_id: str) -> Source:
    folder = _uploads() / upload_id
    if not re.fullmatch(r"[a-z0-9-]{1,60}", upload_id) or not folder.is_dir():
        raise LabError(f"There is no upload {upload_id[:80]!r} in {_uploads()}; upload the images again.")
    title = upload_id.rpartition("-")[0] or upload_id
    return Source(f"upload:{upload_id}", f"upload-{upload_id}", title, "", folder=folder, listing="list.csv")


def _garden() -> Source:
    from core.data.sources import garden

    return Source("garden", "garden", garden.TITLE, garden.CREDIT, make=garden.make, recipe=garden.RECIPE)


def _digits() -> Source:
    from core.data.sources import digits

    return Source("digits", "digits", digits.TITLE, digits.CREDIT, make=digits.make)


def _tfds(name: str) -> Source:
    if not re.fullmatch(r"[A-Za-z0-9_]+(/[A-Za-z0-9_.\-+]+)?(:\d+\.\d+\.\d+)?", name):
        raise NoSuchSource(
            f"'{name}' is not a TensorFlow data set name; names look like tf_flowers or imagenette/160px-v2.",
            "Begin it with tfds: (for example, tfds:tf_flowers).",
        )

    def make_as(layout: str) -> Make:
        def make(folder: Path, progress: Progress, should_stop: ShouldStop) -> str:
            from core.ml import tfds_source  # the border: TensorFlow is imported only in core/ml

            return tfds_source.make(name, folder, progress, should_stop, layout)

        return make

    entry = next((entry for entry in CATALOGUE if entry.name == name), None)
    title = entry.title if entry else name
    page = f"https://www.tensorflow.org/datasets/catalog/{name.partition('/')[0].partition(':')[0]}"
    credit = entry.credit if entry else f"TensorFlow Datasets; authors and licence: {page}"
    recipe = "upright" if is_transposed(name) else "1"
    own_id = f"tfds-{_slug(name)}"
    if len(name) > _MAX_SLUG:  # names that differ only in what is cut off are two data sets
        own_id += f"-{hashlib.blake2b(name.encode(), digest_size=4).hexdigest()}"
    return Source(f"tfds:{name}", own_id, title, credit, make=make_as(""), recipe=recipe, make_as=make_as)


def _own_path(name: str) -> Source:
    if not name:
        raise LabError("No data set given; choose garden, digits, tfds:NAME or a folder.")
    if "\0" in name:
        raise LabError(f"{name!r} is not a valid folder name.")
    path = pasted.understood(name)
    is_folder, is_file = path.is_dir(), path.is_file()
    digest = hashlib.blake2b(str(path).encode("utf-8", "surrogateescape"), digest_size=4).hexdigest()
    own_id = f"{_slug(path.name) or 'folder'}-{digest}"
    if is_folder:
        return Source(str(path), own_id, path.name or str(path), "", folder=path)
    if is_file and _is_list(path):
        return Source(str(path), own_id, path.stem, "", folder=path.parent, listing=path.name)
    if is_file and path.suffix.lower() == ".zip":
        return _archive(path, own_id)
    problem = f"{path} is not a supported file type" if is_file else f"There is no folder {path}"
    spreadsheet = path.suffix.lower() in (".xlsx", ".xls", ".ods")
    advice = " Save the spreadsheet as CSV (UTF-8)." if is_file and spreadsheet else pasted.suggestion(name)
    raise NoSuchSource(
        f"{problem}.{advice}",
        _POSSIBLE,
    )


def is_list_name(name: str) -> bool:
    """A file of this name may list images and their classes."""
    from core.data.sources.lists.table import SUFFIXES

    return Path(name).suffix.lower() in SUFFIXES


def _is_list(path: Path) -> bool:
    from core.data.sources import csv_list

    return csv_list.is_list(path)


def _archive(path: Path, own_id: str) -> Source:
    def make(folder: Path, progress: Progress, should_stop: ShouldStop) -> None:
        from core.data.sources import uploads

        uploads.unpack(path, folder, progress=progress, should_stop=should_stop)

    info = path.stat()
    recipe = f"{info.st_size} {info.st_mtime_ns}"
    return Source(str(path), own_id, path.stem, "", make=make, recipe=recipe, listing="list.csv")


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:_MAX_SLUG].strip("-")
