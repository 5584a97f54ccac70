"""Files beside images of the same name: masks where their pixels say so, else a person is asked."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageDraw

from core import datasets
from core.errors import Undecided
from tests.core.data.sources.test_reading import uploaded, zipped


def paired(root: Path, second: Callable[[Image.Image, int], Image.Image], number: int = 6) -> Path:
    """Two classes of smooth JPEG photos, each with the PNG beside it that ``second`` makes of it."""
    for first, label in enumerate("ab"):
        (root / label).mkdir(parents=True, exist_ok=True)
        for n in range(number):
            rng = np.random.default_rng(100 * first + n)
            photo = Image.fromarray(rng.integers(0, 255, (6, 6, 3), np.uint8)).resize((96, 80), Image.BICUBIC)
            photo.save(root / label / f"{n}.jpg", quality=80)
            second(photo, n).save(root / label / f"{n}.png")
    return root


def blob(photo: Image.Image, n: int, mode: str = "L") -> Image.Image:
    mask = Image.new(mode, photo.size)
    ImageDraw.Draw(mask).ellipse((10 + n, 10, 60, 60), fill=(255 if mode == "L" else 1))
    return mask


def several_classes(photo: Image.Image, n: int) -> Image.Image:
    mask = blob(photo, n, "P")
    ImageDraw.Draw(mask).rectangle((0, 70, 96, 80), fill=2)
    mask.putpalette([0, 0, 0, 128, 0, 0, 0, 128, 0])
    return mask


def blended(photo: Image.Image, n: int) -> Image.Image:
    return blob(photo, n).resize((48, 40), Image.BILINEAR)


@pytest.mark.parametrize("second", [blob, several_classes, blended])
@pytest.mark.parametrize("way", [str, lambda root: str(zipped(root)), uploaded])
def test_masks_of_the_same_name_are_recognised_and_can_be_taken_as_images(
    tmp_path: Path, second: Any, way: Any
) -> None:
    source = way(paired(tmp_path / "d", second))
    dataset = datasets.prepare(source)
    assert len(dataset.usable) == 12 and set(dataset.usable["name"].str[-4:]) == {".jpg"}
    assert "12 others left aside (a mask beside its image: a/0.png" in dataset.read_as
    assert [one.name for one in dataset.candidates] == ["class-folders", "class-folders:all-images"]
    assert dataset.current_layout == "class-folders" and dataset.layout == ""
    every = datasets.prepare(source, layout="class-folders:all-images")
    assert len(every.usable) == 24 and every.current_layout == "class-folders:all-images"
    assert datasets.prepare(source, layout="class-folders").version == dataset.version


@pytest.mark.parametrize(
    "second",
    [
        lambda photo, n: photo,
        lambda photo, n: photo.resize((48, 40)),
        lambda photo, n: Image.fromarray(np.random.default_rng(n).integers(0, 255, (80, 96, 3), np.uint8)),
        lambda photo, n: photo.convert("L").resize((96, 80)),
        lambda photo, n: blob(photo, n) if n else photo,
    ],
    ids=["saved twice", "a smaller copy", "other photos", "in grey", "some are masks"],
)
def test_images_of_the_same_name_that_are_no_masks_are_not_left_aside_unasked(
    tmp_path: Path, second: Any
) -> None:
    with pytest.raises(Undecided, match="may be its mask or an image of its own") as question:
        datasets.prepare(str(paired(tmp_path / "d", second)))
    assert question.value.candidates[0].name == "class-folders:all-images"


def test_drawings_saved_twice_are_no_masks(tmp_path: Path) -> None:
    root = tmp_path / "d"
    for n in range(8):
        drawing = Image.new("RGB", (64, 64), "white")
        ImageDraw.Draw(drawing).ellipse((8 + n, 8, 50, 50), fill="red")
        folder = root / "ab"[n % 2]
        folder.mkdir(parents=True, exist_ok=True)
        drawing.save(folder / f"{n}.jpg")
        drawing.save(folder / f"{n}.png")
    with pytest.raises(Undecided):
        datasets.prepare(str(root))
