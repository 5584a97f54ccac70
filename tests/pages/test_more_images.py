"""Would more images help? On Results, Data and Compare: offered, followed, stopped, answered."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from core import engine, more_images, runs
from core.config import RunConfig, preset
from core.more_images import DataCurve, Study
from core.more_images.measuring import Size
from core.processes import heartbeat
from pages.common import addresses, data_curve_chart
from pages.common import more_images as more_images_part
from samples import made_runs
from tests.pages.test_understand import no_fault, no_processes, shown, words

__all__ = ["no_processes"]  # a fixture

QUESTION = "Would more images help?"


@pytest.fixture
def config(workspace: Path, tmp_path: Path) -> RunConfig:
    source = made_runs.draw_folder(tmp_path / "images", each=24)
    changes = {"data.source": source, "data.image_size": 48, "data.validation_share": 0.3}
    return RunConfig().replace({**changes, "data.test_share": 0.3})


def finish(study: Study, skill: float = 0.85) -> None:
    for config in study.configs():
        if config not in study.runs():
            share = config.data.training_subset
            made_runs.finished(config, skill=skill - 0.08 / share, seed=config.fit.seed + round(100 * share))


def test_results_offer_the_runs_and_answer_when_they_are_done(config: RunConfig) -> None:
    run = made_runs.finished(config, skill=0.85)
    page = shown("results", run=run.id)
    assert QUESTION in words(page)
    button = page.button(key="start-more-images-results")
    assert button.label.startswith("Measure it: 8 runs · about ")
    page = no_fault(button.click().run())
    assert "0 of 9" not in words(page) and len(engine.queue()) == 8
    assert page.get("progress")[0].proto.text.startswith("1 of 9 runs done")
    page = no_fault(page.button(key="stop-more-images-results").click().run())
    assert engine.queue() == []
    assert page.button(key="start-more-images-results").label.startswith("Go on: 8 runs")
    for stopped in runs.all()[:-1]:
        runs.delete(stopped)
    finish(Study(config))
    page = shown("results", run=run.id)
    answer = more_images.answer(more_images.curve(Study(config).runs().values()))
    assert answer.sentence in words(page).replace("**", "")
    assert "Accuracy on the 42 validation and test images." in words(page)
    assert not [button for button in page.button if button.key == "start-more-images-results"]


def test_a_run_that_has_its_report_but_is_not_done_yet_counts_once_it_is(config: RunConfig) -> None:
    run = made_runs.finished(config)
    done = run.status
    run.write_status(replace(done, state="running", **heartbeat.identity()))
    before = more_images_part._stamp(run)
    assert more_images.curve([run]).sizes == ()
    run.write_status(done)
    assert more_images.curve([run]).sizes != ()
    assert more_images_part._stamp(run) != before  # or what was shown before would be shown for ever


def test_a_run_on_a_part_of_the_images_and_the_example_ask_nothing(config: RunConfig) -> None:
    run = made_runs.finished(config.replace({"data.training_subset": 0.5}))
    assert QUESTION not in words(shown("results", run=run.id))
    assert QUESTION not in words(shown("results", run=runs.EXAMPLE))


def test_data_asks_with_the_settings_of_the_train_page(config: RunConfig) -> None:
    page = AppTest.from_file(str(made_runs.APP), default_timeout=30).switch_page(addresses.DATA)
    page.query_params[addresses.SOURCE_KEY] = config.data.source
    page.query_params[addresses.SETTING_KEY] = ["data.image_size=32", "fit.epochs=4"]
    page = no_fault(page.run())
    assert QUESTION in words(page) and "With the settings of the Train page" in words(page)
    no_fault(page.button(key="start-more-images-data").click().run())
    assert len(engine.queue()) == 9
    assert {run.config.data.image_size for run in engine.queue()} == {32}


def test_compare_draws_a_band_for_each_network_and_says_which_needs_fewer(config: RunConfig) -> None:
    transfer = preset("transfer", config).replace({"data.image_size": 48})
    first, second = made_runs.finished(config, skill=0.6), made_runs.finished(transfer, skill=0.95)
    address = {"runs": f"{first.id},{second.id}", "shown": "Learning curves"}
    page = shown("compare", **address)
    assert "How many images each needs" in words(page)
    no_fault(page.button(key="start-more-images-compare").click().run())
    assert len(engine.queue()) == 16
    engine.stop_all(engine.queue())
    for run in runs.all():
        if run.status.state == "stopped":
            runs.delete(run)
    finish(Study(config), 0.6)
    finish(Study(transfer), 0.98)
    text = words(shown("compare", **address)).replace("**", "")
    assert "images, B" in text and "does at least as well as A" in text


def test_sweeps_measure_both_kinds_of_network_in_two_clicks(config: RunConfig) -> None:
    page = AppTest.from_file(str(made_runs.APP), default_timeout=30).switch_page(addresses.SWEEPS)
    page.query_params[addresses.SOURCE_KEY] = config.data.source
    page.session_state["by_images"] = True
    page = no_fault(page.run())
    no_fault(page.button(key="start-more-images-sweeps").click().run())
    networks = [run.config.model.network for run in engine.queue()]
    assert {name: networks.count(name) for name in networks} == {"own": 9, "mobilenet_v2_035": 9}


def test_one_click_puts_the_other_kind_of_network_beside_a_run(config: RunConfig) -> None:
    run = made_runs.finished(config)
    page = no_fault(shown("compare", runs=run.id).button(key="counterpart").click().run())
    (queued,) = engine.queue()
    assert queued.config.model.network == "mobilenet_v2_035"
    assert page.query_params["runs"] == f"{run.id},{queued.id}"
    assert any("in the queue" in one.value for one in page.markdown)
    wanted = queued.config
    engine.stop(queued)
    runs.delete(queued)
    other = made_runs.finished(wanted)
    page = no_fault(shown("compare", runs=run.id).button(key="counterpart").click().run())
    assert engine.queue() == [] and page.query_params["runs"] == f"{run.id},{other.id}"
    assert "Real or luck?" in [header.value for header in page.header]


def test_the_chart_has_a_dot_per_run_and_a_dashed_forecast_to_twice_the_images() -> None:
    rng = np.random.default_rng(0)
    sizes = [
        Size(share, round(400 * share), rng.random((3, 300)) < 0.7 + 0.1 * share) for share in (0.25, 0.5, 1)
    ]
    curve = DataCurve(tuple(sizes), tuple(map(str, range(300))))
    drawn = data_curve_chart.chart({"A": curve, "B": curve.up_to(0.5)}).to_dict()
    tables = list(drawn["datasets"].values())
    dots = next(rows for rows in tables if "low" not in rows[0])
    law = next(rows for rows in tables if "low" in rows[0])
    assert len(dots) == 15 and {row["name"] for row in law} == {"A"}
    forecast = [row for row in law if row["part"] == "forecast"]
    assert max(row["images"] for row in forecast) == pytest.approx(800)
    assert all(row["low"] <= row["accuracy"] <= row["high"] for row in law)
    assert data_curve_chart.in_words({"": curve}).count("with") == 3


def test_runs_that_end_while_their_progress_is_drawn_are_no_fault(config: RunConfig) -> None:
    study = Study(config)
    finish(study)
    asked = more_images_part.Asked("", study, 24)
    more_images_part._show_progress([asked], {"": study.runs()}, "test")
