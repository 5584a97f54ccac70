"""The Predict page: which run it takes, and what another run or another tab does to it."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from core.config import RunConfig
from core.explain import assistant
from core.runs import Run
from pages.common import addresses, run_picker
from pages.common.prediction import correcting, judging, live
from samples import made_runs
from tests.pages.reading import no_fault, visit, words

pytestmark = pytest.mark.usefixtures("no_processes")


@pytest.fixture
def config(tmp_path: Path) -> RunConfig:
    """Settings for a small folder of coloured discs in three classes."""
    return RunConfig().replace({"data.source": made_runs.draw_folder(tmp_path / "images", each=12)})


@pytest.mark.parametrize("page", [addresses.PREDICT, addresses.EXPLAIN])
def test_while_a_run_trains_that_another_page_follows_the_newest_result_is_shown(page, config):
    finished = made_runs.finished(config)
    made_runs.give_model(finished)
    test = visit(addresses.TRAIN, data=config.data.source)
    no_fault(test.button(key="start").click().run())
    assert test.query_params.pop("run") != finished.id
    test.query_params.clear()  # as the menu does
    no_fault(test.switch_page(page).run())
    assert test.query_params["run"] == finished.id and "not found" not in words(test)


@pytest.mark.parametrize("page", [addresses.PREDICT, addresses.EXPLAIN])
def test_a_link_to_a_run_without_a_result_does_not_say_that_it_is_gone(page, config):
    made_runs.finished(config)
    text = words(visit(page, run=made_runs.waiting(config, "running", 2, name="busy").id))
    assert "busy cannot be shown here. Its state: training." in text
    assert "This run has no result" in text and "No run called" not in text


def test_training_again_takes_the_data_set_that_an_image_was_added_to(config, tmp_path):
    made_runs.finished(config)
    test = visit(addresses.TRAIN, data=made_runs.draw_folder(tmp_path / "others", each=12))
    test.session_state[correcting._ADDED] = {config.data.source: "An image was added."}
    test.switch_page(addresses.PREDICT).run()
    no_fault(test.button(key=f"train again {config.data.source}").click().run())
    assert test.title[0].value == "Train"
    assert test.selectbox(key="data.source").value == config.data.source


def test_an_answer_that_another_run_is_asked_for_is_not_taken_for_this_runs(config, monkeypatch):
    runs = [made_runs.finished(config, name=name) for name in "ab"]
    judge = SimpleNamespace(answers=lambda probabilities, features: [probabilities])
    monkeypatch.setattr(judging, "kind_of", lambda run: "own")
    monkeypatch.setattr(live, "PATIENCE_SECONDS", 0)
    asked: list[str] = []

    def predict(run: Run, pixels: Any, kind: str) -> Any:
        asked.append(run.labels.name)
        answer = {"probabilities": run.labels.name, "features": None}
        return SimpleNamespace(ready=run.labels.name == "b", answer=lambda: answer)

    monkeypatch.setattr(assistant, "predict", predict)
    pixels = np.zeros((8, 8, 3), np.uint8)
    assert [live._ask(run, judge, pixels) for run in runs] == [None, "b"]
    assert asked == ["a", "b"]


def test_a_remembered_run_that_is_deleted_is_still_said_to_be_missing(config):
    made_runs.finished(config)
    test = visit(addresses.RESULTS)
    test.session_state[run_picker.RUN_KEY] = "20200101-000000-abcdef"
    test.query_params.clear()
    test.switch_page(addresses.PREDICT).run()
    assert "Run not found" in words(no_fault(test))
