"""Finding images in the user's folder, and resolving source names."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from PIL import Image

from core import datasets
from core.data import sources
from core.data.sources import digits, folder
from core.data.sources.catalogue import CATALOGUE
from core.errors import LabError, Stopped


def put(root: Path, *names: str) -> None:
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (8, 8)).save(path, "PNG")


def labels(root: Path) -> dict[str, str]:
    return {one.file: one.label for one in folder.scan(root).found}


def problems(root: Path) -> dict[str, str]:
    return {one.file: one.problem for one in folder.scan(root).found if one.problem}


def test_class_folders_become_classes_in_natural_order(tmp_path: Path) -> None:
    put(tmp_path, "class 10/a.png", "class 2/b.png")
    scanned = folder.scan(tmp_path)
    assert scanned.class_names == ("class 2", "class 10")
    assert labels(tmp_path) == {"class 10/a.png": "class 10", "class 2/b.png": "class 2"}


def test_images_deep_in_a_class_belong_to_it(tmp_path: Path) -> None:
    put(tmp_path, "roses/red/2024/a.png", "tulips/b.png")
    assert labels(tmp_path)["roses/red/2024/a.png"] == "roses"


def test_hidden_files_and_notes_beside_the_classes_are_ignored(tmp_path: Path) -> None:
    put(tmp_path, "roses/a.png", "tulips/b.png", "roses/.hidden.png", ".git/c.png")
    (tmp_path / "LICENSE.txt").write_text("free")
    assert set(labels(tmp_path)) == {"roses/a.png", "tulips/b.png"}


def test_an_image_outside_the_classes_is_listed_with_the_reason(tmp_path: Path) -> None:
    put(tmp_path, "roses/a.png", "tulips/b.png", "lost.png")
    assert problems(tmp_path) == {"lost.png": "is not in a class folder"}


def test_a_folder_that_is_already_split_keeps_its_splits(tmp_path: Path) -> None:
    put(tmp_path, "Train/roses/a.png", "val/roses/b.png", "testing/roses/c.png", "Train/tulips/d.png")
    scanned = folder.scan(tmp_path)
    assert scanned.class_names == ("roses", "tulips")
    assert {one.file: one.source_split for one in scanned.found} == {
        "Train/roses/a.png": "train",
        "Train/tulips/d.png": "train",
        "testing/roses/c.png": "test",
        "val/roses/b.png": "validation",
    }


def test_classes_that_are_named_like_splits_but_not_all_of_them_stay_classes(tmp_path: Path) -> None:
    put(tmp_path, "train/a.png", "plane/b.png")
    assert folder.scan(tmp_path).class_names == ("plane", "train")


@pytest.mark.parametrize("make", [lambda root: None, lambda root: put(root, "a.png")])
def test_a_folder_without_classes_is_explained(tmp_path: Path, make: object) -> None:
    make(tmp_path)  # type: ignore[operator]
    with pytest.raises(LabError, match="contains no class folders"):
        folder.scan(tmp_path)


NAMES = ["ünïcödé 日本.png", "🌷.png", "with space.png", "%2e%2e.png", "<img src=x>.png", "n" * 251 + ".png"]


@pytest.mark.fault("F10")
@pytest.mark.parametrize("name", NAMES)
def test_any_file_name_works(tmp_path: Path, name: str) -> None:
    put(tmp_path, f"roses/{name}", "tulips/a.png")
    assert labels(tmp_path)[f"roses/{name}"] == "roses"
    assert not problems(tmp_path)


@pytest.mark.fault("F10")
def test_a_name_that_is_not_utf8_is_listed(tmp_path: Path) -> None:
    put(tmp_path, "roses/a.png", "tulips/a.png")
    try:
        (Path(os.fsdecode(os.fsencode(tmp_path / "roses") + b"/\xff.png"))).write_bytes(b"x")
    except OSError:
        pytest.skip("this file system takes only valid UTF-8")
    assert list(problems(tmp_path).values()) == ["its name is not valid UTF-8; rename it"]


@pytest.mark.fault("F10")
def test_two_names_that_are_not_utf8_are_two_files_and_the_data_set_opens(tmp_path: Path) -> None:
    put(tmp_path, "roses/a.png", "tulips/a.png")
    try:
        for name in (b"/caf\xe8.png", b"/caf\xe9.png"):
            Path(os.fsdecode(os.fsencode(tmp_path / "roses") + name)).write_bytes(b"x")
    except OSError:
        pytest.skip("this file system takes only valid UTF-8")
    dataset = datasets.prepare(str(tmp_path))
    assert [one["file"] for one in dataset.skipped] == [r"roses/caf\xe8.png", r"roses/caf\xe9.png"]


@pytest.mark.fault("F11")
def test_links_are_followed_inside_the_folder_only(tmp_path: Path) -> None:
    root = tmp_path / "flowers"
    put(root, "roses/a.png", "tulips/b.png")
    put(tmp_path, "elsewhere/secret.png")
    (root / "roses" / "inside.png").symlink_to(root / "tulips" / "b.png")
    (root / "roses" / "passwd.png").symlink_to("/etc/passwd")
    (root / "roses" / "gone.png").symlink_to(root / "nowhere.png")
    (root / "roses" / "outside").symlink_to(tmp_path / "elsewhere")
    found = labels(root)
    assert found["roses/inside.png"] == "roses"
    assert problems(root) == {
        "roses/gone.png": "a link to a file that does not exist",
        "roses/outside": "a link that points outside the data set's folder",
        "roses/passwd.png": "a link that points outside the data set's folder",
    }


@pytest.mark.fault("F11")
def test_links_in_a_circle_end(tmp_path: Path) -> None:
    put(tmp_path, "roses/a.png", "tulips/b.png")
    (tmp_path / "roses" / "again").symlink_to(tmp_path / "roses")
    (tmp_path / "roses" / "up").symlink_to(tmp_path)
    (tmp_path / "roses" / "self.png").symlink_to("self.png")
    found = folder.scan(tmp_path).found
    assert sum(not one.problem for one in found) == 2
    assert problems(tmp_path) == {"roses/self.png": "a link that points back to itself"}


@pytest.mark.fault("F11")
def test_a_folder_and_a_pipe_with_an_images_name_do_not_hang(tmp_path: Path) -> None:
    put(tmp_path, "roses/a.png", "tulips/b.png", "roses/folder.jpg/inner.png")
    os.mkfifo(tmp_path / "roses" / "pipe.jpg")
    assert labels(tmp_path)["roses/folder.jpg/inner.png"] == "roses"
    assert problems(tmp_path) == {"roses/pipe.jpg": "not a regular file"}


def test_scanning_stops_on_request(tmp_path: Path) -> None:
    put(tmp_path, "roses/a.png")
    with pytest.raises(Stopped):
        folder.scan(tmp_path, should_stop=lambda: True)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("", "No data set given"),
        ("/nowhere/at/all", "There is no folder"),
        ("a\0b", "is not a valid folder name"),
        ("x" * 5000, "folder"),
        ("file://[flowers", "is not a valid folder name"),
        ("tfds:../../etc", "is not a TensorFlow data set name"),
        ("tfds:", "is not a TensorFlow data set name"),
    ],
)
def test_an_invalid_source_is_rejected_with_a_message(name: str, words: str) -> None:
    with pytest.raises(LabError, match=words):
        sources.resolve(name)


@pytest.mark.fault("F9")
def test_an_unsupported_file_type_is_reported(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("flowers")
    with pytest.raises(LabError, match=r"notes\.txt is not a supported file type"):
        sources.resolve(str(tmp_path / "notes.txt"))


def test_every_source_has_an_id_that_is_a_safe_folder_name(tmp_path: Path) -> None:
    own = tmp_path / "Meine Blumen <3 ..🌷"
    own.mkdir()
    for name in ("garden", "digits", "tfds:eurosat/rgb", *(entry.source for entry in CATALOGUE), str(own)):
        assert set(sources.resolve(name).id) <= set("abcdefghijklmnopqrstuvwxyz0123456789-")


def test_two_long_names_that_end_differently_are_two_data_sets() -> None:
    names = (f"tfds:controlled_noisy_web_labels/mini_imagenet_{colour}" for colour in ("red", "blue"))
    assert len({sources.resolve(name).id for name in names}) == 2
    assert sources.resolve("tfds:eurosat/rgb").id == "tfds-eurosat-rgb"


def test_two_folders_of_one_name_are_two_data_sets(tmp_path: Path) -> None:
    put(tmp_path, "one/flowers/roses/a.png", "two/flowers/roses/a.png")
    one, two = (sources.resolve(str(tmp_path / place / "flowers")) for place in ("one", "two"))
    assert one.id != two.id
    assert one.title == two.title == "flowers"


def test_the_digits_are_500_of_each(tmp_path: Path) -> None:
    digits.make(tmp_path, lambda step, done, total: None, lambda: False)
    assert [len(list((tmp_path / str(digit)).iterdir())) for digit in range(10)] == [500] * 10


def problem(source: str) -> str:
    """What a first look at a source says, "" if nothing."""
    try:
        sources.check(sources.resolve(source))
    except sources.NoSuchSource as error:
        return error.problem
    return ""


def test_a_folder_is_looked_into_before_it_is_chosen(tmp_path: Path) -> None:
    assert problem(str(tmp_path)) == f"There are no images in {tmp_path}."
    (tmp_path / "deep" / "er").mkdir(parents=True)
    (tmp_path / "notes").write_text("no image")
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "pipe")  # reading it would wait for ever
    assert "no images" in problem(str(tmp_path))
    (tmp_path / "deep" / "photos.ZIP").write_bytes(b"")
    assert problem(str(tmp_path)).endswith(f"Enter its path: {tmp_path / 'deep' / 'photos.ZIP'}.")
    put(tmp_path, "deep/er/without_suffix")
    assert problem(str(tmp_path)) == ""


def test_a_name_that_tensorflow_datasets_does_not_know_is_refused(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setenv("TFDS_DATA_DIR", str(tmp_path))
    assert all(problem(entry.source) == "" for entry in CATALOGUE)
    assert problem("tfds:tf_flower").endswith("has no data set “tf_flower”. Did you mean tf_flowers?")
    (tmp_path / "my_own").mkdir()
    assert problem("tfds:my_own:1.0.0") == ""
