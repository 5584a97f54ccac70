"""Sweeps with real tiny trainings: planned, queued, pruned, killed, resumed, extended, told in tables."""

from __future__ import annotations

import json
import os
import shutil
import signal
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core import engine, runs, sweeps, worker, workspace
from core.cli import sweep as sweep_command
from core.cli.main import main
from core.config import RunConfig
from core.errors import LabError
from core.processes import heartbeat
from core.report import Proportion
from core.sweeps import folder, repeats, search
from core.sweeps.search import Trial
from core.words import spread
from samples import made_runs
from samples.made_runs import draw_folder
from tests.training import NETWORKS, QUICK, background, python, wait_for

__all__ = ["background"]  # a fixture

RATES = {"fit.learning_rate": (0.01, 0.001)}


@pytest.fixture
def base(tmp_path: Path, workspace: Path) -> RunConfig:
    source = draw_folder(tmp_path / "images", each=20, size=32)
    return RunConfig().replace({"data.source": source, **QUICK})


@pytest.fixture(autouse=True)
def no_other_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    """Starting a sweep starts no worker here: each test says when there is one."""
    monkeypatch.setattr(engine, "ensure_worker", lambda: None)


def work_through(most: int = 100) -> None:
    """What the training worker does until there is nothing left, in this process."""
    for _ in range(most):
        run = engine.claim()
        if run is not None:
            worker.carry_out(run, networks=NETWORKS)
        elif not sweeps.advance():
            return


def pretend(sweep: sweeps.Sweep, score: Callable[[RunConfig], float]) -> None:
    """Finish every waiting run with this validation accuracy, without training."""
    while (run := engine.claim()) is not None or sweeps.advance():
        if run is not None:
            value = score(run.config)
            run.append_metrics({"epoch": 1, "val_accuracy": value})
            ends = {"low": max(value - 0.1, 0.0), "high": min(value + 0.1, 1.0)}
            accuracy = Proportion(value=value, **ends, correct=0, total=200)
            run.write_report(made_runs.report(val_accuracy=accuracy))
            run.write_status(runs.Status(state="done"))


def test_a_plan_counts_runs_and_names_what_does_not_fit_together(base):
    values = {"data.image_size": (32, 64), "model.filters": ((4,), (4, 4, 4, 4, 4))}
    plan = sweeps.plan(base, values, 2, images=100)
    assert len(plan.configs) == 4
    assert [config.fit.seed for config in plan.configs] == [0, 1, 0, 1]
    assert len(plan.left_out) == 2
    assert "too many for an image size of 32 px" in plan.left_out[0]
    assert plan.time.low < plan.time.seconds < plan.time.high


def test_the_largest_seed_is_followed_by_0(base):
    largest = base.replace(
        {"fit.seed": 2**31 - 1, "data.subset_seed": 2**31 - 1, "data.training_subset": 0.5}
    )
    planned = sweeps.plan(largest, {"fit.epochs": (1,)}, 3).configs
    assert [(config.fit.seed, config.data.subset_seed) for config in planned] == [
        (2**31 - 1, 2**31 - 1), (0, 0), (1, 1),
    ]  # fmt: skip
    run = made_runs.finished(base.replace({"fit.seed": 2**31 - 1}))
    assert [again.config.fit.seed for again in repeats.repeat(run, 2)] == [0, 1]


@pytest.mark.parametrize(
    ("values", "repeats", "words"),
    [
        ({}, 1, "Nothing is varied"),
        ({"fit.epochs": ()}, 1, "Epochs has no values"),
        ({"fit.epochs": (0,)}, 1, "Epochs"),
        ({"fit.nothing": (1,)}, 1, "no setting"),
        ({"fit.seed": (1, 2)}, 3, "seed is already varied"),
        ({"fit.seed": tuple(range(1001))}, 1, "1,001 runs"),
        ({"model.filters": ((0,),)}, 1, "Filters must be 1 to 6 numbers"),
    ],
)
def test_what_cannot_be_swept_is_said_in_a_sentence(base, values, repeats, words):
    with pytest.raises(LabError, match=words):
        sweeps.start(base, values, repeats=repeats)
    assert runs.all() == []


def test_a_grid_goes_from_settings_to_a_table(base):
    sweep = sweeps.start(base, {**RATES, "augment.flip": (True, False)}, repeats=2, name="rates")
    assert sweep.state == "full"
    assert len(sweep.runs) == 8
    assert sweep.runs[0].title == "rates: Learning rate 0.01, Flip left-right on, Seed 0"
    work_through()
    table = sweeps.table(sweep)
    assert set(table["state"]) == {"done"}
    assert not [name for name in table if "test" in name]
    for row in table.to_dict("records"):
        report = runs.open(row["run"]).report()
        assert row["val_accuracy"] == report.val_accuracy.value
    choices = sweeps.choices(sweep, sweeps.table(sweep, with_test=True))
    assert len(choices) == 4
    assert set(choices["n"]) == {2}
    of_first = table[(table["fit.learning_rate"] == 0.01) & table["augment.flip"]]["val_accuracy"]
    assert choices["val_accuracy"][0] == pytest.approx(of_first.mean())
    assert choices["val_accuracy_sd"][0] == pytest.approx(of_first.std())
    assert "test_accuracy_low" in choices


def test_a_worker_carries_out_a_sweep_and_a_kill_loses_nothing(base, background):
    sweep = sweeps.start(
        base.replace({"fit.epochs": 30}), {"fit.learning_rate": (0.01, 0.0001)}, way="tpe", trials=3
    )
    first = background()
    wait_for(lambda: any(len(run.metrics()) >= 2 for run in sweep.runs))
    os.kill(first.pid, signal.SIGKILL)
    first.wait()
    assert [run.status.state for run in sweep.runs][-1] == "interrupted"
    there = [run.id for run in sweep.runs]

    background()
    sweeps.resume(sweep)
    wait_for(lambda: sweeps.open(sweep.id).state == "full")
    assert [run.status.state for run in sweep.runs] == ["done"] * 3
    assert [run.id for run in sweep.runs][: len(there)] == there
    assert all(len(run.metrics()) == 30 for run in sweep.runs)


def test_stopping_ends_what_waits_and_resuming_goes_on_with_what_is_missing(base):
    sweep = sweeps.start(base, {"fit.seed": (1, 2, 3)})
    worker.carry_out(engine.claim(), networks=NETWORKS)
    sweeps.stop(sweep)
    assert [run.status.state for run in sweep.runs] == ["done", "stopped", "stopped"]
    assert sweeps.open(sweep.id).state == "stopped"
    assert not sweeps.advance()
    runs.delete(sweep.runs[2])
    sweeps.resume(sweep)
    assert [run.status.state for run in sweep.runs] == ["done", "queued", "queued"]
    work_through()
    assert {run.config.fit.seed for run in sweep.runs if run.status.state == "done"} == {1, 2, 3}


def test_extending_adds_only_what_is_new(base):
    sweep = sweeps.start(base, RATES)
    sweep = sweeps.extend(sweep, {"fit.learning_rate": (0.001, 0.0001), "augment.flip": (True, False)})
    assert sweep.values == {
        "fit.learning_rate": (0.01, 0.001, 0.0001),
        "augment.flip": (True, False),
    }
    assert len(sweep.runs) == 6
    sweep = sweeps.extend(sweep, {}, repeats=1)
    assert len(sweep.runs) == 12
    assert len({run.config.model_dump_json() for run in sweep.runs}) == 12


def test_a_sweep_from_before_there_was_a_schedule_goes_on_with_a_constant_rate_and_runs_nothing_twice(base):
    frozen = base.replace({"model.network": "mobilenet_v2_035"})
    sweep = sweeps.start(frozen, {"model.fine_tune": ("none", "last_block")})
    files_before = [sweep.path / "sweep.json", *(run.path / "config.json" for run in sweep.runs)]
    for path in files_before:
        stored = json.loads(path.read_text())
        del stored.get("base", stored)["fit"]["fine_tune_schedule"]
        path.write_text(json.dumps(stored))
    before = {run.id for run in sweep.runs}
    sweep = sweeps.extend(sweeps.open(sweep.id), {}, repeats=1)
    added = [run for run in sweep.runs if run.id not in before]
    assert [(run.config.model.fine_tune, run.config.fit.seed) for run in added] == [
        ("none", frozen.fit.seed + 1),
        ("last_block", frozen.fit.seed + 1),
    ]
    assert {run.config.fit.fine_tune_schedule for run in sweep.runs if run.config.is_fine_tuned} == {
        "constant"
    }
    assert [len(repeats.siblings(run)) for run in added] == [2, 2]


def test_a_sweep_that_is_taken_back_leaves_only_what_had_begun(base):
    untouched = sweeps.start(base, RATES)
    mistaken = sweeps.start(base, {"fit.seed": (1, 2, 3)})
    sweeps.take_back(mistaken)
    assert sweeps.all() == [untouched] and engine.queue() == untouched.runs
    assert (runs.workspace.folder() / "trash" / f"sweep-{mistaken.id}").is_dir()

    begun = engine.claim()
    alive = {"heartbeat": time.time(), **heartbeat.identity()}
    begun.write_status(replace(begun.status, state="running", **alive))
    sweeps.take_back(untouched)
    (sweep,) = sweeps.all()
    assert sweep.state == "stopped" and sweep.runs == [begun] and begun.stop_requested
    assert not sweeps.advance() and engine.queue() == []


@pytest.mark.parametrize("way", ["grid", "random"])
def test_an_extension_that_is_taken_back_leaves_the_sweep_as_it_was(base, way):
    sweep = sweeps.start(base, RATES, way=way, trials=0 if way == "grid" else 2)
    pretend(sweep, lambda config: 0.5)
    before = sweeps.open(sweep.id)
    kept = before.runs
    extended = sweeps.extend(before, {"fit.batch_size": (16, 64)}, trials=0 if way == "grid" else 3)
    assert len(extended.runs) > len(kept)
    sweeps.take_back(extended, before, kept)
    assert sweeps.open(sweep.id) == before and before.runs == kept
    assert all(run.status.state == "done" and not run.stop_requested for run in kept)


def test_a_start_cut_short_is_completed_by_the_worker(base, monkeypatch):
    def cut_short(wanted: Any, submission: Any) -> None:
        engine.submit(*next(iter(wanted)))
        raise KeyboardInterrupt

    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(engine, "submit_all", cut_short)
        patched.setattr(engine, "submit", lambda config, labels: engine._enqueue(runs.create(config, labels)))
        sweeps.start(base, {"fit.seed": (1, 2, 3)})
    (sweep,) = sweeps.all()
    assert (sweep.state, len(sweep.runs)) == ("open", 1)
    assert sweeps.advance()
    assert (sweeps.open(sweep.id).state, len(sweep.runs)) == ("full", 3)
    assert not sweeps.advance()


def test_tpe_finds_the_better_settings_and_says_which_mattered(base):
    values = {
        "fit.learning_rate": (0.0001, 0.1),
        "model.dropout": (0.0, 0.5),
        "fit.optimizer": ("adam", "sgd"),
    }
    sweep = sweeps.start(base, values, way="tpe", trials=30)
    pretend(sweep, lambda config: 0.8 - 0.15 * abs(np.log10(config.fit.learning_rate) + 2))
    sweep = sweeps.open(sweep.id)
    assert sweep.state == "full"
    trials = sweeps.trials(sweep)
    assert len(trials) == 30
    assert len({json.dumps(trial.settings) for trial in trials}) == 30
    assert all(0.0001 <= trial.settings["fit.learning_rate"] <= 0.1 for trial in trials)
    late = [abs(np.log10(trial.settings["fit.learning_rate"]) + 2) for trial in trials[15:]]
    assert np.median(late) < 0.6  # powers of ten; chance would give 0.75
    shares, caution = sweeps.importance(sweep)
    assert next(iter(shares)) == "fit.learning_rate"
    assert shares["fit.learning_rate"] > 0.7
    assert sum(shares.values()) == pytest.approx(1)
    assert caution == ""
    assert "3 trials for 3 settings" in search.caution(values, trials[:3])


def test_choices_that_are_used_up_end_a_sweep(base):
    values = {"augment.flip": (True, False), "fit.optimizer": ("adam", "sgd")}
    sweep = sweeps.start(base, values, way="random", trials=50)
    pretend(sweep, lambda config: 0.5)
    assert sweeps.open(sweep.id).state == "full"
    assert len(sweep.runs) == 4


def test_proposals_of_filters_are_of_those_given(base):
    filters = ((4,), (4, 8))
    sweep = sweeps.start(base, {"model.filters": filters}, way="tpe", trials=2, repeats=2)
    pretend(sweep, lambda config: 0.5)
    assert sorted(run.config.model.filters for run in sweep.runs) == [(4,), (4,), (4, 8), (4, 8)]


def test_a_run_that_is_behind_is_given_up_and_not_resumed(base):
    settings = {"fit.learning_rate": (0.003, 0.0031, 0.0032, 0.0033, 0.0034, 0.000001)}
    sweep = sweeps.start(base.replace({"fit.epochs": 8, "fit.batch_size": 4}), settings, prune=True)
    work_through()
    table = sweeps.table(sweep)
    hopeless = table[table["fit.learning_rate"] == 0.000001].iloc[0]
    assert hopeless["state"] == "stopped"
    assert hopeless["epochs"] < 8
    assert f"Stopped early after epoch {hopeless['epochs']} of 8" in hopeless["pruned"]
    run = runs.open(hopeless["run"])
    assert run.status.message == hopeless["pruned"]
    assert run.has_report
    choices = sweeps.choices(sweep, table)
    assert choices["partial"].tolist()[-1]
    sweeps.resume(sweep)
    assert engine.queue() == []


@pytest.mark.fault("F16")
def test_a_damaged_run_or_sweep_hides_no_other(base, capsys):
    sweep = sweeps.start(base, {"fit.seed": (1, 2)})
    broken = sweeps.start(base, {"fit.seed": (3,)})
    (broken.path / "sweep.json").write_text("{")
    (sweep.runs[0].path / "config.json").write_text("{")
    assert sweeps.all() == [sweeps.open(sweep.id)]
    assert len(sweeps.table(sweep)) == 1
    with pytest.raises(LabError, match="damaged"):
        sweeps.open(broken.id)
    (found,) = sweeps.damaged()
    assert found.id == broken.id and found.reason.startswith("sweep.json in ")
    assert main(["runs", "--json"]) == 0
    output = capsys.readouterr()
    assert len(json.loads(output.out)) == 3
    assert output.err == f"Sweep {broken.id} is left out, but not its runs: {found.reason}\n"
    earlier = workspace.folder() / "trash" / f"sweep-{broken.id}"
    shutil.copytree(broken.path, earlier / "sweep")
    sweeps.delete(found)
    assert sweeps.damaged() == [] and len(runs.all()) == 3
    assert (earlier / "sweep.json").exists() and not (earlier / "sweep").exists()
    with pytest.raises(LabError, match="deleted already"):
        sweeps.delete(found)
    with pytest.raises(LabError, match="no sweep"):
        sweeps.open("../runs")


def test_a_sweep_without_its_file_is_damaged_unless_it_is_just_being_made(base):
    sweep = sweeps.start(base, {"fit.seed": (1,)})
    (sweep.path / "sweep.json").unlink()
    assert sweeps.damaged() == []
    os.utime(sweep.path, (0, 0))
    assert [found.id for found in sweeps.damaged()] == [sweep.id]


def test_only_one_process_at_a_time_queues_the_runs_of_a_sweep(base):
    sweep = sweeps.start(base, {"fit.seed": (1, 2)}, way="random", trials=2)
    worker.carry_out(engine.claim(), networks=NETWORKS)
    with folder.changing(sweep):
        assert not sweeps.advance()
    assert sweeps.advance()


def test_repeating_takes_seeds_that_are_not_used_yet(base):
    run = engine.submit(base.replace({"fit.seed": 5}))
    more = repeats.repeat(run, 2)
    assert [known.config.fit.seed for known in more] == [6, 7]
    assert [known.config.fit.seed for known in repeats.repeat(more[0], 1)] == [8]
    assert len(repeats.siblings(run)) == 4
    work_through()
    scores = [known.report().test_accuracy.value for known in repeats.siblings(run)]
    assert spread(scores) == f"{100 * np.mean(scores):.1f} ± {100 * np.std(scores, ddof=1):.1f}% (SD, n=4)"


def test_repeating_a_run_of_a_sweep_counts_for_its_settings_alone(base):
    sweep = sweeps.start(base, RATES)
    repeats.repeat(sweep.runs[0], 2)
    assert [len(repeats.siblings(run)) for run in sweep.runs] == [3, 1, 3, 3]
    assert sweeps.choices(sweep, sweeps.table(sweep))["waiting"].tolist() == [3, 1]


def test_trials_that_fit_no_more_are_left_out(base):
    values = {"fit.batch_size": (8, 32), "fit.optimizer": ("adam", "sgd")}
    known = [Trial({"fit.batch_size": 500, "fit.optimizer": "adam"}, "complete", 0.5)]
    choice = search.propose(values, known, "tpe", seed=0)
    assert 8 <= choice["fit.batch_size"] <= 32


def test_the_headless_door_sweeps_and_prints_json(base):
    words = [f"{path}={v[0] if isinstance(v, tuple) else v}" for path, v in QUICK.items()]
    done = python(
        "sweep",
        base.data.source,
        *(part for word in words for part in ("--set", word)),
        *("--vary", "fit.learning_rate=0.01,0.001", "--repeat", "2", "--json"),
    )
    assert done.returncode == 0, done.stderr
    (sweep,) = sweeps.all()
    printed = json.loads(done.stdout)
    assert printed["id"] == sweep.id
    assert [row["fit.learning_rate"] for row in printed["runs"]] == [0.01, 0.01, 0.001, 0.001]
    assert {row["state"] for row in printed["runs"]} == {"done"}
    os.kill(sweep.runs[0].status.pid, signal.SIGTERM)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--vary", "fit.epochs"), "does not name a setting with values"),
        (("--vary", "fit.epochs=1,0"), "Epochs"),
        (("--vary", "fit.seed=1,2", "--repeat", "2"), "seed is already varied"),
        (("--vary", "fit.epochs=1,2", "--way", "tpe"), "number of combinations"),
    ],
)
def test_wrong_words_for_a_sweep_are_answered_by_a_sentence(words, said, capsys):
    assert main(["sweep", "garden", *words]) == 2
    assert said in capsys.readouterr().err


def test_values_of_lists_are_separated_by_semicolons():
    values = sweep_command.values_from(["model.filters=16,32;8", "augment.flip=true,false"], RunConfig())
    assert values == {"model.filters": ((16, 32), (8,)), "augment.flip": (True, False)}
