"""Choosing how a data set is read, on the Data and the Train page, for folders, archives and uploads."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from core import datasets, engine
from core.cli.main import main
from core.data import versions
from core.processes import heartbeat, launch
from samples.made_runs import FLOWERS
from tests.core.data.sources.test_reading import fill, uploaded, zipped
from tests.pages.reading import words
from tests.pages.test_build import DATA, HOSTILE, TRAIN, click, visit, write_preparation

INNER, OUTER = "inner-folders", "class-folders"


@pytest.fixture(autouse=True)
def prepare_here(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Carry out the preparations that a page starts, at once and in this process."""

    class Child:
        pid = heartbeat.identity()["pid"]

    pending: list[list[str]] = []
    monkeypatch.setattr(launch, "start_detached", lambda _module, words, _log: pending.append(words) or Child)
    start = engine.prepare

    def prepare(source: str, layout: str = "") -> engine.Preparation:
        start(source, layout)
        while pending:
            main(pending.pop())
        return engine.preparation_of(source)

    monkeypatch.setattr(engine, "prepare", prepare)
    write_preparation("garden", "running", "drawing flowers")  # every first page wants it; not here
    with engine.worker_lock():
        yield


@pytest.fixture
def folds(tmp_path: Path) -> Path:
    """Two folders that hold the same three class folders."""
    return fill(tmp_path / "folds", *(f"{fold}/{name}" for fold in ("one", "two") for name in FLOWERS))


def nested(root: Path, *folders: str) -> Path:
    """Two class folders in each of these folders."""
    return fill(root, *(f"{folder}/{name}" for folder in folders for name in ("daisy", "roses")))


def shown(cell: object) -> str:
    return str(cell).replace("\\", "").replace("\N{ZERO WIDTH SPACE}", "")


def tables(test: AppTest) -> list[list[list[str]]]:
    """The rows of each candidate's table."""
    return [[[shown(cell) for cell in row] for row in one.value.to_numpy()] for one in test.table]


def opened(test: AppTest) -> AppTest:
    """The page after "Read differently" was opened."""
    test.session_state["read_differently"] = True
    return test.run()


@pytest.mark.parametrize(
    ("page", "way"), [(DATA, str), (DATA, lambda root: str(zipped(root))), (TRAIN, uploaded)]
)
def test_a_page_asks_how_to_read_a_data_set_and_reads_it_as_chosen(
    page: str, way: Callable[[Path], str], folds: Path
) -> None:
    source = way(folds)
    test = click(visit(page, data=source), "prepare")
    assert "How should these files be read?" in words(test) and "It is not clear how to read" in words(test)
    assert "The folders inside one and two as classes" in words(test)
    inner, outer = tables(test)
    assert inner[0] == ["one/daisy/0.png", "daisy"] and outer[0] == ["one/daisy/0.png", "one"]
    test = click(test, f"read as {OUTER}")
    assert datasets.open(source).class_names == ("one", "two")
    assert "2 classes: 14 images for training" in words(test)


def test_a_split_and_a_file_left_aside_are_shown_in_the_table(tmp_path: Path) -> None:
    source = str(nested(tmp_path / "own", "train", "test", "more"))
    split, inner, outer = tables(click(visit(DATA, data=source), "prepare"))
    assert ["more/daisy/0.png", "*left aside*", "–"] in split
    assert ["train/roses/2.png", "roses", "training"] in split
    assert all(len(row) == 2 for row in inner + outer)


def test_hostile_names_of_files_and_layouts_are_shown_as_they_are(tmp_path: Path) -> None:
    odd = HOSTILE.replace("/", "|")
    own = fill(
        tmp_path / "own", *(f"{folder}/{name}" for folder in (odd, "two") for name in ("![a](b)", "c"))
    )
    test = click(visit(TRAIN, data=str(own)), "prepare")
    assert len(test.table) == 2
    assert all("![" not in str(cell) for one in test.table for row in one.value.to_numpy() for cell in row)
    assert not [one.value for one in test.markdown if "![" in one.value]


def test_a_folder_inside_can_be_chosen_as_the_data_set_that_was_meant(tmp_path: Path) -> None:
    source = str(nested(tmp_path / "own", "x/train", "x/test", "y/train", "y/test"))
    test = click(visit(DATA, data=source), "prepare")
    test = click(test, f"meant {source}/y")
    assert test.query_params["data"] == f"{source}/y"
    assert "seems to hold several data sets" not in words(test)
    assert "training and test folders" in words(test)


def test_in_an_upload_a_folder_inside_is_a_reading_of_its_own(tmp_path: Path) -> None:
    source = uploaded(nested(tmp_path / "own", "x/train", "x/test", "y/train", "y/test"))
    test = click(visit(TRAIN, data=source), "prepare")
    assert "Only the folder y: a folder for each split" in words(test)
    click(test, "read as only:y")
    assert datasets.open(source).class_names == ("daisy", "roses")
    assert len(datasets.open(source).usable) == 12


def test_a_reading_is_changed_later_and_changed_back_without_losing_a_step(folds: Path) -> None:
    source = str(folds)
    before = datasets.prepare(source, layout=INNER)
    versions.exclude(before, before.index["id"][:2], "dark")
    versions.relabel(datasets.open(source), [before.index["id"][5]], "tulips", "a tulip")
    inner = datasets.open(source)
    test = opened(visit(DATA, data=source))
    assert test.button(key=f"read as {INNER}").disabled
    assert "Images that you left out stay left out." in words(test)
    assert "The class changes of 1 image are kept" in words(test)
    test = click(test, f"read as {OUTER}")
    assert datasets.open(source).class_names == ("one", "two") and len(datasets.open(source).usable) == 16
    assert "The class changes of 1 image do not count in this reading, which has no class tulips" in words(
        test
    )
    test = click(opened(test), f"read as {INNER}")
    assert datasets.open(source).version == inner.version
    assert "do not count in this reading" not in words(test)


def test_classes_chosen_for_one_reading_are_forgotten_with_it(folds: Path) -> None:
    datasets.prepare(str(folds), layout=INNER)
    test = visit(DATA, data=str(folds))
    test.multiselect(key="data.classes").set_value(["daisy", "roses"]).run()
    test = click(opened(test), f"read as {OUTER}")
    assert "2 classes: 14 images for training" in words(test)


def test_a_question_that_was_settled_elsewhere_is_not_asked_again(folds: Path) -> None:
    source = str(folds)
    test = click(visit(DATA, data=source), "prepare")
    assert "How should these files be read?" in words(test)
    datasets.prepare(source, layout=INNER)
    assert "How should these files be read?" not in words(test.run())


def test_files_that_become_ambiguous_are_asked_about_while_the_earlier_reading_stays(tmp_path: Path) -> None:
    source = str(nested(tmp_path / "own", "train", "test"))
    datasets.prepare(source)
    nested(tmp_path / "own", "more")
    test = click(visit(DATA, data=source), "prepare_again")
    assert "How should these files be read?" in words(test) and "Sample images" in words(test)
    click(test, f"read as {INNER}")
    assert len(datasets.open(source).usable) == 18


@pytest.mark.parametrize("page", [DATA, TRAIN])
def test_how_a_data_set_was_read_is_said_where_it_matters(page: str, folds: Path, tmp_path: Path) -> None:
    plain = str(nested(tmp_path, "plain") / "plain")
    datasets.prepare(plain)
    assert ("Read as: a folder for each class" in words(visit(page, data=plain))) == (page == DATA)
    datasets.prepare(str(folds), layout=INNER)
    assert "Read as: the folders inside one and two as classes" in words(visit(page, data=str(folds)))


def test_files_left_aside_can_be_looked_up_by_name(tmp_path: Path) -> None:
    source = str(nested(tmp_path, "own") / "own")
    for number in range(5):
        (tmp_path / "own" / f"note {number}.txt").write_text("x")
    datasets.prepare(source)
    test = visit(DATA, data=source)
    assert "classes daisy and roses; 5 others left aside." in words(test)
    listed: list[Any] = [one.value for one in test.dataframe if "What it is" in one.value]
    assert listed[0]["File or folder"].tolist() == [f"note {number}.txt" for number in range(5)]


def test_the_column_of_a_list_is_chosen_like_any_other_reading(tmp_path: Path) -> None:
    own = fill(tmp_path / "own", "images", number=8)
    rows = [f"images/{n}.png,{'ab'[n % 2]},{'xy'[n // 4]}" for n in range(8)]
    (own / "labels.csv").write_text("\n".join(["file,tint,mood", *rows]))
    test = click(visit(DATA, data=str(own)), "prepare")
    assert "How should these files be read?" in words(test)
    click(test, "read as labels.csv:mood")
    assert datasets.open(str(own)).class_names == ("x", "y")
    test = opened(visit(DATA, data=str(own)))
    assert test.button(key="read as labels.csv:mood").disabled
    click(test, "read as labels.csv:tint")
    assert datasets.open(str(own)).class_names == ("a", "b")
