"""Open zip archives of strangers: say what is wrong with a damaged one, and reject an unsafe one."""

from __future__ import annotations

import re
import stat
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from core.errors import LabError
from core.words import count

_ENCRYPTED = 0x1
_CHUNK = 2**20


@contextmanager
def opened(archive: Path | IO[bytes]) -> Iterator[zipfile.ZipFile]:
    """Open an archive; whatever is raised inside because it is damaged becomes a LabError.

    An ``OSError`` with a number is the disk's and stays one.
    """
    with _damage_explained(), zipfile.ZipFile(archive) as opened_archive:
        yield opened_archive


def chunks(content: IO[bytes]) -> Iterator[bytes]:
    """Read a member piece by piece, whatever size it claims to have.

    Raises:
        LabError: it is damaged.
    """
    while chunk := _read(content):
        yield chunk


def _read(content: IO[bytes]) -> bytes:
    with _damage_explained():
        return content.read(_CHUNK)


@contextmanager
def _damage_explained() -> Iterator[None]:
    try:
        yield
    except LabError:
        raise
    except NotImplementedError as error:
        raise LabError(
            f"The archive was packed in a way that cannot be read here ({error}). Pack it again as an "
            "ordinary zip file, or unpack it and use the folder."
        ) from None
    except RuntimeError as error:  # raised by zipfile if a password is needed
        raise LabError(f"The archive cannot be opened: {error}.") from None
    except Exception as error:  # zipfile, zlib, bz2, lzma, struct and the decoders each raise their own
        if isinstance(error, OSError) and error.errno is not None:
            raise
        reason = str(error).strip().rstrip(".") or type(error).__name__
        raise LabError(f"The archive is damaged, or is not a zip archive: {reason}.") from None


def refuse_unsafe(members: Sequence[zipfile.ZipInfo], max_count: int) -> None:
    """Reject an archive with too many members, or with one that is encrypted, a link or outside its folder.

    Sizes must be checked while unpacking: a member may be larger than it claims.

    Raises:
        LabError: names the member and the problem.
    """
    if len(members) > max_count:
        raise LabError(f"The archive contains {count(len(members), 'file')}; the limit is {max_count:,}.")
    for member in members:
        reason = _fault(member)
        if reason:
            raise refused(member, reason)


def refused(member: zipfile.ZipInfo, reason: str) -> LabError:
    """The error for an archive that is rejected because of one member."""
    return LabError(f"The archive was rejected: {member.orig_filename[:120]!r} {reason}.")


def _fault(member: zipfile.ZipInfo) -> str:
    name = member.orig_filename  # zipfile cuts ``filename`` off at a NUL
    if member.flag_bits & _ENCRYPTED:
        return "is encrypted; unpack the archive yourself and use its content"
    if stat.S_ISLNK(member.external_attr >> 16):
        return "is a link, not a file"
    is_absolute = name.startswith(("/", "\\")) or re.match(r"[A-Za-z]:", name)
    if is_absolute or "\0" in name or ".." in re.split(r"[\\/]", name):
        return "has a path outside the archive"
    return ""
