"""Operations on a file that another process has open are retried (Windows, network folders)."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from core import config, datasets, files, runs, worker
from core.data import pixel_cache
from core.errors import LabError
from samples.made_runs import draw_folder
from tests.training import NETWORKS

Refuse = Callable[[str, int], list[int]]


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "_WAITS", (0.0,) * len(files._WAITS))


@pytest.fixture
def refuse(monkeypatch: pytest.MonkeyPatch) -> Refuse:
    """Refuse the first tries to replace each file whose name ends so; returns how often that happened."""

    def begin(ending: str, times: int) -> list[int]:
        replace, tries, refused = os.replace, dict[str, int](), [0]

        def refusing(source: Path, target: Path) -> None:
            name = str(target)
            tries[name] = tries.get(name, 0) + 1
            if name.endswith(ending) and tries[name] <= times:
                refused[0] += 1
                raise PermissionError(13, "Access is denied", name)
            replace(source, target)

        monkeypatch.setattr(os, "replace", refusing)
        return refused

    return begin


@pytest.mark.parametrize(
    "ending", ["status.json", "report.json", "model.keras", "predictions.npz", "state.npz", ".npy"]
)
def test_a_run_completes_although_a_file_is_briefly_in_use(ending, refuse, tmp_path):
    source = draw_folder(tmp_path / "own", each=60)
    wanted = [f"data.source={source}", "data.image_size=32", "fit.epochs=1", "model.filters=2"]
    run = runs.create(config.from_assignments(wanted))
    refused = refuse(ending, 3)
    assert worker.carry_out(run, networks=NETWORKS).state == "done"
    assert refused[0] >= 3
    assert runs.open(run.id).status.state == "done"


def test_a_file_that_stays_in_use_raises_an_error_and_is_kept(refuse, tmp_path):
    path = tmp_path / "labels.json"
    files.write_json(path, "old")
    refuse("labels.json", 100)
    with pytest.raises(LabError, match=r"could not write .*labels\.json: Access is denied"):
        files.write_json(path, "new")
    assert path.read_text() == '"old"'
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_that_cannot_even_be_looked_up_is_a_sentence_too(tmp_path):
    with pytest.raises(LabError, match=r"could not write .*File name too long \(.* free on that disk\)"):
        files.write_json(tmp_path / ("x" * 300) / "labels.json", {})


def test_removing_retries_and_returns_whether_the_file_is_gone(monkeypatch, tmp_path):
    unlink, tries = Path.unlink, [0]

    def twice(path: Path, missing_ok: bool = False) -> None:
        tries[0] += 1
        if tries[0] <= 2:
            raise PermissionError(13, "in use", str(path))
        unlink(path, missing_ok=missing_ok)

    (tmp_path / "note").touch()
    monkeypatch.setattr(Path, "unlink", twice)
    assert files.remove(tmp_path / "note") and not (tmp_path / "note").exists()
    assert files.remove(tmp_path / "never there")
    tries[0] = -1000
    (tmp_path / "kept").touch()
    monkeypatch.setattr(Path, "unlink", lambda *_, **__: (_ for _ in ()).throw(PermissionError(13, "in use")))
    assert not files.remove(tmp_path / "kept") and (tmp_path / "kept").exists()


def test_cached_pixels_that_are_mapped_elsewhere_are_pruned_the_next_time(monkeypatch, tmp_path):
    monkeypatch.setattr(pixel_cache, "_KEPT_FILES", 2)
    dataset = datasets.prepare(draw_folder(tmp_path / "own", each=40))
    rows, unlink = dataset.usable, Path.unlink

    def load(size: int) -> None:
        assert pixel_cache.load(dataset, rows, size, "stretch")[:].shape[1] == size

    def in_use(path: Path, missing_ok: bool = False) -> None:
        if path.suffix == ".npy" and not path.name.endswith(".ids.npy"):
            raise PermissionError(13, "in use", str(path))
        unlink(path, missing_ok=missing_ok)

    kept = pixel_cache._KEPT_FILES
    with monkeypatch.context() as patched:
        patched.setattr(Path, "unlink", in_use)
        for number in range(kept + 2):
            load(32 + 16 * number)
    everything = dataset.path / "pixels"
    assert len(list(everything.glob("*.ids.npy"))) == kept + 2
    load(32 + 16 * (kept + 2))
    assert len(list(everything.glob("*.ids.npy"))) == kept
    assert len(list(everything.glob("*.npy"))) == 2 * kept
