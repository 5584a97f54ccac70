"""A result is not praised by its accuracy alone: what that figure hides is said beside it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from core.evaluation import headline, metrics
from core.report import ClassScores, Report
from core.runs import Predictions
from samples.made_runs import TRAINING


def always_predicting(index: int, support: Sequence[int]) -> Report:
    """A report of a model that predicts one class for every image, on ``support`` images per class."""
    labels = np.repeat(np.arange(len(support)), support)
    probabilities = np.eye(len(support), dtype=np.float32)[np.full(len(labels), index)]
    predictions = Predictions(np.arange(len(labels)).astype(str), labels, probabilities)
    names = [f"class {number}" for number in range(len(support))]
    counts = {"train": dict(zip(names, support, strict=True))}
    return metrics.report(names, predictions, predictions, counts=counts, training=TRAINING)


def with_accuracies(report: Report, test: tuple[int, int], validation: tuple[int, int]) -> Report:
    scores = {"test_accuracy": metrics.proportion(*test), "val_accuracy": metrics.proportion(*validation)}
    return report.model_copy(update=scores)


def test_a_class_never_found_is_named_with_its_test_images():
    assert headline.but_never(always_predicting(0, (50, 3))) == ", but never on class 1 (0 of 3)"


def test_of_many_classes_never_found_three_are_named_and_the_others_counted():
    words = headline.but_never(always_predicting(0, (50, 3, 4, 5, 6, 7)))
    assert words == ", but never on class 1 (0 of 3), class 2 (0 of 4), class 3 (0 of 5) and 2 others"


def test_a_class_without_test_images_is_not_called_never_found():
    assert headline.but_never(always_predicting(0, (50, 0))) == ""


def test_a_test_accuracy_is_compared_with_validation_only_beyond_both_intervals():
    report = always_predicting(0, (50, 3))
    far = with_accuracies(report, (152, 400), (166, 200))
    assert headline.far_below_validation(far).startswith(
        "Test accuracy, 38.0% (95% CI: 33.4 to 42.8%; 152 of 400), is far below validation accuracy, "
        "83.0% (95% CI: 77.2 to 87.6%; 166 of 200)."
    )
    assert headline.far_below_validation(with_accuracies(report, (310, 400), (166, 200))) == ""
    assert headline.far_below_validation(with_accuracies(report, (10, 20), (18, 24))) == ""
    assert headline.far_below_validation(with_accuracies(report, (0, 0), (18, 24))) == ""


def test_groups_behind_the_test_images_are_said_to_widen_the_interval():
    report = always_predicting(0, (50, 30))
    words = headline.grouped(report.model_copy(update={"groups": {"test": 8}}))
    assert words.startswith("The 80 test images come from 8 groups, and images of one group are alike")
    assert headline.grouped(report) == ""
    assert headline.grouped(report.model_copy(update={"groups": {"test": 80}})) == ""


def test_balanced_accuracy_is_said_where_the_classes_are_uneven():
    uneven = always_predicting(0, (500, 25))
    assert uneven.balanced_accuracy == 0.5
    words = headline.balanced(uneven)
    assert words.startswith(
        "Balanced accuracy, the mean recall of the classes: 50.0%; guessing reaches 50.0%."
    )
    assert words.endswith("500 training images in the largest, 25 in the smallest.")
    assert headline.balanced(always_predicting(0, (75, 25))) != ""
    assert headline.balanced(always_predicting(0, (74, 25))) == ""


def test_balanced_accuracy_leaves_out_classes_without_test_images():
    assert always_predicting(0, (50, 50, 0)).balanced_accuracy == 0.5


def test_the_baseline_of_each_set_is_counted_on_that_set():
    """The largest class of the training split is not the largest one everywhere."""
    counts = {"a": 90, "b": 10}
    assert metrics.share_of_largest(counts) == 0.9
    assert metrics.baseline(counts, np.array([0, 1, 1, 1]), ("a", "b")).value == 0.25


def validation_scores(counts: dict[str, tuple[int, int]]) -> list[ClassScores]:
    """Scores of each class from (right, images); every mistake goes to the first class."""
    matrix = np.zeros((len(counts), len(counts)), np.int64)
    for index, (right, images) in enumerate(counts.values()):
        matrix[index, index] = right
        matrix[index, 0 if index else 1] += images - right
    return metrics.per_class(matrix, list(counts))


@pytest.mark.parametrize(
    ("training", "validation", "words"),
    [
        (
            {"a": 500, "b": 25},
            {"a": (50, 50), "b": (0, 3)},
            "b is found in 0 of 3 validation images",
        ),
        (
            {"a": 500, "b": 25},
            {"a": (50, 50), "b": (0, 1)},
            "b is found in 0 of 1 validation image:",
        ),
        ({"a": 500, "b": 25}, {"a": (45, 50), "b": (3, 3)}, ""),
        ({"a": 500, "b": 400}, {"a": (50, 50), "b": (0, 40)}, ""),  # missed, but not rare
        ({"a": 500, "b": 25}, {"a": (10, 50), "b": (1, 3)}, ""),  # no worse than the others
        ({"a": 500, "b": 25}, {"a": (50, 50), "b": (0, 0)}, ""),
        (
            {"a": 952, "b": 800, "c": 300, "d": 40, "e": 32},
            {"a": (90, 95), "b": (75, 80), "c": (12, 30), "d": (0, 4), "e": (0, 3)},
            "d is found in 0 of 4 validation images (and 2 other rare classes): it has 40 training "
            "images, a has 952.",
        ),
        ({}, {}, ""),
    ],
)
def test_a_rare_class_found_less_often_than_the_rest_is_named(training, validation, words):
    sentence = headline.rare_class_missed(training, validation_scores(validation))
    assert words in sentence and bool(words) == bool(sentence)


def test_a_model_that_gives_one_answer_to_every_image_is_not_kept_in_silence():
    words = headline.one_answer(always_predicting(1, (50, 3)))
    assert words.startswith("The model predicts class 1 for every test image")
    assert headline.one_answer(always_predicting(0, (50, 0))) == ""  # there is no other class to predict
    two_answers = metrics.confusion_matrix(np.array([0, 1]), np.array([0, 1]), 2)
    report = always_predicting(0, (1, 1)).model_copy(update={"confusion_matrix": two_answers})
    assert headline.one_answer(report) == ""
