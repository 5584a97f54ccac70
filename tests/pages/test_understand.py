"""The Understand pages as users see them: every state of a run, and names from untrusted folders."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from core import engine, runs, workspace
from core.config import RunConfig
from core.evaluation import confusion, metrics
from core.runs import Run
from core.words import percent
from pages.common import waiting
from pages.understand.results import classes
from samples import made_runs
from tests.pages.reading import no_fault, plain, words

HOSTILE = "![x](http://evil.example/x.png) <script>alert(1)</script> $x^2$ :material/bug_report:"


@pytest.fixture(autouse=True)
def no_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    """The frame would warm up a worker and draw the built-in images; these pages need neither."""
    monkeypatch.setattr(engine, "ensure_worker", lambda: None)
    monkeypatch.setattr(engine, "prepare", lambda source: None)


@pytest.fixture
def config(workspace: Path, tmp_path: Path) -> RunConfig:
    """Settings for a small folder of coloured discs in three classes."""
    source = made_runs.draw_folder(tmp_path / "images", each=40)
    changes = {"data.source": source, "data.image_size": 48, "data.test_share": 0.4}
    return RunConfig().replace(changes)


def shown(page: str, **address: str) -> AppTest:
    """Return the page after its first run, with these parameters in the address."""
    test = AppTest.from_file(str(made_runs.APP), default_timeout=30).switch_page(
        f"pages/understand/{page}/{page}.py"
    )
    for name, value in address.items():
        test.query_params[name] = value
    return no_fault(test.run())


def test_an_empty_workspace_says_what_the_page_is_for_and_what_to_do_next():
    text = words(shown("compare"))
    assert "No runs yet" in text and "Train your first model" in text


@pytest.mark.fault("F15")
@pytest.mark.parametrize("page", ["results", "explain"])
def test_an_empty_workspace_shows_the_example_with_its_images(page, workspace):
    test = shown(page, **({"view": "Mistakes"} if page == "results" else {}))
    assert "Example: built-in flowers" in test.selectbox(key="run_choice").format_func("example")
    assert len(test.get("image")) >= 4 and not test.error
    assert not (workspace / "runs").exists()


@pytest.mark.parametrize("page", ["results", "explain"])
def test_a_run_that_does_not_exist_is_reported_as_missing(page, config):
    made_runs.finished(config)
    for missing in ("20200101-000000-abcdef", "../../etc/passwd", "x" * 400, HOSTILE):
        text = words(shown(page, run=missing))
        assert "Run not found" in text and missing[:60] in text


@pytest.mark.parametrize(
    ("make", "expected"),
    [
        (lambda c: made_runs.waiting(c), "This run is queued"),
        (lambda c: made_runs.waiting(c, "starting"), "This run is starting"),
        (lambda c: made_runs.waiting(c, "running", 3), "Epoch 3 of 10, about 42 s left"),
        (lambda c: made_runs.waiting(c, "failed", 1), "This run failed and has no test result"),
        (lambda c: made_runs.waiting(c, "diverged", 2), "This run diverged"),
        (lambda c: made_runs.waiting(c, "stopped", 0), "No epoch finished"),
        (lambda c: made_runs.interrupted(c, 3), "3 epochs finished. Resuming continues"),
        (lambda c: made_runs.damaged(c), "This run's files cannot be read"),
        (lambda c: made_runs.newer(c), "it has schema 99"),
    ],
)
def test_every_state_of_a_run_is_described(config, make, expected):
    run = make(config)
    assert expected in words(shown("results", run=run.id))
    for page in ("explain", "compare"):
        shown(page)


@pytest.mark.fault("F16")
def test_a_damaged_run_does_not_hide_the_others_and_can_be_moved_to_the_trash(config):
    good, bad = made_runs.finished(config), made_runs.damaged(config)
    page = shown("results", run=bad.id)
    no_fault(page.button(key="trash").click().run())
    assert [run.id for run in runs.all()] == [good.id]
    assert "Test accuracy" in words(page)


def test_results_begin_with_the_number_right_its_interval_and_guessing(config):
    run = made_runs.finished(config)
    page = shown("results", run=run.id)
    test, guess = run.report().test_accuracy, run.report().baseline_accuracy
    assert page.header[0].value == f"{test.correct} of {test.total} right"
    text = words(page)
    low, high = 100 * test.low, 100 * test.high
    assert f"Test accuracy **{percent(test.value)}** (95% CI: {low:.1f} to {high:.1f}%)" in text
    assert f"would be right on {guess.correct} of {test.total}." in text
    drawn = "".join(str(image.proto) for image in page.get("image"))
    assert f"Guessing: {percent(guess.value)}" in drawn


@pytest.mark.parametrize(("right", "words_of_it"), [(10, "is far below"), (78, "is far above")])
def test_a_test_that_disagrees_with_validation_is_named_first(config, right, words_of_it):
    run = made_runs.finished(config)
    half = metrics.proportion(40, 80)
    run.write_report(
        run.report().model_copy(update={"test_accuracy": metrics.proportion(right, 80), "val_accuracy": half})
    )
    first = shown("results").warning[0]
    assert first.proto.title == "Test and validation disagree"
    assert words_of_it in plain(first.value) and "Usually" in first.value


def test_the_first_sentence_of_a_result_names_a_class_that_is_never_found(config):
    run = made_runs.finished(config)
    report = run.report()
    missed = report.per_class[1].model_copy(update={"recall": 0.0, "recall_low": 0.0, "recall_high": 0.5})
    per_class = (report.per_class[0], missed, *report.per_class[2:])
    run.write_report(report.model_copy(update={"per_class": per_class}))
    assert f", but never on {missed.class_name} (0 of {missed.support})." in words(shown("results"))


def test_results_name_the_best_epoch(config):
    run = made_runs.finished(config)
    assert f"for epoch {run.report().kept_epoch}, the best one, whose weights were kept" in words(
        shown("results")
    )


def test_worst_predictions_of_a_class_are_its_most_confident_mistakes(config):
    run = made_runs.finished(config, skill=0.4)
    page = shown("results", view="Mistakes")
    page.selectbox(key="worst_class").select("roses").run()
    test = run.predictions("test")
    expected = confusion.worst(test, class_index=1)
    lines = [plain(text.value) for text in no_fault(page).text if text.value.startswith("Actual: ")]
    assert 0 < len(lines) == len(expected) <= 10
    for line, mistake in zip(lines, expected, strict=True):
        predicted = made_runs.FLOWERS[mistake.predicted]
        assert line == f"Actual: roses\nPredicted: {predicted}\nConfidence: {percent(mistake.confidence, 0)}"


@pytest.mark.parametrize(
    ("view", "shows"),
    [
        ("Overview", "What it confuses"),
        ("Classes", "All scores are on the test images"),
        ("Confidence", "Is its confidence justified?"),
        ("Details and downloads", "Folder of this run"),
        ("Learning curves", "What the curves show"),
        ("Mistakes", "Most confident mistakes"),
        ("How sure", "Is its confidence justified?"),
    ],
)
def test_every_view_of_a_result_can_be_opened_by_its_address_of_now_or_formerly(config, view, shows):
    made_runs.finished(config)
    assert shows in words(shown("results", view=view))


def test_of_many_classes_the_most_confused_or_all_are_shown(workspace, tmp_path):
    names = [f"kind {number:02}" for number in range(28)]
    source = made_runs.draw_folder(tmp_path / "p", names, each=5)
    made_runs.finished(RunConfig().replace({"data.source": source, "data.image_size": 48}))
    page = shown("results", view="Mistakes")
    choice = page.segmented_control(key="matrix_classes")
    assert choice.value == "The 25 most confused"
    no_fault(choice.set_value("All 28").run())


@pytest.mark.fault("F26")
def test_names_from_outside_are_shown_literally(workspace, tmp_path):
    names = ["$a_b$", ":material/home: _x_", "[l](http:evil)"]
    source = made_runs.draw_folder(tmp_path / "p", names, each=30)
    config = RunConfig().replace({"data.source": source, "data.image_size": 48})
    run = made_runs.finished(config, skill=0.3, name=HOSTILE, notes=HOSTILE, tags=(HOSTILE,))
    made_runs.give_model(run)
    made_runs.keep_heatmaps(run)
    for page in (shown("results", view="Mistakes"), shown("explain"), shown("compare")):
        for kind in ("markdown", "caption", "info", "warning", "error", "success", "subheader"):
            for element in page.get(kind):
                assert "![x](" not in element.value and "[l](" not in element.value
                assert "$a_b$" not in element.value


def test_a_run_whose_images_are_gone_still_shows_its_scores(config, tmp_path):
    made_runs.finished(config, skill=0.5)
    (tmp_path / "images").rename(tmp_path / "moved")
    page = shown("results", view="Mistakes")
    assert "Test accuracy" in words(page)


def test_explain_shows_kept_heatmaps_at_once_without_a_process(config):
    run = made_runs.finished(config, skill=0.5)
    made_runs.give_model(run)
    made_runs.keep_heatmaps(run)
    page = shown("explain")
    worst = confusion.worst(run.predictions("test"), limit=4)
    predicted = [f"Predicted: {made_runs.FLOWERS[mistake.predicted]}" for mistake in worst]
    true = [f"Actual: {made_runs.FLOWERS[mistake.true]}" for mistake in worst]
    titles = [text.value for text in page.text]
    assert [title for title in titles if title.startswith("Predicted")] == predicted
    assert [title for title in titles if title.startswith("Actual")] == true
    assert "Each map has 10 × 10 cells" in words(page)
    assert not (workspace.folder() / "assistant").exists()


@pytest.mark.parametrize("which", ["Random", "One class"])
def test_explain_takes_random_and_chosen_images(config, which):
    run = made_runs.finished(config)
    made_runs.give_model(run)
    made_runs.keep_heatmaps(run)
    page = shown("explain")
    no_fault(page.segmented_control(key="explain_which").set_value(which).run())
    assert sum(text.value.startswith("Predicted") for text in page.text) == 4


def test_explain_says_why_a_run_without_a_model_cannot_be_explained(config):
    made_runs.finished(config)
    assert "There is no model at" in words(shown("explain"))


def test_two_runs_are_compared_by_address(config):
    first, second = two_runs(config)
    page = shown("compare", runs=f"{second.id},{first.id}")
    text = words(page)
    assert "Settings that differ" in text and "Scores" in text
    settings = page.dataframe[1].value
    assert settings["Setting"].tolist() == ["Learning rate", "Seed"]


def test_compare_names_runs_in_the_address_that_are_gone(config):
    first, _ = two_runs(config)
    assert "Not found: 20200101-000000-abcdef" in words(
        shown("compare", runs=f"{first.id},20200101-000000-abcdef")
    )


def two_runs(config: RunConfig) -> tuple[Run, Run]:
    changed = config.replace({"fit.learning_rate": 0.01, "fit.seed": 1})
    return made_runs.finished(config), made_runs.finished(changed, skill=0.9)


@pytest.mark.fault("F28")
def test_no_page_imports_tensorflow(config):
    made_runs.finished(config)
    before = "tensorflow" in sys.modules
    shown("results")
    assert ("tensorflow" in sys.modules) == before


def test_a_finished_run_is_trained_on_as_a_new_run(config):
    run = made_runs.finished(config, name="first")
    assert "train_on_epochs" not in {one.key for one in shown("results", run=run.id).number_input}
    made_runs.give_model(run)
    test = shown("results", run=run.id)
    test.number_input(key="train_on_epochs").set_value(5).run()
    assert test.button(key="train_on_start").label == "Train for 5 more epochs"
    test.button(key="train_on_start").click().run()  # opens Train, which may prepare data: not here
    (new,) = [one for one in runs.all() if one != run]
    assert new.parent.run == run.id
    assert new.config.fit.epochs == new.parent.epochs + 5
    assert (new.status.state, new.labels.name) == ("queued", "first, trained on")


def test_a_run_that_continues_another_says_so_with_a_link(config):
    first = made_runs.finished(config)
    made_runs.give_model(first)
    epochs = first.report().kept_epoch
    new = engine.create_continuation(first, 3)
    on = made_runs.finished(config)
    (on.path / "parent.json").write_text((new.path / "parent.json").read_text())
    text = words(shown("results", run=on.id))
    assert f"Epochs 1 to {epochs} are those of an earlier run, which this run continues." in text
    assert "trained on" not in words(shown("results", run=first.id))


def test_another_model_of_a_run_is_asked_anew(config):
    run = made_runs.finished(config)
    questions = {waiting.about(run, "features")}
    made_runs.give_model(run)
    questions.add(waiting.about(run, "features"))
    os.utime(run.model_path, (1, 1))
    assert len(questions | {waiting.about(run, "features")}) == 3
    assert waiting.about(run, "features") == waiting.about(run, "features")


def test_a_result_without_its_predictions_says_so(config):
    run = made_runs.finished(config)
    run.predictions_path.unlink()
    assert "has no predictions" in words(shown("results", run=run.id))


def test_a_class_that_is_not_in_the_test_is_not_called_the_weakest():
    assert classes._weakest(pd.DataFrame({"F1": [0.7, None, 0.4]})) == 2
    assert classes._weakest(pd.DataFrame({"F1": [None, None]})) == 0
