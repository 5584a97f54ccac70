"""A run travels as a zip and comes back the same; what is not a run, or means harm, leaves nothing behind."""

from __future__ import annotations

import io
import json
import stat
import zipfile
from pathlib import Path

import numpy as np
import pytest

from core import runs
from core.config import RunConfig
from core.errors import LabError
from core.export import run_archive
from core.runs import Run
from core.sweeps import repeats
from samples import made_runs


@pytest.fixture
def run(workspace: Path, tmp_path: Path) -> Run:
    """A finished run on a small folder."""
    source = made_runs.draw_folder(tmp_path / "images")
    config = RunConfig().replace({"data.source": source, "data.image_size": 48})
    made = made_runs.finished(config, name="mine", notes="*why*", tags=("a", "b"), starred=True)
    made_runs.give_model(made)
    (made.path / "log.txt").write_text("/home/me/secret")
    return made


def members(archive: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(archive)) as opened:
        return {name: opened.read(name) for name in opened.namelist()}


def packed(contents: dict[str, bytes]) -> io.BytesIO:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as opened:
        for name, content in contents.items():
            opened.writestr(name, content)
    buffer.seek(0)
    return buffer


def changed(run: Run, name: str, change) -> io.BytesIO:
    """The run's archive with one JSON file changed."""
    contents = members(run_archive.pack(run))
    value = json.loads(contents[f"{run.id}/{name}"])
    change(value)
    contents[f"{run.id}/{name}"] = json.dumps(value).encode()
    return packed(contents)


def refused(archive: io.BytesIO, reason: str, workspace: Path) -> None:
    before = sorted(path.name for path in workspace.rglob("*"))
    with pytest.raises(LabError, match=reason):
        run_archive.unpack(archive)
    assert sorted(path.name for path in workspace.rglob("*")) == before


def test_a_copy_of_a_run_that_is_here_does_not_count_as_its_repeat(run):
    run.relabel(group="repeats")
    archive = run_archive.pack(run)
    assert run_archive.unpack(io.BytesIO(archive)).labels.group == ""
    assert repeats.siblings(run) == [run]
    runs.delete(run)
    assert run_archive.unpack(io.BytesIO(archive)).labels.group == "repeats"


def test_a_run_comes_back_the_same_under_an_id_of_its_own(run):
    back = run_archive.unpack(io.BytesIO(run_archive.pack(run)))
    assert back.id != run.id
    assert (back.config, back.labels, back.report(), back.metrics()) == (
        run.config,
        run.labels,
        run.report(),
        run.metrics(),
    )
    assert back.status.state == "done"
    np.testing.assert_array_equal(
        back.predictions("test").probabilities, run.predictions("test").probabilities
    )
    assert back.model_path.read_bytes() == run.model_path.read_bytes()
    assert {known.id for known in runs.all()} == {run.id, back.id}


def test_log_and_checkpoint_stay_at_home(run):
    made_runs.keep_heatmaps(run)
    made_runs.watch(run)
    run.checkpoint_path.mkdir()
    (run.checkpoint_path / "weights.npz").write_bytes(b"x")
    names = {Path(name).name for name in members(run_archive.pack(run))}
    assert names == set(run_archive.MEMBERS) - {"parent.json"}  # it continues no other run
    back = run_archive.unpack(io.BytesIO(run_archive.pack(run)))
    assert len(back.watched()) > 1 and back.watched() == run.watched()


def test_a_folder_zipped_by_hand_is_taken_without_what_is_no_part_of_a_run(run):
    contents = {f"some/where/{path.name}": path.read_bytes() for path in run.path.iterdir() if path.is_file()}
    back = run_archive.unpack(packed({**contents, "some/where/evil.py": b"import os", "readme": b""}))
    assert back.report() == run.report()
    assert {path.name for path in back.path.iterdir()} <= set(run_archive.MEMBERS)


def test_a_run_under_way_is_not_exported(run):
    waiting = made_runs.waiting(run.config, "running", 2)
    with pytest.raises(LabError, match="once it has ended"):
        run_archive.pack(waiting)


@pytest.mark.parametrize("state", ["queued", "starting", "running"])
def test_nobody_starts_to_work_on_a_run_from_elsewhere(run, state):
    back = run_archive.unpack(changed(run, "status.json", lambda value: value.update(state=state, pid=1)))
    assert (back.status.state, back.status.pid) == ("interrupted", 0)


@pytest.mark.fault("F13", "A3")
@pytest.mark.parametrize(
    "name", ["../config.json", "/etc/config.json", "C:\\config.json", "a/../../b", "\\\\x"]
)
def test_a_path_out_of_the_folder_is_refused(run, name, workspace):
    contents = members(run_archive.pack(run))
    refused(packed({**contents, name: b"{}"}), "path outside", workspace)


@pytest.mark.fault("F13")
def test_a_link_is_refused(run, workspace):
    archive = io.BytesIO(run_archive.pack(run))
    with zipfile.ZipFile(archive, "a") as opened:
        link = zipfile.ZipInfo("link")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        opened.writestr(link, "/etc/passwd")
    archive.seek(0)
    refused(archive, "is a link", workspace)


@pytest.mark.fault("F13", "A3")
def test_what_is_too_large_is_refused_however_small_it_is_packed(run, workspace, monkeypatch):
    monkeypatch.setitem(run_archive.MEMBERS, "metrics.jsonl", 2**20)
    contents = members(run_archive.pack(run))
    contents[f"{run.id}/metrics.jsonl"] = b" " * (2**20 + 1)
    refused(packed(contents), "larger than 1 MB", workspace)
    monkeypatch.setitem(run_archive.MEMBERS, "predictions.npz", 1000)
    refused(io.BytesIO(run_archive.pack(run)), "larger than 1 kB", workspace)


@pytest.mark.fault("A3")
def test_predictions_that_would_fill_the_memory_are_refused(run, workspace, monkeypatch):
    bomb = io.BytesIO()
    np.savez_compressed(bomb, test_ids=np.zeros(10**6))
    monkeypatch.setitem(run_archive.MEMBERS, "predictions.npz", 10**5)
    contents = members(run_archive.pack(run))
    contents[f"{run.id}/predictions.npz"] = bomb.getvalue()
    refused(packed(contents), "would unpack to 8 MB", workspace)


@pytest.mark.fault("A3")
@pytest.mark.parametrize(
    ("archive", "reason"),
    [
        (io.BytesIO(b"no zip"), "not a zip"),
        (packed({}), "contains no run"),
        (packed({"a/config.json": b"{}", "b/config.json": b"{}"}), "2 runs"),
        (packed({"config.json": b"{}"}), "has no status.json"),
        (packed({"config.json": b"{", "status.json": b"{}"}), "config.json"),
    ],
)
def test_what_is_no_run_is_refused_in_words(archive, reason, workspace):
    with pytest.raises(LabError, match=reason):
        run_archive.unpack(archive)
    assert runs.all() == []


@pytest.mark.fault("A3")
@pytest.mark.parametrize(
    ("name", "change", "reason"),
    [
        ("config.json", lambda value: value.update(schema=99), "schema 99"),
        ("status.json", lambda value: value.update(state="glorious"), "state should be"),
        ("status.json", lambda value: value.update(epoch="x"), "epoch"),
        ("labels.json", lambda value: value.update(name={"a": 1}), "name"),
        ("report.json", lambda value: value["test_accuracy"].update(value="high"), "test_accuracy.value"),
        ("report.json", lambda value: value.update(class_names="abc"), "class_names"),
        ("report.json", lambda value: value.update(class_names=["only"]), "1 classes"),
        ("report.json", lambda value: value.pop("parameters"), "parameters"),
        ("report.json", lambda value: value.update(seconds=1e999), "seconds"),
    ],
)
def test_figures_that_no_run_holds_are_refused(run, workspace, name, change, reason):
    refused(changed(run, name, change), reason, workspace)


@pytest.mark.fault("A3")
def test_predictions_that_do_not_fit_together_are_refused(run, workspace):
    stored = io.BytesIO()
    with np.load(run.path / "predictions.npz") as arrays:
        np.savez(stored, **{**arrays, "test_labels": arrays["test_labels"] + 7})
    contents = members(run_archive.pack(run))
    contents[f"{run.id}/predictions.npz"] = stored.getvalue()
    refused(packed(contents), "are inconsistent", workspace)


@pytest.mark.fault("F17", "A3")
def test_a_model_that_could_run_code_is_refused(run, workspace):
    contents = members(run_archive.pack(run))
    layer = {"module": "keras.layers", "class_name": "Lambda", "config": {}}
    network = {"module": "keras.src.models.functional", "class_name": "Functional"}
    evil = {**network, "config": {"layers": [layer]}}
    model = packed(
        {"metadata.json": b"{}", "config.json": json.dumps(evil).encode(), "model.weights.h5": b""}
    )
    contents[f"{run.id}/model.keras"] = model.getvalue()
    refused(packed(contents), "Lambda", workspace)
