"""Would more images help? The runs that are wanted, queued and counted, and the answer in a sentence."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core import datasets, engine, more_images, runs
from core.comparison import counterpart
from core.config import RunConfig, preset
from core.errors import LabError
from core.more_images import DataCurve, Study, answer, needed
from core.more_images.measuring import Size
from core.sweeps import repeats
from samples import made_runs


@pytest.fixture(autouse=True)
def no_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "ensure_worker", lambda: None)


@pytest.fixture
def base(tmp_path: Path, workspace: Path) -> RunConfig:
    source = made_runs.draw_folder(tmp_path / "images", each=20)
    return RunConfig().replace({"data.source": source, "data.image_size": 48, "data.test_share": 0.3})


def curve(scores: dict[float, float], images: int = 2000, seeds: int = 3) -> DataCurve:
    """A curve with these accuracies by share, whose runs agree on how difficult each image is."""
    difficulty, rng = np.random.default_rng(0).permutation(images) / images, np.random.default_rng(1)
    sizes = (
        Size(share, round(1000 * share), difficulty[None] + rng.normal(0, 0.02, (seeds, images)) < score)
        for share, score in scores.items()
    )
    return DataCurve(tuple(sizes), tuple(map(str, range(images))))


def test_every_run_makes_as_many_updates_on_nested_images_that_only_training_loses(base: RunConfig) -> None:
    study = Study(base.replace({"fit.early_stopping": True}))
    configs = study.configs()
    assert [config.data.training_subset for config in configs[:3]] == [1.0, 0.5, 0.25]
    assert [config.fit.epochs for config in configs[:3]] == [10, 20, 40]
    assert [config.fit.patience for config in configs[:3]] == [5, 10, 20]
    assert len(set(configs)) == 9 and configs[0] == study.base
    dataset = datasets.open(base.data.source)
    whole, half, quarter = (datasets.select(dataset, config.data).rows for config in configs[:3])
    for split in ("validation", "test"):
        assert set(half.loc[half["split"] == split, "id"]) == set(whole.loc[whole["split"] == split, "id"])
    assert set(quarter["id"]) < set(half["id"]) < set(whole["id"])
    other_half = datasets.select(dataset, configs[4].data).rows
    assert set(other_half["id"]) != set(half["id"])


def test_passes_are_limited_by_their_settings(base: RunConfig) -> None:
    study = Study(base.replace({"fit.epochs": 300}))
    assert {config.fit.epochs for config in study.configs()} == {300, 500}


def test_only_what_is_missing_is_queued_and_it_can_be_stopped_and_continued(base: RunConfig) -> None:
    study = Study(base)
    made_runs.finished(base.replace({"fit.patience": 9}))  # no difference without early stopping
    queued = more_images.start(study)
    assert len(queued) == 8 and {run.labels.group for run in queued} == {study.group}
    assert more_images.start(study) == []
    assert more_images.is_under_way(study, study.runs().values())
    own = engine.submit(base.replace({"fit.seed": 1, "fit.epochs": 3}))
    more_images.stop(study)
    assert {run.status.state for run in queued} == {"stopped"} and own.status.state == "queued"
    assert not more_images.is_under_way(study, study.runs().values())
    assert set(more_images.start(study)) == set(queued)
    assert len(runs.all()) == 10


def test_finished_runs_are_counted_and_others_are_not(base: RunConfig) -> None:
    study = Study(base)
    for config in study.configs():
        made_runs.finished(config, skill=0.9 - 0.1 / config.data.training_subset**0.5)
    made_runs.finished(base.replace({"fit.learning_rate": 0.01}))
    made_runs.waiting(base.replace({"fit.seed": 7}), "queued")
    found = more_images.curve(study.runs().values())
    assert [(size.share, len(size.right)) for size in found.sizes] == [(0.25, 3), (0.5, 3), (1.0, 3)]
    assert [size.images for size in found.sizes] == [9, 18, 36] and found.held_out == 24
    assert len(found.table()) == 9
    damaged = next(iter(study.runs().values()))
    damaged.predictions_path.write_bytes(b"nothing")
    assert sum(len(size.right) for size in more_images.curve(study.runs().values()).sizes) == 8


def test_runs_on_an_earlier_version_of_the_data_do_not_count(base: RunConfig) -> None:
    run = made_runs.finished(base)
    assert list(Study(base).runs().values()) == [run]
    image = next(Path(base.data.source).rglob("*.png"))
    image.unlink()
    datasets.prepare(base.data.source)
    assert Study(base).runs() == {}


def test_a_run_on_a_part_of_the_images_is_no_beginning(base: RunConfig) -> None:
    with pytest.raises(LabError, match="took 25% of them"):
        Study(base.replace({"data.training_subset": 0.25}))
    with pytest.raises(LabError, match="fewer than 2 seeds"):
        Study(base, seeds=1)


@pytest.mark.parametrize(
    ("scores", "kind", "words"),
    [
        ({0.25: 0.6, 0.5: 0.7, 1.0: 0.77}, "helps", "Twice the images per class would add about"),
        ({0.25: 0.9, 0.5: 0.9, 1.0: 0.9}, "does not help", "More of the same will not help"),
        ({0.25: 0.6, 0.5: 0.61, 1.0: 0.8}, "cannot tell", "do not follow the usual law"),
        ({0.25: 0.6, 0.5: 0.7}, "not measured", "not finished yet"),
    ],
)
def test_the_answer_is_a_sentence_or_silence(scores: dict[float, float], kind: str, words: str) -> None:
    found = answer(curve(scores))
    assert (found.kind, words in found.sentence) == (kind, True)


def test_shares_that_take_the_same_few_images_cannot_tell() -> None:
    found = curve({0.25: 0.5, 0.5: 0.6, 1: 0.7}, images=60)
    for numbers in ((3, 3, 3), (3, 3, 6)):
        sizes = tuple(replace(one, images=number) for one, number in zip(found.sizes, numbers, strict=True))
        told = answer(replace(found, sizes=sizes))
        assert (told.kind, told.gain) == ("cannot tell", None)
        assert "too few training images" in told.sentence


def test_few_held_out_images_cannot_tell() -> None:
    found = answer(curve({0.25: 0.75, 0.5: 0.8, 1.0: 0.82}, images=40))
    assert (
        found.kind == "cannot tell" and "With 40 held-out images and 3 runs on each share" in found.sentence
    )


def test_the_better_settings_need_fewer_images() -> None:
    own, transfer = curve({0.25: 0.5, 0.5: 0.6, 1.0: 0.7}), curve({0.25: 0.72, 0.5: 0.8, 1.0: 0.85})
    sentence = needed({"A": own, "B": transfer})
    assert sentence.startswith("With 250 of the 1,000 images, B does at least as well as A with all 1,000")
    assert "not clear that" in needed({"A": own, "B": own})
    assert needed({"A": own, "B": curve({0.25: 0.5})}) == needed({"A": own}) == ""


def test_repeats_on_a_part_of_the_images_take_other_parts(base: RunConfig) -> None:
    run = made_runs.finished(base.replace({"data.training_subset": 0.5}))
    made = repeats.repeat(run, 2)
    assert [(one.config.fit.seed, one.config.data.subset_seed) for one in made] == [(1, 1), (2, 2)]
    assert len(repeats.siblings(run)) == 3


def test_the_counterpart_has_the_other_network_and_the_same_images(base: RunConfig) -> None:
    other = counterpart.settings(base)
    assert other.model.network == "mobilenet_v2_035" and other.data.image_size == 224
    assert other.data.source == base.data.source and other.augment == base.augment
    assert counterpart.settings(other).backbone is None
    run = made_runs.finished(other.replace({"fit.epochs": 7}))
    made_runs.finished(base)
    made_runs.finished(other.replace({"data.split_seed": 4}))
    listed = [(one, one.config) for one in runs.all()]
    assert counterpart.find(base, listed) == run
    assert counterpart.find(base.replace({"data.split_seed": 9}), listed) is None


def test_a_preset_keeps_the_share_of_the_images(base: RunConfig) -> None:
    assert preset("transfer", base.replace({"data.training_subset": 0.5})).data.training_subset == 0.5
