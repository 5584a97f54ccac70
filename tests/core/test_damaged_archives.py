"""Zip archives with some bytes changed: unpacked, or refused with a sentence that leaves nothing behind."""

from __future__ import annotations

import io
import os
import zipfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core import runs, workspace
from core.config import RunConfig
from core.data import sources
from core.errors import LabError
from core.export import run_archive
from samples import made_runs

COMPRESSIONS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA)
CHANGES = int(os.environ.get("LAB_FUZZ", "60"))
"""Changed copies of each archive."""


NAMES = ("Katze/1.png", "Katze/2.png", "Hund/ä.png", "Hund/4.png", "notes.txt")


def archive(compression: int) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", compression) as opened:
        for number, name in enumerate(NAMES):
            image = io.BytesIO()
            Image.new("RGB", (20, 20), (50 * number, 0, 90)).save(image, "PNG")
            opened.writestr(name, image.getvalue())
    return content.getvalue()


def changed(good: bytes) -> Iterator[bytes]:
    """Copies with one to four bytes changed, a part cut out, or a part twice; mostly in the directory."""
    rng = np.random.default_rng(0)
    directory = good.index(b"PK\x01\x02")
    for number in range(CHANGES):
        copy = bytearray(good)
        start = directory if number % 2 else 0
        for index in rng.integers(start, len(copy), rng.integers(1, 5)):
            copy[index] = rng.integers(256)
        first, last = sorted(rng.integers(start, len(copy), 2).tolist())
        if number % 10 == 8:
            del copy[first:last]
        if number % 10 == 9:
            copy[first:first] = copy[first:last]
        yield bytes(copy)


@pytest.mark.fault("F13", "A4")
@pytest.mark.parametrize("compression", COMPRESSIONS)
def test_a_changed_archive_of_images_is_kept_or_refused(compression: int) -> None:
    refused = 0
    for content in changed(archive(compression)):
        before = uploads()
        try:
            kept = sources.keep_archive("mine", io.BytesIO(content))
        except LabError as error:
            refused += 1
            assert "make room" not in str(error) and "Free up space" not in str(error)
            assert uploads() == before
        else:
            assert uploads() - before == {kept.removeprefix("upload:")}
    assert refused


def uploads() -> set[str]:
    folder = workspace.folder() / "uploads"
    return {path.name for path in folder.iterdir()} if folder.exists() else set()


@pytest.mark.fault("A3", "A4")
def test_a_changed_archive_of_a_run_is_kept_or_refused(tmp_path: Path) -> None:
    source = made_runs.draw_folder(tmp_path / "images")
    run = made_runs.finished(RunConfig().replace({"data.source": source, "data.image_size": 48}))
    made_runs.give_model(run)
    packed = run_archive.pack(run)
    outcomes = Counter(map(unpacked, [packed, *changed(packed)]))
    assert outcomes["refused"] and outcomes["kept"]
    assert len(runs.all()) == outcomes["kept"] + 1
    assert not list((workspace.folder() / "runs").glob(".*"))


def unpacked(content: bytes) -> str:
    try:
        kept = run_archive.unpack(io.BytesIO(content))
    except LabError:
        return "refused"
    assert kept.status.state == "done"
    return "kept"


@pytest.mark.fault("F13", "A4")
def test_an_unknown_compression_says_what_to_do() -> None:
    content = bytearray(archive(zipfile.ZIP_DEFLATED))
    for signature, offset in ((b"PK\x03\x04", 8), (b"PK\x01\x02", 10)):
        index = -1
        while (index := content.find(signature, index + 1)) >= 0:
            content[index + offset] = 9  # Deflate64, which Windows uses for large files
    with pytest.raises(LabError, match="Pack it again as an ordinary zip file"):
        sources.keep_archive("mine", io.BytesIO(bytes(content)))
