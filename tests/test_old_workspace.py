"""A workspace written by an earlier version of the lab opens with everything that is in it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from core import datasets, engine, runs, sweeps
from core.comparison import verdicts
from core.data import versions
from core.sweeps import repeats
from samples.made_runs import APP
from tests.pages.reading import words

SOURCE = "upload:shapes-89a113"
FIRST, WITH_DROPOUT = "20261126-185149-8e81602", "20261126-185150-86892b0"
SEED_1, SEED_2 = "20261126-185151-5c95038", "20261126-185151-eb5b2d5"
SWEEP = "20261126-185208-ee4f5ab"
CORRECT = {
    FIRST: 4,
    WITH_DROPOUT: 3,
    SEED_1: 7,
    SEED_2: 4,
    "20261126-185208-ef2e587": 3,
    "20261126-185208-ef9058e": 7,
    "20261126-185208-efd1d2e": 2,
    "20261126-185208-f0252c1": 6,
}
"""How many of its 11 test images each run of the workspace has right."""


pytestmark = pytest.mark.usefixtures("no_child_processes")


@pytest.fixture(autouse=True)
def old(workspace: Path, photos: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A copy of the old workspace; nothing is trained or prepared in it."""
    if not (photos / "old_workspace").is_dir():
        pytest.skip(f"needs the old workspace in {photos}")
    shutil.copytree(photos / "old_workspace", workspace)
    monkeypatch.setattr(engine, "ensure_worker", lambda: None)
    monkeypatch.setattr(engine, "prepare", engine.Preparation)


def test_the_data_set_opens_with_its_images_although_the_workspace_has_moved():
    assert datasets.prepared() == [SOURCE]
    dataset = datasets.open(SOURCE)
    assert (len(dataset.index), len(dataset.usable), dataset.version) == (104, 102, "868d2cadd9af")
    assert dataset.class_names == ("circle", "square", "triangle")
    assert dataset.image(dataset.index.iloc[0]).size == (48, 48)
    assert dataset.thumbnail(dataset.index.iloc[0], 32)


def test_its_steps_and_the_version_before_them_are_there():
    dataset = datasets.open(SOURCE)
    steps = versions.steps(dataset.path)
    assert [(step.kind, step.reason, len(step.ids), step.label) for step in steps] == [
        ("exclude", "too dark", 2, ""),
        ("relabel", "it is a square", 1, "square"),
    ]
    trained_on = runs.open(FIRST).status.data_version
    assert trained_on == "60cae308acdf"
    assert datasets.open(SOURCE, trained_on).version == versions.after(dataset, 0).version == trained_on


def test_a_step_can_be_undone_and_another_added():
    dataset = datasets.open(SOURCE)
    versions.undo(dataset)
    assert datasets.open(SOURCE).version == "738179747a46"
    versions.exclude(dataset, [dataset.usable.iloc[0]["id"]], "again")
    assert len(datasets.open(SOURCE).usable) == 101


def test_every_run_opens_with_its_values():
    assert {run.id for run in runs.all()} == set(CORRECT)
    for run in runs.all():
        test = run.predictions("test")
        assert run.status.state == "done" and run.has_report
        assert len(run.metrics()) == run.config.fit.epochs == run.status.epoch
        assert (test.probabilities.argmax(axis=1) == test.labels).sum() == CORRECT[run.id]
        assert run.report().test_accuracy.correct == CORRECT[run.id]


def test_name_notes_tags_and_star_are_kept():
    labels = runs.open(FIRST).labels
    assert (labels.name, labels.notes, labels.tags, labels.starred) == (
        "first",
        "made before the move",
        ("old",),
        True,
    )
    config = runs.open(WITH_DROPOUT).config
    assert (config.model.dropout, config.augment.rotation, config.data.source) == (0.3, 15, SOURCE)


def test_the_repeats_of_a_run_are_found_and_compared():
    family = repeats.siblings(runs.open(FIRST))
    assert [(run.id, run.config.fit.seed) for run in family] == [(FIRST, 0), (SEED_1, 1), (SEED_2, 2)]
    sides = {
        "plain": [verdicts.from_run(runs.open(FIRST))],
        "dropout": [verdicts.from_run(runs.open(WITH_DROPOUT))],
    }
    assert verdicts.judge(sides).kind == "withheld"  # 11 test images are too few


def test_the_sweep_opens_with_its_runs_and_scores():
    (sweep,) = sweeps.all()
    assert (sweep.id, sweep.name, sweep.repeats, sweep.state) == (SWEEP, "rates", 2, "full")
    assert sweep.values == {"fit.learning_rate": (0.001, 0.0003)}
    assert {run.id for run in sweep.runs} == set(CORRECT) - {FIRST, WITH_DROPOUT, SEED_1, SEED_2}
    assert [trial.score for trial in sweeps.trials(sweep)] == pytest.approx([0.4, 0.45])


def test_the_results_page_shows_a_run():
    page = shown("understand/results", run=FIRST)
    assert any("36.4%" in markdown.value for markdown in page.markdown)
    assert "made before the move" in [element.value for element in page.get("text")]


def test_the_compare_page_lists_all_runs_and_compares_two():
    page = shown("understand/compare", runs=f"{FIRST},{WITH_DROPOUT}")
    runs_list, settings = (page.dataframe[index].value for index in (0, 1))
    assert runs_list["name"].tolist()[2:] == ["first", "with dropout"]
    assert runs_list["star"].tolist() == [False, False, True, False]
    assert settings["Setting"].tolist() == ["Rotation", "Dropout"]


def test_the_sweeps_page_shows_the_sweep():
    page = shown("build/sweeps", sweep=SWEEP)
    table = (
        page.dataframe[0]
        .value.astype({"fit.learning_rate": float})
        .sort_values(["fit.learning_rate", "seed"])
    )
    assert table["fit.learning_rate"].tolist() == [0.0003, 0.0003, 0.001, 0.001]
    assert table["validation"].tolist() == pytest.approx([50, 40, 40, 40])


def test_the_data_page_shows_its_images_and_its_versions():
    page = shown("build/data", data=SOURCE)
    assert page.metric[0].value == "102"
    text = words(shown("build/data", data=SOURCE, part="Versions"))
    assert all(part in text for part in ("868d2cadd9af", "it is a square", "too dark"))


def shown(page: str, **address: str) -> AppTest:
    """A page of the app after its first run, with what stands in the address."""
    app = AppTest.from_file(str(APP), default_timeout=60)
    app.switch_page(f"pages/{page}/{page.rpartition('/')[2]}.py")
    for name, value in address.items():
        app.query_params[name] = value
    app.run()
    assert not app.exception and not app.error
    return app
