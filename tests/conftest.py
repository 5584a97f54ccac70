"""A workspace of its own for every test, and the photos where they are."""

from __future__ import annotations

import functools
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import filelock
import hypothesis
import psutil
import pytest
from streamlit.components.v2 import manifest_scanner

from core import datasets
from core.processes import launch
from tests.fault_table import FaultTable

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # scikit-learn's threads yield to the other tests
hypothesis.settings.register_profile("untimed", deadline=None)  # a busy machine makes no test fail
hypothesis.settings.load_profile("untimed")

os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # or each process that a test starts compiles the lab anew

LONG = ("test_worker.py", "test_sweeps.py", "test_front_door.py", "test_damaged_workspace.py")
"""Files that take longest, besides those with a browser."""
DATA = Path(os.environ.get("LAB_TEST_DATA", Path(__file__).parent.parent.parent / "shared" / "data"))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Start the longest files first, so that no core waits for the other at the end."""
    items.sort(key=lambda item: (item.get_closest_marker("browser") is None, item.path.name not in LONG))


def pytest_configure(config: pytest.Config) -> None:
    """Keep the table of faults."""
    config.pluginmanager.register(FaultTable(config))


@pytest.fixture(autouse=True, scope="session")
def installed_components() -> Iterator[None]:
    """Look once, not for every page that is tested, for components in all installed packages: 0.3 s each."""
    with pytest.MonkeyPatch.context() as patch:
        scan = functools.cache(manifest_scanner.scan_component_manifests)
        patch.setattr(manifest_scanner, "scan_component_manifests", scan)
        yield


@pytest.fixture(autouse=True)
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty workspace; nothing a test does reaches another's."""
    folder = tmp_path / "workspace"
    monkeypatch.setenv("LAB_WORKSPACE", str(folder))
    return folder


@pytest.fixture(scope="session")
def built_in(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Returns a workspace with a built-in data set, prepared once for all processes of a test run."""
    shared = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        shared = shared.parent

    def prepared(source: str) -> Path:
        with filelock.FileLock(shared / f"{source}.lock"), pytest.MonkeyPatch.context() as patch:
            patch.setenv("LAB_WORKSPACE", str(shared / source))
            try:
                datasets.open(source)
            except datasets.NotPrepared:
                datasets.prepare(source)
        return shared / source

    return prepared


@pytest.fixture
def garden(built_in: Callable[[str], Path], workspace: Path) -> str:
    """The garden, prepared in this test's workspace; drawing it takes 20 s."""
    shutil.copytree(built_in("garden") / "datasets", workspace / "datasets", dirs_exist_ok=True)
    return "garden"


@pytest.fixture
def digits(built_in: Callable[[str], Path], workspace: Path) -> str:
    """The digits, prepared in this test's workspace."""
    shutil.copytree(built_in("digits") / "datasets", workspace / "datasets")
    return "digits"


@pytest.fixture
def no_child_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pretend to start what a page has ready, such as the assistant: it would outlive the test by minutes."""

    class Child:
        pid = os.getpid()

    monkeypatch.setattr(launch, "start_detached", lambda module, arguments, log: Child())


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
