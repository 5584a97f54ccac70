"""Square pixels from image files, decoded once."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core import datasets
from core.data import pixel_cache
from core.data.dataset import Dataset
from core.errors import LabError, Stopped


@pytest.fixture
def dataset(tmp_path: Path) -> Dataset:
    """Ten images: five wide red ones and five high blue ones, each with a level of its own."""
    for label, colour, size in (("red", (200, 0, 0), (60, 40)), ("blue", (0, 0, 200), (40, 60))):
        folder = tmp_path / "own" / label
        folder.mkdir(parents=True)
        for number in range(5):
            Image.new("RGB", size, tuple(c + 10 * number for c in colour)).save(folder / f"{number}.png")
    return datasets.prepare(str(tmp_path / "own"))


@pytest.fixture
def no_few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Write a cache for even one missing image."""
    monkeypatch.setattr(pixel_cache, "_FEW", 0)


def files(dataset: Dataset) -> set[str]:
    return {path.name for path in (dataset.path / "pixels").glob("*.npy")}


def test_rows_come_out_in_their_order_in_one_shape(dataset: Dataset, no_few: None) -> None:
    rows = dataset.usable.sample(frac=1, random_state=0)
    loaded = pixel_cache.load(dataset, rows, 32, "stretch")[:]
    assert (loaded.shape, loaded.dtype) == ((10, 32, 32, 3), np.uint8)
    for square, file in zip(loaded, rows["file"], strict=True):
        with Image.open(dataset.root / file) as image:
            assert tuple(square[16, 16]) == image.getpixel((5, 5))


def test_nothing_is_decoded_twice(dataset: Dataset, no_few: None) -> None:
    first = pixel_cache.load(dataset, dataset.usable, 32, "stretch")[:]
    for file in dataset.usable["file"]:
        (dataset.root / file).unlink()
    again = pixel_cache.load(dataset, dataset.usable, 32, "stretch")
    np.testing.assert_array_equal(first, again[:])
    part = dataset.usable.iloc[[7, 2]]
    np.testing.assert_array_equal(pixel_cache.load(dataset, part, 32, "stretch")[:], first[[7, 2]])


def test_a_few_new_images_are_read_beside_the_cached_ones(
    dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = pixel_cache.load(dataset, dataset.usable, 32, "stretch")[:]
    monkeypatch.setattr(pixel_cache, "_FEW", 0)
    pixel_cache.load(dataset, dataset.usable[2:8], 32, "stretch")
    monkeypatch.undo()
    before = files(dataset)
    mixed = pixel_cache.load(dataset, dataset.usable, 32, "stretch")
    np.testing.assert_array_equal(mixed[:], expected)
    np.testing.assert_array_equal(mixed[np.array([9, 0, 3, 4, 8])], expected[[9, 0, 3, 4, 8]])
    np.testing.assert_array_equal(mixed.select(np.array([1, 2, 9]))[1:], expected[[2, 9]])
    assert files(dataset) == before


def test_a_few_missing_images_are_read_without_a_new_cache(dataset: Dataset) -> None:
    loaded = pixel_cache.load(dataset, dataset.usable, 32, "stretch")
    assert loaded.shape == (10, 32, 32, 3)
    assert not files(dataset)


def test_cached_images_are_not_decoded_again(dataset: Dataset, no_few: None) -> None:
    pixel_cache.load(dataset, dataset.usable[:6], 32, "stretch")
    for file in dataset.usable["file"][:6]:
        (dataset.root / file).unlink()
    assert pixel_cache.load(dataset, dataset.usable, 32, "stretch").shape == (10, 32, 32, 3)


def test_sizes_and_fits_have_separate_caches_and_old_ones_are_removed(dataset: Dataset, no_few: None) -> None:
    for size in (32, 48, 64, 80):
        for resize in ("stretch", "crop"):
            pixel_cache.load(dataset, dataset.usable, size, resize)
    assert len(files(dataset)) == 2 * pixel_cache._KEPT_FILES


def test_a_damaged_cache_is_rebuilt(dataset: Dataset, no_few: None) -> None:
    first = pixel_cache.load(dataset, dataset.usable, 32, "stretch")[:]
    for path in (dataset.path / "pixels").glob("*.npy"):
        path.write_bytes(path.read_bytes()[:100])
    np.testing.assert_array_equal(pixel_cache.load(dataset, dataset.usable, 32, "stretch")[:], first)


@pytest.mark.fault("F22")
def test_pixels_are_read_although_the_clock_was_set_back(dataset: Dataset, no_few: None) -> None:
    for size in range(32, 32 + 16 * pixel_cache._KEPT_FILES, 16):
        pixel_cache.load(dataset, dataset.usable, size, "stretch")
    for path in (dataset.path / "pixels").iterdir():
        os.utime(path, (4e9, 4e9))
    assert pixel_cache.load(dataset, dataset.usable, 256, "stretch")[:].shape == (10, 256, 256, 3)


def test_a_cache_that_another_process_prunes_just_now_is_left_out(dataset: Dataset, no_few: None) -> None:
    first = pixel_cache.load(dataset, dataset.usable, 32, "stretch")[:]
    (dataset.path / "pixels" / "32-stretch-0123.ids.npy").symlink_to("gone")
    (dataset.path / "pixels" / "32-stretch-4567.ids.npy").touch()  # cut off by a power failure
    np.testing.assert_array_equal(pixel_cache.load(dataset, dataset.usable, 32, "stretch")[:], first)


def test_a_missing_image_is_named(dataset: Dataset) -> None:
    (dataset.root / dataset.usable["file"].iloc[3]).unlink()
    with pytest.raises(
        LabError, match=r"blue/3\.png of data set 'own': the file no longer exists. Press Rescan"
    ):
        pixel_cache.load(dataset, dataset.usable, 32, "stretch")


def test_reading_stops_on_request_and_leaves_nothing_behind(dataset: Dataset, no_few: None) -> None:
    with pytest.raises(Stopped):
        pixel_cache.load(dataset, dataset.usable, 32, "stretch", should_stop=lambda: True)
    assert not list((dataset.path / "pixels").glob("*"))


def test_no_rows_give_no_images(dataset: Dataset) -> None:
    assert pixel_cache.load(dataset, dataset.usable[:0], 32, "pad").shape == (0, 32, 32, 3)


def wide() -> Image.Image:
    """An image 40 x 20: its left quarter red, its middle half green, its right quarter blue."""
    image = Image.new("RGB", (40, 20), (0, 255, 0))
    image.paste((255, 0, 0), (0, 0, 10, 20))
    image.paste((0, 0, 255), (30, 0, 40, 20))
    return image


def test_stretch_keeps_everything() -> None:
    fitted = pixel_cache.fit(wide(), 32, "stretch")
    assert [fitted.getpixel((x, 16)) for x in (2, 16, 30)] == [(255, 0, 0), (0, 255, 0), (0, 0, 255)]


def test_crop_keeps_the_middle_square() -> None:
    fitted = pixel_cache.fit(wide(), 32, "crop")
    assert [fitted.getpixel((x, 16)) for x in (1, 16, 30)] == [(0, 255, 0)] * 3


def test_pad_adds_black_bars() -> None:
    fitted = pixel_cache.fit(wide(), 32, "pad")
    assert [fitted.getpixel((16, y)) for y in (2, 16, 30)] == [(0, 0, 0), (0, 255, 0), (0, 0, 0)]
    assert fitted.getpixel((1, 16)) == (255, 0, 0)


@pytest.mark.parametrize("resize", ["stretch", "crop", "pad"])
@pytest.mark.parametrize("size", [(1, 1), (4000, 1), (1, 300), (33, 31)])
def test_any_shape_becomes_a_square(size: tuple[int, int], resize: str) -> None:
    assert pixel_cache.fit(Image.new("RGB", size), 64, resize).size == (64, 64)


def test_fine_stripes_turn_grey_instead_of_aliasing() -> None:
    stripes = np.zeros((400, 400, 3), np.uint8)
    stripes[:, ::2] = 255
    reduced = np.asarray(pixel_cache.fit(Image.fromarray(stripes), 50, "stretch"), float)
    assert reduced.mean() == pytest.approx(127.5, abs=2)
    assert reduced.std() < 6
