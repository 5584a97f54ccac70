"""The map of images on Data and Results, as pages draw it; what its canvas does is tried in a browser."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from core import datasets, engine
from core.config import RunConfig
from core.data import versions
from core.explain import nearest_images
from core.image_map import image_map, job, making, subject
from core.image_map.job import Mapping
from core.label_errors import ranking
from core.label_errors.ranking import Judged
from core.training import pretrained_weights
from pages.common import addresses
from pages.common.image_map import points, shown_map
from samples import made_runs
from tests.pages.reading import visit, words


@pytest.fixture(autouse=True)
def light(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Start no other process, and load no network."""
    monkeypatch.setattr(pretrained_weights, "find", lambda backbone: None)
    monkeypatch.setattr(engine, "prepare", engine.preparation_of)
    with engine.worker_lock():
        yield


@pytest.fixture
def config(tmp_path: Any) -> RunConfig:
    return RunConfig().replace({"data.source": made_runs.draw_folder(tmp_path / "images", each=12)})


def data_map(config: RunConfig) -> AppTest:
    return visit(addresses.DATA, data=config.data.source, part="Map")


def test_the_map_is_offered_with_its_time_followed_and_shown_with_its_figures(config, monkeypatch):
    started: list[str] = []
    monkeypatch.setattr(job, "start", started.append)
    test = data_map(config)
    assert "Every image becomes a point" in words(test) and "for 36 images" in words(test)
    test.button(key="make_map").click().run()
    assert started == [config.data.source]
    shown = subject.of_dataset(datasets.open(config.data.source))
    Mapping(shown.name, "failed", message="No space.").write()
    assert "No space." in words(data_map(config))
    making.make(shown)
    text = words(data_map(config))
    assert "All 36 images." in text and "outlines and colours only" in text and "mean nothing" in text
    assert "images most similar to each image are of the same class (95% CI" in text
    assert "No space." not in text and "Make the map" not in text


def test_a_map_of_earlier_images_is_shown_with_a_way_to_a_new_one_and_a_damaged_one_too(config):
    shown = subject.of_dataset(datasets.open(config.data.source))
    made = making.make(shown)
    versions.exclude(shown.dataset, tuple(made.ids[:3]), "test")
    test = data_map(config)
    assert "have changed since this map was made" in words(test) and test.button(key="make_map")
    assert "Which classes look alike" in words(test)
    image_map.path(shown.folder, image_map.newest(shown.folder)).write_bytes(b"PK")
    test = data_map(config)
    assert "is damaged" in words(test) and test.button(key="make_map")


def test_a_run_has_its_own_map_with_figures_of_its_test_images(config):
    run = made_runs.finished(config)
    made_runs.give_model(run)
    shown = subject.of_run(run)
    ids, splits = (shown.rows[name].to_numpy(dtype=str) for name in ("id", "split"))
    codes = pd.Categorical(shown.rows["label"]).codes
    nearest_images.keep(run, ids, splits, np.eye(3, dtype=np.float32)[codes] + 0.01)
    making.make(shown)
    text = words(visit(addresses.RESULTS, run=run.id, view="Map"))
    assert "features of the run's own network" in text
    assert "images most similar to each test image are of the same class" in text
    data = shown_map.data(shown, making.key(shown), making.made(shown), frozenset())
    assert [mode["name"] for mode in data["modes"]] == ["class", "mistake", "confidence", "split"]
    for mode in data["modes"]:
        assert sum(one["count"] for one in mode["categories"]) == len(ids)


def test_a_run_without_its_images_says_why_there_is_no_map(config):
    run = made_runs.finished(config)
    (datasets.open(config.data.source).path / "index.parquet").unlink()
    assert "has not been prepared" in words(visit(addresses.RESULTS, run=run.id, view="Map"))


def test_labels_that_the_check_suspects_are_marked_until_someone_decides(config):
    dataset = datasets.open(config.data.source)
    rows = dataset.usable
    probabilities = np.full((36, 3), 0.05, np.float32)
    codes = pd.Categorical(rows["label"], categories=dataset.class_names).codes.astype(np.int64)
    probabilities[np.arange(36), codes] = 0.9
    probabilities[0] = np.roll(probabilities[0], 1)
    ids = rows["id"].to_numpy(dtype=str)
    judged = Judged(dataset.version, dataset.class_names, ids, codes, probabilities, "appearance")
    ranking.save(dataset, judged)
    assert shown_map.suspected(dataset) == {ids[0]}
    shown = subject.of_dataset(dataset)
    data = shown_map.data(shown, making.key(shown), making.make(shown), shown_map.suspected(dataset))
    assert [one for one, mark in zip(data["ids"], data["marked"], strict=True) if mark] == [ids[0]]
    versions.confirm(dataset, (str(ids[0]),), "test")
    assert shown_map.suspected(datasets.open(config.data.source)) == frozenset()


def test_colours_of_classes_are_those_of_the_theme_and_differ():
    from core.export import palette

    theme = (made_runs.APP.parent / ".streamlit" / "config.toml").read_text(encoding="utf-8")
    assert all(colour in theme for colour in (*palette.CATEGORIES, *palette.CATEGORIES_ON_DARK))
    for on_dark in (False, True):
        assert len(set(palette.categories(100, on_dark=on_dark))) == 100
    assert points._range(0.5) == "50 to 70%" and points._range(1.0) == "over 90%"


def test_the_map_of_a_run_shows_its_images_anew_once_files_have_gone(config):
    run = made_runs.finished(config)
    before = len(shown_map.of_run(run).rows)
    gone = sorted(Path(config.data.source).rglob("*.png"))[:3]
    for path in gone:
        path.unlink()
    datasets.prepare(config.data.source)
    assert len(shown_map.of_run(run).rows) < before
