"""The Sweeps page as a user sees it: a new sweep, one in progress, and its findings."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from core import engine, runs, sweeps
from core.config import RunConfig
from core.sweeps import Sweep
from core.workers import ray_cluster
from pages.build.sweeps import charts, setting_values, view
from samples import made_runs
from tests.pages.reading import no_fault, plain, words
from tests.pages.test_understand import HOSTILE


@pytest.fixture(autouse=True)
def no_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the frame from warming up a worker and drawing the built-in images, which no test here needs."""
    monkeypatch.setattr(engine, "ensure_worker", lambda: None)
    monkeypatch.setattr(engine, "prepare", engine.Preparation)


@pytest.fixture
def base(workspace: Path, tmp_path: Path) -> RunConfig:
    source = made_runs.draw_folder(tmp_path / "images", each=20, size=32)
    return RunConfig().replace({"data.source": source, "data.image_size": 32, "model.filters": (4, 8)})


def finish(
    sweep: Sweep, score: Callable[[RunConfig], float] = lambda config: 0.5, limit: int = 10_000
) -> None:
    """Finish queued runs with a validation accuracy, without training."""
    for _ in range(limit):
        run = engine.claim()
        if run is None:
            if sweeps.advance():
                continue
            return
        correct = round(200 * score(run.config))
        run.append_metrics(
            {"epoch": 1, "loss": 1.0, "accuracy": 0.5, "val_loss": 1.0, "val_accuracy": correct / 200}
        )
        run.write_report(made_runs.report(correct, 200, seconds=3.0))
        run.write_status(replace(run.status, state="done", epoch=1))


def shown(base: RunConfig, sweep: Sweep | None = None, *, new: bool = False) -> AppTest:
    page = AppTest.from_file(str(made_runs.APP), default_timeout=30).switch_page(
        "pages/build/sweeps/sweeps.py"
    )
    page.query_params["data"] = base.data.source
    page.query_params["set"] = ["data.image_size=32", "model.filters=4,8"]
    if sweep or new:
        page.query_params["sweep"] = sweep.id if sweep else ""
    return no_fault(page.run())


def metric(page: AppTest, label: str) -> Any:
    return next(metric for metric in page.metric if metric.label == label)


def test_unprepared_images_can_be_prepared_on_this_page(base):
    page = shown(base.replace({"data.source": "tfds:tf_flowers"}))
    labels = [button.label for button in page.button]
    assert "Prepare this data set" in labels and not any("Start" in label for label in labels)


def test_a_new_sweep_shows_its_runs_and_time_before_it_starts(base):
    page = shown(base)
    assert metric(page, "Runs").value == "3"
    assert metric(page, "Estimated time").value.startswith("about ")
    page.number_input(key="sweep_repeats").set_value(2).run()
    assert metric(page, "Runs").value == "6"
    no_fault(page.button(key="start_sweep").click().run())
    (sweep,) = sweeps.all()
    assert sweep.base.data.source == base.data.source
    assert sweep.base.model.filters == (4, 8)
    assert len(engine.queue()) == 6
    assert "0 of 6 runs done" in page.get("progress")[0].proto.text


def test_what_is_typed_right_before_the_click_counts(base):
    page = shown(base)
    page.text_input(key="sweep_name").set_value("by night")
    page.number_input(key="sweep_repeats").set_value(2)
    no_fault(page.button(key="start_sweep").click().run())
    (sweep,) = sweeps.all()
    assert (sweep.name, len(engine.queue())) == ("by night", 6)
    page.session_state["sweep_more"] = True
    page.run()
    page.number_input(key="more_repeats").set_value(1).run()
    page.number_input(key="more_repeats").set_value(3)
    no_fault(page.button(key="extend_sweep").click().run())
    assert len(engine.queue()) == 3 * (2 + 3)


def test_two_sweeps_of_one_name_and_minute_can_both_be_chosen(base):
    made = [sweeps.start(base, {"fit.learning_rate": (0.01, 0.001)}, name="twins") for _ in "ab"]
    for sweep in made:
        page = shown(base, sweep)
        no_fault(page.run())
        assert page.query_params["sweep"] == sweep.id
        other = next(one for one in made if one != sweep)
        page.selectbox(key="sweep_choice").set_value(other.id).run()
        assert page.query_params["sweep"] == other.id


def test_a_sweep_started_by_mistake_can_be_taken_back_on_every_page(base):
    page = shown(base)
    no_fault(page.button(key="start_sweep").click().run())
    assert "3 runs queued for the sweep" in words(page)
    no_fault(page.switch_page("pages/build/train/train.py").run())
    assert "3 runs queued for the sweep" in words(page)
    no_fault(page.button(key="undo_queued").click().run())
    assert page.toast[0].value == "3 queued runs taken back."
    assert sweeps.all() == [] and runs.all() == [] and engine.queue() == []
    assert "queued" not in words(page)


def test_values_added_by_mistake_can_be_taken_back(base):
    sweep = sweeps.start(base, {"fit.learning_rate": (0.001, 0.01)})
    finish(sweep)
    before = sweeps.open(sweep.id)
    page = shown(base, sweep)
    page.session_state["sweep_more"] = True
    page.run()
    page.number_input(key="more_repeats").set_value(2).run()
    no_fault(page.button(key="extend_sweep").click().run())
    assert "4 runs queued for the sweep" in words(page)
    no_fault(page.button(key="undo_queued").click().run())
    assert sweeps.open(sweep.id) == before and len(before.runs) == 2
    assert page.query_params["sweep"] == sweep.id


def test_several_settings_of_every_kind_can_be_ticked(base):
    page = shown(base)
    paths = ["fit.optimizer", "augment.flip", "model.filters", "fit.batch_size", "model.dropout"]
    page.multiselect(key="sweep_paths").set_value(paths).run()
    no_fault(page)
    assert not page.warning
    assert int(metric(page, "Runs").value.replace(",", "")) == 3 * 2 * 3 * 3 * 3


def test_every_setting_offered_has_values_to_tick(base):
    page = shown(base)
    for path in setting_values.variable_settings():
        page.multiselect(key="sweep_paths").set_value([path]).run()
        no_fault(page)
        assert not page.warning, (path, page.warning[0].value)
        assert int(metric(page, "Runs").value) >= 2, path


def test_invalid_values_get_a_sentence_and_disable_start(base):
    page = shown(base)
    page.multiselect(key="sweep_paths").set_value([]).run()
    assert "Nothing is varied yet" in page.warning[0].value
    assert page.button(key="start_sweep").disabled
    page.multiselect(key="sweep_paths").set_value(["fit.epochs"]).run()
    page.multiselect(key="sweep-fit.epochs").set_value(["10", HOSTILE]).run()
    no_fault(page)
    assert "Epochs" in page.warning[0].value
    assert page.button(key="start_sweep").disabled


def test_a_running_sweep_fills_its_table_and_can_be_stopped_and_resumed(base):
    sweep = sweeps.start(base, {"fit.learning_rate": (0.01, 0.001, 0.0001)})
    finish(sweep, limit=1)
    page = shown(base, sweep)
    assert page.get("progress")[0].proto.text == "1 of 3 runs done · about 10 s left"
    assert len(page.dataframe[0].value) == 3
    no_fault(page.button(key="stop_sweep").click().run())
    assert sweeps.open(sweep.id).state == "stopped"
    assert [run.status.state for run in sweep.runs] == ["done", "stopped", "stopped"]
    assert page.dataframe[0].value["state"].tolist() == ["finished", "stopped", "stopped"]
    no_fault(page.button(key="resume_sweep").click().run())
    assert len(engine.queue()) == 2


def test_the_page_starts_and_stops_its_updates(base, monkeypatch):
    drawn: list[bool] = []
    monkeypatch.setattr(st, "rerun", lambda: drawn.append(True))
    sweep = sweeps.start(base, {"fit.learning_rate": (0.01, 0.001)})
    for is_followed in (True, False):
        view._start_or_stop_updates(sweep, sweeps.table(sweep), is_followed)
    assert len(drawn) == 1
    finish(sweep)
    for is_followed in (False, True):
        view._start_or_stop_updates(sweep, sweeps.table(sweep), is_followed)
    assert len(drawn) == 2


def test_a_stopped_search_shows_how_many_runs_are_missing(base):
    sweep = sweeps.start(base, {"fit.learning_rate": (0.01, 0.001)}, way="random", trials=5)
    finish(sweep, limit=2)
    sweeps.stop(sweep)
    assert "1 of 5 runs done" in shown(base, sweep).get("progress")[0].proto.text


RATES = {"fit.learning_rate": (0.01, 0.001)}
FILTERS = {"model.filters": ((4,), (4, 8))}


@pytest.mark.parametrize(
    ("values", "way", "chart"),
    [
        (RATES, "grid", "by Learning rate,"),
        ({"fit.optimizer": ("adam", "sgd")}, "grid", "by Optimiser,"),
        ({**RATES, "model.dropout": (0.0, 0.5)}, "grid", "Learning rate and Dropout"),
        ({**RATES, **FILTERS}, "tpe", "Learning rate and Filters"),
        ({**RATES, **FILTERS, "augment.flip": (True, False)}, "grid", "every combination of 3 settings"),
    ],
)
def test_the_chart_suits_the_number_of_settings(base, values, way, chart):
    sweep = sweeps.start(base, values, way=way, trials=6)
    finish(sweep, lambda config: 0.4 + 10 * config.fit.learning_rate)
    page = shown(base, sweep)
    text = words(page)
    assert chart in text
    assert "Best on validation so far" in text
    assert "95% CI" in text
    assert "Test" not in " ".join(page.dataframe[0].value.columns)
    assert page.get("vega_lite_chart") or page.get("arrow_vega_lite_chart")


def test_parallel_axes_order_numbers_by_size_and_options_as_ticked(base):
    values = {
        "fit.batch_size": (64, 8),
        "fit.optimizer": ("sgd", "adam"),
        "fit.learning_rate": (0.001, 0.01),
    }
    sweep = sweeps.start(base, values)
    finish(sweep, lambda config: 0.5 + 0.1 * (config.fit.optimizer == "adam"))
    table = sweeps.choices(sweep, sweeps.table(sweep))
    frame = charts._frame(table, list(values))
    assert charts._order(sweep, frame, "fit.batch_size") == ["8", "64"]
    assert charts._order(sweep, frame, "fit.optimizer") == ["sgd", "adam"]


def test_importance_comes_with_a_caution_if_trials_are_few(base):
    values = {"fit.learning_rate": (0.01, 0.001), "fit.batch_size": (8, 32), "augment.flip": (True, False)}
    sweep = sweeps.start(base, values)
    finish(sweep, lambda config: 0.4 + 20 * config.fit.learning_rate + config.fit.batch_size / 1000)
    text = words(shown(base, sweep))
    assert "Which settings mattered" in text
    assert "8 trials for 3 settings" in text


def test_the_setting_that_mattered_most_is_on_top():
    chart = charts.importance({"augment.flip": 0.1, "fit.learning_rate": 0.7, "fit.batch_size": 0.2})
    assert chart.layer[0].to_dict()["encoding"]["y"]["sort"] == [
        "Learning rate",
        "Batch size",
        "Flip left-right",
    ]


def test_repeats_show_their_spread_and_the_luck_of_the_best(base):
    sweep = sweeps.start(base, {"fit.learning_rate": (0.01, 0.001)}, repeats=3)
    finish(sweep, lambda config: 0.5 + config.fit.learning_rate * 10 + 0.02 * config.fit.seed)
    text = words(shown(base, sweep))
    assert "62.0 ± 2.0% (SD, n=3)" in text
    assert "The best of 2 is partly lucky: expect about" in text


def test_the_best_can_be_used_and_repeated_with_new_seeds(base):
    sweep = sweeps.start(base, {"fit.learning_rate": (0.01, 0.001)})
    finish(sweep, lambda config: 0.5 + config.fit.learning_rate * 10)
    page = shown(base, sweep)
    no_fault(page.button(key="repeat_best").click().run())
    assert [run.config.fit.seed for run in engine.queue()] == [1, 2, 3, 4]
    assert {run.config.fit.learning_rate for run in engine.queue()} == {0.01}


def test_the_settings_of_the_best_run_are_copied_with_their_data_set(base):
    sweep = sweeps.start(base, {"fit.learning_rate": (0.001, 0.01)})
    finish(sweep, lambda config: 0.5 + config.fit.learning_rate * 10)
    (use,) = [link.proto for link in shown(base, sweep).get("page_link") if "Use" in link.proto.label]
    assert use.query_string == f"from={sweep.runs[1].id}"
    page = AppTest.from_file(str(made_runs.APP), default_timeout=30).switch_page("pages/build/train/train.py")
    page.query_params["from"] = sweep.runs[1].id
    assert "All settings were copied from the run" in words(no_fault(page.run()))
    assert page.session_state["data.source 1"] == base.data.source


def test_test_scores_are_shown_only_when_asked_for(base):
    sweep = sweeps.start(base, {"fit.learning_rate": (0.01, 0.001)})
    finish(sweep)
    page = shown(base, sweep)
    assert "test" not in page.dataframe[0].value
    no_fault(page.toggle(key="sweep_test").set_value(True).run())
    assert page.dataframe[0].value["test"].tolist() == [50.0, 50.0]


def test_the_table_has_the_score_of_each_run_best_first(base):
    sweep = sweeps.start(base, {"fit.learning_rate": (0.001, 0.01)})
    finish(sweep, lambda config: 0.5 + config.fit.learning_rate * 10)
    table = shown(base, sweep).dataframe[0].value
    assert table["fit.learning_rate"].tolist() == ["0.01", "0.001"]
    assert table["validation"].tolist() == [60.0, 51.0]


def test_more_values_can_be_added(base):
    sweep = sweeps.start(base, {"fit.learning_rate": (0.01, 0.001)})
    finish(sweep)
    page = shown(base, sweep)
    page.session_state["sweep_more"] = True
    page.run()
    more = page.multiselect(key=f"more-fit.learning_rate-{sweep.id}")
    assert "0.0005" in more.options
    assert "0.001" not in more.options
    more.set_value(["0.001", "0.0005"]).run()
    no_fault(page.button(key="extend_sweep").click().run())
    assert [run.config.fit.learning_rate for run in engine.queue()] == [0.0005]
    assert page.multiselect(key=f"more-fit.learning_rate-{sweep.id}").value == []
    assert page.button(key="extend_sweep").disabled
    assert not page.warning


def test_a_missing_sweep_and_hostile_names_are_shown_as_plain_text(base):
    sweep = sweeps.start(base, {"fit.seed": (1, 2)}, name=HOSTILE)
    assert HOSTILE in words(shown(base, sweep))
    page = AppTest.from_file(str(made_runs.APP), default_timeout=30).switch_page(
        "pages/build/sweeps/sweeps.py"
    )
    page.query_params["sweep"] = HOSTILE
    assert "was not found" in words(no_fault(page.run()))


def test_a_sweep_of_200_runs_is_shown(base):
    sweep = sweeps.start(base, {"fit.learning_rate": tuple(round(0.0001 * n, 4) for n in range(1, 201))})
    finish(sweep)
    page = shown(base, sweep)
    began = time.perf_counter()
    no_fault(page.run())
    print(f"rerun with 200 runs: {time.perf_counter() - began:.3f} s")
    assert len(page.dataframe[0].value) == len(runs.all()) == 200


@pytest.mark.parametrize("filters", [False, True])
def test_the_best_combinations_are_compared_with_all_their_seeds(base: RunConfig, filters: bool) -> None:
    path, values = ("model.filters", ((4,), (8,))) if filters else ("fit.epochs", (1, 2))
    sweep = sweeps.start(base, {path: values}, repeats=2)
    finish(sweep, lambda config: 0.6 if config.get(path) == values[1] else 0.5)
    table = sweeps.table(sweep)
    named = view._best_lines(sweep, table, sweeps.choices(sweep, table))
    assert [name[-1] for name in named] == ["~", "~"]
    assert [runs.open(name[:-1]).config.get(path) for name in named] == [values[1], values[0]]
    assert not shown(base, sweep).exception


def test_the_address_of_a_cluster_is_kept_or_refused_with_a_sentence(base, monkeypatch):
    for name in ("LAB_RAY_ADDRESS", "RAY_ADDRESS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(ray_cluster, "is_installed", lambda: True)
    page = shown(base)
    page.text_input(key="cluster_address").set_value("nowhere").run()
    page.button(key="cluster_save").click().run()
    assert [plain(error.value) for error in page.error] == [
        "'nowhere' is not a Ray cluster address; use host:port, ray://host:port or auto."
    ]
    page.text_input(key="cluster_address").set_value("head:6379").run()
    no_fault(page.button(key="cluster_save").click().run())
    assert ray_cluster.address() == "head:6379"
    assert any(
        expander.label.replace("\\", "").endswith("cluster at head:6379") for expander in page.expander
    )


@pytest.mark.fault("F16")
def test_a_damaged_sweep_is_named_and_can_be_removed_without_its_runs(base):
    kept, broken = (sweeps.start(base, {"fit.seed": (seed, seed + 1)}) for seed in (1, 3))
    (broken.path / "sweep.json").write_text('{"id": 5')
    page = shown(base, broken)
    assert not page.warning
    assert plain(page.error[0].proto.title) == f"Sweep {broken.id} cannot be read"
    assert "sweep.json in" in plain(page.error[0].value)
    no_fault(page.button(key=f"trash-sweep-{broken.id}").click().run())
    assert not page.error
    assert sweeps.all() == [kept] and len(runs.all()) == 4
