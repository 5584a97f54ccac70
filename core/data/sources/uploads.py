"""Images that came over the network or in a zip archive: kept under names of our own, in our own folder.

What a stranger calls a file or a class never becomes a path; it is kept as text in ``list.csv``. An archive
that is not plainly a collection of images is refused whole, before or while it is unpacked, and leaves
nothing behind.
"""

from __future__ import annotations

import os
import re
import secrets
import shutil
import zipfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path, PurePosixPath
from typing import IO

from core import files
from core.data.sources import csv_list, zip_safety
from core.data.sources.folder import IMAGE_SUFFIXES, SPLIT_NAMES, class_depth
from core.errors import LabError
from core.processes.threads import Progress, ShouldStop, never, silent, stop_if
from core.words import byte_size, count

LIST = "list.csv"
MAX_FILES = 200_000
MAX_BYTES = 20_000_000_000
MAX_FILE_BYTES = 500_000_000
MAX_RATIO = 100
"""Images are compressed already; an archive that unpacks to 100 times its size is a trap."""

_ARCHIVES = (".zip", ".tar", ".gz", ".tgz", ".bz2", ".xz", ".7z", ".rar")
_CHUNK = 1 << 20


def store(
    uploaded: Iterable[tuple[str, IO[bytes]]],
    folder: Path,
    *,
    progress: Progress = silent,
    should_stop: ShouldStop = never,
) -> None:
    """Write uploaded files (their names with folders, their content) and ``list.csv`` into an empty folder.

    Raises:
        LabError: too many or too large, or no class folders; ``folder`` may then hold a part of them.
        Stopped: ``should_stop`` said so.
    """
    names: list[tuple[str, ...]] = []
    total = 0
    for name, content in uploaded:
        stop_if(should_stop, "storing images")
        parts = _parts(name)
        if not parts or any(part.startswith((".", "__MACOSX")) for part in parts):
            continue
        if len(names) >= MAX_FILES:
            raise LabError(f"There are more than {count(MAX_FILES, 'file')}; at most that many are taken.")
        names.append(parts)
        total += _copy(content, folder / _own_name(len(names), parts[-1]), "/".join(parts), total)
        progress("storing images", len(names), 0)
    csv_list.write(folder / LIST, _listed(names))


def unpack(
    archive: Path | IO[bytes],
    folder: Path,
    *,
    progress: Progress = silent,
    should_stop: ShouldStop = never,
) -> None:
    """Unpack a zip archive of class folders into an empty folder, see ``store``.

    Raises:
        LabError: it is damaged, encrypted, or not plainly a collection of images; says what it holds.
        Stopped: ``should_stop`` said so.
    """
    try:
        with zipfile.ZipFile(archive) as opened:
            members = [info for info in opened.infolist() if not info.is_dir()]
            _check(members, _size(archive))
            store(_contents(opened, members), folder, progress=progress, should_stop=should_stop)
    except (zipfile.BadZipFile, NotImplementedError, EOFError, zipfile.LargeZipFile) as error:
        raise LabError(f"The archive is damaged or no zip archive: {error}.") from None
    except RuntimeError as error:  # zipfile's word for a password
        raise LabError(f"The archive could not be unpacked: {error}.") from None


def keep(root: Path, title: str, write: Callable[[Path], None]) -> str:
    """Let ``write`` fill a new folder below ``root``, which appears whole or not at all; returns its id."""
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
    """Refuse what no collection of images has."""
    zip_safety.refuse_unsafe(members, MAX_FILES)
    total = sum(info.file_size for info in members)
    if total > MAX_BYTES or total > MAX_RATIO * size:
        raise LabError(
            f"The archive of {byte_size(size)} would unpack to {byte_size(total)}; "
            f"at most {MAX_RATIO} times its size and {byte_size(MAX_BYTES)} are unpacked."
        )
    for info in members:
        if info.orig_filename.lower().endswith(_ARCHIVES):
            raise zip_safety.refused(info, "is an archive in the archive")


def _contents(opened: zipfile.ZipFile, members: list[zipfile.ZipInfo]) -> Iterator[tuple[str, IO[bytes]]]:
    for info in members:
        with opened.open(info) as content:
            yield info.filename, content


def _copy(content: IO[bytes], path: Path, name: str, before: int) -> int:
    """Copy a file and return its size, whatever size it claims to have."""
    size = 0
    with files.explained(path), path.open("xb") as file:
        while chunk := content.read(_CHUNK):
            if not size and chunk.startswith(b"PK\x03\x04"):
                raise LabError(f"{name[:120]!r} is an archive; choose the archive alone, or unpack it first.")
            size += len(chunk)
            if size > MAX_FILE_BYTES or before + size > MAX_BYTES:
                raise LabError(
                    f"{name[:120]!r} makes it more than can be taken ({byte_size(MAX_BYTES)} in all)."
                )
            file.write(chunk)
    return size


def _parts(name: str) -> tuple[str, ...]:
    """The folders and the file of an uploaded name, without what leads elsewhere; only ever used as text."""
    parts = [part.strip() for part in re.split(r"[\\/]", name.replace("\0", ""))]
    return tuple(
        part for part in parts if part not in ("", ".", "..") and not re.fullmatch(r"[A-Za-z]:", part)
    )


def _own_name(number: int, name: str) -> str:
    suffix = PurePosixPath(name).suffix.lower()
    return f"{number:06}{suffix if suffix in IMAGE_SUFFIXES else '.file'}"


def _listed(names: list[tuple[str, ...]]) -> list[tuple[str, str, str, str]]:
    """Rows of (file, label, split, name), the classes found as in a folder on the disk."""
    shared = _shared_folders(names)
    below = [parts[shared:] for parts in names]
    depth = class_depth({parts[0] for parts in below if len(parts) > 1})
    rows = []
    for number, parts in enumerate(below, 1):
        placed = len(parts) > depth + 1
        label = parts[depth] if placed else ""
        split = SPLIT_NAMES[parts[0].casefold()] if placed and depth else ""
        rows.append((_own_name(number, parts[-1]), label, split, "/".join(parts)))
    if not any(label for _, label, _, _ in rows):
        raise LabError(
            "There are no class folders. Put the images of each class into a folder of their own, "
            "for example flowers/roses and flowers/tulips, and upload the folder flowers."
        )
    return rows


def _shared_folders(names: list[tuple[str, ...]]) -> int:
    """How many outer folders hold everything: flowers/roses/1.jpg and flowers/tulips/2.jpg share one."""
    shared = 0
    while names and len({parts[shared] for parts in names}) == 1 and min(map(len, names)) > shared + 2:
        shared += 1
    return shared


def _size(archive: Path | IO[bytes]) -> int:
    if isinstance(archive, Path):
        return archive.stat().st_size
    place = archive.tell()
    size = archive.seek(0, os.SEEK_END)
    archive.seek(place)
    return size


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:40].strip("-") or "upload"
