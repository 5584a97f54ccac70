"""The next step: each page has one primary button, whatever the state of its data set and its runs."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from core import datasets, runs
from core.config import RunConfig
from core.data import sources
from core.engine import Preparation
from core.runs import Run
from core.training import first_training
from core.words import about
from pages.common import addresses, data_sources, settings_form
from samples import made_runs
from tests.pages.reading import no_fault, visit

DATA, HOME, TRAIN = addresses.DATA, addresses.HOME, addresses.TRAIN


pytestmark = pytest.mark.usefixtures("no_processes")


@pytest.fixture
def config(tmp_path: Path) -> RunConfig:
    """Settings for a small folder of coloured discs in three classes."""
    return RunConfig().replace({"data.source": made_runs.draw_folder(tmp_path / "images", each=12)})


@pytest.fixture
def unfit(config: RunConfig) -> RunConfig:
    """Settings for a folder that is too small and has copies, but can be trained on."""
    folder = Path(config.data.source)
    for number in range(4):
        shutil.copyfile(folder / "daisy" / "000.png", folder / "daisy" / f"copy_{number}.png")
    datasets.prepare(str(folder))
    return config


def primary(test: AppTest) -> list[str]:
    """The labels of the primary buttons that are visible, not those in a popover."""
    return [button.label for button in _visible(test.main) if button.proto.type == "primary"]


def _visible(block: Any) -> Iterator[Any]:
    for child in block.children.values():
        if child.type == "button":
            yield child
        elif hasattr(child, "children") and child.type != "popover":
            yield from _visible(child)


def failed(config: RunConfig, state: runs.State) -> Run:
    run = made_runs.waiting(config, "running", epochs=2)
    run.write_status(replace(run.status, state=state, message="It broke."))
    return run


def test_on_the_first_visit_it_is_to_train_a_first_model():
    page = visit(HOME)
    assert primary(page) == ["Train my first model"]
    config = datasets.starting_config("garden", "first look")
    promised = about(first_training.seconds_to_result(config))
    assert f"Ready in {promised}." in [caption.value for caption in page.caption]


def test_home_leads_on_from_the_newest_run(config):
    failed(config, "diverged")
    assert primary(visit(HOME)) == ["See what happened"]
    made_runs.finished(config)
    assert primary(visit(HOME)) == ["Look at the newest result"]
    made_runs.waiting(config)
    assert primary(visit(HOME)) == ["Watch the training"]


def test_before_training_on_unfit_data_it_is_to_see_what_to_fix(unfit):
    for page in (DATA, TRAIN):
        test = visit(page, data=unfit.data.source)
        assert primary(test) == ["See what to fix"]
        assert "Not ready for training yet" in "".join(element.value for element in test.markdown)
    no_fault(test.button(key="see_findings").click().run())
    assert test.title[0].value == "Data" and test.session_state["part"] == "Check"
    assert primary(test) == ["See what to fix"] and test.button(key="see_findings").disabled


def test_unfit_data_can_be_trained_on_nevertheless(unfit):
    test = visit(TRAIN, data=unfit.data.source)
    no_fault(test.button(key="start").click().run())
    assert [run.status.state for run in runs.all()] == ["queued"]


def test_fit_data_leads_to_training_and_training_to_the_result(config):
    source = config.data.source
    assert primary(visit(DATA, data=source)) == ["Use for training"]
    assert primary(visit(TRAIN, data=source)) == ["Start training"]
    for state in ("stopped", "interrupted", "failed"):
        assert primary(visit(TRAIN, data=source, run=failed(config, state).id)) == ["Resume"]
    assert primary(visit(TRAIN, data=source, run=failed(config, "diverged").id)) == ["Start training"]
    finished = made_runs.finished(config)
    assert primary(visit(TRAIN, data=source, run=finished.id)) == ["Look at the result"]
    made_runs.waiting(config, "running")
    assert primary(visit(TRAIN, data=source)) == []  # the next step is to wait
    assert primary(visit(TRAIN, data=source, run=finished.id)) == ["Look at the result"]


def test_every_other_page_and_tab_has_one_too(config):
    source = config.data.source
    (label,) = primary(visit(addresses.SWEEPS, data=source))
    assert re.fullmatch(r"Start sweep · 3 runs, about .+", label)
    for tab in ("Check", "Gallery", "Wrong labels", "Versions"):
        assert primary(visit(DATA, data=source, part=tab)) == ["Use for training"]
    run = made_runs.finished(config)
    made_runs.give_model(run)
    assert primary(visit(addresses.RESULTS, run=run.id)) == ["See why"]
    assert primary(visit(addresses.RESULTS, run=failed(config, "interrupted").id)) == ["Resume this run"]
    assert primary(visit(addresses.EXPLAIN, run=run.id)) == ["Change a setting and train again"]
    for page in (addresses.RESULTS, addresses.EXPLAIN):
        assert len(primary(visit(page, run="example"))) == 1
    for page in (addresses.COMPARE, addresses.PREDICT, addresses.WORDS):
        assert len(primary(visit(page, run=run.id))) <= 1


def test_a_sweep_on_unfit_data_is_not_the_next_step(unfit):
    assert primary(visit(addresses.SWEEPS, data=unfit.data.source)) == ["See what to fix"]


def test_the_result_of_the_followed_run_opens(config):
    run = made_runs.finished(config)
    test = visit(TRAIN, data=config.data.source, run=run.id)
    no_fault(test.button(key="see_result").click().run())
    assert test.title[0].value == "Results" and test.query_params["run"] == run.id


@pytest.mark.parametrize(
    ("kind", "expected"),
    {
        data_sources.BUILT_IN_KIND: ["Choose"],
        data_sources.CATALOGUED: ["Choose"],
        data_sources.UPLOAD: ["Use these files"],
    }.items(),
)
def test_while_another_source_is_chosen_the_one_in_use_is_a_line(kind, expected, config):
    test = visit(DATA, data=config.data.source)
    no_fault(test.get_by_key("source_kind").set_value(kind).run())
    assert primary(test) == expected and not test.tabs
    assert "In use until you choose" in test.markdown[-1].value
    no_fault(test.button(key="keep_source").click().run())
    assert test.get_by_key("source_kind").value == data_sources.FOLDER and test.tabs


def test_a_data_set_that_is_not_prepared_is_prepared_first():
    source = "tfds:beans"
    assert primary(visit(DATA, data=source)) == ["Prepare this data set"]
    assert primary(visit(TRAIN, data=source)) == ["Prepare this data set"]
    Preparation(source, "failed", message="No network.").write()
    assert primary(visit(TRAIN, data=source)) == ["Try again"]


def test_what_cannot_be_chosen_is_said_under_its_field_until_it_is_changed():
    test = visit(DATA)
    no_fault(test.get_by_key("source_kind").set_value(data_sources.FOLDER).run())
    test.text_input(key="folder_path").set_value("/nowhere")
    no_fault(test.button(key="choose folder_path").click().run())
    assert [error.value.replace("\\", "") for error in test.error] == ["There is no folder /nowhere."]
    with pytest.raises(sources.NoSuchSource, match=r"There is no folder /nowhere\. A data set is"):
        sources.resolve("/nowhere")
    no_fault(test.text_input(key="folder_path").set_value("/elsewhere").run())
    assert not test.error


def test_a_few_settings_are_shown_at_first_and_what_is_wrong_with_one_at_its_field(config):
    test = visit(TRAIN, data=config.data.source)
    assert test.session_state[settings_form.DETAIL] == settings_form.SIMPLE
    assert not [one for one in test.sidebar.get("text_input") if one.label.startswith("Filters")]
    test = visit(TRAIN, data=config.data.source, set="model.filters=4,4,4,4")
    assert not test.error
    no_fault(test.slider(key="data.image_size").set_value(32).run())
    assert "too many for an image size" in test.error[0].value
    at_fields = [one.value for one in test.sidebar.markdown if "too many" in one.value]
    assert primary(test) == ["Start training"] and test.button(key="start").disabled
    assert len(at_fields) == 2 and test.sidebar.text_input(key="model.filters").value == "4, 4, 4, 4"
