"""Runs executed on a real Ray cluster of two nodes on this machine, one of them killed midway."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from concurrent.futures import Future
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from core import engine, runs, sweeps
from core.config import RunConfig
from core.errors import LabError
from core.sweeps import folder
from core.workers import ray_cluster, serve
from samples.made_runs import draw_folder
from tests.training import QUICK, background, wait_for

__all__ = ["background"]  # a fixture

EPOCHS = 120

needs_ray = pytest.mark.skipif(
    importlib.util.find_spec("ray") is None, reason="needs pip install -r requirements-ray.txt"
)


@pytest.fixture(autouse=True)
def no_other_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "ensure_worker", lambda: None)


@pytest.fixture
def base(tmp_path: Path, workspace: Path) -> RunConfig:
    source = draw_folder(tmp_path / "images", each=20, size=32)
    return RunConfig().replace({"data.source": source, **QUICK, "fit.epochs": EPOCHS})


@pytest.fixture
def two_nodes(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Any, list[Any]]]:
    """A cluster whose head trains nothing, and two nodes that train one run each; its address is kept."""
    from ray.cluster_utils import Cluster

    made = Cluster(initialize_head=True, head_node_args={"num_cpus": 0})
    nodes = [made.add_node(num_cpus=1) for _ in range(2)]
    made.wait_for_nodes()
    monkeypatch.delenv("LAB_RAY_ADDRESS", raising=False)
    monkeypatch.delenv("RAY_ADDRESS", raising=False)
    ray_cluster.keep_address(made.address)
    monkeypatch.setenv("LAB_RAY_CPUS", "1")
    yield made, nodes
    made.shutdown()


@needs_ray
def test_a_sweep_on_two_nodes_loses_no_run_when_one_is_killed(base, two_nodes, background):
    made, nodes = two_nodes
    sweep = sweeps.start(base, {"fit.learning_rate": (0.01, 0.003, 0.001, 0.0003)})
    background()

    def at_work() -> dict[str, int]:
        return {
            run.id: run.status.pid for run in sweep.runs if run.status.state == "running" and run.metrics()
        }

    wait_for(lambda: len(at_work()) == 2, seconds=150)
    before = at_work()
    assert len(set(before.values())) == 2
    made.remove_node(nodes[0], allow_graceful=False)
    wait_for(lambda: all(run.status.state == "done" for run in sweep.runs), seconds=250)
    assert (
        sum(run.status.pid != before.get(run.id, run.status.pid) for run in sweep.runs) == 1
    )  # the one lost
    for run in sweep.runs:
        assert [line["epoch"] for line in run.metrics()] == list(range(1, EPOCHS + 1))
        assert run.has_report


@needs_ray
def test_a_run_on_the_cluster_is_stopped_and_resumed_like_a_local_one(base, two_nodes, background):
    run = engine.submit(base.replace({"fit.epochs": 500}))
    background()
    wait_for(lambda: len(run.metrics()) >= 2, seconds=150)
    engine.stop(run)
    wait_for(lambda: run.status.state == "stopped")
    assert run.has_report
    learned = len(run.metrics())
    engine.resume(run)
    wait_for(lambda: len(run.metrics()) > learned + 1, seconds=150)
    engine.stop(run)
    wait_for(lambda: run.status.state == "stopped")


def test_an_unusable_cluster_is_reported_and_the_runs_stay_queued(base, monkeypatch):
    monkeypatch.setenv("LAB_RAY_ADDRESS", "127.0.0.1:1")
    monkeypatch.setattr(ray_cluster, "_connected", lambda: (_ for _ in ()).throw(LabError("no answer")))
    run = engine.submit(base)
    with pytest.raises(LabError, match="no answer"):
        ray_cluster.serve(worker_terminating())
    assert (run.status.state, run.status.message) == ("queued", "no answer")
    assert engine.queue() == [run]


def test_a_task_that_fails_without_a_word_fails_its_run_alone(base):
    def get(task: Any) -> Any:
        raise RuntimeError

    run = engine.submit(base)
    ray_cluster._note_end(SimpleNamespace(get=get), None, run)
    assert run.status.state == "failed"
    assert run.status.message == "The cluster could not execute the run: RuntimeError"


@pytest.mark.parametrize(
    ("processors", "reason"), [("nan", "from 0 on"), ("-1", "from 0 on"), ("two", "'two'")]
)
def test_a_wrong_number_of_processors_is_named_and_none_is_no_fault(monkeypatch, processors, reason):
    monkeypatch.setenv("LAB_RAY_CPUS", processors)
    with pytest.raises(LabError, match=reason):
        ray_cluster._capacity(SimpleNamespace(cluster_resources=lambda: {"CPU": 8.0}))
    monkeypatch.setenv("LAB_RAY_CPUS", "0")
    assert ray_cluster._capacity(SimpleNamespace(cluster_resources=lambda: {"CPU": 8.0})) == 1


class InThisProcess:
    """What the lab uses of Ray, for a cluster that executes each task at once, in this process."""

    def remote(self, **_: Any) -> Any:
        return lambda task: SimpleNamespace(remote=partial(self._execute, task))

    def _execute(self, task: Any, *arguments: Any) -> Any:
        done: Future[Any] = Future()
        try:
            done.set_result(task(*arguments))
        except Exception as error:
            done.set_exception(error)
        return done

    def wait(self, tasks: list[Any], timeout: float) -> tuple[list[Any], list[Any]]:
        return tasks, []

    def get(self, task: Any) -> Any:
        return task.result()

    def cluster_resources(self) -> dict[str, float]:
        return {"CPU": 2.0}

    def shutdown(self) -> None:
        pass


@pytest.mark.fault("F16")
@pytest.mark.parametrize("name", ["status.json", "config.json", "report.json", "labels.json"])
def test_a_damaged_run_holds_up_no_other_on_the_cluster_and_is_named(
    name, base, workspace, monkeypatch, caplog
):
    caplog.set_level("INFO")
    monkeypatch.setattr(ray_cluster, "_connected", InThisProcess)
    monkeypatch.setattr(engine, "IDLE_SECONDS", 0.3)
    damaged, other = engine.submit_all(
        (base.replace({"data.source": "/no/such/folder", "fit.seed": seed}), runs.Labels()) for seed in (1, 2)
    )
    sweep = folder.Sweep(runs.new_id(), base, {"fit.seed": (1, 2)})
    folder.write(sweep)
    (damaged.path / name).write_text('{"state": [')
    (sweep.path / "sweep.json").write_text("{")
    assert not ray_cluster.serve(worker_terminating())
    assert engine.queue() == []
    assert other.status.state == "failed" and "no folder" in other.status.message
    assert damaged.status.state == ("failed" if name in ("status.json", "labels.json") else "damaged")
    if name in ("config.json", "report.json"):
        assert f"{name} in {damaged.path} is damaged" in caplog.text


@pytest.mark.fault("F16")
def test_an_unusable_cluster_leaves_a_damaged_file_as_it_is(base, monkeypatch):
    monkeypatch.setattr(ray_cluster, "_connected", lambda: (_ for _ in ()).throw(LabError("no answer")))
    damaged, other = (engine.submit(base.replace({"fit.seed": seed})) for seed in (1, 2))
    (damaged.path / "status.json").write_text("{")
    with pytest.raises(LabError, match="no answer"):
        ray_cluster.serve(worker_terminating())
    assert (damaged.path / "status.json").read_text() == "{"
    assert (other.status.state, other.status.message) == ("queued", "no answer")


@pytest.fixture
def no_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LAB_RAY_ADDRESS", "RAY_ADDRESS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(ray_cluster, "is_installed", lambda: True)


@pytest.mark.parametrize("address", ["head:6379", "ray://10.0.0.7:10001", "auto", "[::1]:6379"])
def test_an_address_is_saved_for_the_workspace_until_it_is_cleared(address, workspace, no_variables):
    ray_cluster.keep_address(f" {address} ")
    assert ray_cluster.address() == address
    ray_cluster.keep_address("")
    assert ray_cluster.address() == ""


@pytest.mark.parametrize("text", ["head", "http://head:80/", "head:6379; rm -rf /", "a b:1"])
def test_an_invalid_address_is_not_saved(text, workspace, no_variables):
    with pytest.raises(LabError, match="not a Ray cluster address"):
        ray_cluster.keep_address(text)
    assert ray_cluster.address() == ""


def test_an_address_is_not_saved_without_ray(workspace, no_variables, monkeypatch):
    monkeypatch.setattr(ray_cluster, "is_installed", lambda: False)
    with pytest.raises(LabError, match=r"pip install -r requirements-ray\.txt"):
        ray_cluster.keep_address("head:6379")
    assert ray_cluster.address() == ""


@pytest.mark.parametrize("damage", ["", "[]", '{"address": 7}', "{"])
def test_a_damaged_address_counts_as_none(damage, workspace, no_variables):
    ray_cluster.keep_address("head:6379")
    (workspace / "cluster.json").write_text(damage)
    assert ray_cluster.address() == ""


def test_a_local_worker_exits_when_a_cluster_takes_over(workspace, no_variables):
    ray_cluster.keep_address("head:6379")
    assert serve._serve_until_idle(None)


def worker_terminating() -> Any:
    from core import worker

    return worker.terminating


def test_the_labs_address_takes_precedence_over_rays(monkeypatch):
    monkeypatch.delenv("LAB_RAY_ADDRESS", raising=False)
    monkeypatch.delenv("RAY_ADDRESS", raising=False)
    assert ray_cluster.address() == ""
    monkeypatch.setenv("RAY_ADDRESS", "a:1")
    assert ray_cluster.address() == "a:1"
    monkeypatch.setenv("LAB_RAY_ADDRESS", "b:1")
    assert ray_cluster.address() == "b:1"
    monkeypatch.setenv("LAB_RAY_GPUS", "many")
    with pytest.raises(LabError, match="a number"):
        ray_cluster._wanted("GPU")
    assert runs.all() == []
