"""What a script does otherwise than its run is said in it."""

from __future__ import annotations

from dataclasses import asdict, replace

import pytest

from core import files
from core.config import RunConfig
from core.export.script import differences, plan, writing
from core.report import Report
from core.runs import Parent, Run
from tests.core.export.script import made_plans


@pytest.fixture
def run(tmp_path) -> Run:
    return made_plans.finished(tmp_path / "flowers")


def notes(run: Run, config: RunConfig | None = None, **changes) -> str:
    report = run.report()
    assert isinstance(report, Report)
    is_bfloat16 = changes.pop("is_bfloat16", False)
    told = differences.notes(
        run, config or run.config, report.model_copy(update=changes), is_bfloat16=is_bfloat16
    )
    return " ".join(told)


def test_a_run_that_was_stopped_or_continued_says_what_the_script_does(run):
    assert "stopped" not in notes(run) and "continued" not in notes(run)
    run.write_status(replace(run.status, state="stopped"))
    assert "The run was stopped after 10 epochs; the script trains as long as the settings say." in notes(run)
    parent = Parent("a\nimport os", 4, "", "")
    files.write_json(run.path / "parent.json", asdict(parent))
    assert "The run continued run a import os after 4 epochs" in notes(run)
    assert "\nimport os" not in writing.script(plan.gather(run)).partition("## 9.")[2]


def test_a_continued_run_whose_rate_fell_twice_says_so(run):
    tuned = run.config.replace({"model.network": "mobilenet_v2_035", "model.fine_tune": "last_block"})
    assert "falls once" not in notes(run, tuned)
    files.write_json(run.path / "parent.json", asdict(Parent("first", 4, "", "")))
    assert "falls once" in notes(run, tuned) and "falls once" not in notes(run)
    assert "falls once" not in notes(run, tuned.replace({"fit.fine_tune_schedule": "constant"}))


def test_what_keras_does_in_its_own_way_is_named_only_where_it_does_it(run):
    assert "Layers of Keras change the training images" in notes(run)
    assert "Layers of Keras" not in notes(run, run.config.replace({"augment.flip": False}))
    frozen = run.config.replace({"model.network": "mobilenet_v2_035", "data.image_size": 96})
    assert "Layers of Keras" not in notes(run, frozen)
    assert "bfloat16" in notes(run, is_bfloat16=True) and "bfloat16" not in notes(run)


def test_an_interval_that_groups_make_too_narrow_is_called_so(run):
    assert "groups" not in notes(run)
    assert "does not allow for groups" in notes(run, groups={"test": 2})
