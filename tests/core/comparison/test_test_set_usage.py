"""Counting looks at test scores."""

from __future__ import annotations

from pathlib import Path

from core import runs, workspace
from core.comparison import test_set_usage
from core.config import RunConfig
from core.runs import Run
from samples import made_runs


def finished(fingerprint: str) -> Run:
    run = runs.create(RunConfig())
    run.write_report(made_runs.report(split_fingerprint=fingerprint))
    return run


def test_each_run_counts_once_for_its_own_test_images():
    first, second, elsewhere = finished("abcdef123456"), finished("abcdef123456"), finished("fedcba654321")
    assert test_set_usage.seen(first) == 0
    for _ in range(3):
        test_set_usage.record_view([first])
    assert (test_set_usage.seen(first), test_set_usage.seen(second), test_set_usage.seen(elsewhere)) == (
        1,
        1,
        0,
    )
    test_set_usage.record_view([second, elsewhere])
    assert (test_set_usage.seen(first), test_set_usage.seen(elsewhere)) == (2, 1)


def test_runs_deleted_since_still_count():
    first, second = finished("abcdef123456"), finished("abcdef123456")
    test_set_usage.record_view([first, second])
    run = Run(first.path)
    run.write_status(runs.Status(state="done"))
    runs.delete(run)
    assert test_set_usage.seen(second) == 2


def test_a_run_without_a_known_split_is_not_counted():
    for run in (runs.create(RunConfig()), finished("../../x"), finished("")):
        test_set_usage.record_view([run])
        assert test_set_usage.seen(run) == 0
    assert not (workspace.folder() / "seals").exists()


def test_a_damaged_count_starts_anew():
    run = finished("abcdef123456")
    test_set_usage.record_view([run])
    (workspace.folder() / "seals" / "abcdef123456.json").write_text("[1")
    assert test_set_usage.seen(run) == 0
    test_set_usage.record_view([run])
    assert test_set_usage.seen(run) == 1


def test_a_workspace_that_cannot_be_written_to_is_no_fault(workspace: Path):
    run = finished("abcdef123456")
    (workspace / "seals").write_text("in the way")
    test_set_usage.record_view([run])
    assert test_set_usage.seen(run) == 0


def test_meaning_grows_with_the_number_of_looks():
    assert "nothing has been chosen" in test_set_usage.meaning(2, 0.7, 100)
    assert "by up to 7 points" in test_set_usage.meaning(10, 0.7, 100)
    assert "by up to 2 points" in test_set_usage.meaning(10, 0.7, 1000)


def test_a_perfect_score_on_few_images_may_be_luck_too():
    assert "by up to 9 points" in test_set_usage.meaning(3, 1.0, 8)
    assert "too optimistic by about one point at most" in test_set_usage.meaning(3, 0.99, 10_000)
