"""The learning rate of each update of fine-tuning."""

from __future__ import annotations

import keras
import pytest

from core.config import FitConfig, RunConfig
from core.ml import learning_rate
from tests.core.export.script import made_plans


@pytest.mark.parametrize(("epochs", "batches"), [(1, 1), (2, 3), (5, 20), (3, 17)])
def test_it_is_that_of_keras_with_a_warm_up_of_a_tenth(epochs, batches):
    fit = FitConfig(epochs=epochs, learning_rate=0.0005)
    rates = [rate for done in range(epochs) for rate in learning_rate.of_epoch(done, batches, fit)]
    updates = epochs * batches
    warm_up = round(0.1 * updates)
    expected = keras.optimizers.schedules.CosineDecay(
        0.0, updates - warm_up, warmup_target=0.0005 if warm_up else None, warmup_steps=warm_up
    )
    if not warm_up:
        expected = keras.optimizers.schedules.CosineDecay(0.0005, updates)
    assert rates == pytest.approx([float(expected(update)) for update in range(updates)], abs=1e-9)
    assert len(rates) == updates and max(rates) <= 0.0005


@pytest.mark.parametrize("images", [40, 700])
def test_a_script_has_the_rates_of_its_run(images, tmp_path):
    changes = {"model.network": "mobilenet_v2_035", "model.fine_tune": "last_block", "data.image_size": 96}
    plan = made_plans.gathered(tmp_path / "flowers")
    config = RunConfig().replace(changes)
    begins = "updates = "
    code = made_plans.code(made_plans.script(plan, config))
    lines = code[code.index(begins) :].split("\n")[:3]
    fit = config.for_fine_tuning.fit
    names = {
        "keras": keras, "train_labels": range(images), "BATCH_SIZE": fit.batch_size,
        "FINE_TUNE_EPOCHS": fit.epochs, "FINE_TUNE_LEARNING_RATE": fit.learning_rate,
    }  # fmt: skip
    exec("\n".join(lines), names)
    batches = -(-images // fit.batch_size)
    rates = [rate for done in range(fit.epochs) for rate in learning_rate.of_epoch(done, batches, fit)]
    assert rates == pytest.approx(
        [float(names["schedule"](number)) for number in range(len(rates))], abs=1e-9
    )


def test_more_epochs_planned_later_spread_the_decay_over_all():
    shorter, longer = FitConfig(epochs=5, learning_rate=1.0), FitConfig(epochs=10, learning_rate=1.0)
    assert max(learning_rate.of_epoch(4, 20, shorter)) < 0.15
    assert 0.4 < min(learning_rate.of_epoch(5, 20, longer)) < 0.6
