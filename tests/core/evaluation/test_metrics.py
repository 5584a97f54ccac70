"""The figures agree with scikit-learn and statsmodels, and stay sane where there is little to count."""

from __future__ import annotations

import json
import subprocess
import sys
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as sklearn_metrics
from sklearn.calibration import calibration_curve
from statsmodels.stats.proportion import proportion_confint

from core.evaluation import calibration, confusion, metrics
from core.report import Proportion, Report
from core.runs import Predictions
from samples.made_runs import TRAINING

EXACT = {"rtol": 0, "atol": 1e-9}


def made(labels, probabilities) -> Predictions:
    probabilities = np.asarray(probabilities, np.float32)
    ids = np.array([f"{row:016x}" for row in range(len(probabilities))], dtype=str)
    return Predictions(ids, np.asarray(labels, np.int64), probabilities)


def random(seed: int, images: int = 60, classes: int = 4, present: int | None = None) -> Predictions:
    """Random answers; only the first ``present`` classes have images."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, present or classes, images)
    scores = rng.gamma(0.5, size=(images, classes)) + 1e-6
    return made(labels, scores / scores.sum(axis=1, keepdims=True))


any_predictions = st.builds(
    random, st.integers(0, 2**31), st.integers(1, 80), st.integers(2, 8), st.sampled_from([None, 1, 2])
)


@given(st.integers(1, 5000), st.floats(0, 1))
def test_intervals_are_wilsons(total, share):
    correct = round(share * total)
    found = metrics.proportion(correct, total)
    expected = proportion_confint(correct, total, method="wilson")
    np.testing.assert_allclose((found.low, found.high), expected, **EXACT)
    assert 0 <= found.low <= found.value <= found.high <= 1


@given(any_predictions)
def test_scores_of_the_classes_agree_with_scikit_learn(predictions):
    classes = predictions.probabilities.shape[1]
    answers = metrics.predicted(predictions)
    matrix = metrics.confusion_matrix(predictions.labels, answers, classes)
    every = np.arange(classes)
    np.testing.assert_array_equal(
        matrix, sklearn_metrics.confusion_matrix(predictions.labels, answers, labels=every)
    )
    expected = sklearn_metrics.precision_recall_fscore_support(
        predictions.labels, answers, labels=every, zero_division=np.nan
    )
    scores = metrics.per_class(matrix, [str(c) for c in every])
    for name, values in zip(("precision", "recall", "f1", "support"), expected, strict=True):
        np.testing.assert_allclose(np.array([getattr(s, name) for s in scores], float), values, **EXACT)
    np.testing.assert_allclose(metrics.mean_f1(scores), np.nanmean(expected[2]), **EXACT)


@given(any_predictions, st.integers(1, 4))
def test_top_k_accuracy_agrees_with_scikit_learn(predictions, k):
    classes = predictions.probabilities.shape[1]
    found = metrics.top_k_accuracy(predictions, min(k, classes - 1)).value
    binary = classes == 2
    expected = sklearn_metrics.top_k_accuracy_score(
        predictions.labels,
        predictions.probabilities[:, 1] if binary else predictions.probabilities,
        k=min(k, classes - 1),
        labels=np.arange(classes),
    )
    np.testing.assert_allclose(found, expected, **EXACT)


@given(any_predictions)
def test_reliability_bins_agree_with_scikit_learn(predictions):
    sure = metrics.confidence(predictions)
    right = metrics.predicted(predictions) == predictions.labels
    accuracy, mean_confidence = calibration_curve(right, sure, n_bins=10)
    bins = calibration.reliability(predictions)
    np.testing.assert_allclose([b.accuracy.value for b in bins], accuracy, **EXACT)
    np.testing.assert_allclose([b.confidence for b in bins], mean_confidence, **EXACT)
    weights = np.array([b.accuracy.total for b in bins]) / len(sure)
    expected = float(weights @ np.abs(accuracy - mean_confidence))
    assert calibration.calibration_error(predictions) == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("images", [40, 400])
def test_a_perfect_model_has_a_calibration_error_of_luck_alone(images):
    drawn = [perfect(seed, images) for seed in range(100)]
    below = [
        calibration.calibration_error(one) <= calibration.calibration_error_by_luck(one) for one in drawn
    ]
    assert 88 <= sum(below) <= 100  # 95 are expected
    assert min(calibration.calibration_error(one) for one in drawn) > 0


def test_a_model_that_is_too_sure_is_off_by_more_than_luck():
    honest = perfect(0, 400)
    sure = honest.probabilities**4
    boasting = made(honest.labels, sure / sure.sum(axis=1, keepdims=True))
    assert calibration.calibration_error(boasting) > calibration.calibration_error_by_luck(boasting)


def perfect(seed: int, images: int) -> Predictions:
    """A model of two classes that is right exactly as often as it is sure."""
    rng = np.random.default_rng(seed)
    first = rng.random(images)
    return made(rng.random(images) >= first, np.stack([first, 1 - first], axis=1))


@settings(deadline=None)
@given(any_predictions, st.integers(0, 7))
def test_curves_of_a_class_agree_with_scikit_learn(predictions, class_index):
    class_index %= predictions.probabilities.shape[1]
    is_class = predictions.labels == class_index
    precision_recall = calibration.precision_recall(predictions, class_index)
    roc = calibration.roc(predictions, class_index)
    assert (precision_recall is None) == (not is_class.any())
    assert (roc is None) == (is_class.all() or not is_class.any())
    if roc and precision_recall:
        assert roc.area == pytest.approx(sklearn_metrics.auc(roc.x, roc.y), abs=1e-9)
        steps = -np.sum(np.diff(precision_recall.x) * precision_recall.y[:-1])
        assert precision_recall.area == pytest.approx(steps, abs=1e-9)


@given(any_predictions)
def test_answering_only_when_sure_says_the_same_at_the_slider_and_in_the_curve(predictions):
    curve = calibration.coverage(predictions)
    assert curve.share[-1] == 1
    assert curve.accuracy[-1] == pytest.approx(metrics.accuracy(predictions).value)
    assert (np.diff(curve.threshold) < 0).all()
    for threshold, share, accuracy in zip(curve.threshold, curve.share, curve.accuracy, strict=True):
        answered, right = calibration.when_sure(predictions, threshold)
        np.testing.assert_allclose((answered.value, right.value), (share, accuracy), **EXACT)


def test_nothing_is_said_about_no_images():
    assert calibration.calibration_error_by_luck(made([], np.empty((0, 3)))) is None
    none = made([], np.zeros((0, 3)))
    nothing = Proportion(value=None, low=None, high=None, correct=0, total=0)
    assert metrics.accuracy(none) == metrics.top_k_accuracy(none, 2) == nothing
    assert calibration.when_sure(none, 0.5) == (nothing, nothing)
    assert calibration.reliability(none) == confusion.worst(none) == []
    assert calibration.calibration_error(none) is None
    assert calibration.precision_recall(none, 0) is calibration.roc(none, 0) is None
    assert len(calibration.coverage(none).share) == 0
    report = metrics.report(("a", "b", "c"), none, none, counts={"train": {"a": 1}}, training=TRAINING)
    assert report.mean_f1 is None
    json.dumps(report.as_json(), allow_nan=False)


def test_a_class_missing_from_the_test_images_has_no_recall():
    predictions = made([0, 0, 1], [[0.8, 0.1, 0.1], [0.2, 0.7, 0.1], [0.1, 0.8, 0.1]])
    matrix = metrics.confusion_matrix(predictions.labels, metrics.predicted(predictions), 3)
    missing = metrics.per_class(matrix, ("a", "b", "c"))[2]
    assert missing.support == 0
    assert missing.recall is missing.precision is missing.f1 is None


@pytest.mark.parametrize("classes", [2, 100])
def test_a_report_can_be_stored_whatever_the_number_of_classes(classes):
    names = [f"class {c}" for c in range(classes)]
    counts = {"train": dict.fromkeys(names, 3) | {names[1]: 4}, "validation": {}, "test": {}}
    predictions = random(0, 300, classes)
    report = metrics.report(names, predictions, predictions, counts=counts, training=TRAINING)
    assert Report.model_validate(json.loads(json.dumps(report.as_json(), allow_nan=False))) == report
    assert np.sum(report.confusion_matrix) == report.test_accuracy.total == 300
    assert report.baseline_accuracy.class_name == names[1]
    assert report.baseline_accuracy.correct == np.count_nonzero(predictions.labels == 1)
    assert report.kept_epoch == TRAINING.kept_epoch


def test_worst_mistakes_are_the_most_confident_ones():
    predictions = made(
        [0, 0, 1, 1, 2],
        [[0.9, 0.1, 0], [0.2, 0.7, 0.1], [0.95, 0.05, 0], [0.6, 0.2, 0.2], [0.4, 0.3, 0.3]],
    )
    assert [(m.row, m.true, m.predicted) for m in confusion.worst(predictions)] == [
        (2, 1, 0),
        (1, 0, 1),
        (3, 1, 0),
        (4, 2, 0),
    ]
    assert confusion.worst(predictions)[0].confidence == pytest.approx(0.95)
    assert [m.row for m in confusion.worst(predictions, 1, limit=1)] == [2]
    assert [m.row for m in confusion.worst(predictions, 1)] == [2, 3]


def test_a_thousand_classes_whose_predictions_collapse_are_ordered_within_a_second():
    rng, matrix = np.random.default_rng(0), np.zeros((1000, 1000), int)
    for true in range(1000):
        for said in rng.choice([3, 20, 40, 41, 60], 2):
            matrix[true, said] += 1
    began = time.process_time()
    assert sorted(confusion.order(matrix).tolist()) == list(range(1000))
    assert time.process_time() - began < 2


def test_most_confused_pairs_are_sentences():
    matrix = [[50, 14, 0], [3, 61, 0], [1, 0, 0]]
    pairs = confusion.most_confused(matrix, ("roses", "tulips", "$x$"))
    assert [pair.sentence for pair in pairs] == [
        "14 of 64 images of roses were classified as tulips (22%).",
        "3 of 64 images of tulips were classified as roses (5%).",
        "1 of 1 image of $x$ was classified as roses (100%).",
    ]
    assert confusion.most_confused(np.eye(3, dtype=int), "abc") == []


def test_confused_classes_stand_together():
    matrix = np.diag([40] * 6)
    for one, other in ((0, 3), (1, 5), (2, 4)):
        matrix[one, other] = matrix[other, one] = 15
    order = confusion.order(matrix).tolist()
    assert sorted(order) == list(range(6))
    assert {frozenset(order[index : index + 2]) for index in (0, 2, 4)} == {
        frozenset(pair) for pair in ((0, 3), (1, 5), (2, 4))
    }


def test_the_most_mixed_up_classes_are_those_in_the_most_mistakes():
    matrix = np.diag([9, 9, 9, 9])
    matrix[3, 1], matrix[0, 1], matrix[2, :2] = 4, 1, 3
    assert confusion.most_mixed_up(matrix, 2).tolist() == [1, 3]
    assert confusion.most_mixed_up(matrix, 9).tolist() == [0, 1, 2, 3]


@pytest.mark.parametrize("matrix", [np.eye(4, dtype=int), np.ones((2, 2), int), np.zeros((3, 3), int)])
def test_an_order_without_evidence_is_the_given_one(matrix):
    assert confusion.order(matrix).tolist() == list(range(len(matrix)))


def test_importing_the_figures_is_quick_because_libraries_come_later():
    heavy = "{'scipy', 'sklearn', 'statsmodels', 'tensorflow'}"
    program = "from core.evaluation import calibration, confusion, metrics; import sys; "
    program += f"print({heavy} & set(sys.modules))"
    assert subprocess.run([sys.executable, "-c", program], capture_output=True, text=True).stdout == "set()\n"
