"""Where pictures come from: a source's name becomes a folder of class folders."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from core.errors import LabError
from core.parallel import Progress, ShouldStop
from core.sources.catalogue import CATALOGUE

Make = Callable[[Path, Progress, ShouldStop], None]
"""Fill an empty folder with class folders, or raise a LabError."""


@dataclass(frozen=True)
class Source:
    """A data set before it is prepared.

    ``folder`` is where a person's own pictures lie; the others are made once, by ``make``, inside the
    workspace. ``recipe`` changes when ``make`` would now give other pictures.
    """

    name: str
    id: str
    title: str
    credit: str
    folder: Path | None = None
    make: Make | None = None
    recipe: str = "1"


def resolve(name: str) -> Source:
    """The source a person means: ``garden``, ``digits``, ``tfds:NAME`` or a folder.

    Raises:
        LabError: it is none of these.
    """
    name = name.strip()
    if name == "garden":
        return _garden()
    if name == "digits":
        return _digits()
    if name.startswith("tfds:"):
        return _tfds(name.removeprefix("tfds:").strip())
    return _own_folder(name)


def _garden() -> Source:
    from core.sources import garden

    return Source("garden", "garden", garden.TITLE, garden.CREDIT, make=garden.make, recipe=garden.RECIPE)


def _digits() -> Source:
    from core.sources import digits

    return Source("digits", "digits", digits.TITLE, digits.CREDIT, make=digits.make)


def _tfds(name: str) -> Source:
    if not re.fullmatch(r"[A-Za-z0-9_]+(/[A-Za-z0-9_.\-+]+)?(:\d+\.\d+\.\d+)?", name):
        raise LabError(f"'tfds:{name}' is no TensorFlow data set name; write for example tfds:tf_flowers.")

    def make(folder: Path, progress: Progress, should_stop: ShouldStop) -> None:
        from core.ml import tfds_source  # the border: TensorFlow is imported only in core/ml

        tfds_source.make(name, folder, progress, should_stop)

    entry = next((entry for entry in CATALOGUE if entry.name == name), None)
    title = entry.title if entry else name
    page = f"https://www.tensorflow.org/datasets/catalog/{name.partition('/')[0].partition(':')[0]}"
    credit = entry.credit if entry else f"TensorFlow Datasets; authors and licence: {page}"
    return Source(f"tfds:{name}", f"tfds-{_slug(name)}", title, credit, make=make)


def _own_folder(name: str) -> Source:
    if not name:
        raise LabError("No data set is named; choose garden, digits, tfds:NAME or a folder.")
    if "\0" in name:
        raise LabError(f"{name!r} is no folder name.")
    try:
        folder = Path(name).expanduser().absolute()
        exists = folder.is_dir()
    except (ValueError, OSError, RuntimeError) as error:
        raise LabError(f"{name!r} is no folder name: {error}.") from None
    if not exists:
        raise LabError(
            f"There is no folder {folder}. A data set is garden, digits, tfds:NAME, "
            "or a folder that holds one folder of pictures for each class."
        )
    digest = hashlib.blake2b(str(folder).encode("utf-8", "surrogateescape"), digest_size=4).hexdigest()
    return Source(
        str(folder),
        f"{_slug(folder.name) or 'folder'}-{digest}",
        folder.name or str(folder),
        "",
        folder=folder,
    )


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:40].strip("-")
