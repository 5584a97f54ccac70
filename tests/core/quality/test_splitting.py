"""A split that misleads is told: torn groups, sizes that say nothing, classes and shares that are missing."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core import datasets, quality
from core.cli import main as command_line
from core.config import DataConfig
from core.data.dataset import Dataset
from core.evaluation import metrics
from core.report import Proportion

Put = Callable[..., None]


def blocks(seed: int) -> Image.Image:
    """An image unlike that of any other seed."""
    noise = np.random.default_rng(seed).integers(0, 256, (8, 8, 3))
    return Image.fromarray(np.kron(noise, np.ones((6, 6, 1))).astype(np.uint8))


@pytest.fixture
def put(tmp_path: Path) -> Put:
    """Write images that are all different: ``put("train/cats", 10)``."""
    made = [0]

    def write(folder: str, count: int) -> None:
        (tmp_path / "set" / folder).mkdir(parents=True, exist_ok=True)
        for number in range(count):
            made[0] += 1
            blocks(made[0]).save(tmp_path / "set" / folder / f"{number}.png")

    return write


@pytest.fixture
def subjects(tmp_path: Path) -> Path:
    """40 subjects in 6 versions each, each subject with a label thrown by a coin."""
    for subject in range(40):
        rng = np.random.default_rng(5000 + subject)
        folder = tmp_path / "subjects" / "ab"[rng.integers(0, 2)]
        folder.mkdir(parents=True, exist_ok=True)
        for version in range(6):
            turned = blocks(subject).rotate(15 * version, fillcolor=(128, 128, 128))
            turned.save(folder / f"p{subject:03}_v{version}.png")
    return tmp_path / "subjects"


def check(root: Path, **settings: object) -> quality.Report:
    dataset = datasets.prepare(str(root))
    return quality.check(dataset, DataConfig.model_validate({"source": str(root), **settings}))


def nearest_neighbour(dataset: Dataset, **settings: object) -> Proportion:
    """Test accuracy of giving each test image the label of the training image with the nearest pixels."""
    config = DataConfig.model_validate({"source": dataset.source, "test_share": 0.4, **settings})
    rows = datasets.select(dataset, config).rows
    images = [dataset.image(row) for row in rows.to_dict("records")]
    pixels = np.stack([np.asarray(image, float).ravel() for image in images])
    labels, split = rows["label"].to_numpy(), rows["split"].to_numpy()
    known, asked = pixels[split == "train"], pixels[split == "test"]
    distances = (asked**2).sum(axis=1)[:, None] - 2 * asked @ known.T + (known**2).sum(axis=1)
    predicted = labels[split == "train"][distances.argmin(axis=1)]
    right = predicted == labels[split == "test"]
    groups = rows.loc[split == "test", "together"].to_numpy(np.int64) if "together" in rows else None
    return metrics.share(right, groups)


def test_random_labels_look_learned_until_groups_are_kept_whole(subjects: Path) -> None:
    """Nothing can be learned from labels thrown by a coin: a score above 1 in 2 is a leak, and is told."""
    dataset = datasets.prepare(str(subjects))
    torn, whole = nearest_neighbour(dataset), nearest_neighbour(dataset, group_by="name")
    assert torn.low is not None
    assert torn.low > 0.6
    assert whole.low is not None
    assert whole.high is not None
    assert whole.low < 0.5 < whole.high
    assert quality.check(dataset).finding("groups").severity == "warning"
    asked = DataConfig(source=dataset.source, group_by="name")
    assert quality.check(dataset, asked).finding("groups").severity == "good"


def test_torn_groups_are_told_with_numbers_an_example_and_the_setting(subjects: Path) -> None:
    finding = check(subjects).finding("groups")
    assert "240 images form 40 groups" in finding.verdict
    assert "p000_v0.png and " in finding.verdict
    assert "data.group_by=name" in finding.verdict
    assert finding.settings == {"data.group_by": "name"}
    assert (finding.numbers["used"], finding.numbers["groups"]) == (False, 40)
    assert finding.numbers["torn"] == len(finding.groups) > 20
    assert {len(group) for group in finding.groups} == {6}


def test_whole_groups_are_counted_and_nothing_is_offered(subjects: Path) -> None:
    finding = check(subjects, group_by="name").finding("groups")
    assert "40 groups" in finding.verdict
    assert "None of the groups lies in more than one split" in finding.verdict
    assert (finding.numbers["used"], finding.settings) == (True, {})


def test_groups_that_make_a_split_impossible_can_be_given_up(subjects: Path) -> None:
    for path in sorted(subjects.glob("b/*.png")):
        if int(path.stem[1:4]) > 4:
            path.unlink()
    splits = check(subjects, group_by="name").finding("splits")
    assert "groups are kept whole, so at least 3 groups are needed" in splits.verdict
    assert (splits.severity, splits.settings) == ("serious", {"data.group_by": "none"})


def test_groups_of_which_one_image_is_left_are_none(subjects: Path) -> None:
    dataset = datasets.prepare(str(subjects))
    first = dataset.usable[dataset.usable["name"].str.contains("_v0")]
    found = quality.check(replace(dataset, usable=first)).finding("groups")
    assert (found.severity, found.numbers["groups"]) == ("good", 0)


def test_a_list_whose_groups_are_too_few_is_split_without_them_and_that_is_said(
    put: Put, tmp_path: Path
) -> None:
    put("a", 20)
    put("b", 20)
    lines = [f"{label}/{number}.png,{label},pilot" for label in "ab" for number in range(20)]
    (tmp_path / "set" / "list.csv").write_text("\n".join(["file,label,study", *lines]))
    found = check(tmp_path / "set" / "list.csv").finding("groups")
    assert found.severity == "note"
    assert "The list names 1 group, too few" in found.verdict


def test_who_declines_groups_is_reminded_but_not_warned(subjects: Path) -> None:
    assert check(subjects, group_by="none").finding("groups").severity == "note"


def test_a_choice_without_effect_is_said(put: Put, tmp_path: Path) -> None:
    put("a", 20)
    put("b", 20)
    assert "has no effect" in check(tmp_path / "set", group_by="folder").finding("groups").verdict


def test_the_command_line_names_the_groups_in_words_and_as_json(
    subjects: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command_line.main(["prepare", str(subjects), "--quiet"])
    assert "240 images form 40 groups" in capsys.readouterr().out
    command_line.main(["prepare", str(subjects), "--json"])
    findings = {one["name"]: one for one in json.loads(capsys.readouterr().out)["findings"]}
    assert findings["groups"]["settings"] == {"data.group_by": "name"}


def test_a_source_that_tears_groups_is_split_anew(subjects: Path) -> None:
    for number, path in enumerate(sorted(subjects.glob("*/*.png"))):
        folder = subjects / ("test" if number % 6 == 5 else "train") / path.parent.name
        folder.mkdir(parents=True, exist_ok=True)
        path.rename(folder / path.name)
    for label in "ab":
        (subjects / label).rmdir()
    assert check(subjects).finding("groups").settings == {"data.group_by": "name", "data.split": "anew"}
    asked = check(subjects, group_by="name").finding("groups")
    assert (asked.severity, asked.settings) == ("warning", {"data.split": "anew"})
    assert check(subjects, group_by="name", split="anew").finding("groups").severity == "good"


def test_few_groups_in_a_test_are_told(subjects: Path) -> None:
    assert "come from only 4 groups" in check(subjects, group_by="name").finding("split_sizes").verdict


def test_training_smaller_than_the_test_is_told_and_split_anew(put: Put, tmp_path: Path) -> None:
    for label in "ab":
        put(f"train/{label}", 10)
        put(f"test/{label}", 100)
    sizes = check(tmp_path / "set").finding("split_sizes")
    assert "(18 images) is smaller than the test split (200)" in sizes.verdict
    assert (sizes.severity, sizes.settings) == ("warning", {"data.split": "anew"})
    anew = check(tmp_path / "set", split="anew")
    assert anew.finding("split_sizes").severity == "note"
    assert anew.finding("split_sizes").numbers["images"] == {"train": 176, "validation": 22, "test": 22}
    assert "is not used" in anew.finding("own_split").verdict


def test_shares_that_the_source_overrides_are_named(put: Put, tmp_path: Path) -> None:
    for label in "ab":
        put(f"train/{label}", 40)
        put(f"test/{label}", 20)
    own = check(tmp_path / "set").finding("own_split")
    assert own.severity == "note"
    assert "80 training and 40 test images. So 'Test share' has no effect" in own.verdict
    put("valid/a", 9)
    put("valid/b", 9)
    own = check(tmp_path / "set").finding("own_split")
    assert "So 'Validation share' and 'Test share' have no effect" in own.verdict


def test_without_a_split_of_its_own_nothing_is_said_of_one(put: Put, tmp_path: Path) -> None:
    put("a", 20)
    put("b", 20)
    assert "own_split" not in {finding.name for finding in check(tmp_path / "set").findings}


@pytest.mark.parametrize(
    ("images", "severity", "words"),
    [
        (1, "warning", "21 to 100%"),
        (12, "warning", "76 to 100%"),
        (30, "note", "89 to 100%"),
        (36, "good", ""),
    ],
)
def test_what_a_small_test_can_mean_is_said_in_numbers(
    put: Put, tmp_path: Path, images: int, severity: str, words: str
) -> None:
    put("train/a", 40)
    put("train/b", 40)
    put("test/a", images - images // 2)
    put("test/b", images // 2)
    sizes = check(tmp_path / "set").finding("split_sizes")
    assert sizes.severity == severity
    assert (f"even a perfect score means only an accuracy of {words}" in sizes.verdict) == bool(words)
    assert "on a larger share" not in sizes.verdict  # shares have no effect: the set has its own split


def test_a_class_that_the_test_lacks_is_named(put: Put, tmp_path: Path) -> None:
    for label in "abc":
        put(f"train/{label}", 20)
    for label in "ab":
        put(f"test/{label}", 20)
    lacking = check(tmp_path / "set").finding("split_classes")
    assert lacking.severity == "warning"
    assert "The test split has no image of 'c'" in lacking.verdict
    assert check(tmp_path / "set", split="anew").finding("split_classes").severity == "good"


def test_a_class_that_is_only_in_the_test_is_left_aside_with_a_sentence(put: Put, tmp_path: Path) -> None:
    for folder in ("train/a", "train/b", "test/a", "test/b", "test/d"):
        put(folder, 10)
    dataset = datasets.prepare(str(tmp_path / "set"))
    assert dataset.class_names == ("a", "b")
    assert "class d has no training images" in dataset.read_as
