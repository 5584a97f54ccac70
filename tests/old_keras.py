"""The earliest version of Keras that a saved model opens in, for tests that have one."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from core.workspace import PROJECT

PLACE = Path(os.environ.get("LAB_TEST_OLD_KERAS", PROJECT / ".venv-extras" / "old-keras"))
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
