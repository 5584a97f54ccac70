"""Images that stay in a file until they are asked for."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from core.data.stored_images import PixelFile, Pixels, StoredImages
from core.errors import LabError

NONE = np.zeros((0, 4, 4, 3), np.uint8)


@pytest.fixture
def pixels() -> Pixels:
    """Twenty images of random pixels."""
    return np.random.default_rng(0).integers(0, 256, (20, 4, 4, 3), dtype=np.uint8)


@pytest.fixture
def path(tmp_path: Path, pixels: Pixels) -> Path:
    np.save(tmp_path / "pixels.npy", pixels)
    return tmp_path / "pixels.npy"


def test_any_rows_are_read_like_those_of_an_array(path: Path, pixels: Pixels) -> None:
    order = np.random.default_rng(1).permutation(20)
    images = StoredImages(order, NONE, PixelFile(path))
    assert (len(images), images.shape) == (20, (20, 4, 4, 3))
    for rows in (
        slice(3, 9),
        slice(None),
        slice(0, 0),
        np.array([4, 5, 6, 19, 0, 0]),
        np.array([], np.int64),
    ):
        np.testing.assert_array_equal(images[rows], pixels[order][rows])


def test_a_selection_of_a_selection_reads_nothing_and_is_right(path: Path, pixels: Pixels) -> None:
    images = StoredImages(np.arange(20), NONE, PixelFile(path))
    chosen = images.select(np.array([7, 8, 9, 2])).select(np.array([3, 0]))
    np.testing.assert_array_equal(chosen[:], pixels[[2, 7]])


def test_what_is_read_belongs_to_the_reader(path: Path, pixels: Pixels) -> None:
    images = StoredImages(np.arange(20), NONE, PixelFile(path))
    images[:][:] = 0
    np.testing.assert_array_equal(images[:], pixels)


def test_a_deleted_file_is_read_to_its_end(path: Path, pixels: Pixels) -> None:
    images = StoredImages(np.arange(20), NONE, PixelFile(path))
    path.unlink()
    np.testing.assert_array_equal(images[:], pixels)


def test_a_file_that_has_become_shorter_is_named(path: Path) -> None:
    images = StoredImages(np.arange(20), NONE, PixelFile(path))
    with path.open("r+b") as file:
        file.truncate(300)
    with pytest.raises(LabError, match=r"pixels\.npy could not be read: it has become shorter"):
        images[:]


@pytest.mark.parametrize("kept", [0, 60, 200])
def test_a_damaged_file_is_refused(path: Path, kept: int) -> None:
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(ValueError):  # NumPy's own for the header, ours for the pixels
        PixelFile(path)


@pytest.mark.parametrize(
    "array", [np.zeros((3, 4, 4, 3), np.float32), np.zeros((3, 4, 4, 3), np.uint8, order="F")]
)
def test_other_arrays_are_refused(tmp_path: Path, array: np.ndarray) -> None:
    np.save(tmp_path / "other.npy", array)
    with pytest.raises(ValueError, match="damaged"):
        PixelFile(tmp_path / "other.npy")
