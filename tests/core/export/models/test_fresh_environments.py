"""A package works where nothing is installed but what its requirements.txt names; with `make test-extras`."""

from __future__ import annotations

import os
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import core
from core.export import formats
from core.export.models.kinds import KINDS
from core.runs import Run
from samples.made_images import coloured_objects
from tests.core.export.models import small_run
from tests.core.export.models.small_run import NAMES, run, workspace
from tests.tiny_model import SIZE, trained

__all__ = ["run", "workspace"]  # fixtures

pytestmark = [
    pytest.mark.skipif(
        not os.environ.get("LAB_TEST_FRESH_ENVIRONMENTS"), reason="installs packages: `make test-extras`"
    ),
    pytest.mark.timeout(1800),
]


@pytest.mark.parametrize("name", KINDS)
def test_every_format_answers_with_its_printed_requirements_alone(name: str, run: Run, tmp_path: Path):
    if formats.find(name).missing:
        pytest.skip(formats.find(name).missing)
    export = core.load(run.id).export(tmp_path, format=name)
    assert export.proof is not None and export.proof.verdict == "passed", export.proof
    with zipfile.ZipFile(export.path) as archive:
        archive.extractall(tmp_path)
    package = tmp_path / f"{run.id}-{name}"
    python = fresh(tmp_path / "eine Umgebung für Äpfel", package / "requirements.txt")

    images = coloured_objects(6, SIZE, seed=11).images
    paths = [tmp_path / f"{number}.png" for number in range(len(images))]
    for image, path in zip(images, paths, strict=True):
        Image.fromarray(image).save(path)
    found = small_run.answers(package, *paths, python=python)
    expected = trained().predict(images.astype(np.float32), verbose=0)
    assert [one["predicted"] for one in found] == [NAMES[index] for index in expected.argmax(axis=1)]
    tolerance = 0.1 if KINDS[name].is_8_bit else 1e-4
    np.testing.assert_allclose(
        [list(one["probabilities"].values()) for one in found], expected, atol=tolerance
    )


def fresh(folder: Path, requirements: Path) -> Path:
    """Make an environment with nothing but these requirements, and return its Python."""
    venv.create(folder, with_pip=True)
    python = folder / ("Scripts" if sys.platform == "win32" else "bin") / "python"
    install = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", requirements]
    subprocess.run(install, check=True)
    listed = subprocess.run([python, "-m", "pip", "list"], capture_output=True, text=True, check=True).stdout
    assert "pillow" in listed and "streamlit" not in listed and "pandas" not in listed
    return python
