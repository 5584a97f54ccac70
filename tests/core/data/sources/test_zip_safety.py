"""An archive with paths outside its folder, links, encryption or too many files is rejected."""

from __future__ import annotations

import stat
import zipfile

import pytest

from core.data.sources import zip_safety
from core.errors import LabError

OUTSIDE = ("../x", "a/../../x", "a\\..\\x", "/x", "\\\\host\\x", "C:\\x", "c:x", "a\0b")


@pytest.mark.fault("F13")
@pytest.mark.parametrize("name", OUTSIDE)
def test_a_path_outside_the_folder_is_rejected(name: str) -> None:
    with pytest.raises(LabError, match="path outside the archive"):
        zip_safety.refuse_unsafe([zipfile.ZipInfo("good.png"), zipfile.ZipInfo(name)], 10)


@pytest.mark.fault("F13")
def test_links_and_encrypted_members_are_rejected() -> None:
    link, locked = zipfile.ZipInfo("link"), zipfile.ZipInfo("locked")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    locked.flag_bits |= 1
    for member, reason in ((link, "is a link"), (locked, "is encrypted")):
        with pytest.raises(LabError, match=reason):
            zip_safety.refuse_unsafe([member], 10)


@pytest.mark.fault("F13")
def test_too_many_members_are_rejected() -> None:
    members = [zipfile.ZipInfo(f"{number}.png") for number in range(3)]
    zip_safety.refuse_unsafe(members, 3)
    with pytest.raises(LabError, match="3 files; the limit is 2"):
        zip_safety.refuse_unsafe(members, 2)


@pytest.mark.parametrize("name", ["a/b.png", "a..b/c.png", "...", "é/ü.png", "a b/c.d.jpg"])
def test_ordinary_names_are_accepted(name: str) -> None:
    zip_safety.refuse_unsafe([zipfile.ZipInfo(name)], 1)
