"""Which image a cell of a list means, for paths of other machines and names without suffix."""

from __future__ import annotations

import time

import pytest

from core.data.sources.lists.matching import Index
from core.data.sources.scan import Found


def meant(cell: str, *images: str, near: str = "", split: str = "", masks: tuple[str, ...] = ()) -> str:
    index = Index([Found(image) for image in images], masks)
    found = index.locate(cell, tuple(filter(None, near.split("/"))), split)
    return found.problem or found.shown


@pytest.mark.parametrize(
    ("cell", "images", "image"),
    [
        ("1.png", ("1.png", "x/1.png"), "1.png"),
        ("x/1.png", ("1.png", "x/1.png"), "x/1.png"),
        ("./x/1.png", ("x/1.png",), "x/1.png"),
        ("/home/me/set/x/1.png", ("x/1.png", "y/1.png"), "x/1.png"),
        ("D:\\set\\y\\1.PNG", ("x/1.png", "y/1.png"), "y/1.png"),
        ("\\\\server\\share\\x\\1.png", ("x/1.png", "y/1.png"), "x/1.png"),
        ("file:///C:/set/x/1.png", ("x/1.png", "y/1.png"), "x/1.png"),
        ("a/b/1.png", ("deep/b/1.png", "deep/c/1.png"), "deep/b/1.png"),
        ("ISIC_01", ("part_1/ISIC_01.jpg", "part_2/ISIC_02.jpg"), "part_1/ISIC_01.jpg"),
        ("scan.001", ("scan.001.png",), "scan.001.png"),
        ("Cafe\u0301.png", ("Café.png",), "Café.png"),
        ("/data/upload/7/0a1b2c3d-my%20cat.png", ("images/my cat.png",), "images/my cat.png"),
        ("/data/upload/7/0a1b2c3d-cat.png", ("0a1b2c3d-cat.png", "cat.png"), "0a1b2c3d-cat.png"),
        ("100%.png", ("100%.png",), "100%.png"),
        ("7", ("0007.png", "0017.png"), "0007.png"),
        ("7.0", ("0007.png", "0070.png"), "0007.png"),
        ("007", ("7.png",), "7.png"),
    ],
)
def test_the_image_meant_is_found(cell: str, images: tuple[str, ...], image: str) -> None:
    assert meant(cell, *images) == image


@pytest.mark.parametrize(
    ("cell", "images"),
    [
        ("cats/1.png", ("dogs/1.png", "cats/2.png")),
        ("/other/cats/1.png", ("dogs/1.png", "cats/2.png")),
        ("1.png", ("1.jpg",)),
        ("1", ("10.png",)),
        ("cat", ("cats/1.png",)),
        ("", ("1.png",)),
        ("..", ("1.png",)),
        ("https://[removed]/1.png", ("2.png",)),
    ],
)
def test_an_image_that_is_not_there_is_not_guessed(cell: str, images: tuple[str, ...]) -> None:
    assert meant(cell, *images) == "is listed but does not exist"


def test_of_two_images_that_of_the_lists_split_or_folder_is_meant() -> None:
    both = ("train/1.png", "test/1.png")
    assert meant("1", *both, split="train") == "train/1.png"
    assert meant("1", *both, split="test") == "test/1.png"
    assert meant("1", *both, near="test") == "test/1.png"
    assert meant("1", "images/1.png", "more/1.png") == "images/1.png"
    assert meant("1", "a/1.png", "a/1.tif", masks=("a/1.tif",)) == "a/1.png"
    assert meant("1", "x/1.png", "y/1.png") == "may be x/1.png or y/1.png: write the folder into the list"


def test_many_images_of_one_name_take_no_quadratic_time() -> None:
    index = Index([Found(f"case {number}/image.png") for number in range(20_000)])
    start = time.perf_counter()
    for number in range(20_000):
        assert index.locate(f"/far/away/case {number}/image.png").shown == f"case {number}/image.png"
    assert "may be" in index.locate("image.png").problem
    assert time.perf_counter() - start < 10
