"""Settings are validated at construction and errors are explained in sentences."""

from __future__ import annotations

import pytest

from core import config
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


@pytest.mark.parametrize(
    ("words", "part"),
    [
        (["fit.epochs=0"], "Epochs (fit.epochs) cannot be '0': it must be a whole number from 1 to 500"),
        (["fit.learning_rate=much"], "cannot be 'much': it must be a number from 0.000001 to 1"),
        (["model.filters=8,many"], "cannot be 'many': it must be a valid integer"),
        (["fit.epochs"], "has no '='"),
        (["fit.colour=red"], "there is no setting 'fit.colour'"),
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


@pytest.mark.parametrize(("size", "blocks", "side"), [(128, 3, 14), (32, 3, 2), (32, 5, -1)])
def test_the_last_feature_map_has_the_expected_size(size, blocks, side):
    assert config.final_map_size(size, blocks) == side
