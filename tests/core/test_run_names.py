"""A run is named after what differs from the run before on the same data set."""

from __future__ import annotations

from core import run_names, runs
from core.config import RunConfig, preset

CONFIG = RunConfig()


def test_the_first_run_is_named_after_its_preset_or_what_differs_from_the_tutorial():
    assert run_names.proposed(CONFIG) == "Tutorial"
    assert run_names.proposed(preset("first look")) == "First look"
    assert run_names.proposed(CONFIG.replace({"fit.epochs": 3})) == "epochs 3"


def test_a_later_run_is_named_after_what_differs_from_the_newest_on_its_data_set():
    runs.create(CONFIG)
    newest = CONFIG.replace({"augment.rotation": 20.0})
    runs.create(newest)
    runs.create(CONFIG.replace({"data.source": "digits"}))
    assert run_names.proposed(newest.replace({"model.dropout": 0.3})) == "dropout 0.3"
    assert run_names.proposed(CONFIG) == "no rotation"
    assert run_names.proposed(newest) == "same settings again"


def test_runs_on_a_share_of_the_images_are_no_run_before():
    runs.create(CONFIG)
    runs.create(CONFIG.replace({"data.training_subset": 0.25, "fit.epochs": 40}))
    assert run_names.proposed(CONFIG.replace({"model.dropout": 0.3})) == "dropout 0.3"


def test_a_damaged_run_is_passed_over():
    runs.create(CONFIG)
    (runs.create(CONFIG.replace({"fit.epochs": 3})).path / "config.json").write_text("{")
    assert run_names.proposed(CONFIG.replace({"fit.seed": 1})) == "seed 1"
