"""Wrong labels are found by models that were not trained on the images."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from core import datasets
from core.cli.main import main
from core.errors import LabError, Stopped
from core.label_errors import cross_validation, handcrafted_features, job, ranking
from core.label_errors.ranking import Judged
from samples.made_images import coloured_objects

NAMES = ("red", "green", "blue")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """90 images of coloured discs; numbers 0, 1 and 2 lie in the folder of the next colour."""
    images = coloured_objects(90, 32)
    for number, (image, label) in enumerate(zip(images.images, images.labels, strict=True)):
        place = tmp_path / "discs" / NAMES[(label + (number < 3)) % 3]
        place.mkdir(parents=True, exist_ok=True)
        Image.fromarray(image).save(place / f"{number:02}.png")
    return tmp_path / "discs"


def judged(probabilities: list[list[float]], labels: list[int]) -> Judged:
    ids = np.array([f"image {number}" for number in range(len(labels))])
    return Judged("v", NAMES, ids, np.array(labels), np.array(probabilities, np.float32), "appearance")


def test_images_are_ranked_by_doubt_and_suspected_by_mean_confidence() -> None:
    """By hand: the mean confidence is 0.6 for red and 0.8 for green; blue has no images."""
    answers = judged([[0.9, 0.1, 0.0], [0.3, 0.7, 0.0], [0.05, 0.9, 0.05], [0.3, 0.7, 0.0]], [0, 0, 1, 1])
    ranked = answers.ranked()
    assert ranked["id"].tolist() == ["image 1", "image 3", "image 0", "image 2"]
    assert ranked["suggested"].tolist() == ["green", "red", "green", "red"]
    np.testing.assert_allclose(ranked["doubt"], [0.7, 0.3, 0.1, 0.1], atol=1e-6)
    assert not ranked["suspected"].any()
    assert answers.accuracy == 0.75
    surer = judged([[0.9, 0.1, 0.0], [0.1, 0.85, 0.05], [0.05, 0.9, 0.05], [0.3, 0.7, 0.0]], [0, 0, 1, 1])
    assert surer.ranked()["suspected"].tolist() == [True, False, False, False]


def test_doubt_below_one_half_is_not_called_suspected() -> None:
    """A small class that is believed to 10% on its own images does not make suspects of the large one."""
    large, small = [[0.8, 0.2, 0.0]] * 50, [[0.9, 0.1, 0.0]] * 3
    answers = judged([*large, *small], [0] * 50 + [1] * 3)
    ranked = answers.ranked()
    assert ranked["suspected"].sum() == 3
    assert (ranked.loc[ranked["suspected"], "doubt"] >= 0.5).all()


def test_images_of_one_class_cannot_be_judged_and_that_is_said() -> None:
    one_class = pd.DataFrame({"label": "red", "group": np.arange(20)})
    with pytest.raises(LabError, match="All images are of one class, 'red'"):
        ranking.check(one_class)
    with pytest.raises(LabError, match="no images"):
        ranking.check(one_class[:0])


def test_folds_are_stratified_and_keep_copies_together() -> None:
    rows = pd.DataFrame({"label": ["a"] * 40 + ["b"] * 20, "group": np.arange(60) // 2})
    fold = ranking.folds(rows, count=5)
    assert pd.crosstab(rows["label"], fold).to_numpy().tolist() == [[8] * 5, [4] * 5]
    assert (pd.Series(fold).groupby(rows["group"]).nunique() == 1).all()


def test_a_subjects_images_are_judged_by_models_that_saw_none_of_them(tmp_path: Path) -> None:
    """Colours that say nothing of the class: who saw a subject's other images repeats its label."""
    rng = np.random.default_rng(0)
    for subject in range(24):
        colour = rng.integers(0, 256, 3)
        folder = tmp_path / "subjects" / ("a" if subject % 2 else "b")
        folder.mkdir(parents=True, exist_ok=True)
        for number in range(5):
            pixels = np.clip(colour + rng.normal(0, 6, (24, 24, 3)), 0, 255).astype(np.uint8)
            Image.fromarray(pixels).save(folder / f"subject{subject:02}_{number}.png")
    dataset = datasets.prepare(str(tmp_path / "subjects"))
    subjects = dataset.usable["name"].str.extract(r"(subject\d+)")[0]
    fold = ranking.folds(cross_validation.with_groups(dataset, dataset.usable))
    assert (pd.Series(fold, subjects.index).groupby(subjects).nunique() == 1).all()


def test_groups_too_few_for_the_folds_leave_only_copies_together(tmp_path: Path) -> None:
    for number, (image, label) in enumerate(
        zip(*(lambda made: (made.images, made.labels))(coloured_objects(60, 32)), strict=True)
    ):
        folder = tmp_path / "discs" / NAMES[label]
        folder.mkdir(parents=True, exist_ok=True)
        Image.fromarray(image).save(folder / f"patient{number % 4}_{number}.png")
    dataset = datasets.prepare(str(tmp_path / "discs"))
    assert cross_validation.with_groups(dataset, dataset.usable)["group"].equals(dataset.usable["group"])


def test_too_few_images_to_judge_are_reported() -> None:
    rows = pd.DataFrame({"label": ["a"] * 9 + ["b"] * 4, "group": range(13)})
    with pytest.raises(LabError, match="Class 'b' has 4 different images; at least 5 are needed"):
        ranking.folds(rows)


def test_a_judgement_is_saved_beside_the_index(folder: Path) -> None:
    dataset = datasets.prepare(str(folder))
    assert ranking.load(dataset) is None
    answers = judged([[0.9, 0.1, 0.0], [0.2, 0.8, 0.0]], [0, 1])
    ranking.save(dataset, answers)
    kept = ranking.load(dataset)
    assert kept is not None
    pd.testing.assert_frame_equal(kept.ranked(), answers.ranked(), check_dtype=False)
    (dataset.path / "judged.npz").write_bytes(b"rubbish")
    with pytest.raises(LabError, match=r"is damaged: .*\. Judge the labels again"):
        ranking.load(dataset)


def test_planted_wrong_labels_come_first(folder: Path) -> None:
    dataset = datasets.prepare(str(folder))
    answers = cross_validation.judge(dataset, handcrafted_features.features, "appearance", count=3)
    assert answers.probabilities.shape == (90, 3)
    np.testing.assert_allclose(answers.probabilities.sum(axis=1), 1, atol=1e-4)
    name = dataset.index.set_index("id")["file"]
    first = [Path(str(name[id])).stem for id in answers.ranked()["id"][:6]]
    assert {"00", "01", "02"} <= set(first)


def test_most_of_the_garden_s_wrong_labels_are_among_twice_as_many_suspects(garden: str) -> None:
    dataset = datasets.open(garden)
    wrong = {
        planted["file"] for planted in json.loads((dataset.root / "truth.json").read_text())["wrong_label"]
    }
    answers = cross_validation.judge(dataset, handcrafted_features.features, "appearance")
    first = answers.ranked()["id"][: 2 * len(wrong)]
    assert dataset.index.set_index("id")["file"][first].isin(wrong).sum() >= 0.8 * len(wrong)


def test_each_fold_is_judged_by_a_model_fitted_to_the_others() -> None:
    """A feature that tells the label in the first part only must not help there."""
    labels, fold = np.tile([0, 1], 50), np.repeat([0, 1], 50)
    rng = np.random.default_rng(0)
    vectors = rng.normal(size=(100, 4)).astype(np.float32)
    vectors[:50, 0] = labels[:50]
    right = cross_validation.out_of_fold(vectors, labels, fold).argmax(axis=1) == labels
    assert right[:50].mean() < 0.75


def test_outlines_have_the_direction_of_edges_and_colours_the_shade() -> None:
    image = np.zeros((128, 128, 3), np.uint8)
    assert not handcrafted_features.outlines(image).any() and handcrafted_features.colours(image).max() == 1
    image[:, 64:] = (255, 0, 0)
    cells = handcrafted_features.outlines(image).reshape(8, 8, 9)
    assert cells[..., 0].sum() == pytest.approx(cells.sum()) and not cells[:, [0, 1, 6, 7]].any()
    upright = handcrafted_features.outlines(image.transpose(1, 0, 2)).reshape(8, 8, 9)
    assert upright[..., 4].sum() == pytest.approx(upright.sum())
    shades = handcrafted_features.colours(image).reshape(12, 4, 4)
    assert shades[0, 3, 3] == pytest.approx(shades[0, 0, 0]) and np.count_nonzero(shades) == 2


def test_without_the_network_s_weights_appearance_judges_and_the_reason_is_kept(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("LAB_WEIGHTS", str(folder / "missing.weights.h5"))
    dataset = datasets.prepare(str(folder))
    assert main(["suspects", str(folder), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    kept = ranking.load(dataset)
    assert kept is not None and (told["judged_by"], kept.by) == ("appearance", "appearance")
    assert "has no weights of MobileNetV2 (0.35)" in kept.instead
    assert "missing.weights.h5" in kept.basis and len(told["ranked"]) == 90


def test_a_network_trained_on_imagenet_finds_them_and_its_features_are_kept(
    folder: Path, photos: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from core.ml import imagenet_features

    weights = photos / "weights" / "mobilenet_v2_035_224_no_top.weights.h5"
    monkeypatch.setenv("LAB_WEIGHTS", str(weights))
    assert job.weights_at_hand()
    dataset = datasets.prepare(str(folder))
    few = imagenet_features.features(dataset, dataset.usable[:70])
    answers = cross_validation.judge(dataset, imagenet_features.features, "imagenet", count=3)
    name = dataset.index.set_index("id")["file"]
    first = [Path(str(name[id])).stem for id in answers.ranked()["id"][:6]]
    assert {"00", "01", "02"} <= set(first)
    monkeypatch.delenv("LAB_WEIGHTS")  # the workspace keeps them
    monkeypatch.setattr(imagenet_features, "Pretrained", None)  # and the features
    again = imagenet_features.features(dataset, dataset.usable)
    assert again.shape == (90, imagenet_features.BACKBONE.features)
    np.testing.assert_allclose(again[:70], few, atol=1e-6)


def test_judging_stops_on_request(folder: Path) -> None:
    dataset = datasets.prepare(str(folder))
    with pytest.raises(Stopped):
        cross_validation.judge(dataset, handcrafted_features.features, "appearance", should_stop=lambda: True)
    assert ranking.load(dataset) is None
