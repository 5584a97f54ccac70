"""TensorFlow Datasets as a source: its stored photos, and what happens without a network."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from core.ml import tfds_source
from core.workspace import PROJECT

NO_NETWORK = dict.fromkeys(("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"), "http://127.0.0.1:9")
FORTY_PHOTOS = """
import itertools
from pathlib import Path
from core.ml import tfds_source

everything = tfds_source._examples
tfds_source._examples = lambda *words: itertools.islice(everything(*words), 40)
tfds_source.make("tf_flowers", Path("{folder}"), lambda step, done, total: None, lambda: {stop})
"""


def python(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """TensorFlow is imported in a process of its own, as the lab does it."""
    return subprocess.run(
        [sys.executable, *words],
        cwd=PROJECT,
        env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", **environment},
        capture_output=True,
        text=True,
        timeout=120,
    )


def test_photos_are_written_out_by_class_as_they_are_stored(photos: Path, tmp_path: Path) -> None:
    script = FORTY_PHOTOS.format(folder=tmp_path / "out", stop=False)
    done = python("-c", script, TFDS_DATA_DIR=str(photos / "tfds"))
    assert done.returncode == 0, done.stderr
    classes = {path.name for path in (tmp_path / "out").iterdir()}
    assert classes == {"daisy", "dandelion", "roses", "sunflowers", "tulips"}
    files = sorted((tmp_path / "out").rglob("*.jpg"))
    assert len(files) == 40
    with Image.open(files[0]) as image:
        assert (image.format, min(image.size)) == ("JPEG", 160)


def test_writing_photos_stops_when_asked(photos: Path, tmp_path: Path) -> None:
    script = FORTY_PHOTOS.format(folder=tmp_path / "out", stop=True)
    done = python("-c", script, TFDS_DATA_DIR=str(photos / "tfds"))
    assert "Stopped while writing images" in done.stderr


@pytest.mark.parametrize(
    ("names", "roles"),
    [
        (["train", "test", "extra"], {"train": "train", "test": "test"}),
        (["train_clean", "test_clean", "extra"], {"train_clean": "train", "test_clean": "test"}),
        (["all"], {"all": "train"}),
        (["batch_1", "batch_2"], {"batch_1": "train", "batch_2": "train"}),
        (["test-v2"], {"test-v2": "train"}),
    ],
)
def test_splits_of_unusual_names_are_used_by_what_these_mean(names: list[str], roles: dict[str, str]) -> None:
    assert tfds_source.split_roles(names) == roles


@pytest.mark.parametrize(
    ("source", "words"),
    [
        (
            "tfds:beans",
            ["could not be downloaded: no connection to", "Without internet access, use garden, digits"],
        ),
        ("tfds:no_such_flowers", ["TensorFlow Datasets has no data set 'no_such_flowers'"]),
    ],
)
def test_what_cannot_be_had_is_told_and_leaves_nothing(
    source: str, words: list[str], tmp_path: Path, workspace: Path
) -> None:
    done = python("-m", "core", "prepare", source, TFDS_DATA_DIR=str(tmp_path / "tfds"), **NO_NETWORK)
    assert done.returncode == 1
    assert all(part in done.stderr for part in words), done.stderr
    assert "Traceback" not in done.stderr
    assert not [path for path in workspace.rglob("*") if path.is_file() and path.name != "lock"]
