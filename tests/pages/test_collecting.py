"""Collecting images on the Data page: files, a reload, another window, and what leads on to training."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from core import datasets
from core.data.collected import classes, images, log
from pages.common import addresses, data_sources
from samples import made_runs
from tests.core.data.test_collected import OTHER, collect, photo

pytestmark = pytest.mark.usefixtures("no_processes")


def page(**query: str) -> AppTest:
    test = AppTest.from_file(str(made_runs.APP), default_timeout=30).switch_page(addresses.DATA)
    for name, value in query.items():
        test.query_params[name] = value
    if not query:
        test.session_state[data_sources.KIND_WANTED] = data_sources.COLLECTED
    return sound(test.run())


def sound(test: AppTest) -> AppTest:
    assert not test.exception, test.exception[0].message
    return test


def words(test: AppTest) -> str:
    kinds = ("markdown", "caption", "text", "warning", "error")
    return " ".join(element.value for kind in kinds for element in getattr(test.main, kind)).replace("\\", "")


def begun() -> tuple[AppTest, Path]:
    test = page()
    test.text_input(key="collect_name").set_value("My cups")
    test.text_input(key="collect_classes").set_value("cup, pen")
    sound(test.button(key="begin").click().run())
    folder = datasets.workspace.folder() / "uploads" / test.query_params["collect"]
    return test, folder


def upload(test: AppTest, *contents: tuple[str, bytes]) -> AppTest:
    files: Any = [(name, content, "") for name, content in contents]
    (uploader,) = test.file_uploader
    return sound(uploader.set_value(files).run())


def test_files_go_to_the_chosen_class_and_a_damaged_one_is_a_sentence():
    test, folder = begun()
    upload(test, ("one.jpg", photo(1)), ("two.jpg", photo(2)), ("broken.jpg", photo(3)[:200]))
    said = words(test)
    assert "2 images added to cup." in said and "broken.jpg cannot be read" in said
    assert len(log.read(folder).images) == 2
    test.text_input(key="collect_class_name").set_value("CUP")
    assert "There is a class cup already" in words(sound(test.button(key="add_class").click().run()))
    sound(test.button(key="undo_collecting").click().run())
    assert log.read(folder).images == {}


def test_a_reload_returns_to_the_collection_and_another_browser_is_told_of():
    test, folder = begun()
    upload(test, ("one.jpg", photo(1)))
    (cup, _) = log.read(folder).classes
    images.add(folder, cup, [("theirs.jpg", photo(5))], by=OTHER)
    again = page(collect=folder.name)
    said = words(again)
    assert "2 images (2 single)" in said and "Another window adds to this data set, too" in said
    sound(again.button(key="close_draft").click().run())
    assert "collect" not in again.query_params
    assert again.button(key=f"continue {folder.name}").label.replace("\\", "") == "Continue my-cups"


def test_a_collection_that_is_gone_is_said():
    test, folder = begun()
    shutil.rmtree(folder)
    assert "There is no upload" in words(sound(test.run()))


def test_too_few_takes_are_said_and_enough_lead_on_with_the_preset_for_few_images():
    test, folder = begun()
    assert test.button(key="use_collected").disabled and "at least 3 are needed" in words(test)
    keys = {label: key for key, label in log.read(folder).classes.items()}
    collect(folder, keys, takes=3, each=2)
    sound(test.run())
    sound(test.button(key="use_collected").click().run())
    assert all(image.is_used for image in log.read(folder).images.values())
    assert test.query_params["data"] == f"upload:{folder.name}" and "collect" not in test.query_params
    dataset = datasets.prepare(f"upload:{folder.name}")
    sound(test.run())
    assert "model.network=mobilenet_v2_035" in test.query_params["set"]
    sound(test.button(key="add_images").click().run())
    assert test.query_params["collect"] == folder.name
    assert classes.unfinished("") == [] and dataset.class_names == ("cup", "pen")


def test_a_name_that_is_typed_right_before_the_click_counts():
    test, folder = begun()
    (cup, _) = log.read(folder).classes
    test.text_input(key=f"name {cup}").set_value("mug")
    sound(test.button(key=f"rename {cup}").click().run())
    assert list(log.read(folder).classes.values()) == ["mug", "pen"]


def test_what_became_of_files_is_said_in_their_own_collection():
    test, _ = begun()
    upload(test, ("one.jpg", photo(1)))
    assert "1 image added to cup" in words(test)
    sound(test.button(key="close_draft").click().run())
    test.text_input(key="collect_name").set_value("Other")
    test.text_input(key="collect_classes").set_value("fork, knife")
    assert "added to cup" not in words(sound(test.button(key="begin").click().run()))
