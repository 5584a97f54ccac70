"""Training on top of a pretrained network: two stages, one run, resumed exactly, with features kept."""

from __future__ import annotations

import itertools
import os
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from core import datasets
from core.backbones import BACKBONES
from core.config import SETTINGS, AugmentConfig, RunConfig
from core.errors import LabError, Stopped
from core.ml import checkpoint, feature_cache, portable_file, stages, train
from core.ml.explainer import load_for_explaining
from core.ml.feature_cache import Recipe
from core.ml.pretrained import Pretrained
from core.ml.stages import Prepared, Stage
from core.report import Epoch
from samples.made_images import coloured_objects
from tests.random_backbone import write_weights

SMALL = BACKBONES["mobilenet_v2_035"]
TINY = RunConfig().replace(
    {
        "model.network": SMALL.name, "model.fine_tune": "last_block", "model.dropout": 0.2,
        "data.image_size": 32, "fit.epochs": 2, "fit.fine_tune_epochs": 2, "fit.batch_size": 16,
        "augment.zoom": 0.2, "fit.monitor": "val_accuracy",
    }
)  # fmt: skip
NETWORKS = train.Networks()
"""Shared by the tests, since TensorFlow takes seconds to trace a network of 154 layers."""


def discs(count: int, seed: int) -> train.LabelledImages:
    made = coloured_objects(count, 32, seed=seed)
    return made.images, made.labels.astype(np.int64)


TRAINING, VALIDATION = discs(48, 0), discs(24, 1)


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_weights(SMALL, 32, tmp_path_factory.mktemp("weights") / "random.weights.h5")


@pytest.fixture(scope="module")
def prepared(weights: Path) -> Prepared:
    network = NETWORKS.pretrained(SMALL, 32, weights)
    features = {
        split: np.concatenate(list(network.extract(images)))
        for split, (images, _) in {"train": TRAINING, "validation": VALIDATION}.items()
    }
    return Prepared(network, features, TRAINING[0][:4], computed=72)


def fit(
    folder: Path, prepared: Prepared, changes: dict[str, Any] | None = None, **hooks: Any
) -> train.Trained:
    return train.train(
        TINY.replace(changes or {}),
        3,
        training=TRAINING,
        validation=VALIDATION,
        checkpoint_folder=folder,
        pretrained=prepared,
        networks=NETWORKS,
        **hooks,
    )


def figures(history: list[Epoch]) -> list[dict[str, Any]]:
    return [{name: value for name, value in line.items() if name != "seconds"} for line in history]


class _Killed(BaseException):
    pass


def die_at(batch: int) -> Any:
    batches = itertools.count()

    def should_stop() -> bool:
        if next(batches) == batch:
            raise _Killed
        return False

    return should_stop


def test_the_head_is_trained_on_features_and_saved_as_part_of_one_model(
    prepared: Prepared, tmp_path: Path
) -> None:
    frozen = fit(tmp_path, prepared, {"model.fine_tune": "none"})
    assert [line["stage"] for line in frozen.history] == ["head", "head"]
    assert frozen.head is not None and frozen.precision == "float32"
    expected = train.predict(frozen.head, prepared.features["validation"])
    np.testing.assert_allclose(train.predict(frozen.model, VALIDATION[0]), expected, atol=1e-6)
    assert [layer.name for layer in frozen.model.layers[-3:]] == ["dropout", "logits", "probabilities"]


@pytest.mark.parametrize("killed_at", [4, 7, 10], ids=["in the head", "in fine-tuning", "later"])
def test_a_run_killed_in_either_stage_goes_on_as_if_nothing_had_happened(
    killed_at: int, prepared: Prepared, tmp_path: Path
) -> None:
    whole = fit(tmp_path / "whole", prepared)
    assert [line["stage"] for line in whole.history] == ["head"] * 2 + ["fine_tuning"] * 2
    with pytest.raises(_Killed):
        fit(tmp_path / "broken", prepared, should_stop=die_at(killed_at))
    starts: list[int] = []
    resumed = fit(tmp_path / "broken", prepared, on_start=lambda history: starts.append(len(history)))
    assert starts == [killed_at // 3]
    assert figures(resumed.history) == figures(whole.history)
    assert resumed.kept_epoch == whole.kept_epoch
    one, other = (checkpoint.load(tmp_path / name) for name in ("whole", "broken"))
    assert one is not None and other is not None
    for kind in ("weights", "optimizer", "best"):
        for mine, theirs in zip(getattr(one, kind), getattr(other, kind), strict=True):
            np.testing.assert_array_equal(mine, theirs)


@pytest.mark.fault("A8")
def test_after_a_kill_while_the_head_trains_the_model_of_the_finished_epochs_opens(
    prepared: Prepared, tmp_path: Path
) -> None:
    finished: list[Epoch] = []
    changes = {"model.fine_tune": "none", "fit.epochs": 5, "fit.restore_best": False}
    hooks = {
        "on_epoch": lambda history: finished.append(history[-1]),
        "on_best": portable_file.Saver(tmp_path / "model.keras").save,
        "should_stop": die_at(10),
    }
    with pytest.raises(_Killed):
        fit(tmp_path / "broken", prepared, changes, **hooks)
    probabilities = train.predict(load_for_explaining(tmp_path / "model.keras"), VALIDATION[0])
    loss = -np.log(probabilities[np.arange(24), VALIDATION[1]]).mean()
    assert [line["epoch"] for line in finished] == [1, 2, 3]
    assert loss == pytest.approx(finished[-1]["val_loss"], rel=1e-4)
    assert loss != pytest.approx(finished[-2]["val_loss"], rel=1e-3)


def test_fine_tuning_at_rate_0_changes_nothing_and_no_normalisation_ever_changes(
    prepared: Prepared, tmp_path: Path
) -> None:
    still = fit(tmp_path / "still", prepared, {"fit.fine_tune_learning_rate": 0.0})
    *_, head, first, second = still.history
    best = still.history[stages.best_epoch(still.history[:2], "val_accuracy") - 1]
    assert first["val_loss"] == second["val_loss"] == pytest.approx(best["val_loss"], rel=1e-6)
    assert first["val_accuracy"] == second["val_accuracy"] == best["val_accuracy"] and head["stage"] == "head"
    moved = fit(
        tmp_path / "moved", prepared, {"fit.fine_tune_learning_rate": 0.01, "fit.restore_best": False}
    )
    assert moved.kept_epoch == 4 and moved.head is None
    changed = {
        layer.name
        for layer, original in zip(moved.model.layers, prepared.network.model.layers, strict=False)
        for one, other in zip(layer.weights, original.weights, strict=True)
        if not np.array_equal(one, other)
    }
    assert changed == {"block_16_expand", "block_16_depthwise", "block_16_project", "Conv_1"}


def test_a_network_used_again_trains_as_a_new_one_would(
    prepared: Prepared, weights: Path, tmp_path: Path
) -> None:
    again = fit(tmp_path / "again", prepared, {"fit.seed": 3})
    new = train.train(
        TINY.replace({"fit.seed": 3}),
        3,
        training=TRAINING,
        validation=VALIDATION,
        checkpoint_folder=tmp_path / "new",
        pretrained=Prepared(Pretrained(SMALL, 32, weights), prepared.features, prepared.sample),
    )
    assert figures(again.history) == figures(new.history)


def test_a_stop_in_fine_tuning_keeps_the_best_epoch_and_other_weights_are_refused(
    prepared: Prepared, tmp_path: Path
) -> None:
    batches = itertools.count()
    stopped = fit(tmp_path, prepared, should_stop=lambda: next(batches) == 7)
    assert stopped.stopped and len(stopped.history) == 2 and stopped.kept_epoch <= 2
    saved = checkpoint.load(tmp_path)
    assert saved is not None
    saved.pretrained = "others"
    with checkpoint.Writer(tmp_path) as writer:
        writer.save(saved)
    with pytest.raises(LabError, match="no longer those that this run started from"):
        fit(tmp_path, prepared)


def test_features_that_do_not_belong_to_the_images_are_noticed(prepared: Prepared, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    wrong = {
        split: rng.normal(size=found.shape).astype(np.float32) for split, found in prepared.features.items()
    }
    with pytest.raises(RuntimeError, match="give different probabilities"):
        fit(tmp_path, Prepared(prepared.network, wrong, prepared.sample), {"model.fine_tune": "none"})


def lines(*scores: tuple[str, float]) -> list[Epoch]:
    return [
        {"epoch": number, "stage": stage, "val_accuracy": score}  # type: ignore[typeddict-item]
        for number, (stage, score) in enumerate(scores, start=1)
    ]


def test_patience_counts_anew_when_fine_tuning_begins() -> None:
    changes = {"fit.epochs": 9, "fit.fine_tune_epochs": 9, "fit.early_stopping": True, "fit.patience": 2}
    config = TINY.replace(changes)
    head = Stage("head", config, TRAINING, VALIDATION, lambda: pytest.fail("not needed"))
    tuning = Stage("fine_tuning", config, TRAINING, VALIDATION, lambda: pytest.fail("not needed"))
    flat = lines(("head", 0.8), ("head", 0.7), ("head", 0.7))
    assert not head.is_over(flat[:2], 0) and head.is_over(flat, 0)
    fallen = [*flat, *lines(("fine_tuning", 0.5), ("fine_tuning", 0.6))]
    assert head.is_over(fallen[:4], 0, [tuning])
    assert not tuning.is_over(fallen[:4], 0) and tuning.is_over(fallen, 0)
    assert not tuning.is_over(fallen, continued_after=5)
    risen = [*flat, *lines(("fine_tuning", 0.5), ("fine_tuning", 0.9))]
    assert not tuning.is_over(risen, 0)
    assert tuning.last_epoch(fallen) == 3 + 9


@pytest.fixture
def dataset(tmp_path: Path) -> datasets.Dataset:
    from PIL import Image

    made = coloured_objects(12, 32)
    for number, (image, label) in enumerate(zip(made.images, made.labels, strict=True)):
        folder = tmp_path / "discs" / "rgb"[label]
        folder.mkdir(parents=True, exist_ok=True)
        Image.fromarray(image).save(folder / f"{number:02}.png")
    return datasets.prepare(str(tmp_path / "discs"))


def test_features_are_computed_once_also_after_an_interruption(
    dataset: datasets.Dataset, prepared: Prepared, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feature_cache, "_AT_ONCE", 4)
    recipe = Recipe(SMALL, prepared.network.fingerprint, 32, "stretch")
    rows, looks = dataset.usable, iter([False, False, True])

    def compute(rows: pd.DataFrame, **hooks: Any) -> tuple[Any, int]:
        return feature_cache.features(dataset, rows, recipe, lambda: prepared.network, **hooks)

    with pytest.raises(Stopped, match="Stopped while computing features"):
        compute(rows, should_stop=lambda: next(looks, True))
    folder = dataset.path / "features" / recipe.folder_name
    before = len(list(folder.glob("*.npz")))
    found, computed = compute(rows)
    assert computed == 12 - 4 * before
    (expected,) = prepared.network.extract(feature_cache.pixel_cache.load(dataset, rows, 32, "stretch"))
    np.testing.assert_allclose(found, expected, atol=1e-6)
    again, computed = compute(rows[::-1])
    assert computed == 0
    np.testing.assert_array_equal(again, found[::-1])
    next(folder.glob("*.npz")).write_bytes(b"damaged")
    assert 0 < compute(rows)[1] <= 4


def test_the_features_used_last_are_kept_and_there_is_room_for_all_of_a_run(
    dataset: datasets.Dataset, prepared: Prepared
) -> None:
    variants = SETTINGS["model.cached_variants"].maximum
    assert variants is not None and variants + 1 < feature_cache._KEPT_RECIPES
    recipe, rows = Recipe(SMALL, prepared.network.fingerprint, 32, "stretch"), dataset.usable
    feature_cache.features(dataset, rows, recipe, lambda: prepared.network)
    folder = dataset.path / "features"
    for number in range(feature_cache._KEPT_RECIPES + 3):
        (folder / f"older-{number:02}").mkdir()
        os.utime(folder / f"older-{number:02}", (1_000 + number,) * 2)
    os.utime(folder / recipe.folder_name, (0, 0))
    assert feature_cache.features(dataset, rows, recipe, lambda: prepared.network)[1] == 0
    feature_cache._prune(folder / recipe.folder_name)
    left = sorted(path.name for path in folder.iterdir())
    assert len(left) == feature_cache._KEPT_RECIPES and left[0] == recipe.folder_name
    assert left[1] == "older-04"


def test_features_that_vanish_meanwhile_are_a_sentence_and_no_others(
    dataset: datasets.Dataset, prepared: Prepared, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe = Recipe(SMALL, prepared.network.fingerprint, 32, "stretch")
    monkeypatch.setattr(feature_cache, "_prune", lambda folder: next(folder.glob("*.npz")).unlink())
    monkeypatch.setattr(feature_cache, "_AT_ONCE", 4)
    with pytest.raises(LabError, match="were removed while"):
        feature_cache.features(dataset, dataset.usable, recipe, lambda: prepared.network)


def test_a_variant_of_an_image_is_the_same_in_every_run(
    dataset: datasets.Dataset, prepared: Prepared
) -> None:
    rows, changes = dataset.usable, AugmentConfig(rotation=40)

    def variant(number: int, rows: pd.DataFrame, changes: AugmentConfig = changes) -> Any:
        recipe = Recipe(SMALL, prepared.network.fingerprint, 32, "stretch", changes, number)
        return feature_cache.features(dataset, rows, recipe, lambda: prepared.network)

    first, _ = variant(1, rows)
    second, _ = variant(2, rows)
    assert np.abs(first - second).max() > 1e-3
    assert variant(1, rows, AugmentConfig(rotation=40))[1] == 0
    alone, computed = variant(1, rows[3:5])
    assert computed == 0
    np.testing.assert_array_equal(alone, first[3:5])
