"""Reports are validated when read: old ones open, damaged ones give a message and affect no other run."""

from __future__ import annotations

import json
import shutil
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from streamlit.testing.v1 import AppTest

from core import engine, runs, sweeps, worker
from core.cli import main as command_line
from core.config import RunConfig
from core.errors import LabError
from core.processes import heartbeat
from core.report import Report
from core.runs import Labels, Run
from core.sweeps import folder
from samples import made_runs
from tests.pages.reading import no_fault

DEEP = '{"a":' * 20_000
ABSURD = (None, True, -1, 0.5, 10**30, 1e300, float("nan"), float("inf"), "0.5", "", [], {}, [[1]], {"a": 1})


def finished(report: Any = None) -> Run:
    """A finished run with this report, or a good one."""
    run = runs.create(RunConfig())
    run.write_report(made_runs.report())
    if report is not None:
        (run.path / "report.json").write_text(json.dumps(report))
    run.write_status(replace(run.status, state="done"))
    return run


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The path to every value within a JSON value."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [found for key, part in inner for found in ((*path, key), *places(part, (*path, key)))]


GOOD = made_runs.report().as_json()


def test_a_report_round_trips():
    run = runs.create(RunConfig())
    assert run.report() is None
    run.write_report(made_runs.report())
    assert run.report() == made_runs.report()
    assert json.loads((run.path / "report.json").read_text())["schema"] == 1


@pytest.mark.fault("F16", "A2")
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=300)
@given(st.sampled_from(places(GOOD)), st.sampled_from([*ABSURD, "drop"]), st.booleans())
def test_any_altered_report_is_read_or_rejected_with_one_message(path, value, twice):
    changed = json.loads(json.dumps(GOOD))
    part = changed
    for key in path[:-1]:
        part = part[key]
    if value == "drop":
        del part[path[-1]]
    else:
        part[path[-1]] = value
    run = finished(changed)
    try:
        report = run.report()
    except LabError as error:
        assert str(error).startswith("report.json in ")
        assert "\n" not in str(error)
        assert run.status.state == "damaged"
    else:
        assert isinstance(report, Report)
        json.dumps(report.as_json(), allow_nan=False)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"test_accuracy": None}, "test_accuracy should be an object"),
        ({"val_accuracy": 0.5}, "val_accuracy should be an object"),
        ({"seconds": float("inf")}, "seconds should be a finite number"),
        ({"parameters": "12"}, "parameters should be a valid integer"),
        ({"class_names": ["only"]}, "its parts do not all have 1 classes"),
        ({"confusion_matrix": [[1, 2], [3, 4]]}, "its parts do not all have 3 classes"),
        ({"confusion_matrix": [[1, 2, -3]] * 3}, "confusion_matrix.0.2 should be greater than or equal to 0"),
        ({"test_accuracy": {**GOOD["test_accuracy"], "low": None}}, "contradict each other"),
        ({"schema": 2}, "schema should be 1"),
    ],
)
def test_damage_is_named(change, reason):
    with pytest.raises(LabError, match=f"report.json in .* is damaged: .*{reason}"):
        finished({**GOOD, **change}).report()


@pytest.mark.fault("F16", "A2")
@pytest.mark.parametrize("text", ["", "{", "[]", "null", "3", DEEP, '{"a": ' + "9" * 5000 + "}", "\xff\x00"])
def test_anything_but_a_json_object_is_damaged(text):
    run = finished()
    (run.path / "report.json").write_text(text, encoding="latin-1")
    with pytest.raises(LabError, match=r"report\.json in .* is damaged"):
        run.report()


def test_unknown_keys_are_ignored():
    assert finished({**GOOD, "later": [DEEP[:50]], "model_config": 1}).report() == made_runs.report()


def test_a_report_from_before_layers_were_in_it_opens():
    older = {key: value for key, value in GOOD.items() if key not in ("schema", "summary")}
    read = finished(older).report()
    assert read is not None
    assert read.summary == ()


def test_reports_of_an_old_workspace_open_with_their_values(photos: Path, workspace: Path):
    shutil.copytree(photos / "old_workspace" / "runs", workspace / "runs")
    read = [run for run in runs.all() if run.has_report]
    assert len(read) == 8
    for run in read:
        report, stored = run.report(), json.loads((run.path / "report.json").read_text())
        assert report is not None
        added_later = {"schema": 1, "groups": {}, "pixel_ranges": {}, "feature_images": 0}
        assert {**added_later, **stored} == report.as_json()
        assert run.status.state == json.loads((run.path / "status.json").read_text())["state"]
        assert len(run.metrics()) == run.status.epoch


DAMAGE = [
    ("status.json", {"heartbeat": None}),
    ("status.json", {"created": 1e300}),
    ("status.json", {"pid": 10**30}),
    ("status.json", {"epoch": "1"}),
    ("config.json", {"fit": []}),
    ("report.json", {"val_accuracy": 0.5}),
    ("labels.json", {"tags": [{"a": 1}], "name": 5}),
    ("status.json", DEEP),
    ("config.json", DEEP),
    ("report.json", DEEP),
    ("labels.json", DEEP),
]


def damage(run: Run, name: str, change: Any) -> None:
    path = run.path / name
    values = json.loads(path.read_text())
    path.write_text(change if isinstance(change, str) else json.dumps({**values, **change}))


@pytest.mark.parametrize(("name", "change"), DAMAGE, ids=range(len(DAMAGE)))
def test_a_damaged_file_in_one_run_stops_nothing_else(name, change, monkeypatch, capsys):
    monkeypatch.setattr(engine, "ensure_worker", lambda: None)
    sweep = sweeps.start(RunConfig(), {"fit.epochs": (1, 2)})
    engine.claim()
    bad, lost = reversed(runs.all())
    bad.write_report(made_runs.report())
    status = replace(bad.status, state="running", heartbeat=time.time(), **heartbeat.identity())
    bad.write_status(status)
    damage(bad, name, change)
    for marker in engine._markers():
        marker.unlink()

    engine.requeue_lost()
    assert [run.id for run in engine.queue()] == [lost.id]
    folder.write(replace(sweep, state="open"))
    sweeps.advance()
    assert lost.id in sweeps.table(sweep)["run"].tolist()
    claimed = engine.claim()
    assert claimed is not None
    assert claimed.id == lost.id

    assert command_line.main(["runs", "--json"]) == 0
    listed = {row["id"]: row for row in json.loads(capsys.readouterr().out)}
    assert listed.keys() >= {bad.id, lost.id}
    assert (listed[bad.id]["state"] == "damaged") == (name != "labels.json")
    assert listed[lost.id]["state"] == "queued"
    assert command_line.main(["runs"]) == 0


@pytest.mark.usefixtures("no_child_processes")
def test_the_compare_page_shows_damaged_runs_beside_the_good_ones():
    good = finished()
    for name, change in DAMAGE:
        damage(finished(), name, change)
    good.relabel(name="the good one")
    page = AppTest.from_file(str(made_runs.APP), default_timeout=60).switch_page(
        "pages/understand/compare/compare.py"
    )
    listed = no_fault(page.run()).data_editor[0].value.set_index("name")["state"]
    assert listed["the good one"] == "finished"
    assert (listed == "damaged").sum() == sum(name != "labels.json" for name, _ in DAMAGE)
    assert len(listed) == len(DAMAGE) + 1


def test_damaged_labels_read_as_empty_and_are_reported_on_request():
    run = runs.create(RunConfig(), Labels(name="x"))
    damage(run, "labels.json", {"name": 5})
    assert run.labels == Labels()
    with pytest.raises(LabError, match=r"labels\.json in .* is damaged: name should be a valid string"):
        run.read_labels()


@pytest.mark.fault("F16", "A2")
@pytest.mark.parametrize("name", ["config.json", "status.json"])
def test_a_worker_that_claims_a_damaged_run_ends_it_and_continues(name, monkeypatch):
    monkeypatch.setattr(engine, "ensure_worker", lambda: None)
    run = engine.submit(RunConfig().replace({"data.source": "/no/such/folder"}))
    (run.path / name).write_text(DEEP)
    assert engine.claim() == run
    assert worker.carry_out(run).state in ("damaged", "failed")
    assert engine.claim() is None
