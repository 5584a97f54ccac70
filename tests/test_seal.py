"""Counting looks at test scores."""

from __future__ import annotations

from pathlib import Path

from core import runs, seal, workspace
from core.config import RunConfig
from core.runs import Run


def finished(fingerprint: str) -> Run:
    run = runs.create(RunConfig())
    run.write_report({"split_fingerprint": fingerprint})
    return run


def test_each_run_counts_once_for_its_own_test_pictures():
    first, second, elsewhere = finished("abcdef123456"), finished("abcdef123456"), finished("fedcba654321")
    assert seal.seen(first) == 0
    for _ in range(3):
        seal.look([first])
    assert (seal.seen(first), seal.seen(second), seal.seen(elsewhere)) == (1, 1, 0)
    seal.look([second, elsewhere])
    assert (seal.seen(first), seal.seen(elsewhere)) == (2, 1)


def test_runs_deleted_since_still_count():
    first, second = finished("abcdef123456"), finished("abcdef123456")
    seal.look([first, second])
    run = Run(first.path)
    run.write_status(runs.Status(state="done"))
    runs.delete(run)
    assert seal.seen(second) == 2


def test_a_run_without_a_known_share_out_is_not_counted():
    for run in (runs.create(RunConfig()), finished("../../x"), finished("")):
        seal.look([run])
        assert seal.seen(run) == 0
    assert not (workspace.folder() / "seals").exists()


def test_a_damaged_count_starts_anew():
    run = finished("abcdef123456")
    seal.look([run])
    (workspace.folder() / "seals" / "abcdef123456.json").write_text("[1")
    assert seal.seen(run) == 0
    seal.look([run])
    assert seal.seen(run) == 1


def test_a_workspace_that_cannot_be_written_to_is_no_fault(workspace: Path):
    run = finished("abcdef123456")
    (workspace / "seals").write_text("in the way")
    seal.look([run])
    assert seal.seen(run) == 0


def test_meaning_grows_with_the_number_of_looks():
    assert "nothing was chosen" in seal.meaning(2, 0.7, 100)
    assert "by up to 7 points" in seal.meaning(10, 0.7, 100)
    assert "by up to 2 points" in seal.meaning(10, 0.7, 1000)


def test_a_perfect_score_on_few_pictures_may_be_luck_too():
    assert "by up to 9 points" in seal.meaning(3, 1.0, 8)
    assert "it flatters by about a point at most" in seal.meaning(3, 0.99, 10_000)
