"""A script runs by itself: here on a few images, and by ``make test-extras`` in fresh environments.

There it has only what its requirements.txt names, lies on a path with blanks and umlauts, and has to reach
the accuracy of its run.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path

import pytest

import core
from core import datasets, example
from core.config import RunConfig
from core.export.script import package
from core.runs import Run
from core.training import network_layers
from samples import made_runs
from tests.conftest import DATA

FOLDER = "Gänse & Blümchen"
WEIGHTS = "mobilenet_v2_035_224_no_top.weights.h5"
ALONE = {"PYTHONPATH": "", "PYTHONSAFEPATH": "1"}
FRESH = pytest.mark.skipif(
    not os.environ.get("LAB_TEST_FRESH_ENVIRONMENTS"),
    reason="takes minutes and installs TensorFlow anew; make test-extras sets LAB_TEST_FRESH_ENVIRONMENTS",
)

DRIVER = """
import json, runpy, sys
import keras

def run(script, *arguments):
    sys.argv = [script, *arguments]
    return runpy.run_path(script, run_name="__main__")

own, transfer, images, weights = json.loads(sys.argv[1])
try:
    run(own, images + " are elsewhere")
    raise AssertionError("it ran without images")
except SystemExit as refused:
    print("refused:", refused)
print("own:", run(own, images)["model"].count_params())
if weights:
    print("transfer:", run(transfer, images, "--weights", weights)["model"].count_params())
print("lab:", [name for name in sys.modules if name.partition(".")[0] in ("core", "pages", "streamlit")])
"""
"""One process for all scripts, since TensorFlow takes its time to start."""


def written(run: Run, form: package.Form, folder: Path) -> Path:
    """The files of a run's script in a new folder."""
    folder.mkdir(parents=True)
    for name, content in package.contents(run, form).items():
        (folder / name).write_bytes(content)
    return folder / package.FORMS[form]


def answer(*command: str, folder: Path, **environment: str) -> str:
    done = subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, **ALONE, **environment},
        capture_output=True,
        text=True,
        encoding="utf-8",
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return done.stdout


def test_scripts_run_without_the_lab_on_a_path_with_blanks_and_umlauts(tmp_path):
    own = {"model.filters": (4, 8), "model.batch_norm": True, "model.l2": 0.001, "fit.class_weights": True}
    augmented = {
        "augment.rotation": 10.0,
        "augment.zoom": 0.1,
        "augment.contrast": 0.1,
        "augment.brightness": 0.1,
    }
    transfer = {
        "model.network": "mobilenet_v2_035",
        "model.fine_tune": "last_block",
        "model.cached_variants": 1,
    }
    shared = {"data.image_size": 32, "fit.epochs": 2, "fit.fine_tune_epochs": 1, "model.dropout": 0.1}
    source = made_runs.draw_folder(tmp_path / FOLDER / "images")
    base = RunConfig().replace({"data.source": source, **shared, **augmented})
    runs = [
        made_runs.finished(base.replace({**changes, "fit.early_stopping": True}))
        for changes in (own, transfer)
    ]
    scripts = [written(run, "script", tmp_path / FOLDER / str(n)) for n, run in enumerate(runs)]
    weights = DATA / "weights" / WEIGHTS
    has_weights = weights.is_file()
    arguments = json.dumps([*map(str, scripts), source, str(weights) if has_weights else ""])
    output = answer(sys.executable, "-c", DRIVER, arguments, folder=tmp_path)
    assert "refused: 36 of 36 images are missing" in output
    assert f"own: {network_layers.parameters(runs[0].config, 3)}\n" in output
    assert f"transfer: {network_layers.parameters(runs[1].config, 3)}\n" in output or not has_weights
    assert "lab: []" in output
    for script in scripts if has_weights else scripts[:1]:
        made = {path.name for path in (script.parent / "results").iterdir()}
        assert {
            "model.keras",
            "scores.json",
            "confusion-matrix.png",
            "grad-cam.png",
            "learning-curves.png",
        } <= made


@pytest.fixture(scope="module")
def garden(tmp_path_factory: pytest.TempPathFactory) -> tuple[Run, Path]:
    """The run that comes with the lab, and the folder of the images of its data set."""
    folder = tmp_path_factory.mktemp("garden")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LAB_WORKSPACE", str(folder))
        datasets.prepare("garden")
        return example.run(), folder / "datasets" / "garden" / "files"


@pytest.fixture
def garden_workspace(garden: tuple[Run, Path], monkeypatch: pytest.MonkeyPatch) -> tuple[Run, Path]:
    monkeypatch.setenv("LAB_WORKSPACE", str(garden[1].parents[2]))
    return garden


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Python of an environment in which nothing is installed yet."""
    folder = tmp_path_factory.mktemp("environment")
    venv.create(folder, with_pip=True)
    return folder / ("Scripts" if os.name == "nt" else "bin") / "python"


def install(python: Path, script: Path) -> None:
    """Install what the requirements.txt beside a script names; what the scripts before need is there."""
    requirements = str(script.parent / "requirements.txt")
    answer(str(python), "-m", "pip", "install", "-q", "-r", requirements, folder=script.parent)


def assert_reaches(run: Run, script: Path) -> None:
    report = run.report()
    assert report is not None
    scores = json.loads((script.parent / "results" / "scores.json").read_text(encoding="utf-8"))
    low, high = report.test_accuracy.low, report.test_accuracy.high
    assert low is not None and high is not None
    assert low <= scores["test_accuracy"] <= high


@FRESH
@pytest.mark.timeout(3600)
def test_a_script_in_a_fresh_environment_reaches_the_accuracy_of_its_run(garden_workspace, python, tmp_path):
    run, images = garden_workspace
    script = written(run, "script", tmp_path / FOLDER / "script")
    moved = tmp_path / FOLDER / "meine Bilder"
    shutil.copytree(images, moved)
    install(python, script)
    output = answer(str(python), script.name, str(moved), folder=script.parent)
    assert "The run in the lab: 81.2%" in output
    assert_reaches(run, script)


@FRESH
@pytest.mark.timeout(3600)
def test_a_notebook_runs_from_its_first_cell_to_its_last(garden_workspace, python, tmp_path):
    """Its kernel has only what its requirements.txt names; the images lie where its first cell looks."""
    nbclient, nbformat = pytest.importorskip("nbclient"), pytest.importorskip("nbformat")
    run, images = garden_workspace
    path = written(run, "notebook", tmp_path / FOLDER / "notebook")
    shutil.copytree(images, path.parent / "images")
    install(python, path)
    kernels = tmp_path / "jupyter" / "kernels" / "python3"
    kernels.mkdir(parents=True)
    started = [str(python), "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    (kernels / "kernel.json").write_text(
        json.dumps({"argv": started, "display_name": "Python 3", "language": "python"})
    )
    notebook = nbformat.read(path, as_version=4)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JUPYTER_PATH", str(kernels.parents[1]))
        patch.delenv("MPLBACKEND", raising=False)  # Streamlit sets it, and figures would not be shown
        for name, value in ALONE.items():
            patch.setenv(name, value)
        client = nbclient.NotebookClient(
            notebook, timeout=1800, resources={"metadata": {"path": str(path.parent)}}
        )
        client.execute()
    shown = [output for cell in notebook.cells for output in cell.get("outputs", ())]
    assert sum("image/png" in output.get("data", {}) for output in shown) >= 5
    assert_reaches(run, path)


@FRESH
@pytest.mark.timeout(3600)
def test_a_script_gets_its_images_from_tensorflow_datasets_and_reaches_the_accuracy_of_its_run(
    photos, python, tmp_path, monkeypatch
):
    monkeypatch.setenv("TFDS_DATA_DIR", str(photos / "tfds"))
    run = core.train("tfds:tf_flowers", image_size=64, epochs=8, dropout=0.2).run
    script = written(run, "script", tmp_path / FOLDER)
    install(python, script)
    answer(str(python), script.name, folder=script.parent)
    assert_reaches(run, script)
