"""A child process that does one thing: its progress arrives, and a failure is a sentence."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from core.errors import LabError, Stopped
from core.processes import child
from core.processes.threads import Progress, ShouldStop, never, silent


def carry_out(
    program: str, folder: Path, progress: Progress = silent, should_stop: ShouldStop = never
) -> None:
    child.carry_out(
        ["-c", program], task="the work", folder=folder, progress=progress, should_stop=should_stop
    )


def test_its_progress_arrives_and_other_output_is_passed_over(tmp_path: Path):
    steps: list[tuple[str, int, int]] = []
    program = (
        """print('{"step": "counting", "done": 3, "total": 7}'); print('noise'); print('[1]'); print('{}')"""
    )
    carry_out(program, tmp_path, lambda *step: steps.append(step))
    assert steps == [("counting", 3, 7)]


def test_its_own_sentence_is_the_error(tmp_path: Path):
    with pytest.raises(LabError, match=r"^There is no model\.$"):
        carry_out("""import sys; print('{"error": "There is no model."}'); sys.exit(1)""", tmp_path)


def test_a_crash_is_a_sentence_with_its_last_line_and_the_log_gets_all(tmp_path: Path, capfd):
    with pytest.raises(
        LabError, match=r"^The work ended unexpectedly \(exit code 1\): ValueError: too small$"
    ):
        carry_out("raise ValueError('too small')", tmp_path)
    assert "Traceback" in capfd.readouterr().err


def test_a_killed_child_points_to_memory(tmp_path: Path):
    with pytest.raises(LabError, match="The system ended the work, probably because memory ran out"):
        carry_out("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", tmp_path)


def test_it_ends_at_once_when_asked_to_stop(tmp_path: Path):
    started = time.monotonic()
    with pytest.raises(Stopped, match="Stopped during the work"):
        carry_out("import time; time.sleep(60)", tmp_path, should_stop=lambda: time.monotonic() > started + 1)
    assert time.monotonic() - started < 30


def test_what_a_success_says_beside_its_work_is_noise(tmp_path: Path, capfd):
    carry_out("import sys; print('many warnings', file=sys.stderr)", tmp_path)
    assert capfd.readouterr().err == ""
