"""Images of more than 8 bits are scaled alike in all of a data set, whatever their files are."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from core import datasets, quality
from core.data import deep_pixels, pixel_cache, versions
from core.data.dataset import Dataset, Facts, fingerprint
from core.data.decoding import decode
from core.data.deep_pixels import Ranges
from core.files import read_model, write_json

Values = NDArray[Any]
Save = Callable[[Path, Values], None]


def noise(seed: int, white: float, shape: tuple[int, ...] = (8, 8)) -> Values:
    """Squares of random values from 0 to ``white``, one of them ``white`` itself."""
    values = np.random.default_rng(seed).random(shape) * white
    values[0, 0] = white
    return np.kron(values, np.ones((4, 4, *[1] * (len(shape) - 2))))


def with_pillow(path: Path, values: Values) -> None:
    Image.fromarray(values).save(path)


def with_opencv(path: Path, values: Values) -> None:
    cv2.imwrite(str(path), values[..., ::-1] if values.ndim == 3 else values)


def prepared(folder: Path, each: Callable[[int], Values], save: Save, suffix: str) -> Dataset:
    """24 images in two classes; ``each`` makes the values of one by its number."""
    for number in range(24):
        path = folder / "ab"[number % 2] / f"{number:02}{suffix}"
        path.parent.mkdir(parents=True, exist_ok=True)
        save(path, each(number))
    return datasets.prepare(str(folder))


def brightness(dataset: Dataset) -> list[float]:
    """Of class a, whose images have even numbers, then of class b."""
    return dataset.index.sort_values("name")["brightness"].tolist()


@pytest.mark.parametrize(
    ("kind", "low", "high", "expected"),
    [
        ("integer", [0], [1023], (0, 1023)),
        ("integer", [0, 12], [3001, 3800], (0, 4095)),
        ("integer", [0], [16_000], (0, 16_383)),
        ("integer", [0, 0], [300, 65_535], (0, 65_535)),
        ("integer", [0], [40], (0, 255)),
        ("integer", [0], [1], (0, 1)),
        ("integer", [-1024], [3071], (-1024, 4095)),
        ("floating", [0.1], [0.4], (0, 1)),
        ("floating", [0], [1.02], (0, 1)),
        ("floating", [0, 0], [0.9, 1.5], (0, 1)),
        ("floating", [0] * 24, [0.9, 1.5] * 12, (0, 2)),
        ("floating", [0], [255], (0, 255)),
        ("floating", [0], [60_000], (0, 65_535)),
        ("floating", [0], [0.001], (0, 2**-9)),
        ("floating", [-1], [1], (-1, 1)),
        ("floating", [0] * 200, [0.9] * 199 + [1e9], (0, 1)),
        ("floating", [0], [0], (0, 1)),
    ],
)
def test_the_range_of_a_data_set(kind, low, high, expected) -> None:
    assert deep_pixels.common_range(kind, low, high) == expected


@pytest.mark.parametrize("bits", [9, 10, 12, 14, 16])
@pytest.mark.parametrize(
    ("save", "suffix", "shape"),
    [
        (with_pillow, ".png", (8, 8)),
        (with_pillow, ".tif", (8, 8)),
        (with_opencv, ".png", (8, 8, 3)),
        (with_opencv, ".tif", (8, 8, 3)),
    ],
    ids=["grey PNG", "grey TIFF", "colour PNG", "colour TIFF"],
)
def test_few_bits_in_16_bit_files_come_out_as_bright_as_they_are(
    bits: int, save: Save, suffix: str, shape: tuple[int, ...], tmp_path: Path
) -> None:
    white = 2**bits - 1
    dataset = prepared(
        tmp_path / "set", lambda number: noise(number, white, shape).round().astype(np.uint16), save, suffix
    )
    assert dataset.ranges == Ranges(integer=(0.0, float(white)))
    for row in dataset.index.head(3).to_dict("records"):
        expected = noise(int(Path(row["file"]).stem), 255, shape)
        found = np.asarray(dataset.image(row), np.float64)
        assert np.abs(found - (expected[..., None] if expected.ndim == 2 else expected)).max() <= 1


@pytest.mark.fault("F4")
def test_dark_and_bright_images_of_a_set_keep_their_difference(tmp_path: Path) -> None:
    def each(number: int) -> Values:
        return noise(number, 4000 if number % 2 else 400).astype(np.uint16)

    light = brightness(prepared(tmp_path / "set", each, with_pillow, ".png"))
    assert np.median(light[12:]) == pytest.approx(10 * np.median(light[:12]), rel=0.1)


@pytest.mark.parametrize("high", [0.9, 30.0, 1e6])
def test_floating_point_images_share_one_scale(high: float, tmp_path: Path) -> None:
    def each(number: int) -> Values:
        return noise(number, high if number % 2 else high / 4).astype(np.float32)

    light = brightness(prepared(tmp_path / "set", each, with_pillow, ".tif"))
    assert np.median(light[12:]) == pytest.approx(4 * np.median(light[:12]), rel=0.1)
    assert np.median(light[12:]) > 50


def test_floating_point_pixels_that_are_no_number_are_black(tmp_path: Path) -> None:
    values = noise(0, 1.0).astype(np.float32)
    values[:8], values[8:16, 0] = np.nan, np.inf
    with_pillow(tmp_path / "1.tif", values)
    found = np.asarray(decode(tmp_path / "1.tif", ranges=Ranges()).image)
    assert (found[:8] == 0).all() and (found[8:16, 0] == 255).all()
    assert np.abs(found[16:, :, 0] - 255 * values[16:]).max() <= 0.5


def test_negative_values_are_darker_than_zero(tmp_path: Path) -> None:
    values = np.array([[-1024, 0], [1023, 3071]], np.int32)
    with_pillow(tmp_path / "1.tif", values)
    found = np.asarray(decode(tmp_path / "1.tif", ranges=Ranges()).image)[..., 0]
    assert found.tolist() == [[0, 51], [102, 204]]


def test_an_orientation_tag_turns_deep_colours_too(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[274] = 6
    values = noise(0, 4095, (8, 4)).astype(np.uint16)
    Image.fromarray(values).save(tmp_path / "1.png", exif=exif)
    decoded = decode(tmp_path / "1.png", ranges=Ranges())
    assert (decoded.width, decoded.height) == decoded.image.size == (32, 16)
    expected = np.rint(np.rot90(values, -1) * (255 / 4095))
    assert np.abs(np.asarray(decoded.image)[..., 0] - expected).max() <= 0.5


def test_transparent_deep_colours_show_white(tmp_path: Path) -> None:
    values = np.full((4, 4, 4), 1000, np.uint16)
    values[..., 3] = [0, 65_535, 65_535, 0]
    cv2.imwrite(str(tmp_path / "1.png"), values)
    found = np.asarray(decode(tmp_path / "1.png", ranges=Ranges()).image)[0, :, 0]
    assert found.tolist() == [255, round(1000 * 255 / 1023), round(1000 * 255 / 1023), 255]


@pytest.mark.fault("F4")
def test_gallery_training_and_explanations_see_the_same_pixels(tmp_path: Path) -> None:
    dataset = prepared(tmp_path / "set", lambda n: noise(n, 4095).astype(np.uint16), with_pillow, ".png")
    trained = pixel_cache.load(dataset, dataset.usable, 32, "stretch")[:]
    shown = [np.asarray(dataset.image(row)) for row in dataset.usable.to_dict("records")]
    assert (trained == np.stack(shown)).all()


def test_a_wider_range_is_another_version_and_a_further_image_within_it_changes_nothing(tmp_path) -> None:
    folder = tmp_path / "set"
    first = prepared(folder, lambda n: noise(n, 3900).astype(np.uint16), with_pillow, ".png")
    with_pillow(folder / "a" / "new.png", noise(50, 2000).astype(np.uint16))
    second = datasets.prepare(str(folder))
    assert set(first.usable["id"]) < set(second.usable["id"]) and second.ranges == first.ranges
    with_pillow(folder / "a" / "brighter.png", noise(51, 9000).astype(np.uint16))
    third = datasets.prepare(str(folder))
    assert third.ranges == Ranges(integer=(0.0, 16_383.0))
    assert not set(third.usable["id"]) & set(second.usable["id"])
    assert np.median(brightness(third)) < 0.4 * np.median(brightness(second))


def test_preparing_twice_gives_what_preparing_once_gives(tmp_path: Path) -> None:
    def each(number: int) -> Values:
        return noise(number, 400 * (number + 1)).astype(np.uint16)

    first = prepared(tmp_path / "set", each, with_pillow, ".png")
    assert datasets.prepare(str(tmp_path / "set")).version == first.version
    assert first.index["note"].nunique() == 1


def test_8_bit_images_have_no_range_and_no_finding(tmp_path: Path) -> None:
    dataset = prepared(tmp_path / "set", lambda n: noise(n, 255).astype(np.uint8), with_pillow, ".png")
    assert dataset.ranges == Ranges() and (dataset.index["depth"] == "").all()
    assert "bits" not in {finding.name for finding in quality.check(dataset).findings}


def test_the_check_says_what_is_black_and_white(tmp_path: Path) -> None:
    dataset = prepared(tmp_path / "set", lambda n: noise(n, 4001).astype(np.uint16), with_pillow, ".png")
    finding = quality.check(dataset).finding("bits")
    assert finding.verdict == (
        "24 images of 24 have more than 8 bits per channel. They are all shown on one scale: values from 1 "
        "to 4,001, with 0 shown as black and 4,095 as white."
    )
    assert "something odd" not in quality.check(dataset).finding("unreadable").verdict


def test_the_scaling_of_a_model_is_a_sentence() -> None:
    ranges = Ranges(integer=(0.0, 4095.0), floating=(-1.0, 0.5))
    assert deep_pixels.scaling_in_words(ranges.by_kind()) == (
        "Images of more than 8 bits are scaled for this model with 0 shown as black and 4,095 as white "
        "(integer values) and -1 shown as black and 0.5 as white (floating values)."
    )
    assert deep_pixels.scaling_in_words(Ranges().by_kind()) == ""


def test_a_set_that_an_earlier_version_prepared_keeps_its_pixels_until_it_is_prepared_again(tmp_path) -> None:
    """Earlier versions kept no range: each image was scaled by its own file, 12 bits came out dark."""
    folder = tmp_path / "set"
    dataset = prepared(folder, lambda n: noise(n, 4095).astype(np.uint16), with_pillow, ".png")
    facts = read_model(dataset.path / "dataset.json", Facts)
    write_json(dataset.path / "dataset.json", {"source": facts.source, "class_names": facts.class_names})
    dataset.index.drop(columns=["depth", "low", "high", "folder_label", "excluded"]).to_parquet(
        dataset.path / "index.parquet", index=False
    )
    old = datasets.open(str(folder))
    row = old.usable.iloc[0]
    assert np.asarray(old.image(row)).max() == round(4095 * 255 / 65_535)
    assert quality.check(old).finding("bits").severity == "warning"
    assert datasets.prepare(str(folder)).version == dataset.version


def test_an_exclusion_of_a_deep_image_stays(tmp_path: Path) -> None:
    folder = tmp_path / "set"
    dataset = prepared(folder, lambda n: noise(n, 4095).astype(np.uint16), with_pillow, ".png")
    versions.exclude(dataset, [dataset.usable.iloc[0]["id"]], "blurred")
    with_pillow(folder / "a" / "new.png", noise(50, 2000).astype(np.uint16))
    again = datasets.prepare(str(folder))
    assert len(again.usable) == 24 and again.version == fingerprint(again.usable)
