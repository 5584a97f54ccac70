"""A disk that really fills up: the reason reaches the person at every stage; nothing half stays behind."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from core import engine, runs, worker
from core.cli.main import main
from core.config import RunConfig
from core.data import pixel_cache
from core.errors import LabError
from core.ml import portable_file
from core.ml.network import Network
from core.ml.train import Networks
from core.runs import Run
from samples import made_runs
from tests.pages.reading import plain
from tests.test_damaged_workspace import opened

pytestmark = [pytest.mark.fault("F21", "A6"), pytest.mark.usefixtures("no_child_processes")]

SIZE = 8 * 2**20
QUICK = {"data.image_size": 32, "model.filters": (4,), "model.dense_units": 8, "fit.batch_size": 8}


class Disk:
    """A disk of 8 MB that holds the workspace."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @property
    def _filler(self) -> Path:
        return self.folder / "filler"

    def fill(self, left: int = 0) -> None:
        """Leave this many bytes free at most."""
        with self._filler.open("wb", buffering=0) as file:
            try:
                while True:
                    file.write(b"x" * 4096)
            except OSError:
                pass
        os.truncate(self._filler, max(self._filler.stat().st_size - left, 0))

    def make_room(self) -> None:
        self._filler.unlink(missing_ok=True)


@pytest.fixture(scope="module")
def networks() -> Networks:
    """One network for all trainings here, which have the same layers."""
    return Networks()


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("full_disk")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LAB_WORKSPACE", str(folder / "workspace"))
        return made_runs.draw_folder(folder / "images", each=40)


@pytest.fixture
def disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Disk]:
    """The workspace on a small disk of its own; needs the right to mount one."""
    folder = tmp_path / "small"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "tmpfs", str(folder)]
    if subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("needs the right to mount a small disk (as root)")
    monkeypatch.setenv("LAB_WORKSPACE", str(folder / "workspace"))
    monkeypatch.setattr(engine, "ensure_worker", lambda: None)
    yield Disk(folder)
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


def carried_out(run: Run, networks: Networks) -> Run:
    engine.claim()
    with suppress(LabError):  # also raised if the run could not even begin
        worker.carry_out(run, networks=networks)
    return run


def files_half_written(folder: Path) -> list[str]:
    return [path.name for path in folder.rglob(".*")]


STAGES = {
    "before it begins": (worker, "_alone", 1),
    "while loading": (pixel_cache, "load", 1),
    "in the third epoch": (Network, "begin_epoch", 3),
    "while saving the best model": (portable_file, "save", 2),
    "at the predictions": (Run, "write_predictions", 1),
    "at the report": (Run, "write_report", 1),
}
"""What is about to be called when the disk fills up, and for which time."""


@pytest.mark.parametrize("stage", STAGES)
def test_a_disk_that_fills_up_ends_the_run_with_the_reason(stage, disk, source, networks, monkeypatch):
    owner, name, number = STAGES[stage]
    real, calls = getattr(owner, name), count(1)

    def full_before(*arguments: Any, **named: Any) -> Any:
        if next(calls) == number:
            disk.fill()
        return real(*arguments, **named)

    run = engine.submit(RunConfig().replace({"data.source": source, "fit.epochs": 4, **QUICK}))
    monkeypatch.setattr(owner, name, full_before)
    carried_out(run, networks)
    assert run.status.state == "failed"
    assert "could not write" in run.status.message and "(0 bytes free on that disk)" in run.status.message
    assert files_half_written(disk.folder) == []
    if stage == "in the third epoch":
        disk.make_room()
        engine.resume(run)
        assert carried_out(run, networks).status.state == "done"
        assert len(run.metrics()) == 4


def test_a_run_that_cannot_be_stored_is_refused_in_words_and_leaves_nothing(disk, capsys):
    runs.create(RunConfig())
    disk.fill()
    with pytest.raises(LabError, match=r"could not write .*runs.* \(0 bytes free on that disk\)"):
        engine.submit(RunConfig())
    assert len(list((disk.folder / "workspace" / "runs").iterdir())) == 1
    assert main(["run", "digits"]) == 1
    assert "0 bytes free on that disk" in capsys.readouterr().err


def test_a_full_disk_is_named_where_a_process_ended_without_a_word(disk):
    run = made_runs.interrupted(RunConfig())
    assert run.status.message == "The training process ended unexpectedly."
    disk.fill()
    assert "is full (0 bytes free): make room, then resume the run" in run.status.message


def test_the_page_shows_the_reason(disk):
    run = runs.create(RunConfig())
    disk.fill()
    with pytest.raises(LabError):
        worker.carry_out(run)
    page = opened("build/train", {"run": run.id})
    assert any("0 bytes free on that disk" in plain(error.value) for error in page.error)
