"""No page starts a process here; tests of workers and of the assistant do."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from core import engine


@pytest.fixture(autouse=True)
def started_nothing(no_child_processes: None) -> None:
    """Start no process, whatever the page that a test looks at would have ready."""


@pytest.fixture
def no_processes(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Hold the worker's lock and prepare nothing: no run begins, and no data set."""
    monkeypatch.setattr(engine, "prepare", engine.preparation_of)
    with engine.worker_lock():
        yield
