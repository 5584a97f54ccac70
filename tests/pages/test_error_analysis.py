"""Error analysis on the Understand pages: image dialogs, classes, confidence, advice, trust, downloads."""

from __future__ import annotations

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from core import datasets, runs
from core.comparison import test_set_usage
from core.config import SETTINGS, RunConfig
from core.evaluation import confusion
from core.explain import heat_location, heatmaps
from core.explain.heat_location import HeatOn
from core.explain.heatmaps import METHODS, Request
from core.runs import Run
from pages.common import overlays, waiting
from pages.common.run_images import gallery
from pages.common.run_picker import listing, summarise
from pages.understand.explain import background_hint, class_average, heat_cases, heatmap_checks
from pages.understand.results import coaching, exports
from samples import made_runs
from tests.pages.reading import no_fault, words
from tests.pages.test_understand import config, no_processes, shown

__all__ = ["config", "no_processes"]  # fixtures


def explained_run(config: RunConfig) -> Run:
    run = made_runs.finished(config, skill=0.5)
    made_runs.give_model(run)
    made_runs.keep_heatmaps(run)
    made_runs.keep_features(run)
    return run


def open_dialog(run: Run, view: str = "Mistakes") -> AppTest:
    page = shown("results", view=view)
    worst = confusion.worst(run.predictions("test"))[0]
    return no_fault(page.button(key=f"worst-{run.predictions('test').ids[worst.row]}").click().run())


def test_an_image_dialog_shows_heatmaps_similar_training_images_and_details(config):
    run = explained_run(config)
    page = open_dialog(run)
    worst = confusion.worst(run.predictions("test"))[0]
    names = made_runs.FLOWERS
    text = words(page)
    assert f"Actual: **{names[worst.true]}** · Predicted: **{names[worst.predicted]}**" in text
    assert f"Predicted: {names[worst.predicted]}" in text and f"Actual: {names[worst.true]}" in text
    assert sum(text.count(f"{names[worst.true]}\nsimilarity {value}") for value in ("0.9", "1.0")) == 6
    assert "Size: 48 × 48 pixels, RGB" in text and "Split: test" in text


def test_an_image_dialog_without_a_model_says_so_and_shows_the_rest(config):
    run = made_runs.finished(config, skill=0.5)
    text = words(open_dialog(run))
    assert "There is no model at" in text and "Actual:" in text and "Split: test" in text


def test_the_weakest_class_is_shown_in_detail(config):
    run = made_runs.finished(config, skill=0.5)
    page = shown("results", view="Classes")
    weakest = min(run.report().per_class, key=lambda scores: scores.f1 or 0)
    assert weakest.class_name in [heading.value for heading in page.header]
    assert "Average precision" in words(page) and "Most confident mistakes on" in words(page)


def test_confidence_is_reported_on_both_splits_with_intervals(config):
    made_runs.finished(config)
    page = shown("results", view="Confidence")
    text = words(page)
    assert "On the validation images, it would answer" in text
    assert "On the test images, it would answer" in text and "calibration error" in text
    no_fault(page.slider(key="sure_threshold").set_value(100).run())


def test_a_suggestion_opens_the_train_page_with_the_runs_settings_and_the_change(config):
    run = made_runs.finished(config, skill=0.9)
    page = shown("results")
    read = coaching.reading(summarise(run))
    assert read is not None and read.suggestion.changes
    text = words(no_fault(page.button(key="try_suggestion").click().run()))
    assert f"All settings were copied from the run **{run.id}**" in text
    for path in read.suggestion.changes:
        assert f"As suggested, **{SETTINGS[path].label}** is now" in text
    assert "data.image_size=48" in page.query_params["set"]


def test_a_run_that_follows_advice_says_whether_it_helped(config):
    first = made_runs.finished(config, skill=0.5)
    read = coaching.reading(summarise(first))
    assert read is not None
    idle = {"fit.fine_tune_epochs": 9}  # of a pretrained network alone
    following = runs.create(config.replace(read.suggestion.changes | idle))
    later = first.path.with_name("29991231-235959-ffffff")
    made = made_runs.finished(following.config, skill=0.95)
    made.path.rename(later)
    found = coaching.followed(summarise(Run(later)), listing())
    assert found is not None and found.run.id == first.id
    assert "This run follows the advice" in words(shown("results", run=later.name))


def worst_explained(run: Run, trust: dict[str, object]) -> AppTest:
    """The Explain page at the worst prediction, whose heatmap was checked with this outcome."""
    made_runs.keep_heatmaps(run, methods=tuple(METHODS))
    predictions = run.predictions("test")
    worst = confusion.worst(predictions)[0]
    image_id = str(predictions.ids[worst.row])
    page = AppTest.from_file(str(made_runs.APP), default_timeout=30)
    page.switch_page("pages/understand/explain/explain.py")
    page.query_params["picture"] = image_id
    question = waiting.about(run, "trust", image_id, worst.predicted, "grad_cam", 10)
    page.session_state["assistant_answers"] = {question: trust}
    return no_fault(page.run())


def test_explain_in_depth_shows_six_methods_and_the_two_checks(config):
    page = worst_explained(explained_run(config), made_up_trust())
    text = words(page)
    assert all(f"**{method.title}**" in text for method in METHODS.values())
    assert "changes the probability of" in text and "Similarity of the two maps: **0.10**" in text
    no_fault(page.button(key="leave_image").click().run())
    assert "Test images" in [control.label for control in page.segmented_control]


def test_the_heatmap_opacity_also_applies_in_depth(config, monkeypatch):
    page, drawn, overlay = worst_explained(explained_run(config), made_up_trust()), set(), overlays.overlay
    monkeypatch.setattr(overlays, "overlay", lambda *given: drawn.add(given[-1]) or overlay(*given))
    no_fault(page.slider(key="explain_strength").set_value(0.95).run())
    assert drawn == {0.95}


def made_up_trust() -> dict[str, object]:
    return {
        "before": np.array(0.9),
        "after": np.array(0.2),
        "elsewhere": np.linspace(0.7, 0.9, 10),
        "has_heat": np.array(True),
        "hot": np.zeros((48, 48), bool),
        "control": np.ones((10, 10), np.float32),
        "similarity": np.array(0.1),
    }


def test_an_image_that_is_not_in_the_run_is_reported_as_missing(config):
    explained_run(config)
    assert "is not among the test images" in words(shown("explain", picture="../../etc/passwd"))


def test_a_whole_class_is_averaged(config):
    explained_run(config)
    page = shown("explain")
    no_fault(page.segmented_control(key="explain_which").set_value("One class").run())
    assert "The average of 16 heatmaps" in words(page)


@pytest.mark.parametrize(("after", "verdict"), [(0.1, "[yes]"), (0.75, "[partly]"), (0.85, "[no]")])
def test_deletion_is_judged_against_random_parts(after, verdict):
    answer = {**made_up_trust(), "after": np.array(after)}
    assert verdict in heatmap_checks.deletion_words(answer, "roses", 10)


def test_a_map_without_heat_is_not_checked(config):
    page = worst_explained(explained_run(config), {**made_up_trust(), "has_heat": np.array(False)})
    assert "There is nothing to check" in page.info[0].value


def test_a_hot_part_that_changes_little_is_said_to_matter_a_little():
    answer = {**made_up_trust(), "after": np.array(0.84), "elsewhere": np.full(10, 0.88)}
    assert "[a little]" in heatmap_checks.deletion_words(answer, "roses", 10)


def test_a_class_of_almost_no_probability_is_not_judged_by_deletion():
    answer = {**made_up_trust(), "before": np.array(0.01), "after": np.array(0.0)}
    assert "[cannot tell]" in heatmap_checks.deletion_words(answer, "roses", 10)


@pytest.mark.parametrize(
    ("similarity", "has_heat", "verdict"),
    [(0.9, True, "[no]"), (0.5, True, "[partly]"), (-0.2, True, "[yes]"), (0.0, False, "its map is empty")],
)
def test_the_control_is_judged_by_similarity(similarity, has_heat, verdict):
    assert verdict in heatmap_checks.control_words(similarity, has_heat)


def test_heat_on_the_border_is_reported():
    border = np.zeros((8, 8), np.float32)
    border[0] = 1
    assert "[looks at the edge]" in class_average.border_words([border] * 3, "roses")
    assert class_average.border_numbers([border] * 3).startswith("In 3 of 3 images, most of the heat")
    assert "nothing" not in class_average.border_words([np.ones((8, 8), np.float32)], "roses")
    assert "In none of these images" in class_average.border_words([border * 0], "roses")


def test_heat_on_the_background_is_reported_with_the_numbers_and_a_caveat():
    on_background, on_object = HeatOn(0.9, 0.6), HeatOn(0.3, 0.6)
    found = [on_background] * 8 + [on_object]
    assert background_hint.words(found, 11).startswith(":orange-badge[looks at the surroundings]")
    text = background_hint.numbers(found)
    assert text.startswith("In 8 of 9 images, most of the heat lies on what looks like")
    assert "may be wrong" in text and "On average, 83%" in text and "covers 60%" in text
    assert background_hint.words([on_object] * 5, 5).startswith(":green-badge[looks at the subject]")
    by_chance = [HeatOn(0.69, 0.75)] * 5
    assert background_hint.words(by_chance, 5).startswith(":gray-badge[cannot tell] Most of the heat")
    assert "in 4 of 9 images; at least 5 are needed" in background_hint.words([on_background] * 4, 9)


@pytest.mark.parametrize(("on_the_disc", "badge"), [(True, "green"), (False, "orange")])
def test_the_page_says_whether_the_heat_of_a_class_is_on_the_background(config, on_the_disc, badge):
    run = explained_run(config)
    dataset = datasets.open(config.data.source)
    rows = dataset.index.set_index("id")
    for image_id in run.predictions("test").ids:
        image = np.asarray(dataset.image(rows.loc[image_id]), np.float32)
        is_disc = (image.max(axis=2) > 95)[::2, ::2]
        for index in range(len(made_runs.FLOWERS)):
            request = Request(str(image_id), index)
            heatmaps.keep(run, request, (is_disc == on_the_disc).astype(np.float32))
    page = no_fault(shown("explain").segmented_control(key="explain_which").set_value("One class").run())
    looks = "looks at the subject" if on_the_disc else "looks at the surroundings"
    assert [part.value for part in page.markdown if f":{badge}-badge[{looks}]" in part.value]
    shares = [
        part.value for part in page.caption if "of the heat is on the background, which covers" in part.value
    ]
    assert len(shares) == (0 if on_the_disc else heat_cases.SHOWN)


def test_a_warning_about_heat_on_the_border_shows_the_images(config):
    run = explained_run(config)
    for image_id in run.predictions("test").ids:
        for index in range(len(made_runs.FLOWERS)):
            request = Request(str(image_id), index)
            heatmaps.keep(run, request, heat_location.BORDER.astype(np.float32))
    page = no_fault(shown("explain").segmented_control(key="explain_which").set_value("One class").run())
    shares = [part.value for part in page.caption if "on the border, which covers 44" in part.value]
    assert shares == ["100% of the heat is on the border, which covers 44% of the image"] * heat_cases.SHOWN


def test_the_report_is_one_file_with_the_runs_images(config):
    run = explained_run(config)
    report = exports.report(summarise(run), gallery(run)).decode()
    assert report.startswith("<!DOCTYPE html>") and report.count('alt="Where the model looked') == 10
    assert report.count("Where the model looked") >= 10


def test_test_predictions_are_a_table_with_files_and_probabilities(config):
    run = explained_run(config)
    frame = exports.predictions_frame(summarise(run), gallery(run))
    predictions = run.predictions("test")
    assert len(frame) == len(predictions.ids) and frame["file"].str.endswith(".png").all()
    probabilities = frame[[f"p({name})" for name in made_runs.FLOWERS]]
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=1e-5)


def test_test_scores_are_shown_on_demand_and_counted(config):
    made = [made_runs.finished(config.replace({"fit.seed": seed}), seed=seed) for seed in range(4)]
    page = shown("compare", runs=f"{made[0].id},{made[1].id}")
    assert test_set_usage.seen(made[0]) == 0 and "Dot: accuracy on the validation images" in words(page)
    no_fault(page.toggle(key="show_test_scores").set_value(True).run())
    assert test_set_usage.seen(made[0]) == 4 and "Dot: accuracy on the test images" in words(page)
    assert "You have seen the scores of 4 runs" in words(shown("results"))


def test_a_diverged_run_draws_its_curves_and_says_what_to_try(config):
    run = made_runs.waiting(config, "diverged", 3)
    run.append_metrics({"epoch": 4, "loss": None, "accuracy": 0.2, "val_loss": None, "val_accuracy": 0.2})
    text = words(shown("results", run=run.id))
    assert "Training diverged in epoch 4" in text and "for smaller steps" in text


def test_images_deleted_from_the_folder_are_named_and_the_rest_is_shown(config):
    run = explained_run(config)
    predictions = run.predictions("test")
    worst = confusion.worst(predictions)[0]
    dataset = datasets.open(config.data.source)
    row = dataset.index.set_index("id").loc[str(predictions.ids[worst.row])]
    (dataset.root / row["file"]).unlink()
    shown("results", view="Mistakes")
    shown("explain")


def test_the_class_of_a_mistake_is_changed_and_changed_back_in_its_dialog(config):
    run = explained_run(config)
    page = open_dialog(run)
    mistake = confusion.worst(run.predictions("test"))[0]
    image_id = str(run.predictions("test").ids[mistake.row])

    def label() -> str:
        index = datasets.open(config.data.source).index
        return str(index.loc[index["id"] == image_id, "label"].item())

    true, other = made_runs.FLOWERS[mistake.true], made_runs.FLOWERS[mistake.predicted]
    page.selectbox(key=f"label {image_id}").set_value(other).run()
    no_fault(page.button(key="relabel_one").click().run())
    assert label() == other
    assert "This run was trained and tested before that change." in words(page)
    no_fault(page.button(key="undo_last").click().run())
    assert label() == true
