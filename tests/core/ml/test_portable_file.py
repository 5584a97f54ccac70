"""The saved model opens in the lab, and in earlier versions of Keras with the same answers."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import keras
import numpy as np
import pytest

from core.config import RunConfig
from core.ml import model, portable_file, train
from core.workspace import PROJECT

EVERYTHING = {
    "data.image_size": 32, "model.filters": (4, 8), "model.dropout": 0.3, "model.l2": 0.01,
    "model.batch_norm": True, "model.global_pooling": True,
}  # fmt: skip
OLD_KERAS = Path(os.environ.get("LAB_TEST_OLD_KERAS", PROJECT / ".venv-extras" / "old-keras"))


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
    text = zipfile.ZipFile(path).read("config.json").decode()
    assert not [name for name in portable_file._NEW_ARGUMENTS if f'"{name}"' in text]
    assert json.loads(text)["class_name"] == "Functional"


def test_it_opens_here_with_the_same_answers(saved):
    path, built = saved
    opened = keras.saving.load_model(path)
    np.testing.assert_array_equal(train.predict(opened, images()), train.predict(built, images()))


def test_nothing_else_is_left_beside_it(saved):
    path, _ = saved
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.skipif(not OLD_KERAS.is_dir(), reason="Keras 3.5 is set up by `make test-extras`")
def test_it_opens_in_keras_3_5_with_the_same_answers(saved, tmp_path):
    path, built = saved
    np.save(tmp_path / "images.npy", images().astype(np.float32))
    program = (
        "import keras, numpy as np; assert keras.__version__.startswith('3.5.'), keras.__version__\n"
        f"model = keras.saving.load_model({str(path)!r})\n"
        f"np.save({str(tmp_path / 'answers.npy')!r}, model(np.load({str(tmp_path / 'images.npy')!r})))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "PYTHONPATH": str(OLD_KERAS)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    np.testing.assert_allclose(np.load(tmp_path / "answers.npy"), train.predict(built, images()), atol=1e-6)
