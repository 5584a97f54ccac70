"""The built-in garden is reproducible, and its planted faults match truth.json."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core import datasets
from core.data.dataset import Dataset
from core.data.sources import garden
from core.data.sources.garden import faults, scene

EACH = 12


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small garden on the disk."""
    folder = tmp_path_factory.mktemp("garden")
    garden.draw(folder, EACH, seed=3)
    return folder


@pytest.fixture
def truth(drawn: Path) -> dict[str, list[dict[str, str]]]:
    loaded: dict[str, list[dict[str, str]]] = json.loads((drawn / "truth.json").read_text())
    return loaded


@pytest.fixture
def dataset(drawn: Path) -> Dataset:
    return datasets.prepare(str(drawn))


def test_the_same_seed_draws_the_same_bytes(drawn: Path, tmp_path: Path) -> None:
    garden.draw(tmp_path, EACH, seed=3)
    files = sorted(path.relative_to(drawn) for path in drawn.rglob("*.*"))
    assert len(files) > 5 * EACH
    for file in files:
        assert (tmp_path / file).read_bytes() == (drawn / file).read_bytes()


def test_another_seed_draws_other_flowers() -> None:
    one, other = (garden.image_file(garden.plan(EACH, seed)[0], seed) for seed in (0, 1))
    assert one != other


@pytest.mark.parametrize("kind", garden.KINDS)
def test_every_kind_is_a_colour_image_of_a_photos_size(kind: str) -> None:
    image = scene.draw(kind, np.random.default_rng(0))
    assert image.dtype == np.uint8
    assert min(image.shape[:2]) == scene.SIDE
    assert image.std() > 20


def test_the_heads_of_the_flowers_are_known() -> None:
    image, heads = scene.draw_with_heads("sunflowers", np.random.default_rng(4))
    np.testing.assert_array_equal(image, scene.draw("sunflowers", np.random.default_rng(4)))
    assert heads.shape == image.shape[:2] and 0.05 < heads.mean() < 0.6
    yellow = image[..., 0].astype(int) - image[..., 2]
    assert yellow[heads].mean() > yellow[~heads].mean() + 50


def test_broken_files_are_listed_and_nothing_else(
    dataset: Dataset, truth: dict[str, list[dict[str, str]]]
) -> None:
    assert {one["file"] for one in dataset.skipped} == {one["file"] for one in truth["broken"]}
    assert len(truth["broken"]) == len(faults.BROKEN)


@pytest.mark.parametrize("fault", ["exact_duplicate", "conflicting_duplicate"])
def test_planted_copies_are_in_their_originals_group(
    dataset: Dataset, truth: dict[str, list[dict[str, str]]], fault: str
) -> None:
    group = dataset.index.set_index("file")["group"]
    label = dataset.index.set_index("file")["label"]
    for planted in truth[fault]:
        assert group[planted["file"]] == group[planted["original"]]
        same_label = label[planted["file"]] == label[planted["original"]]
        assert same_label == (fault == "exact_duplicate")


def test_wrong_labels_are_in_the_folder_of_another_kind(truth: dict[str, list[dict[str, str]]]) -> None:
    for planted in truth["wrong_label"]:
        assert planted["file"].startswith(f"{planted['label']}/")
        assert planted["shows"] != planted["label"]


def test_a_file_name_does_not_reveal_the_fault(drawn: Path) -> None:
    for path in drawn.glob("*/*"):
        kind, number = path.stem.rsplit("_", 1)
        assert kind == path.parent.name
        assert number.isdecimal()


def test_the_full_garden_has_150_of_each_and_every_fault() -> None:
    planned = garden.plan(150, 0)
    assert Counter(one.label for one in planned if one.fault in ("", "wrong_label")) == dict.fromkeys(
        garden.KINDS, 150
    )
    assert Counter(one.fault for one in planned if one.fault) == {
        "wrong_label": 30,
        "exact_duplicate": 8,
        "near_duplicate": 15,
        "conflicting_duplicate": 3,
        "off_topic": 9,
        "poor": 6,
        "broken": 4,
    }


def test_a_near_copy_differs_from_its_original(drawn: Path, truth: dict[str, list[dict[str, str]]]) -> None:
    assert {one["how"] for one in truth["near_duplicate"]} == set(faults.NEAR_COPIES)
    for planted in truth["near_duplicate"]:
        with Image.open(drawn / planted["file"]) as copy, Image.open(drawn / planted["original"]) as original:
            assert copy.tobytes() != original.tobytes()
