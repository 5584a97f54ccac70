"""Store images that were uploaded or came in a zip archive, under generated names in the workspace.

What a stranger calls a file never becomes a path; it is kept as text in ``list.csv``. An archive
that is not plainly a collection of images is refused whole, before or while it is unpacked, and leaves
nothing behind.
"""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import shutil
import zipfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path, PurePosixPath
from typing import IO

from core import files
from core.data.sources import arranging, layout, upload_list, zip_names, zip_safety
from core.data.sources.layout_words import IMAGE_SUFFIXES, is_left_by_tools
from core.data.sources.lists.table import SUFFIXES as LIST_SUFFIXES
from core.data.sources.scan import Scan, labelled
from core.errors import LabError, Undecided
from core.processes.threads import Progress, ShouldStop, never, silent, stop_if
from core.words import byte_size, count

LIST = "list.csv"
MAX_FILES = 200_000
MAX_BYTES = 20_000_000_000
MAX_FILE_BYTES = 500_000_000
MAX_RATIO = 100
"""Images are already compressed; an archive that unpacks to 100 times its size is a zip bomb."""

_ARCHIVES = (".zip", ".tar", ".gz", ".tgz", ".bz2", ".xz", ".7z", ".rar")


def store(
    uploaded: Iterable[tuple[str, IO[bytes]]],
    folder: Path,
    *,
    progress: Progress = silent,
    should_stop: ShouldStop = never,
) -> None:
    """Write uploaded files (names including folders, and contents) and ``list.csv`` to an empty folder.

    Raises:
        LabError: too many or too large files, or no class folders; ``folder`` may then contain some files.
        Stopped: ``should_stop`` returned True.
    """
    names: list[tuple[str, ...]] = []
    total = 0
    for name, content in uploaded:
        stop_if(should_stop, "storing images")
        parts = _parts(name)
        if not parts or any(map(is_left_by_tools, parts)):
            continue
        if len(names) >= MAX_FILES:
            raise LabError(f"Too many files: at most {count(MAX_FILES, 'file')} can be uploaded.")
        names.append(parts)
        total += _copy(content, folder / _own_name(len(names), parts[-1]), "/".join(parts), total)
        progress("storing images", len(names), 0)
    shared = _shared_folders(names)
    rows = [(_own_name(number, parts[-1]), "/".join(parts[shared:])) for number, parts in enumerate(names, 1)]
    upload_list.write(folder / LIST, rows)
    _refuse_without_classes(names, folder, should_stop)


def scan(
    path: Path,
    progress: Progress = silent,
    should_stop: ShouldStop = never,
    chosen: str = "",
    where: str = "the upload",
) -> Scan:
    """Find the stored images by ``list.csv``, their classes by the names they came with.

    Lists that an earlier version of the lab wrote name the classes themselves.

    Raises:
        Undecided: the names may be read in several ways, and ``chosen`` is none of them.
        LabError: the list cannot be read.
        Stopped: ``should_stop`` said so.
    """
    found, has_classes = upload_list.read(path)
    progress("looking for images", len(found), 0)
    stop_if(should_stop, "looking for images")
    if has_classes:
        return labelled(found)
    return arranging.arrange(where, path.parent, found, None, chosen, progress, should_stop, is_folder=False)


def unpack(
    archive: Path | IO[bytes],
    folder: Path,
    *,
    progress: Progress = silent,
    should_stop: ShouldStop = never,
) -> None:
    """Unpack a zip archive of class folders into an empty folder, see ``store``.

    Raises:
        LabError: the archive is damaged, encrypted, or not clearly a collection of images; says why.
        Stopped: ``should_stop`` returned True.
    """
    with zip_safety.opened(archive) as opened:
        members = [info for info in opened.infolist() if not info.is_dir()]
        _check(members, _size(archive))
        store(_contents(opened, members), folder, progress=progress, should_stop=should_stop)


def keep(root: Path, title: str, write: Callable[[Path], None]) -> str:
    """Let ``write`` fill a new folder in ``root``, which appears atomically; return its id."""
    upload_id = f"{_slug(title)}-{secrets.token_hex(3)}"
    beside = root / f".new-{upload_id}"
    try:
        with files.explained(root):
            beside.mkdir(parents=True)
            write(beside)
            files.patiently(lambda: os.replace(beside, root / upload_id))
    finally:
        shutil.rmtree(beside, ignore_errors=True)
    return upload_id


def _check(members: list[zipfile.ZipInfo], size: int) -> None:
    """Reject what no collection of images contains."""
    zip_safety.refuse_unsafe(members, MAX_FILES)
    total = sum(info.file_size for info in members)
    if total > MAX_BYTES or total > MAX_RATIO * size:
        raise LabError(
            f"The archive of {byte_size(size)} would unpack to {byte_size(total)}; "
            f"the limits are {MAX_RATIO} times its size and {byte_size(MAX_BYTES)}."
        )
    for info in members:
        if info.orig_filename.lower().endswith(_ARCHIVES):
            raise zip_safety.refused(info, "is an archive inside the archive")


def _contents(opened: zipfile.ZipFile, members: list[zipfile.ZipInfo]) -> Iterator[tuple[str, IO[bytes]]]:
    names = zip_names.decoded(members)
    for info in members:
        with opened.open(info) as content:
            yield names[info.orig_filename], content


def _copy(content: IO[bytes], path: Path, name: str, before: int) -> int:
    """Copy a file and return its size, whatever size it claims to have."""
    size = 0
    with files.explained(path), path.open("xb") as file:
        for chunk in zip_safety.chunks(content):
            if not size and chunk.startswith(b"PK\x03\x04"):
                raise LabError(f"{name[:120]!r} is an archive; upload it on its own, or unpack it first.")
            size += len(chunk)
            if size > MAX_FILE_BYTES or before + size > MAX_BYTES:
                raise LabError(
                    f"{name[:120]!r} exceeds the upload limit ({byte_size(MAX_FILE_BYTES)} per file, "
                    f"{byte_size(MAX_BYTES)} in total)."
                )
            file.write(chunk)
    return size


def _parts(name: str) -> tuple[str, ...]:
    """The folders and file name of an uploaded path, without unsafe parts; only ever used as text."""
    parts = [part.strip() for part in re.split(r"[\\/]", name.replace("\0", ""))]
    return tuple(
        part for part in parts if part not in ("", ".", "..") and not re.fullmatch(r"[A-Za-z]:", part)
    )


def _own_name(number: int, name: str) -> str:
    suffix = PurePosixPath(name).suffix.lower()
    return f"{number:06}{suffix if suffix in IMAGE_SUFFIXES else '.file'}"


def _refuse_without_classes(names: list[tuple[str, ...]], folder: Path, should_stop: ShouldStop) -> None:
    """Refuse what holds neither class folders nor a list of classes."""
    if any(PurePosixPath(parts[-1]).suffix.lower() in LIST_SUFFIXES for parts in names):
        with contextlib.suppress(Undecided):  # the person chooses when the upload is prepared
            scan(folder / LIST, should_stop=should_stop)
    elif not layout.read("/".join(parts) for parts in names).layouts:
        raise LabError(
            "There are no class folders. Put the images of each class into a separate folder, for example "
            "flowers/roses and flowers/tulips, and upload the folder flowers; or add a CSV file with the "
            "columns file and label."
        )


def _shared_folders(names: list[tuple[str, ...]]) -> int:
    """The number of outer folders common to all files: flowers/roses/1.jpg, flowers/tulips/2.jpg share 1."""
    shared = 0
    while names and len({parts[shared] for parts in names}) == 1 and min(map(len, names)) > shared + 2:
        shared += 1
    return shared


def _size(archive: Path | IO[bytes]) -> int:
    if isinstance(archive, Path):
        return archive.stat().st_size
    position = archive.tell()
    size = archive.seek(0, os.SEEK_END)
    archive.seek(position)
    return size


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:40].strip("-") or "upload"
