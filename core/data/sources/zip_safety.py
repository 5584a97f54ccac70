"""What no honest zip archive holds, whoever made it: refused before anything is unpacked."""

from __future__ import annotations

import re
import stat
import zipfile
from collections.abc import Sequence

from core.errors import LabError
from core.words import count

_ENCRYPTED = 0x1


def refuse_unsafe(members: Sequence[zipfile.ZipInfo], max_count: int) -> None:
    """Refuse an archive with too many members, or one that is encrypted, a link, or leads out of its folder.

    Sizes are for whoever unpacks: a member may be larger than it claims.

    Raises:
        LabError: names the member and what is wrong with it.
    """
    if len(members) > max_count:
        raise LabError(f"The archive holds {count(len(members), 'file')}; at most {max_count:,} are taken.")
    for member in members:
        reason = _fault(member)
        if reason:
            raise refused(member, reason)


def refused(member: zipfile.ZipInfo, reason: str) -> LabError:
    """The error for an archive that is refused because of one member."""
    return LabError(f"The archive is refused: {member.orig_filename[:120]!r} {reason}.")


def _fault(member: zipfile.ZipInfo) -> str:
    name = member.orig_filename  # zipfile cuts ``filename`` off at a NUL
    if member.flag_bits & _ENCRYPTED:
        return "is encrypted; unpack it yourself and take what is in it"
    if stat.S_ISLNK(member.external_attr >> 16):
        return "is a link, not a file"
    is_absolute = name.startswith(("/", "\\")) or re.match(r"[A-Za-z]:", name)
    if is_absolute or "\0" in name or ".." in re.split(r"[\\/]", name):
        return "has a path outside the archive"
    return ""
