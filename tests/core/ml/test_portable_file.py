"""The saved model opens in the lab, and in earlier versions of Keras with the same answers."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import keras
import numpy as np
import pytest

from core.config import RunConfig
from core.ml import model, portable_file, train
from tests import old_keras

EVERYTHING = {
    "data.image_size": 32, "model.filters": (4, 8), "model.dropout": 0.3, "model.l2": 0.01,
    "model.batch_norm": True, "model.global_pooling": True,
}  # fmt: skip


@pytest.fixture
def saved(tmp_path: Path) -> tuple[Path, keras.Model]:
    built = model.build(RunConfig().replace(EVERYTHING), 3)
    path = tmp_path / "model.keras"
    portable_file.save(built, path)
    return path, built


def images() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (5, 32, 32, 3), dtype=np.uint8)


def test_it_names_no_argument_that_earlier_versions_do_not_know(saved):
    path, _ = saved
    assert old_keras.new_arguments(path) == set()
    assert json.loads(zipfile.ZipFile(path).read("config.json"))["class_name"] == "Functional"


def test_it_opens_here_with_the_same_answers(saved):
    path, built = saved
    opened = keras.saving.load_model(path)
    np.testing.assert_array_equal(train.predict(opened, images()), train.predict(built, images()))


def test_nothing_else_is_left_beside_it(saved):
    path, _ = saved
    assert list(path.parent.iterdir()) == [path]


@old_keras.needed
def test_it_opens_in_keras_3_5_with_the_same_answers(saved, tmp_path):
    path, built = saved
    answers = old_keras.predict(path, images(), tmp_path)
    np.testing.assert_allclose(answers, train.predict(built, images()), atol=1e-6)
