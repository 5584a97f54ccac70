"""One class for each image: one-hot columns are converted, several labels are named and left out."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.data.sources.lists import labels as cells
from core.errors import LabError
from tests.core.data.sources.lists.files import ALTERNATING, inside, labels, listed, numbered, problems, write


@pytest.mark.parametrize(
    ("header", "ones"),
    [
        ("filename,a,b", ("{i}.png,1,0", "{i}.png,0,1")),
        ("filename, a, b", ("{i}.png, 1, 0", "{i}.png, 0, 1")),
        ("image,a,b,UNK", ("{i},1.0,0.0,0.0", "{i},0.0,1.0,0.0")),
        ("image_id,a,b,other", ("{i},True,False,False", "{i},False,True,False")),
        ("image,a,b", ("{i},1,-1", "{i},-1,1")),
        ("image;a;b", ("{i};1,0;0,0", "{i};0,0;1,0")),
        ("image,a,b", ("{i},x,", "{i},,x")),
        ("image,site,a,b", ("{i},north,1,0", "{i},north,0,1")),
    ],
)
def test_one_hot_columns_become_classes(header: str, ones: tuple[str, str], tmp_path: Path) -> None:
    text = "\n".join([header, *(ones[i % 2].format(i=i) for i in range(6))])
    scanned = listed(write(numbered(tmp_path), text, "_classes.csv"))
    assert labels(scanned) == ALTERNATING
    assert "one-hot columns of the list _classes.csv" in scanned.read_as


def test_rows_of_a_one_hot_list_without_exactly_one_1_are_left_out(tmp_path: Path) -> None:
    lines = ["0,1,0,0", "1,0,1,0", "2,1,0,0", "3,0,1,0", "4,1,1,0", "5,0,0,0"]
    scanned = listed(write(numbered(tmp_path), "image,a,b,c\n" + "\n".join(lines)))
    assert labels(scanned) == {name: ALTERNATING[name] for name in ("0.png", "1.png", "2.png", "3.png")}
    assert problems(scanned) == {
        "4.png": "has more than one label in the list (a and b)",
        "5.png": "has no label in the list",
    }


def test_a_sorted_one_hot_list_is_read_and_columns_that_never_change_are_no_classes(tmp_path: Path) -> None:
    lines = [f"{i},{int(i < 250)},{int(i >= 250)}" for i in range(300)]
    path = write(numbered(tmp_path, count=300), "image,a,b\n" + "\n".join(lines))
    assert set(labels(listed(path)).values()) == {"a", "b"}
    lines = [f"{i},1,0,{'ab'[i % 2]}" for i in range(300)]
    scanned = listed(write(tmp_path, "image,checked,removed,sort\n" + "\n".join(lines)))
    assert "the column sort of the list" in scanned.read_as


def test_a_list_of_many_attributes_is_refused_and_one_of_them_can_be_chosen(tmp_path: Path) -> None:
    lines = [f"{i}.png,1,{1 - 2 * (i % 2)},1" for i in range(6)]
    path = write(numbered(tmp_path), "image_id,Young,Smiling,Male\n" + "\n".join(lines))
    with pytest.raises(LabError, match=r"Multi-label.*is not supported.*--layout labels\.csv:COLUMN"):
        listed(path)
    with pytest.raises(LabError, match=r"Multi-label classification is not supported"):
        inside(tmp_path)
    assert inside(tmp_path, "labels.csv:Smiling").class_names == ("1", "-1")
    assert listed(path, "labels.csv:Smiling").class_names == ("1", "-1")


def several(tmp_path: Path, four: tuple[str, ...], quote: str = '"') -> dict[str, str]:
    text = "file,label\n" + "".join(f"{i}.png,{quote}{four[i % len(four)]}{quote}\n" for i in range(12))
    scanned = listed(write(numbered(tmp_path, count=12), text))
    found = problems(scanned)
    assert all(reason.startswith(cells.SEVERAL) for reason in found.values())
    return {name: label for name, label in labels(scanned).items() if name not in found}


@pytest.mark.parametrize(
    "four",
    [
        ("a", "b", "a|b", "b|c"),
        ("a", "b", "a;b", "b;c"),
        ("a", "b", "a, b", "b,a"),
        ("a", "b", "a b", "b a"),
        ("a", "b", "['a', 'b']", "['b']"),
        ("[a]", "a", "b", '[""a"", ""b""]'),
        ("a", "b", '{""choices"": [""a"", ""b""]}', "b"),
        ("a", "b", "a|b", "a|b|c"),
        ("a", "b", "['a' 'b']", "b"),
    ],
)
def test_images_with_several_labels_are_named_and_not_trained(four: tuple[str, ...], tmp_path: Path) -> None:
    trained = several(tmp_path, four)
    assert set(trained.values()) - {"[a]"} == {"a", "b"}
    assert 6 <= len(trained) < 12


@pytest.mark.parametrize(
    "names",
    [
        {"a|b", "c|d"},
        {"Tomato, healthy", "Tomato, blight", "Potato, healthy", "Potato, blight"},
        {"golden retriever", "labrador retriever", "great white shark"},
        {"hot dog", "dog", "cat"},
        {"red car", "blue car", "red bus", "blue bus"},
        {"Rose, red", "Tulip"},
        {"a", "b"},
        {"AC/DC", "AC", "Queen"},
        {"n/a", "cat", "cat+"},
        {"male/young", "male/old", "female/young", "female", "old/female"},
        {""},
        set(),
    ],
)
def test_names_of_classes_with_signs_and_blanks_stay_whole(names: set[str]) -> None:
    assert cells.separator_of(names) == ""


@pytest.mark.parametrize(
    ("names", "separator"),
    [
        ({"No Finding", "Effusion", "Effusion|Mass", "Mass|Nodule", "Nodule"}, "|"),
        ({"healthy", "scab", "rust", "scab rust", "rust complex", "complex"}, " "),
        (
            {
                "clear primary",
                "haze primary",
                "clear primary water",
                "haze water primary",
                "clear water",
                "haze road primary",
                "clear road",
                "cloudy",
                "cloudy road",
            },
            " ",
        ),
        ({"cat", "dog", "cat, dog"}, ","),
        ({"a;b", "b;c"}, ";"),
        ({"cat", "dog", "cat/dog"}, "/"),
        ({"cat", "dog", "cat & dog"}, "&"),
        ({"cat", "dog", "bird", "cat+dog", "dog+bird"}, "+"),
    ],
)
def test_what_parts_several_labels_is_recognised(names: set[str], separator: str) -> None:
    assert cells.separator_of(names) == separator


@pytest.mark.parametrize("cell", ["a|b", "['a', 'b']", '[""a"", ""b""]'])
def test_a_list_of_nothing_but_several_labels_is_refused_in_plain_words(cell: str, tmp_path: Path) -> None:
    text = "file,label\n" + "".join(f'{i}.png,"{cell}"\n' for i in range(5)) + '5.png,"b|c"\n'
    with pytest.raises(LabError, match=r"has more than one label.*Multi-label classification is not supp"):
        listed(write(numbered(tmp_path), text))


def test_boxes_in_place_of_a_class_are_named(tmp_path: Path) -> None:
    box = '"[{""x"": 1, ""y"": 2, ""rectanglelabels"": [""cat""]}]"'
    scanned = listed(write(numbered(tmp_path), f"image,label\n0.png,a\n1.png,b\n2.png,{box}\n"))
    assert problems(scanned) == {"2.png": "has boxes or outlines in the list instead of one class"}


def test_an_image_in_several_rows_is_taken_once_or_named(tmp_path: Path) -> None:
    text = "filename,class,xmin\n0.png,a,1\n0.png,a,2\n1.png,b,3\n2.png,a,1\n2.png,b,1\n"
    scanned = listed(write(numbered(tmp_path), text))
    assert labels(scanned) == {"0.png": "a", "1.png": "b"}
    assert problems(scanned) == {"2.png": "is listed twice with different labels"}
