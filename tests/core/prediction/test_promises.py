"""The three promises, against draws from worlds in which the truth is known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from crepes import ConformalClassifier
from crepes.extras import hinge

from core.errors import LabError
from core.explain.nearest_images import Features
from core.prediction import likely_classes
from core.prediction.answers import Judge
from core.prediction.familiarity import FALSE_ALARMS, Familiarity
from core.prediction.sureness import lower_bound, min_answered, sureness
from core.runs import Predictions

CLASSES = 4
NAMES = ("daisy", "roses", "tulips", "violets")


def draw(rng: np.random.Generator, count: int, sharpness: float = 2.0) -> Predictions:
    """A model that is more confident than it is right, as an overfitted one is."""
    logits = rng.normal(0, sharpness, (count, CLASSES))
    truth = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    labels = np.array([rng.choice(CLASSES, p=row) for row in truth])
    claimed = np.exp(1.6 * logits)
    claimed /= claimed.sum(axis=1, keepdims=True)
    ids = np.array([f"{number:016x}" for number in range(count)])
    return Predictions(ids, labels, claimed.astype(np.float32))


def on_a_sphere(rng: np.random.Generator, count: int, first: int = 0) -> np.ndarray:
    """Vectors around as many axes as there are classes, from this one on."""
    vectors = rng.normal(size=(count, 16)) + 6 * np.eye(16)[first + rng.integers(0, CLASSES, count)]
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


def features(train: np.ndarray, validation: np.ndarray) -> Features:
    splits = np.array(["train"] * len(train) + ["validation"] * len(validation))
    ids = np.array([f"{number:016x}" for number in range(len(splits))])
    return Features(ids, splits, np.concatenate([train, validation]))


def test_what_is_called_sure_is_right_as_often_as_promised_in_nearly_all_worlds():
    rng, aim = np.random.default_rng(0), 0.8
    fresh = draw(rng, 20_000)
    confidence, correct = fresh.probabilities.max(axis=1), fresh.probabilities.argmax(axis=1) == fresh.labels
    promises = [sureness(draw(rng, 200), aim).threshold for _ in range(150)]
    made = [threshold for threshold in promises if threshold is not None]
    broken = [threshold for threshold in made if correct[confidence >= threshold].mean() < aim]
    assert len(made) > 60
    assert len(broken) <= 0.05 * len(promises) + 3


def test_a_promise_without_enough_evidence_is_not_made():
    rng = np.random.default_rng(1)
    few = draw(rng, 40)
    assert sureness(few).threshold is None and sureness(few).needed == 59
    guesses = draw(rng, 400, sharpness=0.1)
    assert sureness(guesses).threshold is None


def test_the_threshold_falls_with_what_is_aimed_at():
    validation = draw(np.random.default_rng(2), 2_000, sharpness=4.0)
    found = [sureness(validation, aim) for aim in (0.8, 0.9, 0.95)]
    thresholds = [one.threshold for one in found]
    assert None not in thresholds and thresholds == sorted(thresholds)
    assert all(one.accuracy.value >= one.aim and one.answered.total == 2_000 for one in found)


@pytest.mark.parametrize("aim", [0.8, 0.9, 0.95, 0.99])
def test_the_number_needed_is_the_smallest_that_proves_the_aim(aim):
    needed = min_answered(aim)
    assert lower_bound(needed, needed) >= aim > lower_bound(needed - 1, needed - 1)


def test_the_likely_classes_hold_the_true_one_in_95_of_100_images():
    rng, held = np.random.default_rng(3), []
    for _ in range(200):
        smallest = likely_classes.smallest_probability(draw(rng, 99))
        fresh = draw(rng, 50)
        sets = [likely_classes.likely(row, smallest) for row in fresh.probabilities]
        held.append(np.mean([label in members for label, members in zip(fresh.labels, sets, strict=True)]))
    assert 0.945 <= np.mean(held) <= 0.98


def test_too_few_images_promise_no_set():
    rng = np.random.default_rng(4)
    assert likely_classes.smallest_probability(draw(rng, 18)) is None
    assert likely_classes.smallest_probability(draw(rng, 19)) is not None
    assert likely_classes.likely(np.array([0.2, 0.5, 0.3]), None) == (1,)


@pytest.mark.parametrize("validation", [19, 60, 99, 139, 200])
def test_the_likely_classes_are_the_prediction_sets_of_crepes(validation):
    """A set of crepes may be empty, and ours then has the most probable class."""
    rng = np.random.default_rng(validation)
    seen, fresh = draw(rng, validation), draw(rng, 300)
    reference = ConformalClassifier().fit(hinge(seen.probabilities, np.arange(CLASSES), seen.labels))
    sets = reference.predict_set(
        hinge(fresh.probabilities), confidence=likely_classes.COVERAGE, smoothing=False
    )
    smallest = likely_classes.smallest_probability(seen)
    for probabilities, members in zip(fresh.probabilities, sets, strict=True):
        expected = set(np.flatnonzero(members)) or {int(probabilities.argmax())}
        assert set(likely_classes.likely(probabilities, smallest)) == expected


def test_images_of_the_same_kind_raise_no_more_false_alarms_than_promised():
    rng, alarms = np.random.default_rng(5), []
    train = on_a_sphere(rng, 300)
    for _ in range(60):
        familiar = Familiarity.measure(features(train, on_a_sphere(rng, 99)))
        distances, _ = familiar.nearest(on_a_sphere(rng, 100))
        alarms.append(np.mean(familiar.p_values(distances) <= FALSE_ALARMS))
    assert 0.005 < np.mean(alarms) <= FALSE_ALARMS + 0.005


def test_images_of_another_kind_are_called_unlike():
    rng = np.random.default_rng(6)
    familiar = Familiarity.measure(features(on_a_sphere(rng, 300), on_a_sphere(rng, 99)))
    distances, _ = familiar.nearest(on_a_sphere(rng, 50, first=8))
    assert (familiar.p_values(distances) <= FALSE_ALARMS).all()


def test_p_values_and_false_alarms_are_those_of_crepes():
    """Over 20 splits of the same held-out images; some lie as far from the training images as others."""
    rng = np.random.default_rng(7)
    train, held_out = on_a_sphere(rng, 50), on_a_sphere(rng, 120)
    held_out[100:] = held_out[:20]
    for _ in range(20):
        shuffled = rng.permutation(held_out)
        familiar = Familiarity.measure(features(train, shuffled[:60]))
        distances, neighbours = familiar.nearest(shuffled[60:])
        expected = ConformalClassifier().fit(familiar.usual).predict_p(distances, smoothing=False)
        np.testing.assert_allclose(familiar.p_values(distances), expected, rtol=1e-12)
        assert ((familiar.p_values(distances) <= FALSE_ALARMS) == (expected <= FALSE_ALARMS)).all()
    assert all(len(row) == 5 and row == tuple(sorted(row, key=lambda s: -s.similarity)) for row in neighbours)


def test_with_few_validation_images_nothing_is_called_unlike():
    rng = np.random.default_rng(8)
    assert Familiarity.measure(features(on_a_sphere(rng, 300), on_a_sphere(rng, 48))) is None
    assert Familiarity.measure(features(on_a_sphere(rng, 300), on_a_sphere(rng, 49))) is not None


def test_an_image_far_from_all_others_is_unlike_however_confident_the_model():
    rng = np.random.default_rng(9)
    train, validation = on_a_sphere(rng, 300), draw(rng, 400, sharpness=6.0)
    judge = Judge.from_validation(validation, features(train, on_a_sphere(rng, 99)), aim=0.9)
    certain = np.array([[0.999, 0.001, 0, 0]] * 2, np.float32)
    near, far = judge.answers(certain, np.stack([train[0], -train[0]]))
    assert (near.state, far.state) == ("sure", "unlike")
    assert near.sentence(NAMES) == "This is daisy (over 99% confidence)."
    assert "do not rely on its answer" in far.sentence(NAMES) and "daisy fits best" in far.sentence(NAMES)
    assert "At least 90% of such answers are right" in judge.promises()[0]


def test_without_features_an_answer_is_only_sure_or_not():
    judge = Judge.from_validation(draw(np.random.default_rng(10), 30))
    (only,) = judge.answers(np.array([[0.5, 0.45, 0.05, 0]], np.float32))
    assert (only.state, only.familiarity, only.neighbours) == ("not sure", None, ())
    assert judge.promises() == [
        "Sure: never. It would mean that at least 95% of such answers are right; that takes at least 59 "
        "validation images, and this run has 30.",
        "Unlike the training images: not measured, which takes at least 49 validation images, and this run "
        "has 30.",
    ]
    enough = Judge.from_validation(draw(np.random.default_rng(10), 60)).promises()[1]
    assert enough == "Unlike the training images: not measured, since the images of the run are not at hand."


def test_a_promise_says_that_images_of_one_group_are_alike():
    validation = draw(np.random.default_rng(11), 2_000)
    for groups, said in ((np.arange(2_000) // 5, "come from 400 groups"), (np.arange(2_000), "")):
        promise = Judge.from_validation(replace(validation, groups=groups)).promises()[0]
        assert said in promise and ("alike" in promise) == bool(said)


@pytest.mark.parametrize("aim", [0, 1, 95, float("nan")])
def test_an_aim_that_is_no_share_is_refused_in_a_sentence(aim):
    with pytest.raises(LabError, match="a share between 0 and 1"):
        sureness(draw(np.random.default_rng(12), 50), aim)
