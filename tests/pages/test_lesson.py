"""Lessons: what a link hides on Train and Results, how the link is built, and how it is taken back."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from streamlit.testing.v1 import AppTest

from core.config import SETTINGS, RunConfig
from pages.build.train import lesson_link
from pages.common import addresses, lesson, settings_form
from samples import made_runs
from tests.pages.reading import no_fault, visit

DOCUMENTED = (made_runs.APP.parent / "docs" / "teaching.md").read_text(encoding="utf-8")


pytestmark = pytest.mark.usefixtures("no_processes")


@pytest.fixture
def config(tmp_path: Path) -> RunConfig:
    return RunConfig().replace({"data.source": made_runs.draw_folder(tmp_path / "images", each=20)})


def fields(test: AppTest) -> set[str]:
    """The settings whose widgets are in the sidebar."""
    kinds = ("slider", "select_slider", "selectbox", "number_input", "toggle", "text_input", "multiselect")
    keys = {element.key for kind in kinds for element in test.sidebar.get(kind)}
    groups = {element.proto.id.rpartition("-")[2] for element in test.sidebar.get("button_group")}
    return {key for key in (*keys, *groups) if key in SETTINGS or key == "augment_strength"}


def test_a_link_hides_settings_whatever_their_names_and_keeps_their_values(config):
    source = config.data.source
    shown = fields(visit(addresses.TRAIN, data=source))
    assert {"model.dropout", "fit.epochs", "augment_strength"} <= shown
    test = visit(
        addresses.TRAIN, data=source, set="model.dropout=0.3", hide="dropout, fit.epochs,presets,augmentation"
    )
    assert shown - fields(test) == {"model.dropout", "fit.epochs", "augment_strength"}
    assert not [button for button in test.sidebar.button if button.key.startswith("preset ")]
    assert test.session_state["model.dropout"] == 0.3
    test.session_state[settings_form.DETAIL] = settings_form.ALL
    assert not {"model.dropout", "augment.rotation"} & fields(no_fault(test.run()))


def test_what_is_hidden_stays_hidden_on_other_pages_until_everything_is_shown(config):
    run = made_runs.finished(config)
    test = visit(addresses.TRAIN, data=config.data.source, hide="curves,matrix,worst,confidence")
    test.switch_page(addresses.RESULTS)
    test.query_params.clear()
    test.query_params["run"] = run.id
    no_fault(test.run())
    assert test.query_params["hide"] == "confidence,curves,matrix,worst"
    tabs = [tab.label for tab in test.tabs]
    assert tabs[:2] == ["Overview", "Classes"] and "Confidence" not in tabs
    assert not [header.value for header in test.header if header.value.startswith(("What", "Most"))]
    assert "hides 4 things" in "".join(caption.value for caption in test.caption)
    no_fault(test.button(key="show_everything").click().run())
    assert "hide" not in test.query_params and "Confidence" in [tab.label for tab in test.tabs]
    assert {"What the curves show", "What it confuses"} <= {header.value for header in test.header}


def test_a_name_that_means_nothing_is_said():
    test = visit(addresses.HOME, hide="optimiser,<b>")
    assert "optimiser" in test.warning[0].value and "<b>" not in test.warning[0].value


def test_the_link_of_the_page_hides_and_sets_what_was_chosen(config):
    test = visit(addresses.TRAIN, data=config.data.source, set="fit.epochs=7")
    assert not test.code  # worked out only while it is open
    test.session_state["lesson_link"] = True
    no_fault(test.run())
    chosen = test.multiselect(key="lesson_chosen")
    no_fault(chosen.set_value(["model.dropout", "data.classes", "details"]).run())
    query = parse_qs(urlsplit(test.code[0].value).query)
    assert query == {
        "data": [config.data.source], "set": ["fit.epochs=7"], "hide": ["classes,details,dropout"],
    }  # fmt: skip


def test_every_name_stands_for_one_thing_and_is_documented():
    names = [*SETTINGS, *(name for parts in lesson.PARTS.values() for name in parts)]
    for name in names:
        assert lesson._resolved(lesson.in_address([name])) == {name}
        assert lesson_link._title(name)
    for parts in lesson.PARTS.values():
        assert all(f"`{name}`" in DOCUMENTED for name in parts)
    assert lesson._resolved("augment.*") == {path for path in SETTINGS if path.startswith("augment.")}
