"""One damaged file harms nobody else: every file of a workspace is damaged in many ways, one at a time.

Whatever is damaged, the list of runs, the queue, sweeps, repeats and all pages stay up, and the other runs
are there as before. ``LAB_FUZZ`` sets how many damaged files are tried.
"""

from __future__ import annotations

import io
import logging
import os
import shutil
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from streamlit.testing.v1 import AppTest

from core import datasets, engine, runs, sweeps, worker
from core.cli.main import main
from core.comparison import pairing, test_set_usage
from core.config import RunConfig
from core.data import pixel_cache, versions
from core.errors import LabError
from core.explain import heatmaps, keras_file, nearest_images
from core.export import mlflow_mirror, run_archive
from core.label_errors import job, ranking
from core.label_errors.ranking import Judged
from core.ml import checkpoint
from core.runs import Run
from core.sweeps import folder, repeats
from core.sweeps.folder import Sweep
from core.training import status_writer
from core.workers import ray_cluster
from samples import made_runs
from tests.damage import damaged
from tests.pages.reading import no_fault, plain

pytestmark = [pytest.mark.fault("F16", "A2"), pytest.mark.usefixtures("no_child_processes")]

CASES = int(os.environ.get("LAB_FUZZ", "60"))
GOOD = "the good one"


@dataclass(frozen=True)
class Whole:
    """A workspace with something of everything, the files that are damaged in it, and their contents."""

    folder: Path
    files: dict[str, bytes] = field(repr=False)

    def restore(self) -> None:
        """Make every file as it was, and remove what has been added."""
        for path in sorted(self.folder.rglob("*"), reverse=True):
            name = str(path.relative_to(self.folder))
            if path.is_file() and name not in self.files:
                path.unlink()
            elif path.is_dir() and (name in self.files or not any(path.iterdir())):
                path.rmdir()
        for name, content in self.files.items():
            path = self.folder / name
            if not path.is_file() or path.read_bytes() != content:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(content)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Whole]:
    with pytest.MonkeyPatch.context() as patch:
        place = tmp_path_factory.mktemp("whole")
        patch.setenv("LAB_WORKSPACE", str(place / "workspace"))
        patch.setattr(engine, "ensure_worker", lambda: None)
        patch.setattr(engine, "prepare", engine.Preparation)
        _fill(place)
        files = {
            str(path.relative_to(place / "workspace")): path.read_bytes()
            for path in sorted((place / "workspace").rglob("*"))
            if path.is_file()
        }
        yield Whole(place / "workspace", files)
        shutil.rmtree(place)


@pytest.fixture(autouse=True)
def workspace(whole: Whole, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The workspace of this module instead of an empty one."""
    monkeypatch.setenv("LAB_WORKSPACE", str(whole.folder))
    monkeypatch.setattr(engine, "ensure_worker", lambda: None)
    monkeypatch.setattr(engine, "prepare", engine.Preparation)
    monkeypatch.setattr(logging.getLogger("core"), "disabled", True)
    monkeypatch.setattr(status_writer.log, "disabled", True)
    return whole.folder


def _fill(place: Path) -> None:
    source = made_runs.draw_folder(place / "images", each=24)
    changes = {"data.source": source, "data.image_size": 48, "data.test_share": 0.4, "fit.epochs": 6}
    config = RunConfig().replace(changes)
    dataset = datasets.open(source)
    pixel_cache.load(dataset, dataset.usable, 32, "stretch")
    dataset.thumbnail(dataset.usable.iloc[0], 64)
    labels = np.arange(len(dataset.usable)) % 3
    even = np.full((len(labels), 3), 1 / 3, np.float32)
    ids = dataset.usable["id"].to_numpy(dtype=str)
    ranking.save(dataset, Judged(dataset.version, dataset.class_names, ids, labels, even, "appearance", ""))
    job.note(100, 3.0)
    engine.Preparation(source, state="done").write()
    good = made_runs.finished(config, name=GOOD)
    victim = made_runs.finished(config.replace({"fit.seed": 1}), name="victim", group="again", tags=("a",))
    made_runs.finished(config.replace({"fit.seed": 2}), name="its repeat", group="again")
    for run in (good, victim):
        made_runs.give_model(run)
    made_runs.keep_heatmaps(victim)
    for path in sorted(victim.heatmaps_path.iterdir())[2:]:
        path.unlink()
    made_runs.keep_features(victim)
    test_set_usage.record_view([good, victim])
    cut_off = made_runs.interrupted(config, name="cut off")
    _give_checkpoint(cut_off)
    nowhere = config.replace({"data.source": "/no/such/folder"})
    engine.submit(nowhere, runs.Labels(name="queued"))
    _give_sweep(config)
    versions.exclude(dataset, ids[:2], "too dark")
    versions.relabel(datasets.open(source), ids[2:3], "tulips", "it is one")
    mlflow_mirror._write(victim.id, mlflow_mirror.Note(creating=True))
    ray_cluster.keep_address("")


def _give_checkpoint(run: Run) -> None:
    weights = [np.zeros((3, 3), np.float32), np.zeros(3, np.float32)]
    with checkpoint.Writer(run.checkpoint_path) as writer:
        writer.save(checkpoint.State(run.metrics(), weights, weights, weights, 2))


def _give_sweep(config: RunConfig) -> None:
    values = {"fit.learning_rate": (0.001, 0.01), "model.filters": ((8,), (8, 16))}
    sweep = Sweep(runs.new_id(), config, values, name="swept", state="full")
    folder.write(sweep)
    for rate in values["fit.learning_rate"]:
        made_runs.finished(config.replace({"fit.learning_rate": rate, "model.filters": (8,)}), group=sweep.id)


def victims(whole: Whole) -> list[str]:
    """The files to damage: all of the lab's own but images, logs, locks and the good run's."""
    good = next(run.id for run in runs.all() if run.labels.name == GOOD)
    return [name for name in whole.files if good not in name and not name.endswith((".lock", "lock", ".txt"))]


def everybody_is_served(whole: Whole) -> None:
    """What reads all runs, sweeps or data sets at once fails for none of them."""
    listed = {run.id: run for run in runs.all()}
    assert any(run.labels.name == GOOD and run.status.state == "done" for run in listed.values())
    assert main(["runs"]) == main(["runs", "--json"]) == 0
    engine.requeue_lost()
    engine.sweep()
    engine.queue()
    sweeps.advance()
    sweeps.tend()
    mlflow_mirror._noted()
    ray_cluster.address()
    job.duration(datasets.open(_good().config.data.source)) if _opens(_good()) else None
    for sweep in sweeps.all():
        sweeps.choices(sweep, sweeps.table(sweep, with_test=True))
        sweeps.trials(sweep)
    for run in listed.values():
        repeats.siblings(run)
        sweeps.reason_to_prune(_good())
        test_set_usage.seen(run)
    datasets.prepared()
    while (run := engine.claim()) is not None:
        if not Path(_source(run)).is_dir():  # others would be trained
            worker.carry_out(run)
    assert _good().status.state == "done"


def each_is_read_or_refused_in_a_sentence(whole: Whole) -> None:
    """What reads one run or data set gives it, or a sentence on one line."""
    for run in runs.all():
        for read in (
            run.overview,
            run.read_labels,
            lambda run=run: run.predictions("test"),
            lambda run=run: checkpoint.load(run.checkpoint_path),
            lambda run=run: keras_file.feature_maps(run.model_path),
            lambda run=run: keras_file.refuse_other_sizes(
                run.model_path, keras_file.read_config(run.model_path)
            ),
            lambda run=run: nearest_images.kept(run),
            lambda run=run: heatmaps.kept(run, heatmaps.Request("0" * 16, 0)),
            lambda run=run: pairing.from_run(run),
            lambda run=run: run_archive.pack(run),
        ):
            _read(read)
        run.metrics()
    for source in datasets.prepared():
        _read(lambda source=source: datasets.select(datasets.open(source), _good().config.data))
        _read(lambda source=source: ranking.load(datasets.open(source)).ranked())
        engine.preparation_of(source)


def _read(read: object) -> None:
    try:
        read()
    except LabError as error:
        assert "\n" not in str(error) and len(str(error)) < 2000, error


def _good() -> Run:
    return next(run for run in runs.all() if run.labels.name == GOOD)


def _source(run: Run) -> str:
    try:
        return run.config.data.source
    except LabError:
        return ""


def _opens(run: Run) -> bool:
    try:
        return bool(datasets.open(run.config.data.source))
    except LabError:
        return False


NO_SHARING = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large]


@settings(max_examples=CASES, suppress_health_check=NO_SHARING, derandomize=CASES <= 100)
@given(data=st.data())
def test_a_damaged_file_harms_nobody_else(whole: Whole, data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(victims(whole)))
    (whole.folder / name).write_bytes(data.draw(damaged(name, whole.files[name])))
    try:
        each_is_read_or_refused_in_a_sentence(whole)
        everybody_is_served(whole)
    finally:
        whole.restore()


@settings(max_examples=max(CASES // 20, 1), suppress_health_check=NO_SHARING, derandomize=CASES <= 100)
@given(data=st.data())
def test_no_page_is_lost_to_a_damaged_file(whole: Whole, data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(victims(whole)))
    (whole.folder / name).write_bytes(data.draw(damaged(name, whole.files[name])))
    try:
        for page, address in places(name):
            opened(page, address)
    finally:
        whole.restore()


def places(name: str) -> list[tuple[str, dict[str, str]]]:
    """The pages that read a file, and their addresses; every page reads the list of runs."""
    source, every_run = _good().config.data.source, ",".join(run.id for run in runs.all())
    data = [("build/data", {"data": source, "part": part}) for part in ("Check", "Gallery", "Versions")]
    compare, sweeps_page = ("understand/compare", {"runs": every_run}), ("build/sweeps", {})
    if not name.startswith("runs/"):
        return [*data, compare, sweeps_page, ("build/train", {})]
    run = {"run": name.split("/")[1]}
    if "heatmaps" in name or name.endswith(".keras"):
        mistakes = ("understand/results", {**run, "view": "Mistakes"})
        presented = ("show/present", {**run, "present": "heatmaps"})
        return [("understand/explain", run), mistakes, ("show/predict", run), presented]
    presented = ("show/present", {**run, "present": "training"})
    return [compare, sweeps_page, ("understand/results", run), ("build/train", run), presented]


def opened(page: str, address: dict[str, str]) -> AppTest:
    shown = AppTest.from_file(str(made_runs.APP), default_timeout=60)
    shown.switch_page(f"pages/{page}/{page.rpartition('/')[2]}.py")
    for key, value in address.items():
        shown.query_params[key] = value
    return no_fault(shown.run())


@pytest.mark.parametrize("name", ["status.json", "config.json", "report.json"])
def test_a_damaged_run_can_be_seen_downloaded_and_deleted(name: str, whole: Whole) -> None:
    run = made_runs.finished(_good().config, name="alone")
    (run.path / name).write_bytes(b'{"state": [')
    try:
        listed = opened("understand/compare", {"runs": run.id})
        row = listed.data_editor[0].value.set_index("name").loc["alone"]
        assert row["state"] == "damaged" and row["compare"]
        assert [button.label for button in listed.get("download_button")] == ["Export"]
        page = opened("understand/results", {"run": run.id})
        assert f"{name} in" in plain(page.error[0].value) and "is damaged" in page.error[0].value
        assert "Export" in [button.label for button in page.get("download_button")]
        packed = zipfile.ZipFile(io.BytesIO(run_archive.pack(run)))
        assert packed.read(f"{run.id}/{name}") == b'{"state": ['
        no_fault(page.button(key="trash").click().run())
        assert run.id not in [left.id for left in runs.all()]
    finally:
        whole.restore()
