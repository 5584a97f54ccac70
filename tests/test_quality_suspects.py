"""Wrong labels are suspected by models that did not see the pictures."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from core import config, datasets, suspects
from core.errors import LabError, Stopped
from core.suspects import Judged
from tests.made_pictures import coloured_objects

NAMES = ("red", "green", "blue")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """90 pictures of coloured discs; numbers 0, 1 and 2 lie in the folder of the next colour."""
    pictures = coloured_objects(90, 32)
    for number, (image, label) in enumerate(zip(pictures.images, pictures.labels, strict=True)):
        place = tmp_path / "discs" / NAMES[(label + (number < 3)) % 3]
        place.mkdir(parents=True, exist_ok=True)
        Image.fromarray(image).save(place / f"{number:02}.png")
    return tmp_path / "discs"


def judged(probabilities: list[list[float]], labels: list[int]) -> Judged:
    ids = np.array([f"picture {number}" for number in range(len(labels))])
    return Judged("v", NAMES, ids, np.array(labels), np.array(probabilities, np.float32))


def test_pictures_are_ranked_by_doubt_and_suspected_by_usual_sureness() -> None:
    """By hand: red is usually 0.6 sure, green 0.8, blue has no picture."""
    answers = judged([[0.9, 0.1, 0.0], [0.3, 0.7, 0.0], [0.05, 0.9, 0.05], [0.3, 0.7, 0.0]], [0, 0, 1, 1])
    ranked = answers.ranked()
    assert ranked["id"].tolist() == ["picture 1", "picture 3", "picture 0", "picture 2"]
    assert ranked["suggested"].tolist() == ["green", "red", "green", "red"]
    np.testing.assert_allclose(ranked["doubt"], [0.4, -0.4, -0.8, -0.85], atol=1e-6)
    assert not ranked["suspected"].any()
    assert answers.accuracy == 0.75
    surer = judged([[0.9, 0.1, 0.0], [0.1, 0.85, 0.05], [0.05, 0.9, 0.05], [0.3, 0.7, 0.0]], [0, 0, 1, 1])
    assert surer.ranked()["suspected"].tolist() == [True, False, False, False]


def test_folds_are_stratified_and_keep_copies_together() -> None:
    rows = pd.DataFrame({"label": ["a"] * 40 + ["b"] * 20, "group": np.arange(60) // 2})
    fold = suspects.folds(rows, count=5)
    assert pd.crosstab(rows["label"], fold).to_numpy().tolist() == [[8] * 5, [4] * 5]
    assert (pd.Series(fold).groupby(rows["group"]).nunique() == 1).all()


def test_too_few_pictures_to_judge_are_told() -> None:
    rows = pd.DataFrame({"label": ["a"] * 9 + ["b"] * 4, "group": range(13)})
    with pytest.raises(LabError, match="class 'b' has 4 different images; at least 5 are needed"):
        suspects.folds(rows)


def test_a_judgement_is_kept_beside_the_index(folder: Path) -> None:
    dataset = datasets.prepare(str(folder))
    assert suspects.load(dataset) is None
    answers = judged([[0.9, 0.1, 0.0], [0.2, 0.8, 0.0]], [0, 1])
    suspects.save(dataset, answers)
    kept = suspects.load(dataset)
    assert kept is not None
    pd.testing.assert_frame_equal(kept.ranked(), answers.ranked(), check_dtype=False)
    (dataset.path / "judged.npz").write_bytes(b"rubbish")
    with pytest.raises(LabError, match=r"is damaged .* judge the labels again"):
        suspects.load(dataset)


def test_planted_wrong_labels_come_first(folder: Path) -> None:
    from core.ml import cross_validation

    dataset = datasets.prepare(str(folder))
    settings = config.from_assignments(
        ["data.image_size=32", "fit.epochs=12", "fit.batch_size=16", "fit.learning_rate=0.003"]
    )
    answers = cross_validation.judge(settings, dataset, count=3)
    assert answers.probabilities.shape == (90, 3)
    np.testing.assert_allclose(answers.probabilities.sum(axis=1), 1, atol=1e-4)
    name = dataset.index.set_index("id")["file"]
    first = [Path(str(name[id])).stem for id in answers.ranked()["id"][:6]]
    assert {"00", "01", "02"} <= set(first)


def test_judging_stops_when_asked(folder: Path) -> None:
    from core.ml import cross_validation

    dataset = datasets.prepare(str(folder))
    with pytest.raises(Stopped):
        cross_validation.judge(config.RunConfig(), dataset, should_stop=lambda: True)
    assert suspects.load(dataset) is None
