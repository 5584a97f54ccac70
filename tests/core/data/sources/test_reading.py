"""From folders and archives on the disk to the command line: what is read is said, and a choice is kept."""

from __future__ import annotations

import io
import json
import os
import shutil
import zipfile
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core import datasets, engine
from core.cli.main import main
from core.config import RunConfig, from_assignments, join_list, split_list
from core.data import sources, versions
from core.data.selection import select
from core.data.sources import pasted
from core.errors import LabError, Undecided
from core.processes import heartbeat, launch


def fill(root: Path, *folders: str, number: int = 3) -> Path:
    for folder in folders:
        (root / folder).mkdir(parents=True, exist_ok=True)
        for n in range(number):
            noise = np.random.default_rng(zlib.crc32(f"{folder}{n}".encode())).integers(
                0, 255, (8, 8, 3), np.uint8
            )
            Image.fromarray(noise).save(root / folder / f"{n}.png")
    return root


def zipped(root: Path) -> Path:
    path = root.with_suffix(".zip")
    with zipfile.ZipFile(path, "w") as archive:
        for file in sorted(root.rglob("*.*")):
            archive.write(file, file.relative_to(root).as_posix())
    return path


def uploaded(root: Path) -> str:
    files = [
        (file.relative_to(root).as_posix(), io.BytesIO(file.read_bytes()))
        for file in sorted(root.rglob("*.*"))
    ]
    return sources.keep_files("mine", files)


@pytest.fixture
def folds(tmp_path: Path) -> Path:
    """Two folders that hold the same folders: which are the classes?"""
    return fill(tmp_path / "folds", "one/cats", "one/dogs", "two/cats", "two/dogs")


@pytest.mark.parametrize("way", [str, lambda root: str(zipped(root)), uploaded])
def test_folders_archives_and_uploads_are_read_alike(tmp_path: Path, way: object) -> None:
    root = fill(
        tmp_path / "d", "seg_train/seg_train/cats", "seg_train/seg_train/dogs", "seg_test/cats", "seg_pred"
    )
    (root / "README.md").write_text("x")
    dataset = datasets.prepare(way(root))  # type: ignore[operator]
    assert dataset.class_names == ("cats", "dogs")
    assert dataset.usable.groupby("source_split").size().to_dict() == {"test": 3, "train": 6}
    assert dataset.read_as.startswith("training and test folders, classes cats and dogs; 4 others left aside")
    assert {one.kind: one.count for one in dataset.left_aside} == {
        "images without a class in seg_pred": 3,
        "no image": 1,
    }
    assert datasets.open(dataset.source).read_as == dataset.read_as


def test_a_choice_is_asked_for_kept_and_taken_back(folds: Path) -> None:
    for source in (str(folds), str(zipped(folds)), uploaded(folds)):
        with pytest.raises(Undecided):
            datasets.prepare(source)
        inner = datasets.prepare(source, layout="inner-folders")
        assert inner.class_names == ("cats", "dogs")
        assert datasets.prepare(source).version == inner.version
        outer = datasets.prepare(source, layout="class-folders")
        assert outer.class_names == ("one", "two")
        assert outer.version != inner.version
        with pytest.raises(Undecided):
            datasets.prepare(source, layout="auto")


def test_the_command_line_lists_the_candidates_and_exits_with_3(
    folds: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for command in ("prepare", "run"):
        assert main([command, str(folds), "--json"]) == 3
        asked = capsys.readouterr().err
        assert "\n  inner-folders: the folders inside one and two as classes\n" in asked
        assert asked.endswith("\nChoose one with --layout NAME.\n")
    main(["prepare", str(folds), "--json", "--layout", "inner-folders"])
    report = json.loads(capsys.readouterr().out)
    assert report["classes"] == {"cats": 6, "dogs": 6}
    assert (report["read_as"], report["left_aside"]) == (
        "the folders inside one and two as classes, classes cats and dogs.",
        [],
    )


def test_the_app_is_asked_and_prepares_as_chosen(folds: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Child:
        pid = heartbeat.identity()["pid"]

    commands: list[list[str]] = []
    monkeypatch.setattr(
        launch, "start_detached", lambda _module, words, _log: commands.append(words) or Child
    )
    engine.prepare(str(folds))
    assert main(commands[0]) == 3
    asked = engine.preparation_of(str(folds))
    assert (asked.state, asked.message) == ("undecided", f"It is not clear how to read {folds}.")
    assert [one.name for one in asked.candidates] == ["inner-folders", "class-folders"]
    assert asked.candidates[0].examples[0] == ("one/cats/0.png", "cats", "")
    engine.prepare(str(folds), "class-folders")
    assert main(commands[1]) == 0
    assert engine.preparation_of(str(folds)).state == "done"
    assert datasets.open(str(folds)).class_names == ("one", "two")


def test_a_kept_choice_that_no_longer_fits_the_files_is_dropped(folds: Path) -> None:
    datasets.prepare(str(folds), layout="inner-folders")
    shutil.rmtree(folds / "two")
    dataset = datasets.prepare(str(folds))
    assert (dataset.layout, dataset.class_names) == ("", ("cats", "dogs"))
    with pytest.raises(LabError, match="has no layout 'inner-folders'"):
        datasets.prepare(str(folds), layout="inner-folders")


def test_a_data_set_knows_the_other_ways_to_read_it_and_earlier_ones_open_without(folds: Path) -> None:
    dataset = datasets.prepare(str(folds), layout="inner-folders")
    assert [one.name for one in dataset.candidates] == ["inner-folders", "class-folders"]
    assert dataset.candidates[1].examples[0] == ("one/cats/0.png", "one", "")
    assert not dataset.is_plain
    facts = dataset.path / "dataset.json"
    kept = json.loads(facts.read_text())
    facts.write_text(json.dumps({k: v for k, v in kept.items() if k not in ("candidates", "is_plain")}))
    opened = datasets.open(str(folds))
    assert (opened.candidates, opened.version) == ((), dataset.version)


def test_reading_differently_keeps_what_was_left_out_and_returns_label_changes(folds: Path) -> None:
    inner = datasets.prepare(str(folds), layout="inner-folders")
    out, moved = inner.index["id"][:2]
    versions.exclude(inner, [out], "dark")
    versions.relabel(datasets.open(str(folds)), [moved], "dogs", "a dog")
    before = datasets.open(str(folds))
    outer = datasets.prepare(str(folds), layout="class-folders")
    assert set(outer.usable["label"]) == {"one", "two"} and len(outer.usable) == 11
    assert [step.label for step in versions.not_applied(outer)] == ["dogs"]
    assert select(outer, RunConfig().data).rows["label"].value_counts().sum() == 11
    again = datasets.prepare(str(folds), layout="inner-folders")
    assert again.version == before.version and versions.not_applied(again) == ()


def test_a_wrong_layout_is_told(folds: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["prepare", str(folds), "--layout", "sideways"]) == 1
    assert (
        "has no layout 'sideways'; it may be read as inner-folders and class-folders"
        in capsys.readouterr().err
    )


def test_a_class_folder_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    root = fill(tmp_path / "d", "b", "c")
    (root / "a").symlink_to(fill(tmp_path / "elsewhere", "x"))
    (root / "0").symlink_to(root / "b")
    dataset = datasets.prepare(str(root))
    assert list(dataset.skipped) == [
        {"file": "a", "reason": "a link that points outside the data set's folder"}
    ]
    assert dataset.class_names == ("b", "c")
    assert [(one.kind, one.names) for one in dataset.left_aside] == [
        ("a link to a folder that is read already", ("0",))
    ]


def test_the_labs_own_workspace_is_no_class(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = fill(tmp_path / "d", "a", "b")
    monkeypatch.setenv("LAB_WORKSPACE", str(fill(root / "space", "uploads")))
    dataset = datasets.prepare(str(root))
    assert dataset.class_names == ("a", "b")
    assert [(one.kind, one.names) for one in dataset.left_aside] == [("the lab's own workspace", ("space",))]


@pytest.mark.parametrize(
    ("name", "is_on_network"),
    [
        (r"\\host\share", True),
        ("//host/share", True),
        (r" '\\host\share'", True),
        ("file:////host/share", True),
        ("%5C%5Chost%5Cshare", True),
        (r"\\\\host\\share", True),
        (r"C:\images", False),
        ("/home/me/images", False),
        ("file:///home/me", False),
        ("file://[", False),
        ("garden", False),
    ],
)
def test_a_path_to_another_computer_is_recognised(name: str, is_on_network: bool) -> None:
    assert pasted.is_on_network(name) is is_on_network


@pytest.mark.parametrize("form", ['"{}"', "'{}'", " {}  ", "file://{}", "“{}”"])
def test_a_pasted_path_is_understood(tmp_path: Path, form: str) -> None:
    root = fill(tmp_path / "my images", "a")
    assert sources.resolve(form.format(root)).folder == root
    assert sources.resolve(str(root).replace(" ", "\\ ")).folder == root
    assert sources.resolve(root.as_uri()).folder == root


def test_a_path_that_is_there_is_taken_as_it_is_written(tmp_path: Path) -> None:
    root = fill(tmp_path / "100%20", "a")
    fill(tmp_path / "100 ", "a")
    assert sources.resolve(str(root)).folder == root


@pytest.mark.skipif(os.name == "nt", reason="Windows understands its own paths")
@pytest.mark.parametrize("path", ["C:\\images", '"D:/my images"', "\\\\server\\share", "file:///C:/images"])
def test_a_windows_path_elsewhere_is_called_one(path: str) -> None:
    with pytest.raises(LabError, match="is a Windows path"):
        sources.resolve(path)


def test_a_catalogue_name_without_its_prefix_is_suggested() -> None:
    with pytest.raises(LabError, match=r"There is no folder .*tf_flowers\. Did you mean tfds:tf_flowers\?"):
        sources.resolve("tf_flowers")


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("a,b", ("a", "b")),
        (" a , b ,", ("a", "b")),
        ('"a,b",c', ("a,b", "c")),
        ('" lead", b', (" lead", "b")),
        ('"say ""hi""",x', ('say "hi"', "x")),
        ('5" pipe,x', ('5" pipe', "x")),
        ("", ()),
    ],
)
def test_lists_are_quoted_as_in_csv(text: str, parts: tuple[str, ...]) -> None:
    assert split_list(text) == parts
    assert split_list(join_list(parts)) == parts


def test_classes_of_any_name_can_be_chosen(tmp_path: Path) -> None:
    dataset = datasets.prepare(str(fill(tmp_path / "d", "a,b", " lead", "Café", "x", number=4)))
    config: RunConfig = from_assignments(['data.classes="a,b"," lead",Cafe\u0301'])
    assert set(select(dataset, config.data).class_names) == {"a,b", " lead", "Café"}
