"""The earliest version of Keras that a saved model opens in, for tests that have one."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from core.workspace import PROJECT

PLACE = Path(os.environ.get("LAB_TEST_OLD_KERAS", PROJECT / ".venv-extras" / "old-keras"))
KNOWN = Path(__file__).with_name("keras_3_5_arguments.json")
PROGRAM = """
import sys
import keras, numpy as np
assert keras.__version__.startswith("3.5."), keras.__version__
model, images, answers = sys.argv[1:]
np.save(answers, keras.saving.load_model(model)(np.load(images)))
"""

needed = pytest.mark.skipif(not PLACE.is_dir(), reason="Keras 3.5 is set up by `make test-extras`")


def predict(model: Path, images: NDArray[Any], folder: Path) -> NDArray[np.float32]:
    """The probabilities (N, C) of images (N, S, S, 3); files on the way are in ``folder``."""
    given, answers = folder / "images.npy", folder / "answers.npy"
    np.save(given, images.astype(np.float32))
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, model, given, answers],
        env={**os.environ, "PYTHONPATH": str(PLACE)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    found: NDArray[np.float32] = np.load(answers)
    return found


def new_arguments(model: Path) -> set[str]:
    """The arguments in a saved model that were not among those which the earliest version has opened.

    ``keras_3_5_arguments.json`` lists these by class. If a later version of Keras writes others, they have to
    be left out or, where `make test-extras` shows that they are known, be added there.
    """
    known = json.loads(KNOWN.read_text(encoding="utf-8"))
    config = json.loads(zipfile.ZipFile(model).read("config.json"))
    return {
        f"{name}.{argument}" for name, argument in arguments(config) if argument not in known.get(name, ())
    }


def arguments(value: Any) -> Iterator[tuple[str, str]]:
    """Class and argument of everything in a config, at whatever depth."""
    if isinstance(value, dict):
        if "class_name" in value and isinstance(value.get("config"), dict):
            yield from ((str(value["class_name"]), argument) for argument in value["config"])
        for inner in value.values():
            yield from arguments(inner)
    if isinstance(value, list):
        for inner in value:
            yield from arguments(inner)
