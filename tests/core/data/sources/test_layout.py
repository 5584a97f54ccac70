"""How lists of paths are read: which folders and names are classes, which are splits, what is left aside."""

from __future__ import annotations

import pytest

from core.data.sources import layout, pasted, zip_names
from core.data.sources.class_names import merged, merges_in_words, natural
from core.data.sources.layout import Reading
from core.data.sources.layout_words import split_named
from core.data.sources.scan import Found, Scan, arrange
from core.errors import LabError, Undecided


def many(*folders: str, number: int = 4, suffix: str = ".jpg") -> list[str]:
    return [f"{folder}/{n}{suffix}" for folder in folders for n in range(number)]


def scan(paths: list[str], chosen: str = "") -> Scan:
    return arrange("x", [Found(path) for path in paths], chosen=chosen)


def read(paths: list[str]) -> Reading:
    return layout.read(paths)


def names(reading: Reading) -> list[str]:
    return [one.name for one in reading.layouts]


def splits(scanned: Scan) -> dict[str, set[str]]:
    by_split: dict[str, set[str]] = {}
    for one in scanned.found:
        by_split.setdefault(one.source_split, set()).add(one.label)
    return by_split


@pytest.mark.parametrize(
    ("train", "other", "role"),
    [
        ("train", "test", "test"),
        ("training_set", "test_set", "test"),
        ("Training", "Testing", "test"),
        ("train", "dev", "validation"),
        ("TrainingData", "ValidationData", "validation"),
        ("dataset-train", "dataset-eval", "test"),
        ("train2017", "val2017", "validation"),
        ("seg_train/seg_train", "seg_test/seg_test", "test"),
        ("train/images", "test/images", "test"),
        ("entrenamiento", "prueba", "test"),
        ("entraînement", "validation", "validation"),
        ("Trainingsdaten_train", "Validierung", "validation"),
        ("treino", "teste", "test"),
        ("训练集", "测试集", "test"),
    ],
)
@pytest.mark.parametrize("wrapper", ["", "archive/", "archive/My data/"])
def test_split_folders_of_many_spellings_are_splits(train: str, other: str, role: str, wrapper: str) -> None:
    paths = many(*(f"{wrapper}{split}/{label}" for split in (train, other) for label in ("cats", "dogs")))
    scanned = scan([*paths, f"{wrapper}README.md", "Thumbs.db"])
    assert scanned.class_names == ("cats", "dogs")
    assert splits(scanned) == {"train": {"cats", "dogs"}, role: {"cats", "dogs"}}
    assert {one.kind: one.count for one in scanned.left_aside} == {
        "left by the system or a tool": 1,
        "no image": 1,
    }


@pytest.mark.parametrize(
    ("name", "role"),
    [
        ("train", "train"),
        ("X_train", "train"),
        ("train (1)", "train"),
        ("trainset", "train"),
        ("test1", "test"),
        ("TestImages", "test"),
        ("VAL", "validation"),
        ("train_test", ""),
        ("trainers", ""),
        ("contest", ""),
        ("valley", ""),
        ("roses", ""),
        ("", ""),
    ],
)
def test_a_folders_name_means_a_split_or_does_not(name: str, role: str) -> None:
    assert split_named(name) == role


@pytest.mark.parametrize(
    "folders",
    [
        ("roses", "tulips"),
        ("train", "plane"),
        ("freight train", "steam train"),
        ("mask", "no_mask"),
        ("photos/roses", "photos/tulips"),
        ("roses/red/2024", "tulips"),
        ("roses/images", "tulips/images"),
    ],
)
def test_class_folders_stay_class_folders(folders: tuple[str, ...]) -> None:
    reading = read(many(*folders))
    assert (names(reading), reading.is_clear, reading.aside) == (["class-folders"], True, {})
    expected = {folder.removeprefix("photos/").partition("/")[0] for folder in folders}
    assert set(scan(many(*folders)).class_names) == expected


def test_what_is_read_is_said() -> None:
    paths = many(*(f"{split}/{label}" for split in ("train", "test") for label in ("cats", "dogs")))
    assert scan([*paths, "a.txt", "train/b.csv"]).read_as == (
        "training and test folders, classes cats and dogs; "
        "2 others left aside (no image: a.txt, train/b.csv)."
    )
    assert scan(many("a", "b")).read_as == "a folder for each class, classes a and b."


def test_a_test_folder_without_labels_is_left_aside_and_named() -> None:
    scanned = scan([*many("train/cats", "train/dogs"), *many("test1", number=3)])
    assert splits(scanned) == {"train": {"cats", "dogs"}}
    (left,) = scanned.left_aside
    assert (left.kind, left.count, left.names[0]) == ("images without a class in test1", 3, "test1/0.jpg")


NAMED = [f"{label}.{n}.jpg" for label in ("cat", "dog") for n in range(3)]


@pytest.mark.parametrize(
    ("paths", "labels"),
    [
        (NAMED, {"cat", "dog"}),
        ([f"wrapper/{name}" for name in NAMED], {"cat", "dog"}),
        ([f"{label}_{n}.png" for label in ("great_dane", "pug") for n in "12"], {"great_dane", "pug"}),
        ([f"{label} ({n}).png" for label in ("cat", "dog") for n in "12"], {"cat", "dog"}),
        ([f"{n}_{label}.png" for label in ("cat", "dog") for n in "12"], {"cat", "dog"}),
    ],
)
def test_labels_in_the_names_of_a_flat_folder_are_read(paths: list[str], labels: set[str]) -> None:
    scanned = scan(paths)
    assert set(scanned.class_names) == labels
    assert not any(one.problem for one in scanned.found)


def test_labels_in_names_in_split_folders_are_read() -> None:
    scanned = scan([*(f"train/{name}" for name in NAMED), *many("test1", number=9)])
    assert splits(scanned) == {"train": {"cat", "dog"}}
    assert [(one.kind, one.count) for one in scanned.left_aside] == [("images without a class in test1", 9)]
    both = scan([f"{split}/{name}" for split in ("train", "val") for name in NAMED])
    assert splits(both) == {"train": {"cat", "dog"}, "validation": {"cat", "dog"}}


@pytest.mark.parametrize(
    "paths",
    [
        ["IMG_1.jpg", "IMG_2.jpg", "DSC_1.jpg", "DSC_2.jpg"],
        ["cat.1.jpg", "cat.2.jpg"],
        ["cat.1.jpg", "cat.2.jpg", "dog.1.jpg", "dog.2.jpg", "sunset at sea.jpg"],
        ["1.jpg"],
        ["notes.txt"],
        [],
    ],
)
def test_names_without_a_plain_label_are_no_classes(paths: list[str]) -> None:
    with pytest.raises(LabError, match="contains no class folders"):
        scan(paths)


@pytest.mark.parametrize(
    ("paths", "candidates"),
    [
        (many("fold1/a", "fold1/b", "fold2/a", "fold2/b"), ["inner-folders", "class-folders"]),
        (many("train/a", "train/b", "extra/a", "extra/b"), ["inner-folders", "class-folders"]),
        (
            many("train/a", "train/b", "test/a", "test/b", "more/a", "more/b"),
            ["split-folders", "inner-folders", "class-folders"],
        ),
        (many("train", "test"), ["class-folders"]),
        (
            many("pets/cats", "pets/dogs", "flowers/roses", "flowers/tulips"),
            ["class-folders", "inner-folders"],
        ),
    ],
)
def test_where_several_readings_are_possible_nobody_guesses(paths: list[str], candidates: list[str]) -> None:
    with pytest.raises(Undecided) as question:
        scan(paths)
    for name in candidates:
        assert f"\n  {name}: " in str(question.value)
        assert scan(paths, name).class_names
    assert names(read(paths)) == candidates
    with pytest.raises(LabError, match="no layout 'sideways'"):
        scan(paths, "sideways")


def test_a_question_shows_how_each_reading_takes_some_files() -> None:
    with pytest.raises(Undecided) as question:
        scan(many("fold1/a", "fold1/b", "fold2/a", "fold2/b", number=1))
    assert "    fold1/a/0.jpg: class a\n" in str(question.value)
    assert "    fold1/a/0.jpg: class fold1\n" in str(question.value)


def test_one_level_too_high_names_the_data_sets_below() -> None:
    folders = [
        f"mine/{one}/{split}/{label}" for one in ("x", "y") for split in ("train", "test") for label in "ab"
    ]
    with pytest.raises(Undecided, match=r"Or did you mean data/mine/x or data/mine/y\?"):
        arrange("data", map(Found, many(*folders)))


def test_splits_inside_class_folders_are_kept() -> None:
    scanned = scan(many("roses/train", "roses/test", "tulips/train", "tulips/test"))
    assert splits(scanned) == {"train": {"roses", "tulips"}, "test": {"roses", "tulips"}}


@pytest.mark.parametrize(
    "masks",
    [
        [f"{label}/{n}_mask.png" for label in "ab" for n in range(4)],
        many("a/masks", "b/masks", suffix=".png"),
    ],
)
def test_masks_are_left_aside_and_named(masks: list[str]) -> None:
    images = many("a", "b") if "masks" not in masks[0] else many("a/images", "b/images")
    scanned = scan(images + masks)
    assert sorted(one.file for one in scanned.found) == sorted(images)
    assert [(one.kind, one.count) for one in scanned.left_aside] == [("a mask beside its image", 8)]


def test_by_names_alone_nobody_guesses_whether_a_png_beside_each_jpeg_is_its_mask() -> None:
    images, pngs = many("a", "b"), many("a", "b", suffix=".png")
    with pytest.raises(
        Undecided, match="Nearly every JPEG in x has another file of the same name"
    ) as question:
        scan(images + pngs)
    every, masked = question.value.candidates
    assert (every.name, masked.name) == ("class-folders:all-images", "class-folders")
    shown = {
        file: (label, other)
        for (file, label, _), (_, other, _) in zip(every.examples, masked.examples, strict=True)
    }
    assert ("a", "") in shown.values() and ("a", "a") in shown.values()
    assert len(scan(images + pngs, "class-folders:all-images").found) == 16
    masked_scan = scan(images + pngs, "class-folders")
    assert sorted(one.file for one in masked_scan.found) == sorted(images)
    assert [(one.kind, one.count) for one in masked_scan.left_aside] == [("a mask beside its image", 8)]


def test_a_file_that_shows_how_readings_differ_is_among_the_examples() -> None:
    paths = many("train/a", "train/b", "test/a", "test/b", number=50) + many("zz/a", "zz/b", number=5)
    with pytest.raises(Undecided) as question:
        scan(paths)
    rows = zip(*(one.examples for one in question.value.candidates), strict=True)
    assert max(len(set(row)) for row in rows) == 3


def test_a_data_set_inside_an_upload_becomes_a_layout_of_its_own() -> None:
    folders = [
        f"{one}/{split}/{label}" for one in ("x", "y") for split in ("train", "test") for label in "ab"
    ]
    found = [Found(path) for path in many(*folders)]
    with pytest.raises(Undecided) as question:
        arrange("the upload", found, is_folder=False)
    assert [one.name for one in question.value.candidates] == ["class-folders", "only:x", "only:y"]
    assert question.value.data_sets == ()
    only = arrange("the upload", found, chosen="only:y", is_folder=False)
    assert splits(only) == {"train": {"a", "b"}, "test": {"a", "b"}}
    assert {one.file.partition("/")[0] for one in only.found} == {"y"}
    assert sum(one.count for one in only.left_aside) == 16


def test_many_names_of_files_left_aside_are_kept_but_not_all() -> None:
    scanned = scan(
        [*many("a", "b"), *(f"{n}.txt" for n in range(900)), *many("c/x", suffix=".csv", number=900)]
    )
    (left,) = scanned.left_aside
    assert (left.count, len(left.names)) == (1800, 500)
    assert "1,800 others left aside (no image: 0.txt, 1.txt, 10.txt, ...)" in scanned.read_as


def test_a_reading_that_surprises_nobody_is_plain() -> None:
    assert scan(many("a", "b")).is_plain
    assert not scan([*many("a", "b"), "notes.txt"]).is_plain
    assert not scan(many("train/a", "train/b", "test/a", "test/b")).is_plain
    assert not scan(many("a", "A ", "Cats", "cats")).is_plain


def test_png_and_jpeg_files_with_a_few_equal_names_are_all_images() -> None:
    paths = [*many("a", "b", number=20), *many("a", "b", number=3, suffix=".png")]
    assert len(scan(paths).found) == len(paths)


def test_a_class_without_training_images_is_left_aside_and_named() -> None:
    scanned = scan(many("train/a", "train/b", "test/a", "test/d"))
    assert scanned.class_names == ("a", "b")
    assert "4 others left aside (class d has no training images: test/d/0.jpg" in scanned.read_as


def test_system_and_tool_folders_are_no_classes() -> None:
    paths = many("roses", "tulips", "__MACOSX/roses", "@eaDir", ".ipynb_checkpoints")
    scanned = scan([*paths, "roses/.DS_Store", "roses/Thumbs.db"])
    assert scanned.class_names == ("roses", "tulips")
    assert [(one.kind, one.count) for one in scanned.left_aside] == [("left by the system or a tool", 14)]


def test_spellings_of_one_class_are_one_class() -> None:
    assert merged(["Cats", "cats", "cats", "Café", "Cafe\u0301"]) == {
        "Cats": "cats",
        "cats": "cats",
        "Café": "Café",
        "Cafe\u0301": "Café",
    }
    assert set(merged(["CAT", "cat ", "Cat", "cat"]).values()) == {"cat"}
    assert merged(["A", "a", " lead", "1", "01"]) == {one: one for one in ("A", "a", " lead", "1", "01")}
    assert merges_in_words(merged(["Cats", "cats", "cats", "x"])) == '"Cats" and "cats" are one class'


def test_names_that_are_equal_numbers_have_one_order() -> None:
    assert sorted(["1", "01", "10", "2"], key=natural) == sorted(["2", "10", "01", "1"], key=natural)


class Member:
    """A member of an archive whose name has no flag for its encoding, as ``zipfile`` reads it."""

    flag_bits = 0

    def __init__(self, raw: bytes) -> None:
        self.orig_filename = self.filename = raw.decode("cp437")


@pytest.mark.parametrize(
    ("name", "encoding"),
    [
        ("Äpfel/猫.png", "utf-8"),
        ("Cafe\u0301/1.png", "utf-8"),
        ("Äpfel/Grüße.png", "cp437"),
        ("Äpfel/Grüße.png", "cp1252"),
        ("Café/été.png", "cp850"),
    ],
)
def test_names_of_an_archive_without_the_utf8_flag_are_deciphered(name: str, encoding: str) -> None:
    member = Member(name.encode(encoding))
    (decoded,) = zip_names.decoded([member]).values()  # type: ignore[list-item]
    assert decoded == name.replace("e\u0301", "é")


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("TF_Flowers", "tfds:tf_flowers"),
        ("beens", "tfds:beans"),
        ("Garden", "garden"),
        ("sunflower field", ""),
    ],
)
def test_a_source_that_is_nearly_right_is_suggested(written: str, meant: str) -> None:
    assert pasted.suggestion(written) == (f" Did you mean {meant}?" if meant else "")
