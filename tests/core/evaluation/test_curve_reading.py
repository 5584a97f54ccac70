"""Curves of a known kind are read as that kind, whatever the noise; every suggestion can be carried out."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.comparison import advice_effect, verdicts
from core.config import RunConfig
from core.evaluation import curve_reading, metrics, next_step
from core.evaluation.curve_reading import Kind, Reading
from core.report import Report
from core.runs import Predictions, Run
from samples.made_runs import TRAINING
from tests.core.comparison.test_verdicts import flags, result

History = list[dict[str, Any]]
DEFAULTS = RunConfig()

REAL = json.loads(Path(__file__).with_name("real_histories.json").read_text(encoding="utf-8"))
"""Trainings of the tutorial's network on 2,936 photos of tf_flowers, with 367 for validation, and what
their curves were judged by eye to say. The numbers in the rules were settled on the first nine; the last
six were trained afterwards, and judged before the rules were asked. None of them is unstable, a lucky
peak or diverged: for these there are made histories only."""


def made(epochs: int, seed: int, loss: Any, val_loss: Any, gap: Any = 0.0, noise: float = 0.01) -> History:
    """A history from curves over t = 0, 1 ...; accuracy follows from loss, with noise on validation."""
    rng, t = np.random.default_rng(seed), np.arange(epochs, dtype=float)
    training, validation = np.broadcast_to(loss(t), t.shape), np.broadcast_to(val_loss(t), t.shape)
    accuracy = np.exp(-training)
    return [
        {
            "epoch": index + 1,
            "loss": float(training[index] + rng.normal(0, noise / 2)),
            "accuracy": float(accuracy[index]),
            "val_loss": float(validation[index] * (1 + rng.normal(0, noise))),
            "val_accuracy": float(np.clip(np.exp(-validation[index]) + rng.normal(0, noise), 0, 1)),
        }
        for index in range(epochs)
    ]


def falling(start: float, end: float, pace: float) -> Callable[[Any], Any]:
    return lambda t: end + (start - end) * np.exp(-t / pace)


def overfitting(seed: int) -> History:
    fall = falling(1.4, 0.5, 2.5)
    return made(20, seed, falling(1.5, 0.02, 5), lambda t: fall(t) + 0.05 * np.maximum(t - 7, 0))


def still_improving(seed: int) -> History:
    return made(10, seed, falling(1.5, 0.3, 6), falling(1.5, 0.35, 6))


def not_learning(seed: int) -> History:
    return made(10, seed, lambda t: 1.6 + 0 * t, lambda t: 1.6 + 0 * t)


def collapsed(seed: int) -> History:
    guessing = [epoch | {"accuracy": 0.2, "val_accuracy": 0.2} for epoch in not_learning(seed)[5:]]
    return [epoch | {"epoch": index} for index, epoch in enumerate(healthy(seed)[:8] + guessing, 1)]


def perfect(seed: int) -> History:
    """Seen in a real training: all right from the start, the loss still falling by large parts of little."""
    history = made(20, seed, falling(0.05, 0.0002, 5), falling(0.03, 0.0002, 5), noise=0.0)
    return [epoch | {"accuracy": 1.0, "val_accuracy": 1.0} for epoch in history]


def too_slow(seed: int) -> History:
    """Seen in a real training, with a learning rate 100 times too small."""
    history = made(20, seed, lambda t: 1.61 - 0.006 * t, lambda t: 1.61 - 0.006 * t, noise=0.003)
    rise = np.linspace(0.2, 0.3, 20)
    return [epoch | {"accuracy": a, "val_accuracy": a} for epoch, a in zip(history, rise, strict=True)]


def unstable(seed: int) -> History:
    fall = falling(1.4, 0.5, 3)
    return made(16, seed, fall, lambda t: fall(t) + 0.3 * (t % 2))


def lucky_peak(seed: int) -> History:
    history = made(16, seed, falling(1.4, 0.3, 2), falling(1.4, 0.38, 2), noise=0.004)
    history[11] |= {"val_accuracy": 0.75, "val_loss": 0.34}
    return history


def healthy(seed: int) -> History:
    return made(24, seed, falling(1.4, 0.22, 2.5), falling(1.4, 0.27, 2.5))


def too_short(seed: int) -> History:
    return healthy(seed)[:3]


def diverged(seed: int) -> History:
    history = healthy(seed)
    history[4] |= {"loss": None, "val_loss": None}
    return history[:5]


MADE: dict[Kind, Callable[[int], History]] = {
    "diverged": diverged,
    "too short": too_short,
    "not learning": not_learning,
    "collapsed": collapsed,
    "unstable": unstable,
    "perfect": perfect,
    "overfitting": overfitting,
    "still improving": still_improving,
    "too slow": too_slow,
    "lucky peak": lucky_peak,
    "healthy": healthy,
}


def read(history: History, config: RunConfig = DEFAULTS, images: int = 1000) -> Reading:
    return curve_reading.read(history, config, guess=0.2, validation_images=images)


@pytest.mark.parametrize("kind", MADE)
def test_made_curves_are_read_as_what_they_are_whatever_the_noise(kind):
    kinds = [read(MADE[kind](seed)).kind for seed in range(40)]
    assert kinds.count(kind) >= 38


@pytest.mark.parametrize("name", REAL)
def test_curves_of_real_trainings_are_read_as_they_were_judged_by_eye(name):
    stored = REAL[name]
    figures = ("loss", "accuracy", "val_loss", "val_accuracy")
    epochs = zip(*(stored[figure] for figure in figures), strict=True)
    history = [
        {"epoch": index, **dict(zip(figures, epoch, strict=True))} for index, epoch in enumerate(epochs, 1)
    ]
    config = DEFAULTS.replace(stored["changes"])
    reading = curve_reading.read(history, config, guess=0.245, validation_images=367)
    assert reading.kind == stored["reading"]


def test_every_kind_has_a_stated_rule_and_a_made_history():
    assert list(get_args(Kind)) == list(curve_reading.RULES) == list(MADE)


def test_overfitting_is_told_with_its_epoch_and_its_evidence():
    epochs = [read(overfitting(seed)).epoch for seed in range(40)]
    assert np.median(epochs) == pytest.approx(9, abs=1)
    assert max(epochs) - min(epochs) <= 5
    reading = read(overfitting(0))
    history = overfitting(0)
    for marked in reading.evidence:
        assert marked.values == tuple(history[epoch - 1][marked.name] for epoch in marked.epochs)
    assert reading.sentence.startswith(f"Overfitting from epoch {reading.epoch}")
    assert reading.suggestion.changes == {"augment.rotation": 15.0, "augment.zoom": 0.2}


def test_a_lucky_peak_is_told_with_its_epoch():
    reading = read(lucky_peak(0))
    assert (reading.epoch, reading.evidence[0].values) == (12, (0.75,))
    assert "Epoch 12 looks best, with 75%" in reading.sentence


def test_validation_above_training_is_learning_not_failing_to_learn():
    """Strong dropout and augmentation: 24 to 28% on training images, 30 to 55% on validation images."""
    history = [
        {"epoch": index, "accuracy": a, "loss": 1.6, "val_accuracy": v, "val_loss": loss}
        for index, (a, v, loss) in enumerate(
            zip(
                np.linspace(0.24, 0.28, 12),
                np.linspace(0.3, 0.55, 12),
                np.linspace(1.55, 1.1, 12),
                strict=True,
            ),
            1,
        )
    ]
    assert curve_reading.read(history, DEFAULTS, guess=0.25, validation_images=300).kind == "still improving"
    few = [epoch | {"val_accuracy": min(epoch["val_accuracy"], 0.36)} for epoch in history]
    assert curve_reading.read(few, DEFAULTS, guess=0.25, validation_images=20).kind == "not learning"


def test_settled_curves_with_validation_above_training_ask_for_less_dropout():
    config = DEFAULTS.replace({"model.dropout": 0.6})
    history = [epoch | {"accuracy": epoch["accuracy"] - 0.2} for epoch in healthy(0)]
    reading = read(history, config)
    assert reading.kind == "healthy" and "because dropout and augmentation" in reading.sentence
    assert reading.suggestion.changes == {"model.dropout": 0.3}


def test_one_wrong_validation_image_is_not_perfect():
    nearly = [epoch | {"val_accuracy": 0.99} for epoch in perfect(0)]
    assert read(nearly, images=100).kind != "perfect"
    assert read(perfect(0), images=100).suggestion.changes == {}


def test_the_epoch_of_a_collapse_is_named_and_the_steps_are_made_smaller():
    reading = read(collapsed(0))
    assert reading.epoch == 9 and "collapsed to guessing in epoch 9" in reading.sentence
    assert reading.suggestion.changes == {"fit.learning_rate": 0.0003}


def test_a_far_too_small_learning_rate_is_raised_before_training_for_longer():
    small = DEFAULTS.replace({"fit.learning_rate": 1e-5})
    assert read(too_slow(0), small).suggestion.changes == {"fit.learning_rate": 0.001}
    assert read(still_improving(0), small).suggestion.changes == {"fit.learning_rate": 0.001}
    assert read(too_slow(0)).suggestion.changes == {"fit.epochs": 40}


def made_report(test_right: int, validation_right: int = 166) -> Report:
    """Two classes; 400 test images, 200 validation images."""

    def predictions(right: int, images: int) -> Predictions:
        labels = np.arange(images) % 2
        said = np.where(np.arange(images) < right, labels, 1 - labels)
        return Predictions(np.arange(images).astype(str), labels, np.eye(2, dtype=np.float32)[said])

    return metrics.report(
        ("a", "b"),
        predictions(validation_right, 200),
        predictions(test_right, 400),
        counts={"train": {"a": 400, "b": 400}},
        training=TRAINING,
    )


def test_a_test_accuracy_far_below_validation_is_said_and_comes_before_any_setting():
    report = made_report(152)
    reading = curve_reading.read(
        still_improving(0), DEFAULTS, guess=0.5, validation_images=200, report=report
    )
    assert reading.kind == "still improving"
    gap = (
        "Test accuracy, 38.0% (95% CI: 33.4 to 42.8%; 152 of 400), is far below validation accuracy, "
        "83.0% (95% CI: 77.2 to 87.6%; 166 of 200)."
    )
    assert gap in reading.sentence
    assert reading.suggestion.changes == {} and reading.suggestion.text.startswith("Compare the test images")


def uneven_run(folder: Path, kind: Kind, changes: dict[str, Any]) -> tuple[Run, RunConfig, Report]:
    """500 and 25 training images; of 50 and 3 validation images, the 3 rare ones are all missed."""
    labels = np.repeat([0, 1], [50, 3])
    predictions = Predictions(labels.astype(str), labels, np.eye(2, dtype=np.float32)[labels * 0])
    counts = {"train": {"common": 500, "rare": 25}}
    report = metrics.report(("common", "rare"), predictions, predictions, counts=counts, training=TRAINING)
    run = Run(folder)
    run.write_predictions(validation=predictions, test=predictions)
    run.write_metrics([epoch | {"accuracy": 0.97, "val_accuracy": 0.97} for epoch in MADE[kind](0)])
    return run, DEFAULTS.replace(changes), report


@pytest.mark.parametrize(
    ("kind", "changes", "advice"),
    [
        ("still improving", {}, {"fit.class_weights": True}),
        ("healthy", {"fit.learning_rate": 0.0001}, {"fit.class_weights": True}),
        ("still improving", {"fit.class_weights": True}, {"fit.epochs": 20}),
        ("diverged", {}, {"fit.learning_rate": 0.0001}),
    ],
)
def test_a_rare_class_that_is_missed_asks_for_class_weights(tmp_path, kind, changes, advice):
    reading = curve_reading.read_run(*uneven_run(tmp_path, kind, changes))
    assert "rare class rare is found in 0 of 3 validation images" in reading.sentence
    assert reading.suggestion.changes == advice


def test_an_imported_report_without_the_numbers_of_training_images_is_read_as_well(tmp_path):
    run, config, report = uneven_run(tmp_path, "healthy", {})
    unknown = report.model_copy(update={"counts": {}})
    assert curve_reading.read_run(run, config, unknown).kind == "healthy"


@pytest.mark.parametrize("guess", [0.76, 500 / 525, 0.99])
def test_a_network_that_always_answers_the_large_class_is_to_weigh_the_classes(guess):
    history = [epoch | {"accuracy": guess, "val_accuracy": guess} for epoch in not_learning(0)]
    reading = curve_reading.read(history, DEFAULTS, guess=guess, validation_images=53)
    assert (reading.kind, reading.suggestion.changes) == ("not learning", {"fit.class_weights": True})
    weighed = DEFAULTS.replace({"fit.class_weights": True})
    again = curve_reading.read(history, weighed, guess=guess, validation_images=53)
    assert "fit.class_weights" not in again.suggestion.changes


def test_with_class_weights_an_accuracy_below_the_large_class_may_be_learning(tmp_path):
    run, config, report = uneven_run(tmp_path, "healthy", {"fit.class_weights": True})
    run.write_metrics([epoch | {"accuracy": 0.9, "val_accuracy": 0.9} for epoch in healthy(0)])
    assert curve_reading.read_run(run, config, report).kind == "healthy"


def test_the_effect_of_class_weights_is_said_as_balanced_accuracy():
    before = metrics.per_class(np.array([[50, 0], [3, 0]]), ("common", "rare"))
    after = metrics.per_class(np.array([[45, 5], [1, 2]]), ("common", "rare"))
    assert advice_effect.balance_in_words(before, after) == (
        "Balanced accuracy, which class weights are for: 50.0% before, 78.3% now."
    )


def test_first_epochs_without_losses_are_not_called_diverged():
    history = healthy(0)
    for epoch in history[:3]:
        epoch |= {"loss": None, "val_loss": None}
    assert read(history).kind == "healthy"


def test_a_short_uneven_rise_is_read_as_still_improving():
    """Eight epochs on garden: by the last two epochs alone validation loss would seem to have settled."""
    val_loss = (1.41, 1.34, 1.09, 1.12, 1.00, 0.95, 1.03, 0.96)
    loss = (1.55, 1.29, 1.11, 0.98, 0.89, 0.81, 0.78, 0.72)
    val_accuracy = (0.35, 0.40, 0.50, 0.56, 0.67, 0.69, 0.64, 0.74)
    history = [
        {"epoch": index, "loss": a, "val_loss": b, "accuracy": 0.35 + 0.05 * index, "val_accuracy": c}
        for index, (a, b, c) in enumerate(zip(loss, val_loss, val_accuracy, strict=True), 1)
    ]
    assert read(history, images=78).kind == "still improving"


def test_an_epoch_before_or_at_the_end_of_a_rise_is_no_lucky_peak():
    lower_than_a_neighbour = lucky_peak(0)
    lower_than_a_neighbour[12] |= {"val_accuracy": 0.78, "val_loss": 0.36}
    assert read(lower_than_a_neighbour).kind == "healthy"
    best_is_the_last = lucky_peak(0)[:12]
    assert read(best_is_the_last).kind != "lucky peak"


def test_jumps_that_few_validation_images_explain_are_not_called_unstable():
    history = [epoch | {"val_accuracy": 0.7 - 0.08 * (epoch["epoch"] % 2)} for epoch in healthy(0)]
    assert read(history).kind == "unstable"
    assert read(history, images=40).kind != "unstable"


def test_the_epoch_of_divergence_is_named_and_the_steps_are_made_smaller():
    reading = read(diverged(0))
    assert reading.epoch == 5
    assert reading.suggestion.changes == {"fit.learning_rate": 0.0001}


@pytest.mark.parametrize("kind", MADE)
def test_following_the_advice_again_and_again_always_gives_valid_settings(kind):
    config = DEFAULTS
    for _ in range(30):
        config = config.replace(read(MADE[kind](0), config).suggestion.changes)


@given(
    st.sampled_from(list(MADE.values())),
    st.fixed_dictionaries(
        {
            "fit.learning_rate": st.floats(1e-6, 1),
            "fit.epochs": st.integers(1, 500),
            "fit.optimizer": st.sampled_from(["adam", "adamw", "sgd", "rmsprop"]),
            "fit.monitor": st.sampled_from(["val_loss", "val_accuracy"]),
            "fit.early_stopping": st.booleans(),
            "fit.seed": st.integers(0, 2**31 - 1),
            "augment.rotation": st.floats(0, 90),
            "model.dropout": st.floats(0, 0.8),
            "model.l2": st.floats(0, 0.1),
            "model.dense_units": st.integers(8, 1024),
            "model.filters": st.lists(st.integers(1, 512), min_size=1, max_size=3),
        }
    ),
)
def test_every_suggestion_is_one_that_the_settings_allow(make, changes):
    config = DEFAULTS.replace(changes)
    suggestion = read(make(0), config).suggestion
    assert suggestion.text.endswith(".")
    assert config.replace(suggestion.changes) != config or not suggestion.changes


def test_a_run_stopped_by_hand_is_to_be_resumed():
    assert next_step.too_short(DEFAULTS, epochs=2).changes == {}
    assert next_step.too_short(DEFAULTS.replace({"fit.epochs": 2}), epochs=2).changes == {"fit.epochs": 10}


@pytest.mark.parametrize(
    ("right_after", "start"),
    [
        (360, "This helped."),
        (240, "This made the result worse."),
        (303, "It is not clear whether this helped."),
    ],
)
def test_whether_the_advice_helped_is_said_from_the_validation_images(right_after, start):
    verdict = verdicts.judge(
        {"before": [result(flags(300, 400))], "after": [result(flags(right_after, 400))]}
    )
    words = advice_effect.did_it_help(read(overfitting(0)), read(healthy(0)), verdict)
    assert words.startswith(start)
    assert all(sentence[0].isupper() for sentence in words.split(". "))
    assert words.endswith("Learning curves: overfitting before, healthy now.")
    assert advice_effect.did_it_help(read(healthy(0)), read(healthy(1)), verdict).endswith(
        "healthy, as before."
    )


PRETRAINED = RunConfig().replace({"model.network": "mobilenet_v2_035"})


def staged(history: History, stage: str) -> History:
    return [{**line, "stage": stage} for line in history]


def test_of_a_pretrained_network_only_settings_with_an_effect_are_suggested():
    frozen = read(staged(overfitting(0), "head"), PRETRAINED)  # augmentation does nothing here
    assert frozen.kind == "overfitting" and frozen.suggestion.changes == {"model.fine_tune": "last_third"}
    dropped = read(staged(healthy(0), "head"), PRETRAINED.replace({"model.fine_tune": "all"}))
    for path in dropped.suggestion.changes:
        assert path not in PRETRAINED.without_effect


def test_fine_tuning_is_read_by_its_own_epochs_and_settings():
    config = PRETRAINED.replace({"model.fine_tune": "all", "fit.fine_tune_epochs": 10})
    head, tuning = staged(healthy(0), "head"), staged(still_improving(0), "fine_tuning")
    reading = read([*head, *tuning], config)
    assert reading.kind == "still improving" and reading.suggestion.changes == {"fit.fine_tune_epochs": 20}
    assert read([*head, *tuning[:2]], config).kind == read(head, config).kind == "healthy"


def test_a_network_that_cannot_be_tuned_further_gives_way_to_a_larger_one():
    small = PRETRAINED.replace({"model.fine_tune": "all"})
    larger = next_step.Suggestion("Use a larger network.", {"model.dense_units": 256})
    changes = next_step.suited(larger, small, is_tuned=False).changes
    assert changes == {"model.network": "mobilenet_v2_100"}
    largest = small.replace({"model.network": "resnet50_v2"})
    assert next_step.suited(larger, largest, is_tuned=False).changes == {}
