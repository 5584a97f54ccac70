"""The learning rate of each update of fine-tuning."""

from __future__ import annotations

import keras
import pytest

from core.config import FitConfig
from core.ml import learning_rate


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


def test_more_epochs_planned_later_spread_the_decay_over_all():
    shorter, longer = FitConfig(epochs=5, learning_rate=1.0), FitConfig(epochs=10, learning_rate=1.0)
    assert max(learning_rate.of_epoch(4, 20, shorter)) < 0.15
    assert 0.4 < min(learning_rate.of_epoch(5, 20, longer)) < 0.6
