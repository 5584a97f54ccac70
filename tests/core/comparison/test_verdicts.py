"""The verdict calls nothing real that is not there, names what cannot be compared, and speaks plainly."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import norm
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.multitest import multipletests

from core import runs
from core.comparison import paired_tests, verdicts
from core.comparison.pairing import Result
from core.config import RunConfig
from core.evaluation import metrics
from core.runs import Predictions
from samples import made_experiments as simulation
from samples import made_runs

NAMES = ("daisy", "roses")


def result(right, **changed) -> Result:
    right = np.asarray(right, np.bool_)
    ids = np.array([f"{number:016x}" for number in range(len(right))])
    labels = np.array(NAMES)[np.arange(len(right)) % 2]
    return replace(Result(ids, labels, right, NAMES, "v1", "s1", epochs=10, seconds=60.0), **changed)


def flags(right: int, of: int) -> np.ndarray:
    return np.arange(of) < right


def repeats(shares, images: int = 400, rng_seed: int = 0) -> list[Result]:
    """A run for each share of right answers, each with a seed of its own."""
    rng = np.random.default_rng(rng_seed)
    return [result(rng.random(images) < share, seed=seed) for seed, share in enumerate(shares)]


@given(st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=300))
def test_mcnemars_p_is_that_of_statsmodels(answers):
    first, second = np.array(answers).T
    table = [[np.sum(a & b) for b in (second, ~second)] for a in (first, ~first)]
    assert paired_tests.models(first, second).p == pytest.approx(mcnemar(table, exact=True).pvalue, abs=1e-9)


@settings(max_examples=20)  # statsmodels takes 50 ms for each
@given(st.lists(st.floats(0, 1), max_size=12))
def test_holms_correction_is_that_of_statsmodels(p_values):
    expected = multipletests(p_values, method="holm")[1] if p_values else []
    np.testing.assert_allclose(paired_tests.holm(p_values), expected, rtol=0, atol=1e-12)


def test_two_models_that_never_disagree_are_not_taken_for_equal_on_few_images():
    few = paired_tests.models(flags(15, 20), flags(15, 20))
    assert (few.difference, few.p) == (0, 1)
    assert few.low < -0.05
    assert few.high > 0.05


@pytest.mark.parametrize("pairs", [2, 3, 4, 5])
def test_fewer_than_six_pairs_call_nothing_real(pairs):
    measured = paired_tests.settings(np.zeros((pairs, 300), bool), np.ones((pairs, 300), bool))
    assert measured.p == pytest.approx(2 / 2**pairs)
    assert not measured.is_real
    assert paired_tests.settings(np.zeros((6, 300), bool), np.ones((6, 300), bool)).p <= paired_tests.ALPHA


def test_luck_of_the_best_is_the_expected_largest_of_normals():
    drawn = norm.rvs(size=(200_000, 10), random_state=0)
    for number in (1, 2, 5, 10):
        assert paired_tests.luck_of_the_best(number, 1) == pytest.approx(
            drawn[:, :number].max(axis=1).mean(), abs=0.01
        )
    assert "Best of 12: expect about 1.6 points of luck." in verdicts.luck_in_words(12, 0.01)


@pytest.mark.parametrize("disagreement", [0.1, 0.3])
def test_two_equal_models_are_called_different_in_at_most_5_per_cent(disagreement):
    real, covered = simulation.models_called_real(367, 0, disagreement, number=400)
    assert real <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / 400)
    assert covered >= 0.92


def test_several_equal_models_are_called_different_in_at_most_5_per_cent_together():
    corrected, plain = simulation.several_called_real(6, 734, number=30)
    assert corrected <= 0.05 < plain


def test_5_points_between_two_models_are_seen_on_734_images_more_often_than_not():
    real, covered = simulation.models_called_real(734, 0.05, 0.2, number=200)
    assert real > 0.7
    assert covered >= 0.9


def test_equal_settings_are_called_different_in_at_most_5_per_cent_and_one_run_each_would_fool_us():
    lab = simulation.Lab(300, gain=0, seed=0)
    assert simulation.share_called_real(lab, 6, 200, simulation.by_repeats) <= 0.05
    lab = simulation.Lab(5000, gain=0, seed=0)
    assert simulation.share_called_real(lab, 1, 100, simulation.by_one_run_each) > 0.15


def test_5_points_between_settings_are_seen_with_six_repeats():
    lab = simulation.Lab(734, simulation.gain_for(0.05), seed=0)
    assert simulation.share_called_real(lab, 6, 100, simulation.by_repeats) > 0.7


def test_after_three_repeats_about_as_many_more_are_advised_as_it_takes():
    lab = simulation.Lab(300, simulation.gain_for(0.05), seed=2)
    advised = [paired_tests.more_pairs_needed(*made) for made in lab.experiments(3, 80)]
    assert np.mean([more is None for more in advised]) < 0.25
    enough = 3 + int(np.median([np.inf if more is None else more for more in advised]))
    assert 6 < enough <= 12
    assert simulation.share_called_real(replace(lab, seed=1), enough, 60, simulation.by_repeats) > 0.65


def test_no_repeats_are_advised_where_only_more_patients_could_settle_it():
    rng = np.random.default_rng(0)
    groups = np.repeat(np.arange(10), 60)
    leads = np.repeat(rng.normal(0.05, 0.15, 10), 60)
    first = rng.random((3, 600)) < 0.5
    second = rng.random((3, 600)) < 0.5 + leads
    assert paired_tests.more_pairs_needed(first, second) is not None
    assert paired_tests.more_pairs_needed(first, second, groups) is None


def test_the_better_model_is_named_with_its_margin():
    verdict = verdicts.judge({"A": [result(flags(300, 400))], "B": [result(flags(340, 400))]})
    assert (verdict.kind, verdict.winner, verdict.notes) == ("better", "B", ())
    assert verdict.sentence.startswith(
        "This model of B is better; about the settings, one run each cannot tell. On 400 images, B leads A by"
    )
    assert verdict.more_runs_needed == 5 and verdict.caveat == ""
    assert verdict.measured
    assert (verdict.measured.n, verdict.measured.test) == (400, "exact McNemar test")


@pytest.mark.parametrize(
    ("epochs", "changed", "caveat"),
    [
        ((8, 40), {}, "it trained 5 times as long"),
        ((40, 8), {}, ""),
        ((8, 9), {}, ""),
        ((8, 40), {"data_version": "v2"}, "it trained 5 times as long"),
        ((8, 8), {"split_fingerprint": "s2"}, "the two learned from different images"),
    ],
)
def test_what_else_may_explain_the_better_score_is_in_the_first_sentence(epochs, changed, caveat):
    sides = {
        "A": [result(flags(300, 400), epochs=epochs[0])],
        "B": [result(flags(340, 400), epochs=epochs[1], **changed)],
    }
    verdict = verdicts.judge(sides)
    assert verdict.caveat == caveat
    but = f", but {caveat}" if caveat else ""
    assert verdict.sentence.startswith(f"This model of B is better{but}; about the settings")


def test_the_interval_is_told_from_the_side_that_is_ahead():
    verdict = verdicts.judge({"A": [result(flags(340, 400))], "B": [result(flags(300, 400))]})
    assert verdict.winner == "A"
    assert verdict.measured
    assert verdict.measured.low < verdict.measured.high < 0
    low, high = (100 * -end for end in (verdict.measured.high, verdict.measured.low))
    assert f"A leads B by 10.0 points (95% CI: {low:+.1f} to {high:+.1f} points)" in verdict.sentence


def test_a_small_difference_on_few_images_cannot_be_told():
    rng = np.random.default_rng(0)
    sides = {name: [result(rng.random(100) < 0.7)] for name in "AB"}
    verdict = verdicts.judge(sides)
    assert verdict.kind == "cannot tell"
    assert verdict.more_runs_needed == 5
    assert "repeat both with 5 more seeds (about 10 min)" in verdict.sentence


def test_models_that_hardly_differ_on_many_images_show_no_difference():
    same = result(flags(3500, 5000))
    verdict = verdicts.judge({"A": [same], "B": [same]})
    assert verdict.kind == "no difference seen"
    assert "A and B are level" in verdict.sentence


def test_repeats_speak_of_the_settings():
    verdict = verdicts.judge({"A": repeats([0.6] * 6), "B": repeats([0.8] * 6, rng_seed=1)})
    assert (verdict.kind, verdict.winner) == ("better", "B")
    assert "and 6 runs each" in verdict.sentence
    assert "whatever the seed" in verdict.sentence


def test_too_few_repeats_say_how_many_more():
    verdict = verdicts.judge({"A": repeats([0.6] * 3), "B": repeats([0.8] * 3, rng_seed=1)})
    assert (verdict.kind, verdict.more_runs_needed) == ("cannot tell", 3)
    assert "About 3 more repeats of each should settle it (about 6 min)." in verdict.sentence


def test_where_images_are_too_few_more_repeats_are_not_advised():
    sides = {"A": repeats([0.7] * 6, 40), "B": repeats([0.71] * 6, 40, rng_seed=1)}
    verdict = verdicts.judge(sides)
    assert (verdict.kind, verdict.more_runs_needed) == ("cannot tell", None)
    assert "needs more images" in verdict.sentence


def test_repeats_are_paired_by_seed_whatever_their_order():
    first, second = repeats([0.5, 0.6, 0.7, 0.8]), repeats([0.55, 0.65, 0.75], rng_seed=1)
    in_order = verdicts.judge({"A": first, "B": second})
    assert in_order.measured
    assert in_order.measured.n == 3
    assert verdicts.judge({"A": first[::-1], "B": [second[1], second[2], second[0]]}) == in_order


@pytest.mark.parametrize(
    ("first", "second", "reason"),
    [
        (repeats([0.6, 0.7]), [replace(run, seed=9) for run in repeats([0.6, 0.7])], "two seeds in common"),
        (repeats([0.6]), repeats([0.6, 0.7]), "two seeds in common"),
        ([result(flags(9, 20))], [result(flags(9, 20))], "The runs share 20 images"),
        ([result(flags(40, 60))], [result(flags(40, 60), class_names=("daisy",))], "different classes"),
    ],
)
def test_what_cannot_be_compared_gets_no_verdict_and_a_reason(first, second, reason):
    verdict = verdicts.judge({"A": first, "B": second})
    assert (verdict.kind, verdict.measured) == ("withheld", None)
    assert reason in verdict.sentence


def test_other_splits_are_compared_on_the_images_that_both_share():
    one = result(flags(60, 100))
    rolled = np.roll(np.arange(100), 7)[:80]
    other = replace(
        one,
        ids=one.ids[rolled],
        labels=one.labels[rolled],
        right=one.right[rolled],
        split_fingerprint="s2",
        epochs=7,
    )
    verdict = verdicts.judge({"A": [one], "B": [other]})
    assert verdict.measured
    assert (verdict.measured.n, verdict.measured.difference) == (80, 0)
    assert [note.split()[0] for note in verdict.notes] == ["The", "Only", "The"]
    assert "Only the 80 images" in verdict.notes[1]
    assert "7 to 10 epochs" in verdict.notes[2]


def test_runs_that_split_by_different_rules_get_no_verdict():
    torn = result(flags(300, 400), split_fingerprint="torn", split_by=("source", "none"))
    whole = result(flags(200, 400), split_fingerprint="whole", split_by=("source", "name"))
    verdict = verdicts.judge({"torn": [torn], "whole": [whole]})
    assert verdict.kind == "withheld"
    assert "'Split' or 'Keep together'" in verdict.sentence


def test_rules_that_give_the_same_split_are_compared():
    one, other = (result(flags(n, 400), split_by=("source", by)) for n, by in ((300, "list"), (200, "none")))
    assert verdicts.judge({"one": [one], "other": [other]}).kind == "better"


def test_two_equal_models_are_called_different_in_at_most_5_per_cent_whose_images_are_of_few_groups():
    """A group's ten images are all right or all wrong: counted as independent, luck would look real."""
    rng, groups = np.random.default_rng(0), np.repeat(np.arange(20), 10)
    drawn = [np.repeat(rng.random((2, 20)) < 0.7, 10, axis=1) for _ in range(200)]
    plain = [paired_tests.models(first, second).is_real for first, second in drawn]
    grouped = [paired_tests.models(first, second, groups).is_real for first, second in drawn]
    assert np.mean(grouped) <= 0.05 < 0.3 < np.mean(plain)


def test_groups_of_one_image_leave_the_comparison_of_settings_as_it_is():
    first, second = (np.random.default_rng(seed).random((6, 80)) < 0.7 for seed in (1, 2))
    plain, grouped = paired_tests.settings(first, second), paired_tests.settings(first, second, np.arange(80))
    assert (plain.low, plain.high) == pytest.approx((grouped.low, grouped.high))


def test_a_clear_difference_is_seen_across_groups_and_their_number_is_said():
    groups = np.repeat(np.arange(40), 10)
    first, second = (result(np.tile(flags(right, 10), 40), groups=groups) for right in (9, 5))
    verdict = verdicts.judge({"first": [first], "second": [second]})
    assert (verdict.kind, verdict.winner) == ("better", "first")
    assert "On 400 images of 40 groups, first leads" in verdict.sentence


def test_one_group_is_too_few_for_any_verdict():
    measured = paired_tests.models(flags(90, 100), flags(10, 100), np.zeros(100, np.int64))
    assert not measured.is_real


def test_an_image_relabelled_in_between_is_left_out():
    one = result(flags(60, 100))
    relabelled = one.labels.copy()
    relabelled[:10] = np.where(relabelled[:10] == "daisy", "roses", "daisy")
    verdict = verdicts.judge({"A": [one], "B": [replace(one, labels=relabelled, data_version="v2")]})
    assert verdict.measured
    assert verdict.measured.n == 90
    assert "data set changed" in verdict.notes[0]


def test_several_runs_are_corrected_for_being_several():
    sides = {name: [result(flags(right, 400))] for name, right in (("A", 300), ("B", 308), ("C", 309))}
    alone = verdicts.judge({name: sides[name] for name in "AB"})
    together = verdicts.judge_pairs(sides)
    assert set(together) == {("A", "B"), ("A", "C"), ("B", "C")}
    assert alone.measured
    assert together["A", "B"].measured
    assert alone.measured.p == pytest.approx(0.0078, abs=1e-4)
    assert together["A", "B"].measured.p == pytest.approx(2 * alone.measured.p)


def test_the_scatter_of_several_groups_is_pooled():
    assert verdicts.common_deviation([[0.5]]) is None
    expected = np.sqrt((2 * np.var([0.1, 0.2, 0.4], ddof=1) + np.var([0.7, 0.9], ddof=1)) / 3)
    assert verdicts.common_deviation([[0.1, 0.2, 0.4], [0.7, 0.9], [0.3]]) == pytest.approx(expected)


def test_a_run_folder_is_read_as_a_result():
    run = runs.create(RunConfig().replace({"fit.seed": 3}))
    probabilities = np.array([[0.9, 0.1], [0.8, 0.2], [0.3, 0.7]], np.float32)
    answers = Predictions(np.array(["a", "b", "c"]), np.array([0, 1, 1]), probabilities)
    run.write_predictions(validation=answers, test=answers)
    training = made_runs.TRAINING.model_copy(update={"data_version": "v1", "seconds": 12.0})
    report = metrics.report(NAMES, answers, answers, counts={"train": {"daisy": 1}}, training=training)
    run.write_report(report)
    run.append_metrics({"epoch": 1, "loss": 1.0})
    read = verdicts.from_run(run)
    assert read.right.tolist() == [True, False, True]
    assert read.labels.tolist() == ["daisy", "roses", "roses"]
    assert (read.seed, read.epochs, read.seconds, read.data_version) == (3, 1, 12.0, "v1")


def test_a_run_that_continues_the_other_is_noted():
    first, other = result(flags(300, 400), run="a"), result(flags(310, 400), run="b")
    continued = result(flags(310, 400), run="b", parent="a", epochs=20)
    notes = verdicts.judge({"A": [first], "B": [continued]}).notes
    assert notes[0] == "One run continues the other, so the two share their first epochs."
    assert verdicts.judge({"A": [first], "B": [other]}).notes == ()
    elsewhere = result(flags(310, 400), run="b", parent="c")
    assert verdicts.judge({"A": [first], "B": [elsewhere]}).notes == ()
