"""A workspace of its own for every test, and the photos where they are."""

from __future__ import annotations

import os
from pathlib import Path

import hypothesis
import psutil
import pytest

from tests.fault_table import FaultTable

hypothesis.settings.register_profile("untimed", deadline=None)  # a busy machine makes no test fail
hypothesis.settings.load_profile("untimed")

DATA = Path(os.environ.get("LAB_TEST_DATA", Path(__file__).parent.parent.parent / "shared" / "data"))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Start the long tests in a browser first, so that no core waits for the other at the end."""
    items.sort(key=lambda item: item.get_closest_marker("browser") is None)


def pytest_configure(config: pytest.Config) -> None:
    """Keep the table of faults."""
    config.pluginmanager.register(FaultTable(config))


@pytest.fixture(autouse=True)
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty workspace; nothing a test does reaches another's."""
    folder = tmp_path / "workspace"
    monkeypatch.setenv("LAB_WORKSPACE", str(folder))
    return folder


@pytest.fixture(scope="session")
def photos() -> Path:
    """The folder of real photos and weights for tests, or a skip that says so."""
    if not DATA.is_dir():
        pytest.skip(f"needs the test photos in {DATA} (set LAB_TEST_DATA)")
    return DATA


def end_processes(workspace: Path) -> None:
    """Kill every process that a test has started on its workspace, and those that these have started."""
    while left := [process for process in psutil.process_iter() if _works_on(process, workspace)]:
        for process in left:
            process.kill()
        psutil.wait_procs(left, timeout=10)


def _works_on(process: psutil.Process, workspace: Path) -> bool:
    try:
        its_own = process.environ().get("LAB_WORKSPACE") == str(workspace)
        return its_own and process.pid != os.getpid() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False
