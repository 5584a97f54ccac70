"""Lists of many tools: their columns are found by name, or by what is in them, or a person is asked."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.data.sources.lists import column_names
from core.errors import LabError, Undecided
from tests.core.data.sources.lists.files import (
    ALTERNATING,
    inside,
    labels,
    listed,
    numbered,
    problems,
    rows,
    touch,
    write,
)

FORMS = {
    "kaggle": ("image_id,label", "{i}.png,{c}"),
    "cassava": ("image_id,label", "{i}.png,{c}"),
    "aptos": ("id_code,diagnosis", "{i},{c}"),
    "dog breeds": ("id,breed", "{i},{c}"),
    "skin lesions": (
        "lesion_id,image_id,dx,dx_type,age,sex,localization",
        "L{i},{i},{c},histo,80.0,male,scalp",
    ),
    "retinopathy": ("image,level", "{i},{c}"),
    "chest x-ray": ("Image Index,Finding Labels,Follow-up #,Patient ID", "{i}.png,{c},0,{i}"),
    "melanoma": ("image_name,patient_id,sex,benign_malignant", "{i},P1,male,{c}"),
    "whales": ("Image,Id", "{i}.png,{c}"),
    "data set": ("filepaths,labels,data set", "{i}.png,{c},train"),
    "birds": ("class id,filepaths,labels,data set,scientific name", "1,{i}.png,{c},train,X {c}"),
    "pandas index": (",filename,target", "{i},{i}.png,{c}"),
    "pandas index again": ("Unnamed: 0,fname,category", "{i},{i}.png,{c}"),
    "camel": ("ImageName;ClassName", "{i}.png;{c}"),
    "fastai": ("name,label", "{i}.png,{c}"),
    "german": ("Datei;Klasse", "{i}.png;{c}"),
    "french": ("fichier;étiquette", "{i}.png;{c}"),
    "chinese": ("文件名,标签", "{i}.png,{c}"),
    "label studio": (
        "annotation_id,annotator,choice,created_at,id,image,lead_time,updated_at",
        "{i},1,{c},2024-01-01T00:00:00Z,{i}7,/data/upload/3/1a2b3c4d-{i}.png,3.5,2024-01-01",
    ),
    "label studio local": ("image,choice", "/data/local-files/?d=set/{i}.png,{c}"),
    "hugging face": ("file_name,label", "{i}.png,{c}"),
    "excel german": ("sep=;\nfile;label", "{i}.png;{c}"),
    "excel quoted": ('"sep=;"\nfile;label', "{i}.png;{c}"),
    "tabs": ("filename\tspecies", "{i}.png\t{c}"),
    "pipes": ("filename|species", "{i}.png|{c}"),
    "blanks after commas": ("filename, species", "{i}.png, {c}"),
    "blanks before quotes": ('"filename", "species"', '"{i}.png", "{c}"'),
    "a comma at the end": ("filename,species,", "{i}.png,{c},"),
    "no header": ("", "{i}.png,{c}"),
    "no header, ids": ("", "{i},{c}"),
    "no header, label first": ("", "{c},{i}.png"),
    "no header, split": ("", "{i}.png,{c},train"),
    "ids that are rows, and names": ("id,photograph,label", "{i}0,{i}.png,{c}"),
    "an unnamed index and unknown names": (",thing,sort", "{i},{i}.png,{c}"),
    "unknown names": ("thing,sort", "{i}.png,{c}"),
    "unknown names, ids": ("specimen no.,sort", "{i},{c}"),
    "linux path": ("path,label", "/home/me/data/{i}.png,{c}"),
    "windows path": ("path,label", "C:\\Users\\me\\data\\{i}.png,{c}"),
    "notebook path": ("image_path,label", "../input/some-data/{i}.png,{c}"),
    "cloud": ("uri,label", "s3://bucket/some/{i}.png,{c}"),
    "vertex": ("", "gs://bucket/some/{i}.png,{c}"),
    "address": ("url,label", "https://example.org/a/{i}.png?token=1,{c}"),
    "firebase": ("url,label", "https://example.org/o/images%2F{i}.png?alt=media,{c}"),
    "zeros lost": ("id,label", "{i}.0,{c}"),
    "a code and a name": ("filename,class_id,class_name", "{i}.png,1{c},{c}"),
    "one label in a list": ("image,labels", "{i}.png,\"['{c}']\""),
    "one choice": ("image,choice", '{i}.png,"{{""choices"": [""{c}""]}}"'),
    "Windows line ends": ("filename,label\r", "{i}.png,{c}\r"),
    "comment sign": ("# filename,label", "{i}.png,{c}"),
}


@pytest.mark.parametrize("form", FORMS)
def test_the_lists_of_many_tools_are_read(form: str, tmp_path: Path) -> None:
    scanned = listed(write(numbered(tmp_path), rows(*FORMS[form])))
    assert labels(scanned) == ALTERNATING
    assert problems(scanned) == {}
    assert scanned.read_as.partition(", ")[0].endswith(" of the list labels.csv")


@pytest.mark.parametrize("form", FORMS)
def test_the_lists_of_many_tools_are_found_in_a_folder_of_images(form: str, tmp_path: Path) -> None:
    write(numbered(tmp_path, "images/"), rows(*FORMS[form]))
    assert labels(inside(tmp_path)) == {f"images/{name}": label for name, label in ALTERNATING.items()}


@pytest.mark.parametrize(
    ("name", "role"),
    [
        ("Image Index", "file"),
        ("IMAGE_ID", "file"),
        ("imagePath", "file"),
        ("Class Name", "label"),
        ("Étiquette", "label"),
        ("data set", "split"),
        ("lesion_id", "group"),
        ("PatientID", "group"),
        ("xmin", "other"),
        ("wing length", ""),
    ],
)
def test_a_columns_name_means_its_role(name: str, role: str) -> None:
    assert column_names.role(name) == role


def test_names_of_files_count_more_than_ids_that_fit_other_images(tmp_path: Path) -> None:
    lines = "".join(f"{5 - i},{i}.png,{'ab'[i % 2]}\n" for i in range(6))
    assert labels(listed(write(numbered(tmp_path), "id,photograph,label\n" + lines))) == ALTERNATING


def test_ids_count_more_than_masks_that_are_named_after_them(tmp_path: Path) -> None:
    numbered(numbered(tmp_path, "photos/"), "masks/", suffix="_mask.png")
    path = write(tmp_path, rows("image_id,mask_path,dx", "{i},masks/{i}_mask.png,{c}"))
    assert labels(listed(path)) == {f"photos/{name}": label for name, label in ALTERNATING.items()}


def test_a_column_called_label_is_taken_before_others(tmp_path: Path) -> None:
    scanned = listed(write(numbered(tmp_path), rows("file,species,label", "{i}.png,x{i},{c}")))
    assert labels(scanned) == ALTERNATING
    assert "the column label of the list labels.csv" in scanned.read_as


SEVERAL = "image_id,species,family\n" + "".join(f"{i},{'ab'[i % 2]},{'xyz'[i % 3]}\n" for i in range(6))


def test_where_several_columns_may_hold_the_classes_a_person_is_asked(tmp_path: Path) -> None:
    path = write(numbered(tmp_path), SEVERAL)
    with pytest.raises(Undecided, match=r"which column of labels\.csv holds the classes") as question:
        listed(path)
    assert [one.name for one in question.value.candidates] == ["labels.csv:species", "labels.csv:family"]
    assert question.value.candidates[1].examples[:2] == (("0.png", "x", ""), ("2.png", "z", ""))
    assert labels(listed(path, "labels.csv:species")) == ALTERNATING
    assert listed(path, "labels.csv:family").class_names == ("x", "y", "z")
    with pytest.raises(LabError, match=r"no layout 'species'; it may be read as labels\.csv:species and"):
        listed(path, "species")


def test_the_same_question_is_asked_of_a_folder(tmp_path: Path) -> None:
    write(numbered(tmp_path), SEVERAL)
    with pytest.raises(Undecided) as question:
        inside(tmp_path)
    assert [one.name for one in question.value.candidates] == ["labels.csv:species", "labels.csv:family"]
    assert labels(inside(tmp_path, "labels.csv:species")) == ALTERNATING


def test_unknown_columns_are_candidates_where_their_values_repeat(tmp_path: Path) -> None:
    text = "image,gender,articleKind,weight,remark\n"
    text += "".join(f"{i},{'mf'[i % 2]},{'xyz'[i % 3]},{i}.5,note {i}\n" for i in range(12))
    with pytest.raises(Undecided) as question:
        listed(write(numbered(tmp_path, count=12), text))
    assert [one.name for one in question.value.candidates] == ["labels.csv:gender", "labels.csv:articleKind"]


@pytest.mark.parametrize(
    ("columns", "row", "words"),
    [
        ("image,kind", "{i}.png,{c}", "the column kind of the list"),
        ("file,age,level", "{i}.png,4,{c}", "the column level of the list"),
        ("", "{c},{i}.png", "column 1 of the list labels.csv, with images from column 2"),
        (
            "picture no,sort,xmin",
            "{i},{c},7",
            "the column sort of the list labels.csv, with images from the column picture no",
        ),
    ],
)
def test_the_only_column_that_may_hold_the_classes_is_taken_and_said(
    columns: str, row: str, words: str, tmp_path: Path
) -> None:
    scanned = listed(write(numbered(tmp_path), rows(columns, row)))
    assert labels(scanned) == ALTERNATING
    assert words in scanned.read_as


def test_any_column_can_be_chosen(tmp_path: Path) -> None:
    path = write(numbered(tmp_path), rows("file,label,shape", "{i}.png,x{i},{c}"))
    assert labels(listed(path, "labels.csv:shape")) == ALTERNATING


def test_two_columns_of_images_are_asked_about(tmp_path: Path) -> None:
    touch(numbered(tmp_path), *(f"right/{i}r.png" for i in range(6)))
    path = write(tmp_path, rows("left side,right side,label", "{i}.png,right/{i}r.png,{c}"))
    with pytest.raises(Undecided) as question:
        listed(path)
    names = [one.name for one in question.value.candidates]
    assert names == ["labels.csv:left side:label", "labels.csv:right side:label"]
    assert labels(listed(path, names[0])) == ALTERNATING


def test_groups_and_splits_are_carried(tmp_path: Path) -> None:
    text = rows("filename,class,patient_id,is_train", "{i}.png,{c},P{i},1").replace("P5,1", "P5,0")
    found = {one.file: one for one in listed(write(numbered(tmp_path), text)).found}
    assert [found[f"{i}.png"].group for i in range(6)] == [f"P{i}" for i in range(6)]
    assert [found[f"{i}.png"].source_split for i in (0, 5)] == ["train", "test"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "must name the columns file and label.*found are: none"),
        ("file\n0.png\n", "must name the columns file and label.*found are: file"),
        ("file,width\n0.png,3\n1.png,4\n", "must name the columns file and label.*found are: file, width"),
        ("file,label\n", "lists no images with a label"),
        ("file,label\n0.png,\n1.png,\n", "lists no images with a label: 0.png has no label in the list"),
        ("file,label\nx.png,a\ny.png,b\n", "Not one image that labels.csv names is beside it.*example x.png"),
        ("url,label\nhttps://a.org/x.png,a\n", "an address on the web: download the images first"),
        ("file,Smooth,Disk\n0.png,.3,.7\n1.png,.9,.1\n", "soft labels.*needs exactly one class"),
    ],
)
def test_a_list_that_cannot_be_used_says_why(text: str, words: str, tmp_path: Path) -> None:
    with pytest.raises(LabError, match=words):
        listed(write(numbered(tmp_path), text))
