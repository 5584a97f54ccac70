"""A workspace knows no place of its own: it may be relative, linked, moved or mounted elsewhere."""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core import datasets, engine, runs, sweeps, workspace
from core.config import RunConfig
from core.data import pixel_cache, sources, versions
from core.workspace import PROJECT


def uploaded(each: int = 8) -> str:
    """An upload of two classes, prepared."""
    files = []
    for number in range(2 * each):
        buffer = io.BytesIO()
        Image.fromarray(np.random.default_rng(number).integers(0, 256, (20, 20, 3), np.uint8)).save(
            buffer, "PNG"
        )
        buffer.seek(0)
        files.append((f"flowers/{('roses', 'tulips')[number % 2]}/{number}.png", buffer))
    source = sources.keep_files("flowers", files)
    datasets.prepare(source)
    return source


def filled() -> tuple[str, str]:
    """A workspace with an upload in two versions, decoded pixels, a thumbnail, a queued run and a sweep."""
    source = uploaded()
    dataset = datasets.open(source)
    versions.exclude(dataset, [dataset.usable.iloc[0]["id"]], "blurred")
    pixel_cache.load(dataset, dataset.usable, 32, "stretch")
    dataset.thumbnail(dataset.usable.iloc[0], 16)
    config = RunConfig().replace({"data.source": source})
    run = engine.submit(config)
    sweeps.start(config, {"fit.epochs": (1, 2)}, name="two lengths")
    return source, run.id


@pytest.fixture(autouse=True)
def no_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "ensure_worker", lambda: None)


def test_no_file_of_a_workspace_names_its_folder(workspace: Path) -> None:
    filled()
    name = str(workspace).encode()
    naming = [path for path in workspace.rglob("*") if path.is_file() and name in path.read_bytes()]
    assert not naming


@pytest.mark.parametrize("copy", [shutil.copy, shutil.copy2], ids=["with new times", "with its times"])
def test_a_copied_workspace_opens_whole(copy, workspace: Path, tmp_path: Path, monkeypatch) -> None:
    source, run_id = filled()
    before = datasets.open(source)
    shutil.copytree(workspace, tmp_path / "elsewhere", copy_function=copy)
    shutil.rmtree(workspace)
    monkeypatch.setenv("LAB_WORKSPACE", str(tmp_path / "elsewhere"))
    dataset = datasets.open(source)
    assert dataset.version == before.version and len(dataset.usable) == 15
    assert pixel_cache.load(dataset, dataset.usable, 48, "stretch").shape[0] == 15
    assert datasets.prepare(source).version == before.version
    assert not datasets.changed_on_disk(source)
    assert run_id in [run.id for run in engine.queue()]
    assert runs.open(run_id).path == tmp_path / "elsewhere" / "runs" / run_id
    assert [sweep.name for sweep in sweeps.all()] == ["two lengths"]


def test_a_linked_workspace_is_the_folder_it_links_to(workspace: Path, tmp_path: Path, monkeypatch) -> None:
    source, run_id = filled()
    (tmp_path / "link").symlink_to(workspace)
    monkeypatch.setenv("LAB_WORKSPACE", str(tmp_path / "link"))
    assert datasets.open(source).path.is_relative_to(workspace)
    assert runs.open(run_id).path == workspace / "runs" / run_id


def test_a_relative_workspace_keeps_its_meaning_when_the_working_folder_changes(tmp_path, monkeypatch):
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    monkeypatch.setenv("LAB_WORKSPACE", "relative to the test")
    first = workspace.folder()
    monkeypatch.chdir(tmp_path)
    assert workspace.folder() == first == tmp_path / "here" / "relative to the test"


def test_a_background_process_works_in_the_same_relative_workspace(tmp_path: Path) -> None:
    """It starts in the project's folder, where the same relative path would be another folder."""
    for name in ("roses", "tulips"):
        (tmp_path / "flowers" / name).mkdir(parents=True)
        Image.new("RGB", (20, 20), name == "roses").save(tmp_path / "flowers" / name / "1.png")
    script = (
        "import sys; from pathlib import Path; from core.processes import launch\n"
        "launch.start_detached('core', ['prepare', sys.argv[1]], Path('log.txt').absolute()).wait()"
    )
    subprocess.run(
        [sys.executable, "-c", script, str(tmp_path / "flowers")],
        cwd=tmp_path,
        env={**os.environ, "LAB_WORKSPACE": "mine", "PYTHONPATH": str(PROJECT)},
        check=True,
        timeout=60,
    )
    assert len(list((tmp_path / "mine" / "datasets").glob("*/index.parquet"))) == 1
    assert not (PROJECT / "mine").exists()
