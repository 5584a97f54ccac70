"""The finished run that comes with the lab: small, complete, and only read."""

from __future__ import annotations

import numpy as np
import pytest

from core import datasets, example, runs
from core.data import pixel_cache
from core.errors import LabError
from core.evaluation import confusion, metrics
from core.explain import heatmaps, keras_file
from core.explain.heatmaps import Request

MAX_BYTES = 1_500_000


def test_it_is_small():
    assert sum(path.stat().st_size for path in example.FOLDER.rglob("*") if path.is_file()) < MAX_BYTES


def test_it_opens_as_any_run_but_is_not_among_them():
    run = runs.open("example")
    status, config, report = run.overview()
    assert (status.state, config.data.source) == ("done", "garden")
    assert report is not None and report.is_better_than_guessing
    assert len(run.metrics()) == config.fit.epochs and keras_file.feature_maps(run.model_path)
    assert runs.all() == []


def test_its_images_come_with_it():
    run = example.run()
    test, dataset = run.predictions("test"), example.images_of(run)
    rows = dataset.rows([str(image_id) for image_id in test.ids])
    watched = run.watched()
    assert [one.epoch for one in watched] == [line["epoch"] for line in run.metrics()]
    dataset.rows([image.id for image in watched[0].images])
    names = dataset.class_names
    assert [names[index] for index in test.labels] == rows["label"].tolist()
    pixels = pixel_cache.load(dataset, rows, run.config.data.image_size, run.config.data.resize)
    assert pixels[:].std(axis=(1, 2, 3)).min() > 5  # every image shows something


def test_the_heatmaps_that_are_shown_first_come_with_it(workspace):
    run = example.run()
    test = run.predictions("test")
    for mistake in confusion.worst(test, limit=4):
        for index in (mistake.true, mistake.predicted):
            request = Request(str(test.ids[mistake.row]), index)
            assert heatmaps.kept(run, request) is not None
    missing = Request(str(test.ids[np.flatnonzero(metrics.predicted(test) == test.labels)[0]]), 0)
    heatmaps.keep(run, missing, np.ones((2, 2), np.float32))
    assert heatmaps.kept(run, missing) is not None
    assert run.heatmaps_path.is_relative_to(workspace)


def test_the_data_set_is_used_once_it_is_prepared_with_the_same_images(monkeypatch):
    run = example.run()
    own = example.images_of(run)
    monkeypatch.setattr(datasets, "open", lambda source: prepared)
    prepared = own.__class__(**{**vars(own), "title": "prepared"})
    assert example.images_of(run) is prepared
    prepared = own.__class__(**{**vars(own), "index": own.index.iloc[1:]})
    assert example.images_of(run).title == "Example"


def test_it_is_never_changed():
    run = example.run()
    for change in (lambda: runs.delete(run), lambda: run.relabel(name="mine")):
        with pytest.raises(LabError, match="comes with the lab"):
            change()
