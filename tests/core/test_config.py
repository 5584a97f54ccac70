"""Settings are validated at construction and errors are explained in sentences."""

from __future__ import annotations

import pytest

from core import config
from core.backbones import BACKBONES
from core.config import PRESETS, SETTINGS, RunConfig
from core.errors import LabError


def test_every_setting_has_a_label_a_sentence_and_a_default_in_range():
    for setting in SETTINGS.values():
        assert setting.label
        assert setting.help.endswith(".")
        if setting.minimum is not None and setting.maximum is not None:
            assert setting.minimum <= setting.default <= setting.maximum


def test_the_defaults_are_the_tutorials_settings():
    defaults = RunConfig()
    assert defaults.data.image_size == 128
    assert defaults.fit.batch_size == 32
    assert defaults.fit.optimizer == "adam"
    assert defaults.fit.epochs == 10
    assert defaults.augment.flip
    assert defaults.model.filters == (16, 32, 64)
    assert defaults.model.dense_units == 128
    assert defaults.model.network == "own" and defaults.model.kernel_size == 3
    assert not defaults.model.batch_norm and not defaults.model.global_pooling


def test_a_config_from_before_there_were_pretrained_networks_reads_unchanged():
    names = {"filters": [8, 16], "dense_units": 64, "dropout": 0.1, "l2": 0.0}
    read = config.parse({"model": names})
    assert read == RunConfig().replace({f"model.{name}": value for name, value in names.items()})


def test_a_fine_tuned_config_from_before_there_was_a_schedule_has_a_constant_rate():
    stored = config.preset("transfer").replace({"model.fine_tune": "last_block"}).model_dump(mode="json")
    assert config.parse_stored(stored).fit.fine_tune_schedule == "cosine"
    del stored["fit"]["fine_tune_schedule"]
    assert config.parse_stored(stored).fit.fine_tune_schedule == "constant"
    stored["model"]["fine_tune"] = "none"
    assert config.parse_stored(stored) == config.preset("transfer")


@pytest.mark.parametrize(
    ("changes", "idle"),
    [
        ({}, {"model.fine_tune", "fit.fine_tune_epochs"}),
        ({"model.network": "resnet50_v2"}, {"model.filters", "model.dense_units", "fit.fine_tune_epochs"}),
        ({"model.network": "resnet50_v2", "model.fine_tune": "all"}, {"model.filters"}),
    ],
)
def test_settings_that_change_nothing_are_named(changes, idle):
    named = RunConfig().replace(changes).without_effect
    assert idle <= named <= set(SETTINGS)
    assert "model.dropout" not in named and "model.network" not in named


def test_settings_that_train_the_same_are_equal_in_effect():
    one, other = (RunConfig().replace({"fit.patience": patience}) for patience in (3, 9))
    assert one != other and one.effective == other.effective
    third = other.replace({"fit.early_stopping": True})
    assert third.effective == third and third.effective != other.effective


def test_every_pretrained_network_can_be_chosen_and_has_a_name():
    setting = SETTINGS["model.network"]
    assert setting.options == ("own", *BACKBONES)
    assert len(setting.options) == len(setting.option_names)
    assert setting.option_name("resnet50_v2") == "ResNet50V2"


def test_only_an_own_network_must_fit_the_image():
    changes = {"data.image_size": 32, "model.filters": (4,) * 6}
    with pytest.raises(LabError, match="too many"):
        RunConfig().replace(changes)
    RunConfig().replace({**changes, "model.network": "mobilenet_v2_035"})


@pytest.mark.parametrize(
    ("words", "part"),
    [
        (["fit.epochs=0"], "Epochs (fit.epochs) cannot be '0': it must be a whole number from 1 to 500"),
        (["fit.learning_rate=much"], "cannot be 'much': it must be a number from 0.000001 to 1"),
        (["model.filters=8,many"], "cannot be 'many': it must be a valid integer"),
        (["fit.epochs"], "has no '='"),
        (["fit.colour=red"], "There is no setting 'fit.colour'"),
        (["fit.optimizer=magic"], "'adam'"),
        (["fit.learning_rate=nan"], "fit.learning_rate"),
        (["data.image_size=32", "model.filters=4,4,4,4,4"], "too many for an image size of 32 px"),
        (["model.filters="], "1 to 6 numbers"),
        (["data.validation_share=0.4", "data.test_share=0.4"], "leave at least 40%"),
    ],
)
def test_an_invalid_setting_is_rejected_with_a_message(words, part):
    with pytest.raises(LabError, match=r".") as caught:
        config.from_assignments(words)
    assert part in str(caught.value)


def test_assignments_change_only_the_settings_they_name():
    changed = config.from_assignments(["fit.epochs=3", "model.filters=8,16", "data.classes=roses, tulips"])
    assert changed.model.filters == (8, 16)
    assert changed.data.classes == ("roses", "tulips")
    assert set(config.differences([RunConfig(), changed])) == {"fit.epochs", "model.filters", "data.classes"}


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_keeps_the_data_set_and_the_seed(name):
    base = RunConfig().replace({"data.source": "digits", "data.max_per_class": 50, "fit.seed": 7})
    chosen = config.preset(name, base)
    assert (chosen.data.source, chosen.data.max_per_class, chosen.fit.seed) == ("digits", 50, 7)
    for path, value in PRESETS[name].items():
        assert chosen.get(path) == value


def test_a_config_round_trips_through_json():
    original = config.from_assignments(["augment.rotation=15", "data.classes=a,b"])
    assert config.parse(original.model_dump(mode="json")) == original


@pytest.mark.parametrize(
    ("size", "blocks", "kernel", "side"), [(128, 3, 3, 14), (32, 3, 3, 2), (32, 5, 3, -1), (32, 2, 5, 5)]
)
def test_the_last_feature_map_has_the_expected_size(size, blocks, kernel, side):
    assert config.final_map_size(size, blocks, kernel) == side


def test_settings_that_change_nothing_in_any_config_make_no_difference():
    own, transfer = RunConfig(), config.preset("transfer")
    idle = {"fit.fine_tune_schedule": "constant"}
    assert not config.differences([own, own.replace(idle)])
    tuned = transfer.replace({"model.fine_tune": "last_block"})
    assert set(config.differences([transfer, tuned.replace(idle)])) == {"model.fine_tune", *idle}
