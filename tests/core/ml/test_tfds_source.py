"""TensorFlow Datasets as a source: its stored photos, and what happens without a network."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from core.ml import tfds_reading
from core.workspace import PROJECT

NO_NETWORK = dict.fromkeys(("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"), "http://127.0.0.1:9")
NO_PROXY = dict.fromkeys(("no_proxy", "NO_PROXY"), "127.0.0.1")
FORTY_PHOTOS = """
import itertools
from pathlib import Path
from core.errors import Stopped
from core.ml import tfds_source

everything = tfds_source._examples
tfds_source._examples = lambda *words: itertools.islice(everything(*words), 40)
silent = lambda step, done, total: None
for stop in (True, False):
    try:
        tfds_source.make("tf_flowers", Path("{folder}") / str(stop), silent, lambda: stop)
    except Stopped as error:
        print(error)
"""
IN_TURN = """
import sys
from core.cli.main import main
for source in sys.argv[1:]:
    code = main(["prepare", source])
    print("---", source, code, file=sys.stderr)
"""


def python(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """TensorFlow is imported in a process of its own, as the lab does it."""
    return subprocess.run(
        [sys.executable, *words],
        cwd=PROJECT,
        env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", **environment},
        capture_output=True,
        text=True,
        timeout=240,
    )


@pytest.mark.fault("F20")
def test_photos_are_written_out_by_class_as_they_are_stored_unless_it_is_stopped(
    photos: Path, tmp_path: Path
) -> None:
    done = python("-c", FORTY_PHOTOS.format(folder=tmp_path), TFDS_DATA_DIR=str(photos / "tfds"))
    assert done.returncode == 0, done.stderr
    assert "Stopped while writing images" in done.stdout
    assert len(list((tmp_path / "True").rglob("*.jpg"))) < 40
    classes = {path.name for path in (tmp_path / "False").iterdir()}
    assert classes == {"daisy", "dandelion", "roses", "sunflowers", "tulips"}
    files = sorted((tmp_path / "False").rglob("*.jpg"))
    assert len(files) == 40
    with Image.open(files[0]) as image:
        assert (image.format, min(image.size)) == ("JPEG", 160)


@pytest.mark.parametrize(
    ("names", "folders"),
    [
        (["train", "test", "extra"], {"train": "train", "test": "test"}),
        (["train_clean", "test_clean", "extra"], {"train_clean": "train", "test_clean": "test"}),
        (["train", "dev", "mini_train", "train_extra"], {"train": "train", "dev": "validation"}),
        (["all"], {"all": ""}),
        (["batch_1", "batch_2"], {"batch_1": "", "batch_2": ""}),
        (["test-v2"], {"test-v2": ""}),
        (["validation", "test"], {"validation": "", "test": ""}),
    ],
)
def test_splits_are_used_by_what_their_names_mean_and_the_others_named(names, folders) -> None:
    assert tfds_reading.split_folders(names) == (folders, [name for name in names if name not in folders])


@pytest.mark.fault("F24")
def test_what_cannot_be_had_is_told_and_leaves_nothing(tmp_path: Path, workspace: Path) -> None:
    sources = ("tfds:beans", "tfds:no_such_flowers")
    done = python("-c", IN_TURN, *sources, TFDS_DATA_DIR=str(tmp_path / "tfds"), **NO_NETWORK)
    beans, unknown = done.stderr.split("---")[:2]
    assert "could not be downloaded: no connection to" in beans
    assert "Without internet access, use garden, digits" in beans
    assert unknown.startswith(" tfds:beans 1")
    assert "TensorFlow Datasets has no data set 'no_such_flowers'" in unknown
    assert done.stderr.rstrip().endswith("tfds:no_such_flowers 1")
    assert "Traceback" not in done.stderr
    assert not [path for path in workspace.rglob("*") if path.is_file() and path.name != "lock"]


# --- small sets of every kind ------------------------------------------------------------------------


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder = tmp_path_factory.mktemp("sets")
    done = python(
        "-c",
        "from tests.core.ml import tfds_sets; tfds_sets.run()",
        TFDS_DATA_DIR=str(folder / "tfds"),
        LAB_WORKSPACE=str(folder / "workspace"),
        **NO_PROXY,
    )
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout.splitlines()[-1]))


@pytest.fixture
def prepared(outcomes: dict[str, Any]) -> dict[str, Any]:
    return dict(outcomes["prepared"])


@pytest.fixture
def failed(outcomes: dict[str, Any]) -> dict[str, str]:
    return dict(outcomes["failed"])


def test_splits_of_other_names_are_read_and_those_for_nothing_are_named(prepared):
    one = prepared["odd_splits"]
    assert {file.partition("/")[0] for file in one["files"]} == {"train", "validation", "test"}
    assert len(one["files"]) == 18
    assert one["read_as"].startswith("training, validation and test folders, classes x and y")
    assert "the splits unlabelled and extra left aside" in one["read_as"]


@pytest.mark.parametrize(
    ("name", "images"), [("no_training", 12), ("unknown_split", 6), ("unknown_splits", 12)]
)
def test_without_a_training_split_all_images_are_split_anew(name: str, images: int, prepared):
    one = prepared[name]
    assert len(one["files"]) == sum(one["classes"].values()) == images
    assert {file.partition("/")[0] for file in one["files"]} == {"x", "y"}


@pytest.mark.parametrize(
    ("name", "layouts"),
    [
        ("two_labels", ["label:size: 2 classes of size: small and big", "label:colour: 2 classes of colour"]),
        ("two_images", ["image:image,label:label", "image:other,label:label"]),
    ],
)
def test_several_labels_or_images_are_a_question(name: str, layouts: list[str], prepared):
    assert prepared[name]["code"] == 3
    assert all(layout in prepared[name]["err"] for layout in layouts)


def test_a_layout_chooses_the_label_and_is_kept_and_is_part_of_the_version(prepared):
    by_size, by_colour = prepared["by size"], prepared["by colour"]
    assert by_size["classes"] == {"small": 3, "big": 3} and by_colour["classes"] == {"red": 3, "blue": 3}
    assert prepared["again"] == by_size
    assert by_size["version"] != by_colour["version"]
    assert "the label is size, not colour" in by_size["read_as"]
    assert (
        "may be read as label:" in prepared["wrong layout"]["err"] and prepared["wrong layout"]["code"] == 1
    )
    assert prepared["taken back"]["code"] == 3


def test_a_layout_chooses_the_image(prepared):
    one = prepared["other image"]
    assert one["code"] == 0 and pixels(one)[:14].mean() > 150 > pixels(one)[14:].mean()


def test_classes_whose_names_are_alike_stay_several(prepared):
    assert prepared["alike"]["classes"] == {"a-b": 2, "a-b (1)": 1, "Cat": 1, "cat (3)": 1, "_..dots": 1}


def test_several_labels_of_one_image_are_refused_with_the_features(prepared):
    assert "does not have one label per image" in prepared["many_labels"]["err"]
    assert "labels (Sequence)" in prepared["many_labels"]["err"]


def test_transposed_images_are_turned_upright_and_that_is_said(prepared):
    one = prepared["emnist"]
    assert pixels(one)[:, :14].mean() < 60 < 190 < pixels(one)[:, 14:].mean()
    assert "stored transposed, and were turned upright" in one["read_as"]


def pixels(one: dict[str, Any]) -> np.ndarray:
    """Those of its first image, which was made darker in its upper half."""
    with Image.open(Path(one["path"]) / "files" / one["files"][0]) as image:
        return np.asarray(image.convert("L"))


@pytest.mark.fault("F24")
@pytest.mark.parametrize(
    ("name", "words"),
    [
        (
            "ByHand",
            ["has to be fetched by hand", "http://example.org and download fake.zip", "downloads/manual"],
        ),
        (
            "HalfByHand",
            ["has to be fetched by hand", "http://example.org and download fake.zip", "manual/fake.zip"],
        ),
        ("NeedsPackage", ["needs the Python package a_package_that_nobody_has", "pip install a_package"]),
        ("FullDisk", ["the disk is full", "/data/tfds/x.tmp", "TFDS_DATA_DIR"]),
        ("TooLarge", ["the disk is full", "Needed: 1 TiB"]),
        ("Broken", ["the archive has changed member 3 is missing", "and this is the end"]),
        ("OtherFile", ["the server sent another file", "wrong checksum", "/a.zip", "2.11 KiB"]),
        ("NoServer", ["no connection to http://127.0.0.1:9/a.zip", "Without internet access"]),
    ],
)
def test_the_whole_reason_of_a_failure_is_told(name: str, words: list[str], failed):
    assert all(word in failed[name] for word in words), failed[name]
    assert "\n" not in failed[name]


@pytest.mark.fault("F24")
def test_only_a_missing_network_is_called_one(failed):
    assert [name for name, reason in failed.items() if "internet" in reason] == ["NoServer"]
