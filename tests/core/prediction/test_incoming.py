"""New images are read as the images of a data set are."""

from __future__ import annotations

import io
import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core import datasets, engine, workspace
from core.data import pixel_cache
from core.data.deep_pixels import Ranges
from core.errors import LabError
from core.prediction import incoming
from core.prediction.incoming import Reader
from samples import made_runs

READER = Reader(32, "crop", Ranges())


def photo(seed: int = 0, size: tuple[int, int] = (301, 207)) -> Image.Image:
    small = np.random.default_rng(seed).integers(0, 255, (9, 9, 3), dtype=np.uint8)
    return Image.fromarray(small).resize(size, Image.Resampling.BICUBIC)


def encoded(image: Image.Image, kind: str = "JPEG", **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


@pytest.mark.parametrize("resize", ["stretch", "crop", "pad"])
def test_an_image_of_the_data_set_is_seen_as_in_training(tmp_path, resize):
    source = made_runs.draw_folder(tmp_path / "images", each=4)
    for number in range(4):
        (tmp_path / "images" / "daisy" / f"photo{number}.jpg").write_bytes(encoded(photo(number)))
    dataset = datasets.prepare(source)
    reader = Reader(32, resize, Ranges())
    trained_on = pixel_cache.load(dataset, dataset.usable, 32, resize)[:]
    for row, expected in zip(dataset.usable.to_dict("records"), trained_on, strict=True):
        path = dataset.root / row["file"]
        np.testing.assert_array_equal(reader.read(path).pixels, expected)
        np.testing.assert_array_equal(reader.read_bytes(path.read_bytes(), "x").pixels, expected)


def test_a_turned_photo_is_upright():
    turned = photo().transpose(Image.Transpose.ROTATE_90)
    exif = turned.getexif()
    exif[274] = 6
    upright, stored = (
        READER.read_bytes(encoded(photo(), "PNG"), "upright.png"),
        READER.read_bytes(encoded(turned, "PNG", exif=exif), "turned.png"),
    )
    np.testing.assert_array_equal(stored.pixels, upright.pixels)


@pytest.mark.parametrize(
    ("content", "reason"),
    [(b"", "empty file"), (b"hello, there", "a text file, not an image"), (b"%PDF-1.7", "a PDF document")],
)
def test_what_is_no_image_gets_its_reason_and_leaves_nothing(content, reason):
    read = READER.read_bytes(content, "../../etc/passwd")
    assert read.pixels is None and reason in read.problem and read.name == "../../etc/passwd"
    assert list((workspace.folder() / "incoming").iterdir()) == []


def test_a_photo_that_a_killed_process_has_left_is_swept_away(monkeypatch):
    with monkeypatch.context() as killed:
        killed.setattr(incoming.files, "remove", lambda path: False)
        READER.read_bytes(encoded(photo()), "private.jpg")
    (left,) = (workspace.folder() / "incoming").iterdir()
    os.utime(left, (0, 0))
    engine.sweep()
    assert not left.exists()


def test_a_file_that_is_gone_and_a_folder_have_their_reasons(tmp_path):
    assert READER.read(tmp_path / "none.jpg").problem == "there is no such file"
    assert READER.read(tmp_path).problem == "a folder, not an image"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="named pipes are of Unix")
def test_a_pipe_is_no_image_and_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe.jpg")
    assert READER.read(tmp_path / "pipe.jpg").problem == "not a regular file"


def test_folders_are_replaced_by_their_files_in_natural_order(tmp_path):
    for name in ("b/10.jpg", "b/9.jpg", "b/.hidden", "b/Thumbs.db", "b/__MACOSX/1.jpg", "a.jpg"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")
    found = incoming.found([tmp_path / "a.jpg", tmp_path / "b"])
    assert [name for _, name in found] == [str(tmp_path / "a.jpg"), "9.jpg", "10.jpg"]
    assert all(isinstance(path, Path) and path.exists() for path, _ in found)


def test_a_path_that_does_not_exist_and_an_empty_folder_are_named(tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(LabError, match=r"There is no file or folder .*nowhere"):
        incoming.found([tmp_path / "nowhere"])
    with pytest.raises(LabError, match="There are no files in"):
        incoming.found([tmp_path / "empty"])
    with pytest.raises(LabError, match="cannot be opened: File name too long"):
        incoming.found([tmp_path / ("x" * 300)])
