"""Lists inside folders, archives and uploads: taken where clearly right, asked about where not."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core import datasets
from core.data import sources
from core.errors import LabError, Undecided
from tests.core.data.sources.lists.files import inside, labels, listed, numbered, problems, rows, touch, write

PLAIN = rows("file,label", "{i}.png,{c}")


def one_hot(header: str) -> str:
    return "\n".join([header, *(f"{i}.png, {1 - i % 2}, {i % 2}" for i in range(6))])


def splits(root: Path, name: str = "") -> dict[str, int]:
    found = (listed(root / name) if name else inside(root)).found
    usable = [one.source_split for one in found if one.label and not one.problem]
    return {split: usable.count(split) for split in set(usable)}


@pytest.mark.parametrize(
    ("images", "name"),
    [
        ("", "labels.csv"),
        ("images/", "labels.csv"),
        ("wrapper/images/", "wrapper/labels.csv"),
        ("train/", "train/metadata.csv"),
        ("train_images/", "train.csv"),
        ("HAM_images_part_1/", "metadata.csv"),
        ("images/", "annotations/labels.csv"),
        ("a/b/c/", "list.tsv"),
        ("photos/", "labels.txt"),
    ],
)
def test_a_list_beside_or_above_flat_images_is_taken(images: str, name: str, tmp_path: Path) -> None:
    write(numbered(tmp_path, images), PLAIN, name)
    touch(tmp_path, "README.txt", "images.md")
    assert set(labels(inside(tmp_path)).values()) == {"a", "b"}
    assert (
        f"the column label of the list {name}, with images from the column file" in inside(tmp_path).read_as
    )


def test_a_list_for_each_split_gives_the_splits(tmp_path: Path) -> None:
    for start, split in enumerate(("train", "valid", "test")):
        touch(tmp_path, *(f"images/{i}.png" for i in range(10 * start, 10 * start + 4)))
        text = "".join(f"{i},{'ab'[i % 2]}\n" for i in range(10 * start, 10 * start + 4))
        write(tmp_path, f"id,breed\n{text}", f"{split}.csv")
    assert splits(tmp_path) == splits(tmp_path, "train.csv") == {"train": 4, "validation": 4, "test": 4}
    assert splits(tmp_path, "test.csv") == {"": 4}
    assert "the column breed of the lists train.csv, valid.csv and test.csv" in inside(tmp_path).read_as
    assert len(labels(inside(tmp_path, "train.csv+valid.csv+test.csv"))) == 12
    assert len(labels(listed(tmp_path / "train.csv", "train.csv"))) == 4


@pytest.mark.parametrize("name", ["_classes.csv", "metadata.csv", "metadata.jsonl"])
def test_a_list_in_each_split_folder_gives_the_splits(name: str, tmp_path: Path) -> None:
    json_lines = rows("", '{{"file_name": "{i}.png", "label": "{c}"}}')
    text = {
        "_classes.csv": one_hot("filename, a, b"),
        "metadata.csv": PLAIN.replace("file", "file_name"),
    }.get(name, json_lines)
    for split in ("train", "valid", "test"):
        write(numbered(tmp_path, f"{split}/"), text, f"{split}/{name}")
    assert splits(tmp_path) == {"train": 6, "validation": 6, "test": 6}
    assert inside(tmp_path).class_names == ("a", "b")


def test_lists_of_splits_may_name_their_columns_differently(tmp_path: Path) -> None:
    write(numbered(tmp_path, "train/"), one_hot("filename,a,b"), "train/_classes.csv")
    write(numbered(tmp_path, "valid/"), rows("Image,Class", "{i}.png,{c}"), "valid/_classes.csv")
    assert splits(tmp_path) == {"train": 6, "validation": 6}
    assert inside(tmp_path).class_names == ("a", "b")


def test_a_competition_without_labels_for_the_test_is_read_and_said(tmp_path: Path) -> None:
    numbered(tmp_path, "train/")
    numbered(tmp_path, "test/", count=9)
    write(tmp_path, rows("image_id,label", "{i},{c}"), "train.csv")
    write(tmp_path, rows("image_id", "{i}", 9), "test.csv")
    write(tmp_path, rows("image_id,label", "{i},a", 9), "sample_submission.csv")
    scanned = inside(tmp_path)
    assert labels(scanned) == {f"train/{i}.png": "ab"[i % 2] for i in range(6)}
    kinds = {one.kind: one.count for one in scanned.left_aside}
    assert kinds == {
        "a list without labels": 1,
        "a form for a submission": 1,
        "an image that the list does not name": 9,
    }
    alone = listed(tmp_path / "train.csv")
    assert labels(alone) == labels(scanned)
    assert "test.csv" in alone.read_as


def folders(tmp_path: Path) -> Path:
    return touch(tmp_path, *(f"{label}/{i}.png" for label in ("cats", "dogs") for i in range(4)))


def row_for_each(label: str) -> str:
    lines = [
        f"{folder}/{i}.png,{label.format(folder=folder, i=i % 2)}"
        for folder in ("cats", "dogs")
        for i in range(4)
    ]
    return "file,label\n" + "\n".join(lines)


@pytest.mark.parametrize("label", ["{folder}", "{folder} x"])
def test_a_list_that_says_what_the_folders_say_changes_nothing(label: str, tmp_path: Path) -> None:
    write(folders(tmp_path), row_for_each(label))
    assert inside(tmp_path).class_names == ("cats", "dogs")


@pytest.mark.parametrize(
    "text",
    [
        "file,width\ncats/0.png,8\ncats/1.png,9\n",
        "file,label\ncats/0.png,tabby\n",
        "a,b\n1,2\n",
        'a,"b\n',
        "file,label\nelsewhere.png,x\n",
    ],
)
def test_tables_that_say_nothing_of_the_classes_change_nothing(text: str, tmp_path: Path) -> None:
    write(folders(tmp_path), text)
    assert inside(tmp_path).class_names == ("cats", "dogs")


def test_where_folders_and_list_disagree_a_person_chooses(tmp_path: Path) -> None:
    write(folders(tmp_path), row_for_each("{i}"))
    with pytest.raises(Undecided) as question:
        inside(tmp_path)
    assert [one.name for one in question.value.candidates] == ["class-folders", "labels.csv"]
    assert question.value.candidates[1].examples[0] == ("cats/0.png", "0", "")
    assert inside(tmp_path, "labels.csv").class_names == ("0", "1")
    assert inside(tmp_path, "class-folders").class_names == ("cats", "dogs")
    with pytest.raises(LabError, match=r"may be read as class-folders and labels\.csv"):
        inside(tmp_path, "sideways")


def test_where_a_list_names_as_many_images_beside_the_folders_a_person_chooses(tmp_path: Path) -> None:
    write(numbered(tmp_path), PLAIN)
    touch(tmp_path, *(f"{label}/{i}.png" for label in "xy" for i in range(4)))
    with pytest.raises(Undecided):
        inside(tmp_path)
    touch(tmp_path, *(f"{label}/{i}.png" for label in "xy" for i in range(4, 10)))
    assert set(labels(inside(tmp_path)).values()) == {"x", "y"}


def test_images_may_have_names_of_their_own_in_the_list(tmp_path: Path) -> None:
    write(
        folders(tmp_path), "file,label,name\n" + "".join(f"cats/{i}.png,{i % 2},cat {i}\n" for i in range(4))
    )
    scanned = inside(tmp_path, "labels.csv")
    assert [one.shown for one in scanned.found] == ["cat 0", "cat 1", "cat 2", "cat 3"]
    assert [(one.kind, one.count) for one in scanned.left_aside] == [
        ("an image that the list does not name", 4)
    ]


@pytest.mark.parametrize("split", ["train", "test"])
def test_ids_that_occur_in_several_split_folders_are_those_of_the_lists_split(
    split: str, tmp_path: Path
) -> None:
    numbered(numbered(tmp_path, "train/"), "test/")
    path = write(tmp_path, rows("id,breed", "{i},{c}"), f"{split}.csv")
    assert (
        set(labels(inside(tmp_path))) == set(labels(listed(path))) == {f"{split}/{i}.png" for i in range(6)}
    )


def test_the_other_ways_to_read_are_kept_for_a_change_of_mind(tmp_path: Path) -> None:
    write(folders(tmp_path), row_for_each("{i}"))
    names = ["labels.csv", "class-folders"]
    assert [one.name for one in inside(tmp_path, "labels.csv").candidates] == names
    assert [one.name for one in inside(tmp_path, "class-folders").candidates] == names[::-1]
    path = write(numbered(tmp_path / "d"), rows("image_id,species,sort", "{i},{c},x"))
    assert [one.name for one in listed(path).candidates] == ["labels.csv"]
    assert [one.name for one in listed(path, "labels.csv:sort").candidates] == [
        "labels.csv",
        "labels.csv:sort",
    ]
    assert not listed(path).is_plain


def test_of_two_lists_a_person_chooses(tmp_path: Path) -> None:
    write(numbered(tmp_path), PLAIN, "old.csv")
    write(tmp_path, PLAIN.replace(",b", ",c"), "new.csv")
    with pytest.raises(Undecided) as question:
        inside(tmp_path)
    assert [one.name for one in question.value.candidates] == ["new.csv", "old.csv"]
    assert inside(tmp_path, "new.csv").class_names == ("a", "c")


def test_a_damaged_list_is_named_where_nothing_else_says_the_classes(tmp_path: Path) -> None:
    write(numbered(tmp_path), PLAIN.replace("2.png,a", '2.png,"a'))
    with pytest.raises(LabError, match=r"labels\.csv, line 4: a quotation mark"):
        inside(tmp_path)


def test_a_list_of_other_images_is_named_where_nothing_else_says_the_classes(tmp_path: Path) -> None:
    write(touch(tmp_path, "x.png", "y.png"), PLAIN)
    with pytest.raises(LabError, match=r"Not one image that labels\.csv names is beside it.*example 0\.png"):
        inside(tmp_path)


def test_a_list_of_other_images_changes_nothing_where_a_folder_is_a_class(tmp_path: Path) -> None:
    write(touch(tmp_path, "roses/x.png", "roses/y.png"), PLAIN)
    assert inside(tmp_path).class_names == ("roses",)


def test_a_table_that_explains_the_numbers_of_classes_is_no_second_list(tmp_path: Path) -> None:
    write(numbered(tmp_path), PLAIN)
    write(tmp_path, "class_id,class_name\n0,rose\n1,tulip\n2,lily\n", "classes.csv")
    assert labels(inside(tmp_path)) == {f"{i}.png": "ab"[i % 2] for i in range(6)}


def test_a_text_beside_each_image_is_no_list(tmp_path: Path) -> None:
    touch(tmp_path, *(f"{label}/{i}.png" for label in "ab" for i in range(40)))
    for label in "ab":
        for i in range(40):
            write(tmp_path, "0 0.5 0.5 0.1 0.1\n", f"{label}/{i}.txt")
    assert inside(tmp_path).class_names == ("a", "b")


def test_images_that_no_list_names_and_links_that_lead_out_are_not_lost(tmp_path: Path) -> None:
    root = numbered(tmp_path / "d", count=8)
    (root / "9.png").symlink_to(touch(tmp_path / "e", "x.png") / "x.png")
    scanned = inside(write(root, PLAIN).parent)
    assert problems(scanned) == {"9.png": "a link that points outside the data set's folder"}
    assert [(one.kind, one.names) for one in scanned.left_aside] == [
        ("an image that the list does not name", ("6.png", "7.png"))
    ]


def drawn(root: Path, inside_of: str = "") -> Path:
    for number in range(6):
        path = root / f"{inside_of}{number}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        noise = np.random.default_rng(number).integers(0, 255, (8, 8, 3), np.uint8)
        Image.fromarray(noise).save(path)
    return root


def zipped(root: Path) -> str:
    path = root.with_suffix(".zip")
    with zipfile.ZipFile(path, "w") as archive:
        for file in sorted(root.rglob("*.*")):
            archive.write(file, file.relative_to(root.parent).as_posix())
    return str(path)


def uploaded(root: Path) -> str:
    parts = [
        (file.relative_to(root.parent).as_posix(), io.BytesIO(file.read_bytes()))
        for file in sorted(root.rglob("*.*"))
    ]
    return sources.keep_files("mine", parts)


@pytest.mark.parametrize("way", [str, zipped, uploaded])
@pytest.mark.parametrize("images", ["", "images/"])
def test_folders_archives_and_uploads_with_a_list_are_read_alike(
    images: str, way: object, tmp_path: Path
) -> None:
    root = drawn(tmp_path / "d", images)
    write(root, rows("image_id,species,patient", "{i},{c},P{i}"))
    dataset = datasets.prepare(way(root))  # type: ignore[operator]
    assert dataset.usable["label"].value_counts().to_dict() == {"a": 3, "b": 3}
    assert sorted(dataset.usable["source_group"]) == [f"P{i}" for i in range(6)]
    assert "the column species of the list " in dataset.read_as
    assert datasets.open(dataset.source).version == dataset.version


def test_an_upload_with_a_list_that_has_to_be_chosen_is_kept(tmp_path: Path) -> None:
    root = drawn(tmp_path / "d")
    source = uploaded(write(root, rows("image_id,species,genus", "{i},{c},g")).parent)
    write(root, "image_id,species,genus\n" + "".join(f"{i},{'ab'[i % 2]},{'xyz'[i % 3]}\n" for i in range(6)))
    source = uploaded(root)
    with pytest.raises(Undecided):
        datasets.prepare(source)
    chosen = "d/labels.csv:genus"
    assert datasets.prepare(source, layout=chosen).class_names == ("x", "y", "z")
    assert datasets.prepare(source).class_names == ("x", "y", "z")


def test_an_upload_with_a_damaged_list_is_refused_with_the_line_and_leaves_nothing(
    tmp_path: Path, workspace: Path
) -> None:
    root = drawn(tmp_path / "d")
    write(root, PLAIN.replace("2.png,a", '2.png,"a'))
    with pytest.raises(LabError, match="line 4: a quotation mark"):
        uploaded(root)
    assert not list((workspace / "uploads").iterdir())


def test_a_column_chosen_for_a_list_itself_is_kept_and_part_of_the_version(tmp_path: Path) -> None:
    root = drawn(tmp_path / "d")
    text = "image_id,species,genus\n" + "".join(f"{i},{'ab'[i % 2]},{'xyz'[i % 3]}\n" for i in range(6))
    path = str(write(root, text))
    with pytest.raises(Undecided):
        datasets.prepare(path)
    species = datasets.prepare(path, layout="labels.csv:species")
    assert datasets.prepare(path).version == species.version
    assert datasets.prepare(path, layout="labels.csv:genus").version != species.version
