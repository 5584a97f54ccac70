"""The lab in a notebook: train, view tables and figures, compare, reload."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure
from PIL import Image

import core
from core import config, runs
from core.cli.main import main
from core.errors import LabError, Stopped, Undecided
from core.explain import heatmaps
from core.explain.heatmaps import Request
from core.notebook import foreground
from core.notebook.training_result import TrainingResult
from core.workspace import PROJECT
from samples import made_runs
from samples.made_runs import FLOWERS

QUICK = {"image_size": 32, "filters": (4,), "dense_units": 8, "batch_size": 8, "test_share": 0.3}
WEAK = {**QUICK, "epochs": 2, "learning_rate": 0.0001}
"""Enough training for a result, but too little for a good one, so that there are mistakes."""
HOSTILE = "<script>alert(1)</script>"


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
    """A workspace with two runs on one data set, the first one named, and the ids of the runs."""
    folder = tmp_path_factory.mktemp("front_door")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LAB_WORKSPACE", str(folder / "workspace"))
        source = made_runs.draw_folder(folder / "flowers", each=50)
        weak = core.train(source, name=HOSTILE, **WEAK)
        other = core.train(source, **WEAK, seed=1)
    return folder / "workspace", [weak.id, other.id]


@pytest.fixture
def results(trained: tuple[Path, list[str]], monkeypatch: pytest.MonkeyPatch) -> list[TrainingResult]:
    folder, ids = trained
    monkeypatch.setenv("LAB_WORKSPACE", str(folder))
    return [core.load(run_id) for run_id in ids]


@pytest.fixture
def result(results: list[TrainingResult]) -> TrainingResult:
    return results[0]


@pytest.fixture
def source(tmp_path: Path) -> str:
    return made_runs.draw_folder(tmp_path / "flowers")


def titles(figure: Figure) -> list[str]:
    return [title for axes in figure.axes if (title := axes.get_title(loc="left"))]


def python(script: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", script, *arguments]
    return subprocess.run(command, capture_output=True, text=True, cwd=PROJECT, timeout=200)


@pytest.mark.fault("F28")
def test_importing_core_loads_no_heavy_package():
    heavy = ("tensorflow", "keras", "matplotlib", "pandas", "numpy", "streamlit")
    assert loaded("core", heavy) == "[]"


def test_the_command_line_loads_heavy_packages_only_for_commands_that_need_them():
    heavy = ("tensorflow", "keras", "matplotlib", "sklearn", "scipy", "optuna")
    assert loaded("core.cli.main", heavy) == "[]"


def loaded(module: str, packages: Sequence[str]) -> str:
    answer = python(f"import {module}, sys; print([name for name in {packages} if name in sys.modules])")
    assert answer.returncode == 0, answer.stderr
    return answer.stdout.strip()


def test_a_setting_is_given_by_its_short_or_full_name():
    settings = {"epochs": 3, "dropout": 0.3, "rotation": 15, "fit.learning_rate": 0.01}
    wanted = foreground.wanted_config("digits", "first look", settings)
    assert wanted.get("data.source") == "digits"
    assert wanted.get("data.image_size") == config.PRESETS["first look"]["data.image_size"]
    changed = ("fit.epochs", "model.dropout", "augment.rotation", "fit.learning_rate")
    assert [wanted.get(path) for path in changed] == [3, 0.3, 15.0, 0.01]


def test_every_short_name_means_one_setting():
    assert [config.find_path(path.rpartition(".")[2]) for path in config.SETTINGS] == list(config.SETTINGS)


def test_values_may_be_numpy_objects():
    settings = {"epochs": np.arange(5)[3], "filters": np.array([8, 16]), "dropout": np.float32(0.5)}
    wanted = foreground.wanted_config("garden", "tutorial", settings)
    assert (wanted.fit.epochs, wanted.model.filters, wanted.model.dropout) == (3, (8, 16), 0.5)


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"learning_rat": 1e-3}, "There is no setting 'learning_rat'. Did you mean learning_rate?"),
        ({"Epochs": 3}, "Did you mean epochs?"),
        ({"fit.epoch": 3}, "Did you mean fit.epochs?"),
        ({"zzzzzz": 3}, "the settings are: source, version, classes"),
        ({"dropout": 5}, "Dropout (model.dropout) cannot be 5: it must be a number from 0 to 0.8"),
        ({"epochs": 3, "fit.epochs": 4}, "The setting fit.epochs is given twice"),
        ({"data.source": "digits"}, "The setting data.source is given twice"),
        ({"preset": "none"}, "There is no preset 'none'. Available: first look, tutorial, regularised"),
    ],
)
def test_an_invalid_setting_is_rejected_with_a_message(settings, sentence):
    with pytest.raises(LabError, match=re.escape(sentence)):
        core.train("garden", **settings)
    assert runs.all() == []


def test_an_ambiguous_short_name_is_rejected_and_both_settings_are_named():
    with pytest.raises(LabError, match=r"could be data\.seed or fit\.seed"):
        config.find_path("seed", ["data.seed", "fit.seed"])


def test_a_missing_data_set_is_rejected_before_a_run_is_created(tmp_path):
    with pytest.raises(LabError, match="There is no folder"):
        core.train(tmp_path / "nothing")
    assert runs.all() == []


def mirrored_hands(folder: Path) -> str:
    """Random images called left, and their mirror images called right; not prepared."""
    rng = np.random.default_rng(0)
    for number in range(12):
        image = Image.fromarray(rng.integers(0, 255, (6, 6, 3), np.uint8)).resize((48, 48), Image.BICUBIC)
        for side in ("left", "right"):
            (folder / side).mkdir(parents=True, exist_ok=True)
            image.save(folder / side / f"{number}.png")
            image = image.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    return str(folder)


def test_flipping_starts_off_where_classes_mirror_each_other_even_before_they_are_prepared(tmp_path):
    hands = mirrored_hands(tmp_path / "hands")
    quick = {**QUICK, "epochs": 1}
    assert core.train(hands, **quick).run.config.augment.flip is False
    assert foreground.wanted_config(hands, "regularised", {}).augment.flip is False
    assert foreground.wanted_config(hands, "tutorial", {"flip": True}).augment.flip is True
    assert foreground.wanted_config("digits", "tutorial", {}).augment.flip is False
    assert foreground.wanted_config("garden", "tutorial", {}).augment.flip is True


def test_the_command_line_starts_from_the_same_settings(tmp_path):
    hands = mirrored_hands(tmp_path / "hands")
    words = [f"--set={name}={value}" for name, value in (("data.image_size", 32), ("fit.epochs", 1))]
    assert main(["run", hands, "--json", *words]) == 0
    assert runs.all()[0].config.augment.flip is False


def test_a_folder_that_can_be_read_in_several_ways_is_a_question_with_a_keyword_for_the_answer(tmp_path):
    made_runs.draw_folder(tmp_path / "folds" / "one")
    made_runs.draw_folder(tmp_path / "folds" / "two")
    with pytest.raises(Undecided, match=r"(?s)Possible layouts:.*inner-folders: ") as question:
        core.train(tmp_path / "folds", **QUICK)
    assert "--layout" not in str(question.value)
    assert runs.all() == []
    result = core.train(tmp_path / "folds", layout="inner-folders", **QUICK, epochs=1)
    assert result.class_names == list(FLOWERS)
    with pytest.raises(LabError, match="has no layout 'sideways'"):
        core.train(tmp_path / "folds", layout="sideways", **QUICK)
    assert len(runs.all()) == 1


def test_a_folder_is_found_again_from_anywhere(tmp_path, monkeypatch):
    (tmp_path / "flowers").mkdir()
    monkeypatch.chdir(tmp_path)
    wanted = foreground.wanted_config("flowers", "tutorial", {})
    assert wanted.data.source == str(tmp_path / "flowers")


def test_a_run_that_fails_raises_its_reason(tmp_path):
    tiny = made_runs.draw_folder(tmp_path / "tiny", each=2)
    with pytest.raises(LabError, match=r"\(state: failed\)\. .*at least 3 are needed to split"):
        core.train(tiny, **QUICK)


def test_a_run_that_is_stopped_before_its_first_epoch_says_so_by_its_type(source, monkeypatch):
    create = runs.create

    def stopped(*arguments, **others):
        run = create(*arguments, **others)
        run.ask_to_stop()
        return run

    monkeypatch.setattr(runs, "create", stopped)
    with pytest.raises(Stopped, match=r"has no result \(state: stopped\)"):
        core.train(source, **QUICK)


def test_a_run_that_diverges_raises_its_reason_and_what_to_do(source):
    with pytest.raises(LabError, match=r"training diverged\. Try a smaller learning rate"):
        core.train(source, **QUICK, optimizer="rmsprop", learning_rate=1.0, epochs=30)


def test_the_history_has_a_row_per_epoch(result):
    columns = ["epoch", "loss", "accuracy", "val_loss", "val_accuracy", "seconds"]
    assert list(result.history.columns) == columns
    assert list(result.history["epoch"]) == [1, 2]


@pytest.mark.parametrize("split", ["test", "validation"])
def test_an_accuracy_agrees_with_the_predictions(result, split):
    predictions = result.run.predictions(split)
    correct = predictions.probabilities.argmax(axis=1) == predictions.labels
    accuracy = result.test_accuracy if split == "test" else result.val_accuracy
    assert (accuracy.correct, accuracy.total) == (correct.sum(), len(correct))
    assert accuracy.low < accuracy.value == correct.mean() < accuracy.high
    assert str(accuracy).startswith(f"{100 * correct.mean():.1f}% (95% CI: ")


def test_the_confusion_matrix_counts_every_test_image_and_names_its_axes(result):
    matrix, test = result.confusion_matrix, result.run.predictions("test")
    assert (matrix.index.name, matrix.columns.name) == ("true", "predicted")
    assert list(matrix.index) == list(matrix.columns) == list(FLOWERS) == result.class_names
    np.testing.assert_array_equal(matrix.sum(axis=1), np.bincount(test.labels))
    np.testing.assert_array_equal(
        matrix.sum(axis=0), np.bincount(test.probabilities.argmax(axis=1), minlength=3)
    )


def test_the_scores_per_class_agree_with_the_confusion_matrix(result):
    matrix, scores = result.confusion_matrix, result.per_class
    assert list(scores.index) == list(FLOWERS)
    np.testing.assert_allclose(scores["recall"], np.diag(matrix) / matrix.sum(axis=1))
    assert (scores["support"] == matrix.sum(axis=1)).all()


def test_the_history_and_the_matrix_are_plotted(result):
    assert [axes.get_title() for axes in result.plot_history().axes] == ["Accuracy", "Loss"]
    counts, rates = result.plot_confusion_matrix(), result.plot_confusion_matrix(normalize=True)
    written = sum(int(text.get_text()) for text in counts.axes[0].texts)
    assert written == result.test_accuracy.total
    assert counts.axes[0].get_xlabel() == "Predicted class"
    assert all(text.get_text().endswith("%") for text in rates.axes[0].texts)


def mistakes(result: TrainingResult, class_name: str = "") -> list[str]:
    """The captions that the wrong predictions on test images should have, highest confidence first."""
    test, names = result.run.predictions("test"), result.class_names
    predicted, order = test.probabilities.argmax(axis=1), np.argsort(-test.probabilities.max(axis=1))
    return [
        f"true: {names[test.labels[row]]}\npredicted: {names[predicted[row]]} "
        f"({100 * test.probabilities[row].max():.0f}%)"
        for row in order
        if predicted[row] != test.labels[row] and class_name in ("", names[test.labels[row]])
    ]


def test_the_worst_predictions_are_shown_with_true_class_predicted_class_and_confidence(result):
    figure = result.plot_worst_predictions(n=4)
    assert titles(figure) == mistakes(result)[:4]
    assert len(titles(figure)) == 4
    assert all(len(axes.images) == 1 for axes in figure.axes)


def test_the_worst_predictions_of_one_class_are_of_that_class(result):
    wrong = max(FLOWERS, key=lambda name: len(mistakes(result, name)))
    assert mistakes(result, wrong)
    assert titles(result.plot_worst_predictions(wrong, n=20)) == mistakes(result, wrong)[:20]


def test_grad_cam_shows_a_row_per_image_and_keeps_the_heatmaps_for_the_app(result):
    figure = result.plot_grad_cam(n=2)
    rows, captions = np.array(titles(figure)).reshape(2, 3), mistakes(result)[:2]
    assert list(rows[:, 0]) == captions
    for row in rows:
        true, predicted = re.findall(r"true: (.+)\npredicted: (.+) \(", row[0])[0]
        assert row[1] == f"evidence for the predicted class:\n{predicted}"
        assert row[2] == f"evidence for the true class:\n{true}"
    assert len(figure.axes) == 2 * 3 + 1  # and the scale
    test = result.run.predictions("test")
    wrong = test.probabilities.argmax(axis=1) != test.labels
    first = np.flatnonzero(wrong)[np.argmax(test.probabilities[wrong].max(axis=1))]
    request = Request(str(test.ids[first]), int(test.labels[first]))
    assert heatmaps.kept(result.run, request) is not None


def test_grad_cam_continues_with_correct_predictions_if_mistakes_run_out(result):
    of_one_class = min(FLOWERS, key=lambda name: len(mistakes(result, name)))
    wrong = len(mistakes(result, of_one_class))
    figure = result.plot_grad_cam(of_one_class, n=wrong + 2)
    captions = [title for title in titles(figure) if title.startswith("true: ")]
    assert captions[:wrong] == mistakes(result, of_one_class)
    assert all(f"predicted: {of_one_class} " in caption for caption in captions[wrong:])
    assert len(captions) == wrong + 2


def test_a_class_or_a_number_of_images_that_cannot_be_is_refused_with_a_sentence(result):
    with pytest.raises(LabError, match=r"There is no class 'rose'. Did you mean roses\?"):
        result.plot_worst_predictions("rose")
    with pytest.raises(LabError, match="n cannot be 0"):
        result.plot_grad_cam(n=0)


def test_a_figure_shows_itself_in_a_notebook(result):
    assert result.plot_history()._repr_png_().startswith(b"\x89PNG")


def test_a_result_is_loaded_again_by_id_or_folder(result, monkeypatch):
    for same in (core.load(result.run.path), core.load(str(result.run.path))):
        assert same == result
        assert same.history.equals(result.history)
        assert same.test_accuracy == result.test_accuracy
    with pytest.raises(LabError, match="There is no run 'nothing'"):
        core.load("nothing")
    with pytest.raises(LabError, match="is not a run folder"):
        core.load(result.run.path / "heatmaps")


def test_a_result_has_a_text_and_an_html_summary_with_names_escaped(result):
    for text in (repr(result), result._repr_html_()):
        assert str(result.test_accuracy) in text
        assert "epochs=2, batch_size=8, learning_rate=0.0001" in text
        assert "done" in text
    assert HOSTILE in repr(result)
    assert "<script>" not in result._repr_html_()
    assert "&lt;script&gt;" in result._repr_html_()


def test_a_comparison_prints_the_verdict(results):
    verdict = core.compare(*results)
    test = results[0].test_accuracy
    assert verdict.kind in ("better", "no difference seen", "cannot tell")
    assert verdict.measured.difference == results[1].test_accuracy.value - test.value
    assert f"On {test.total} " in str(verdict)
    assert results[1].run.title in str(verdict)
    assert "<script>" not in verdict._repr_html_()


def test_a_result_is_not_compared_with_itself(result):
    with pytest.raises(LabError, match="Compare it with another run"):
        core.compare(result, core.load(result.id))


def test_runs_with_the_same_name_are_distinguished_by_id(results):
    before = results[1].run.labels.name
    results[1].run.relabel(name=HOSTILE)
    verdict = str(core.compare(*results))
    results[1].run.relabel(name=before)
    assert f"{HOSTILE} ({results[0].id})" in verdict
    assert f"{HOSTILE} ({results[1].id})" in verdict


def test_a_run_without_a_result_is_reported(source):
    waiting = made_runs.waiting(config.RunConfig().replace({"data.source": source}), epochs=1)
    result = core.load(waiting.id)
    assert len(result.history) == 1
    assert "queued" in repr(result)
    for ask in ("test_accuracy", "confusion_matrix", "plot_history", "plot_grad_cam"):
        with pytest.raises(LabError, match=r"has no result \(state: queued\)"):
            found = getattr(result, ask)
            found()


def test_training_works_outside_the_main_thread(source):
    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(core.train, source, **QUICK, epochs=1).result().run.status.state == "done"


ENDLESS = f"""
import os, signal, sys, threading, time
import core
from core import runs

signal.signal(signal.SIGINT, signal.default_int_handler)  # started in the background, it would be ignored

def press_ctrl_c(times, before):
    while not (len(runs.all()) > before and len(runs.all()[0].metrics()) >= 2):
        time.sleep(0.02)
    os.kill(os.getpid(), signal.SIGINT)
    if times == 2:
        while not runs.all()[0].stop_requested:  # two at once would reach Python as one
            time.sleep(0.001)
        os.kill(os.getpid(), signal.SIGINT)

for times in (1, 2):
    threading.Thread(target=press_ctrl_c, args=[times, len(runs.all())], daemon=True).start()
    try:
        result = core.train(sys.argv[1], epochs=500, **{QUICK})
        print(result.run.status.state, len(result.history), result.test_accuracy.total)
    except KeyboardInterrupt:
        print(runs.all()[0].status.state)
    print(signal.getsignal(signal.SIGINT) is signal.default_int_handler)
"""


@pytest.mark.fault("F18", "F20")
def test_ctrl_c_keeps_the_best_epoch_and_a_second_one_interrupts_immediately(source):
    stopped, first, interrupted, second = python(ENDLESS, source).stdout.splitlines()
    state, epochs, total = stopped.split()
    assert (state, first) == ("stopped", "True")
    assert 2 <= int(epochs) < 500
    assert int(total) == len(runs.all()[1].predictions("test").ids)
    assert (interrupted, second) == ("interrupted", "True")


def examples() -> Sequence[str]:
    return re.findall(r"```python\n(.*?)```", (PROJECT / "README.md").read_text(encoding="utf-8"), re.DOTALL)


def test_whether_more_images_help_is_measured_once_and_told_from_python_and_the_command_line(
    source, capsys, monkeypatch
):
    settings = {**QUICK, "epochs": 1, "learning_rate": 0.01}
    found = core.would_more_images_help(source, seeds=2, **settings)
    assert found.kind in ("helps", "does not help", "cannot tell")
    assert found.curve.table()["images"].value_counts().to_dict() == {6: 2, 12: 2, 21: 2}
    assert str(found).startswith(found.sentence)
    capsys.readouterr()
    words = ["more-images", source, "--seeds", "2", "--json"]
    for path, value in runs.all()[-1].config.model_dump()["model"].items():
        if path in ("filters", "dense_units"):
            words += ["--set", f"model.{path}={value[0] if path == 'filters' else value}"]
    words += ["--set", "fit.epochs=1", "--set", "fit.learning_rate=0.01", "--set", "fit.batch_size=8"]
    words += ["--set", "data.image_size=32", "--set", "data.test_share=0.3"]
    assert main(words) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["sentence"], len(told["runs"]), len(runs.all())) == (found.sentence, 6, 6)
    words[3] = "3"
    monkeypatch.setattr(foreground, "carry_out", lambda run, **_: replace(run.status, state="stopped"))
    assert main(words) == 130  # with what was measured before
    assert json.loads(capsys.readouterr().out)["sentence"] == found.sentence


def test_the_example_of_the_readme_runs(tmp_path, capsys):
    source = made_runs.draw_folder(tmp_path / "flowers", each=110)  # a verdict needs 30 test images
    (example,) = examples()
    quick, changed = re.subn(r'"garden", epochs=\d+', f"{source!r}, epochs=1, image_size=32", example)
    assert changed == 2
    exec(compile(quick, "README.md", "exec"), {})
    assert len(runs.all()) == 2 and "On " in capsys.readouterr().out  # the verdict of the comparison
