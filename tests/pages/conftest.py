"""No page starts a process here; tests of workers and of the assistant do."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def started_nothing(no_child_processes: None) -> None:
    """Start no process, whatever the page that a test looks at would have ready."""
