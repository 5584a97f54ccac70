"""Runs on top of a pretrained network, from settings to report, and what they are compared with."""

from __future__ import annotations

import shutil
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import core
from core import datasets, engine, runs, worker
from core.backbones import BACKBONES, LAST_MAP
from core.config import RunConfig
from core.data import pixel_cache
from core.explain import keras_file, nearest_images
from core.explain.mailbox import Letter
from core.notebook import foreground
from core.notebook.training_result import TrainingResult
from core.runs import Run
from core.training import cost_estimate, memory_estimate, pretrained_weights
from samples.made_images import coloured_objects
from tests.random_backbone import write_weights

NAME = "mobilenet_v2_035"
QUICK: dict[str, Any] = {"data.image_size": 32, "fit.epochs": 2, "fit.batch_size": 8, "data.test_share": 0.3}


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("weights") / "any name.weights.h5"
    return write_weights(BACKBONES[NAME], 32, path)


@pytest.fixture
def source(tmp_path: Path, weights: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("LAB_WEIGHTS", str(weights))
    made = coloured_objects(110, 32)
    for number, (image, label) in enumerate(zip(made.images, made.labels, strict=True)):
        folder = tmp_path / "discs" / "rgb"[label]
        folder.mkdir(parents=True, exist_ok=True)
        Image.fromarray(image).save(folder / f"{number:02}.png")
    return str(tmp_path / "discs")


def carry_out(source: str, changes: dict[str, Any], networks: Any = None) -> Run:
    run = runs.create(RunConfig().replace({"data.source": source, **QUICK, **changes}))
    worker.carry_out(run, networks=networks)
    return run


def test_a_run_is_trained_continued_compared_and_explained(source: str) -> None:
    from core.ml import assistant_tasks, explainer
    from core.ml.networks import Networks

    networks = Networks()
    first = carry_out(source, {"model.network": NAME}, networks)
    report = first.report()
    assert first.status.state == "done" and report is not None, first.status.message
    assert report.feature_images == 110
    assert sum(layer.parameters for layer in report.summary) == report.parameters
    other = carry_out(source, {"model.network": NAME, "model.dropout": 0.4, "fit.seed": 3}, networks)
    assert other.report().feature_images == 0  # type: ignore[union-attr]

    test = first.predictions("test")
    dataset = datasets.open(source)
    shutil.rmtree(dataset.path / "features")
    (other.path / "report.json").unlink()
    other.write_status(replace(other.status, state="interrupted"))
    other.ask_to_stop()  # to be evaluated only, see engine.finish
    worker.carry_out(other, networks=networks)
    assert other.has_report, other.status.message

    images = pixel_cache.load(dataset, dataset.rows(test.ids.tolist()), 32, "stretch")[:]
    opened = explainer.Explainer(explainer.load_for_explaining(first.model_path))
    np.testing.assert_allclose(opened.predict(images), test.probabilities, atol=1e-5)
    assert keras_file.feature_maps(first.model_path)[-1] == LAST_MAP

    continued = engine.create_continuation(first, 1)
    worker.carry_out(continued, networks=networks)
    assert continued.status.state == "done" and len(continued.metrics()) == 3

    scratch = carry_out(source, {"model.filters": (4,), "model.dense_units": 8})
    verdict = core.compare(TrainingResult(scratch), TrainingResult(first))
    assert verdict.measured is not None and verdict.measured.n == len(test.ids)

    assistant_tasks.carry_out(Letter("a", "features", {"run": first.id}, None))
    assert nearest_images.kept(first) is not None


def test_a_fine_tuned_run_is_checked_and_trained_on_also_from_its_model_alone(source: str) -> None:
    from core.ml import assistant_tasks
    from core.ml.networks import Networks

    networks = Networks()
    changes = {
        "model.network": NAME, "model.fine_tune": "last_block", "fit.monitor": "val_accuracy",
        "fit.fine_tune_schedule": "constant",
    }  # fmt: skip
    run = carry_out(source, {**changes, "fit.fine_tune_epochs": 1, "fit.epochs": 1}, networks)
    asked = {
        "run": run.id, "image_ids": run.predictions("test").ids[:1].tolist(), "class_index": 0,
        "method": "grad_cam", "layer": "", "share": 0.1,
    }  # fmt: skip
    checked = assistant_tasks.carry_out(Letter("a", "trust", asked, None))
    assert -1 <= checked["similarity"] <= 1 and np.isfinite(checked["control"]).all()
    assert checked["elsewhere"].shape == (10,) and checked["hot"].shape == (32, 32)

    on = engine.create_continuation(run, 2)
    assert (on.config.fit.epochs, on.config.fit.fine_tune_epochs) == (1, 3)
    worker.carry_out(on, networks=networks)
    whole = carry_out(source, {**changes, "fit.fine_tune_epochs": 3, "fit.epochs": 1}, networks)
    assert [line["stage"] for line in on.metrics()] == ["head", "fine_tuning", "fine_tuning", "fine_tuning"]
    assert [line["val_loss"] for line in on.metrics()] == [line["val_loss"] for line in whole.metrics()]

    shutil.rmtree(on.checkpoint_path)
    report = on.report()
    assert report is not None
    imported = engine.create_continuation(on, 1)
    worker.carry_out(imported, networks=networks)
    assert imported.status.state == "done", imported.status.message
    assert len(imported.metrics()) == report.kept_epoch + 1
    assert imported.metrics()[: report.kept_epoch] == on.metrics()[: report.kept_epoch]
    assert imported.metrics()[-1]["stage"] == "fine_tuning"


def test_without_weights_the_run_says_so_at_once_and_the_own_network_trains(
    source: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("LAB_WEIGHTS", str(tmp_path / "lost.h5"))
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    datasets.prepare(source)
    started = time.monotonic()
    run = carry_out(source, {"model.network": NAME})
    assert run.status.state == "failed" and time.monotonic() - started < 5
    assert run.status.message.startswith("LAB_WEIGHTS names ") and "own CNN" in run.status.message


def test_naming_a_pretrained_network_starts_from_its_preset() -> None:
    wanted = foreground.wanted_config("garden", "", {"network": NAME, "epochs": 3})
    assert (wanted.data.image_size, wanted.fit.early_stopping, wanted.fit.epochs) == (224, True, 3)
    assert foreground.wanted_config("garden", "", {}) == foreground.wanted_config("garden", "tutorial", {})
    assert foreground.wanted_config("garden", "tutorial", {"network": NAME}).data.image_size == 128


def test_the_estimate_knows_what_features_and_fine_tuning_cost(source: str, weights: Path) -> None:
    dataset = datasets.prepare(source)

    def seconds(**changes: Any) -> float:
        settings = {"data.source": source, "model.network": NAME, "data.image_size": 224}
        return cost_estimate.duration(RunConfig().replace({**settings, **changes}), 3000).seconds

    frozen, variants = seconds(), seconds(**{"model.cached_variants": 2})
    tuned = seconds(**{"model.fine_tune": "last_third"})
    assert frozen < variants < tuned < seconds(**{"model.fine_tune": "all"})
    assert frozen < seconds(**{"model.network": "resnet50_v2"})
    stored = f"{NAME}-{pretrained_weights.fingerprint(weights)}-224-stretch-v1"
    (dataset.path / "features" / stored).mkdir(parents=True)
    assert seconds() < frozen / 2
    assert memory_estimate.memory(RunConfig().replace({"model.network": "resnet50_v2"}), 5) > 94e6
