"""The status that a run and its heartbeat write together."""

from __future__ import annotations

import sys
import threading

import pytest

from core import runs
from core.config import RunConfig
from core.training.status_writer import StatusWriter

CHANGES = 3_000


def test_neither_the_run_nor_its_heartbeat_undoes_what_the_other_has_changed() -> None:
    writer = StatusWriter(runs.create(RunConfig()), terminating=threading.Event(), watch=lambda status: None)
    writer.update(heartbeat=0.0, epoch=0)

    def beat() -> None:
        for _ in range(CHANGES):
            writer.update(heartbeat=writer.status.heartbeat + 1)

    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    heart = threading.Thread(target=beat)
    heart.start()
    try:
        for _ in range(CHANGES):
            writer.update(epoch=writer.status.epoch + 1)
        heart.join()
    finally:
        sys.setswitchinterval(before)
    assert (writer.status.epoch, writer.status.heartbeat) == (CHANGES, CHANGES)


def test_ctrl_c_is_no_error_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    run = runs.create(RunConfig())
    writer = StatusWriter(run, terminating=threading.Event(), watch=lambda status: None)
    with pytest.raises(KeyboardInterrupt), writer:
        raise KeyboardInterrupt
    assert (run.status.state, caplog.text) == ("interrupted", "")
