"""Presenting a run: every step of every kind of run, the guessing game, and what a link restores."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from core import datasets, engine, runs
from core.config import RunConfig
from core.evaluation import metrics
from core.runs import Run
from pages.common import addresses
from pages.show.present import guesses, replay, steps
from pages.show.present.guesses import Guesses
from samples import made_runs

STEPS = [step.name for step in steps.STEPS]


@pytest.fixture(autouse=True)
def no_processes(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Hold the worker's lock, prepare nothing and ask no assistant, so that no other process is started."""
    monkeypatch.setattr(engine, "prepare", engine.preparation_of)
    monkeypatch.setattr("core.explain.assistant.ensure_running", lambda: None)
    with engine.worker_lock():
        yield


def config_of(folder: Path, class_names: tuple[str, ...] = made_runs.FLOWERS, each: int = 20) -> RunConfig:
    source = made_runs.draw_folder(folder / "images", class_names, each)
    return RunConfig().replace({"data.source": source, "data.image_size": 48, "data.test_share": 0.4})


def presented(run_id: str, **address: str) -> AppTest:
    test = AppTest.from_file(str(made_runs.APP), default_timeout=60).switch_page(addresses.PRESENT)
    test.query_params["run"] = run_id
    return at(test, **address)


def at(test: AppTest, **address: str) -> AppTest:
    for name, value in address.items():
        test.query_params[name] = value
    return sound(test.run())


def sound(test: AppTest) -> AppTest:
    assert not test.exception, test.exception[0].message
    assert not [error.value for error in test.error if "inside the lab" in error.value]
    return test


def words(test: AppTest) -> str:
    kinds = ("title", "header", "markdown", "caption", "error", "warning", "info")
    return "\n".join(str(element.value) for kind in kinds for element in test.get(kind)).replace("\\", "")


def press(test: AppTest, key: str) -> AppTest:
    return sound(test.button(key=key).click().run())


def test_next_leads_through_every_step_of_the_example_and_back_returns():
    test = presented(runs.EXAMPLE)
    passed = []
    while not test.button(key="present_next").disabled:
        passed.append((test.query_params.get("present", "question"), test.button(key="present_next").label))
        press(test, "present_next")
        assert not test.error and len(test.title) == 1
    assert passed[:4] == [
        ("question", "Next"), ("images", "Next"), ("guess", "Show the answer"), ("guess", "Next")
    ]  # fmt: skip
    assert list(dict.fromkeys(name.partition("-")[0] for name, _ in passed)) == STEPS[:-1]
    assert test.query_params["present"] == "try"
    press(test, "present_back")
    assert test.query_params["present"] == "heatmaps-3"


def test_the_guess_is_scored_against_the_model_on_the_same_images(tmp_path):
    run = made_runs.finished(config_of(tmp_path))
    test = presented(run.id, present="guess")
    predictions = run.predictions("test")
    assert "What is this?" in words(test) and "Actual" not in words(test)
    true = run.report().class_names
    for number in range(guesses.IMAGES):
        at(test, present=f"guess-{number + 1}")
        position = positions(run)[number]
        label = true[predictions.labels[position]]
        key = next(button.key for button in test.button if button.label == label)
        press(test, key)
        assert f"It is labelled {label}" in words(test)
    press(test, "present_next")
    right = int((metrics.predicted(predictions) == predictions.labels)[positions(run)].sum())
    assert [header.value for header in test.header] == ["8 of 8", f"{right} of 8"]
    text = words(test)
    accuracy = run.report().test_accuracy
    assert "a small sample" in text and f"On all {accuracy.total} test images" in text
    assert f"95% CI: {100 * accuracy.low:.1f} to {100 * accuracy.high:.1f}%" in text
    press(test, "guess_again")
    assert test.query_params["guesses"] == "1" and "What is this?" in words(test)


def positions(run: Run) -> list[int]:
    total = len(run.predictions("test").ids)
    return np.random.default_rng([0, *run.id.encode()]).permutation(total)[: guesses.IMAGES].tolist()


def test_a_link_restores_the_screen_and_the_guesses_and_nonsense_does_no_harm(tmp_path):
    run = made_runs.finished(config_of(tmp_path))
    test = presented(run.id, present="guess-3", guesses="0.1.x.0")
    assert "It is labelled" in words(test) and "of 2." in words(test)
    for present, made in [
        ("guess-999", "0"),
        ("guess-x", "..."),
        ("", "99999"),
        ("-1", "²"),
        ("mistakes-9", "a.b"),
    ]:
        test = presented(run.id, present=present, guesses=made)
        assert len(test.title) == 1 and not test.error


def test_of_many_classes_a_few_are_offered_the_true_one_among_them(tmp_path):
    run = made_runs.finished(config_of(tmp_path, tuple(f"class {n:03}" for n in range(100)), each=8))
    predictions = run.predictions("test")
    for position in range(20):
        offered = guesses.options(predictions, position)
        assert len(offered) == guesses.OFFERED and predictions.labels[position] in offered
        assert int(predictions.probabilities[position].argmax()) in offered
    test = presented(run.id, present="guess")
    assert len([b for b in test.button if b.key.startswith("guess-")]) == 6
    assert "The model had all 100" in words(test)
    assert "Here are" in words(at(test, present="question"))
    shown_in_every_step(run)


def test_the_score_counts_only_images_that_were_guessed(tmp_path):
    predictions = made_runs.finished(config_of(tmp_path)).predictions("test")
    made = Guesses(0, (int(predictions.labels[0]), -1, None, int(predictions.labels[3]) ^ 1))
    score = guesses.score(predictions, [0, 1, 2, 3], made)
    assert score.audience.tolist() == [True, False] and len(score.model) == 2


def shown_in_every_step(run: Run) -> dict[str, str]:
    """Return the words of every step; none of them may fail."""
    test = presented(run.id)
    return {name: words(at(test, present=name)) for name in STEPS}


def without_test_images(config: RunConfig) -> Run:
    run = made_runs.finished(config)
    nothing = metrics.proportion(0, 0)
    validation = run.predictions("validation")
    empty = type(validation)(validation.ids[:0], validation.labels[:0], validation.probabilities[:0])
    run.write_predictions(validation=validation, test=empty)
    made = metrics.report(
        run.report().class_names, validation, empty, counts=run.report().counts, training=made_runs.TRAINING
    )
    assert made.test_accuracy == nothing
    run.write_report(made)
    return run


def without_images(config: RunConfig) -> Run:
    run = made_runs.finished(config)
    shutil.rmtree(datasets.open(config.data.source).path)
    shutil.rmtree(config.data.source)
    return run


def without_files(config: RunConfig) -> Run:
    run = made_runs.finished(config)
    shutil.rmtree(config.data.source)
    return run


def of_two_classes(config: RunConfig) -> Run:
    return made_runs.finished(config.replace({"data.classes": ("daisy", "roses")}))


def in_grey(config: RunConfig) -> Run:
    for file in Path(config.data.source).rglob("*.png"):
        Image.open(file).convert("L").resize((28, 28)).save(file)
    datasets.prepare(config.data.source)
    return made_runs.finished(config)


def with_damaged_predictions(config: RunConfig) -> Run:
    run = made_runs.finished(config)
    run.predictions_path.write_bytes(b"no array")
    return run


@pytest.mark.parametrize(
    ("make", "step", "expected"),
    [
        (without_test_images, "guess", "These are validation images"),
        (without_images, "question", "daisy, roses and tulips"),
        (without_files, "question", "tulips"),
        (of_two_classes, "question", "these two"),
        (in_grey, "images", "training images"),
        (with_damaged_predictions, "mistakes", "predictions.npz"),
    ],
)
def test_every_kind_of_run_gives_a_page_or_a_sentence(
    make: Callable[[RunConfig], Run], step: str, expected: str, tmp_path
):
    assert expected in shown_in_every_step(make(config_of(tmp_path)))[step]


@pytest.mark.parametrize(
    ("make", "expected"),
    [
        (
            lambda config: made_runs.waiting(config, "running", 2),
            "This run has no result. Its state: training.",
        ),
        (lambda config: made_runs.waiting(config, "failed", 1), "This run has no result. Its state: failed."),
    ],
)
def test_a_run_without_a_result_says_so_and_can_be_left(make, expected, tmp_path):
    test = presented(make(config_of(tmp_path)).id)
    assert expected in words(test) and test.button(key="present_leave").label == "Leave"


def test_a_damaged_report_and_a_missing_run_are_a_sentence_each(tmp_path):
    run = made_runs.finished(config_of(tmp_path))
    (run.path / "report.json").write_text("{")
    assert "report.json" in words(presented(run.id))
    assert "There is no run" in words(presented("20200101-000000-abcdef"))


def test_missing_heatmaps_are_offered_and_made_ones_shown(tmp_path):
    run = made_runs.finished(config_of(tmp_path))
    made_runs.give_model(run)
    test = presented(run.id, present="heatmaps")
    assert "not made yet" in words(test) and test.button(key="present_make").label == "Make the heatmaps"
    made_runs.keep_heatmaps(run)
    test.run()
    assert "not made yet" not in words(test) and len(test.get("image")) >= 3


def test_the_training_is_replayed_until_its_end(tmp_path, monkeypatch):
    run = made_runs.finished(config_of(tmp_path))
    made_runs.watch(run)
    clock = [1000.0]
    monkeypatch.setattr(replay, "time", SimpleNamespace(time=lambda: clock[0]))
    test = presented(run.id, present="training")
    assert "Before the first epoch" in words(test) and test.button(key="present_next").label == "Play"
    press(test, "present_next")
    clock[0] += 5.1  # of the 10 seconds in which all 10 epochs are replayed
    sound(test.run())
    assert "Epoch **5** of 10" in words(test) and test.button(key="present_next").label == "Next"
    press(test, "replay_play")  # paused
    clock[0] += 60
    assert "Epoch **5** of 10" in words(sound(test.run()))
    press(test, "replay_play")
    clock[0] += 6
    text = words(sound(test.run()))
    assert "Epoch **10** of 10" in text and "was the best, and was kept" in text
    assert "validation accuracy" in text and "95% CI" in text


def test_a_presentation_opens_from_any_page_and_leaves_to_the_result(tmp_path):
    run = made_runs.finished(config_of(tmp_path))
    test = AppTest.from_file(str(made_runs.APP), default_timeout=60).switch_page(addresses.RESULTS)
    for name, value in {"run": run.id, "present": "mistakes"}.items():
        test.query_params[name] = value
    sound(test.run())
    assert "It says" in test.title[0].value
    test = presented(run.id, present="mistakes")
    press(test, "present_leave")
    assert test.title[0].value == "Results" and test.query_params["run"] == run.id


def test_steps_that_a_lesson_hides_are_left_out(tmp_path):
    run = made_runs.finished(config_of(tmp_path))
    test = presented(run.id, hide="guess,training,try")
    keys = [button.key for button in test.button if button.key.startswith("present_to_")]
    assert keys == [f"present_to_{name}" for name in STEPS if name not in ("guess", "training", "try")]


@pytest.mark.parametrize("key", ["present_next", "present_back"])
def test_a_run_that_another_tab_deletes_in_the_middle_gets_a_sentence(tmp_path, key):
    run = made_runs.finished(config_of(tmp_path))
    test = presented(run.id, present="heatmaps-3")
    runs.delete(run)
    press(test, key)
    assert "Nothing to present" in words(test)
