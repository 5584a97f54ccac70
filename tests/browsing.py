"""The app in a real browser: its server, a tab, and what several tests do there."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from core import engine, workspace
from tests.conftest import end_processes

playwright = pytest.importorskip("playwright.sync_api", reason="needs Playwright")
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PATIENCE = 180_000
"""Milliseconds to wait on a busy machine; nothing here is timed."""

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium (Debian's package chromium) on the PATH"),
    pytest.mark.timeout(600),
]


@dataclass
class Server:
    """The app on its own port; it can be killed and restarted on the same workspace."""

    port: int
    log: Path | None = None
    options: tuple[str, ...] = ()
    process: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        command = [sys.executable, "-m", "streamlit", "run", "streamlit_app.py"]
        with (self.log or Path(os.devnull)).open("ab") as output:
            self.process = subprocess.Popen(
                [*command, "--server.port", str(self.port), *self.options],
                cwd=workspace.PROJECT,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        wait_for(self._is_healthy)

    def kill(self) -> None:
        assert self.process is not None
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def _is_healthy(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.address}/_stcore/health", timeout=2) as response:
                return bool(response.status == 200)
        except OSError:
            return False


@pytest.fixture
def options() -> tuple[str, ...]:
    """What the server is started with, besides its port."""
    return ()


@pytest.fixture
def server(workspace: Path, options: tuple[str, ...], request: pytest.FixtureRequest) -> Iterator[Server]:
    """Start the app; end it and the workers it started afterwards.

    It finds the garden, which it would draw otherwise, unless the test is marked ``new_workspace``.
    """
    if request.node.get_closest_marker("new_workspace") is None:
        request.getfixturevalue("garden")
    with serving(workspace, options) as server:
        yield server


@pytest.fixture
def no_worker(workspace: Path) -> Iterator[None]:
    """Hold the worker's lock, so that the app warms none up for a test that trains nothing."""
    with engine.worker_lock():
        yield


@contextmanager
def serving(workspace: Path, options: tuple[str, ...] = ()) -> Iterator[Server]:
    """Start the app on a workspace; end it and the workers it started afterwards."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        server = Server(free.getsockname()[1], options=options)
    server.start()
    yield server
    server.kill()
    end_processes(workspace)


@pytest.fixture
def page(server: Server) -> Iterator[Any]:
    """Open a tab on the app's first page."""
    with playwright.sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        tab = browser.new_context(viewport={"width": 1400, "height": 1000}).new_page()
        tab.set_default_timeout(PATIENCE)
        others = asked_of_others(tab, server)
        tab.goto(server.address)
        yield tab
        assert tab.get_by_text("inside the lab").count() == 0
        assert others == []
        browser.close()


def asked_of_others(tab: Any, server: Server) -> list[str]:
    """What a tab asks for from now on that is not the app's: addresses, in a list that grows meanwhile."""
    local = (server.address, server.address.replace("http", "ws"), "data:", "blob:")
    found: list[str] = []
    for event in ("request", "websocket"):
        tab.on(event, lambda asked: None if asked.url.startswith(local) else found.append(asked.url))
    return found


@pytest.fixture
def temporary(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The folder in which the app and the browser keep temporary files, so that these can be looked at.

    A short path, since Chromium puts sockets there. Request it before the server.
    """
    with tempfile.TemporaryDirectory(prefix="lab-", ignore_cleanup_errors=True) as folder:
        monkeypatch.setenv("TMPDIR", folder)
        yield Path(folder)


def images_outside(workspace: Path, *folders: Path) -> list[Path]:
    """Image files in folders, but not in the workspace."""
    files = (path for folder in folders for path in folder.rglob("*") if path.is_file())
    kept = [path for path in files if not path.is_relative_to(workspace)]
    return [path for path in kept if path.read_bytes()[:4].startswith((b"\xff\xd8\xff", b"\x89PNG", b"RIFF"))]


def wait_for(condition: Any, seconds: float = 240.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "timed out"
        time.sleep(0.2)


def go_to(page: Any, name: str, heading: str = "") -> None:
    page.get_by_test_id("stSidebarNav").get_by_role("link", name=name).click()
    page.get_by_role("heading", name=heading or name, exact=True, level=1).wait_for()
    page.mouse.move(0, 0)  # away from the link, whose help would lie over the page
