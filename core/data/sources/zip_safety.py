"""Reject unsafe zip archives before anything is unpacked."""

from __future__ import annotations

import re
import stat
import zipfile
from collections.abc import Sequence

from core.errors import LabError
from core.words import count

_ENCRYPTED = 0x1


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
