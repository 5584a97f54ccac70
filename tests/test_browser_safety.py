"""Names made to harm, and pages of other programs, in a real browser."""

from __future__ import annotations

import http.server
import os
import shutil
import threading
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from core import engine
from core.config import RunConfig
from core.runs import Run
from samples import made_runs
from tests.browsing import (
    CHROMIUM,
    FLAGS,
    PATIENCE,
    Server,
    go_to,
    page,
    playwright,
    pytestmark,
    serving,
    wait_for,
)

__all__ = ["page", "pytestmark"]  # a fixture and marks

ADDRESSES = ("https://evil.example/a", "www.evil.example", "joe@evil.example")
HOSTILE = "<img src=x onerror=alert(1)> ![x](http://evil.example/x.png)"
FOREIGN_PAGE = """
<iframe src="{app}/"></iframe>
<script>
const socket = new WebSocket("{stream}", ["streamlit"]);
socket.onopen = () => document.title += " opened";
socket.onerror = () => document.title += " refused";
</script>
"""


@pytest.fixture(scope="module")
def shared_workspace(tmp_path_factory: pytest.TempPathFactory, built_in: Callable[[str], Path]) -> Path:
    """One for all tests here, since none trains anything."""
    return Path(shutil.copytree(built_in("garden"), tmp_path_factory.mktemp("safety") / "workspace"))


@pytest.fixture(autouse=True)
def workspace(shared_workspace: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The workspace of this module instead of an empty one."""
    monkeypatch.setenv("LAB_WORKSPACE", str(shared_workspace))
    return shared_workspace


@pytest.fixture(scope="module")
def server(shared_workspace: Path) -> Iterator[Server]:
    """The app; the worker's lock is held, so that it warms none up."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LAB_WORKSPACE", str(shared_workspace))
        with engine.worker_lock(), serving(shared_workspace) as server:
            yield server


@pytest.fixture
def run(workspace: Path, tmp_path: Path) -> Run:
    """A finished run whose folder, classes, files, name, tags and notes are addresses and worse."""
    folder = tmp_path / "joe@evil.example"
    classes = [name.replace("/", "_") for name in (*ADDRESSES[1:], HOSTILE, "ro\nses\x1b[31m\u202eses")]
    source = made_runs.draw_folder(folder, [*classes, "https:"], each=15)
    for name in classes:
        (folder / name / "000.png").rename(folder / name / "www.evil.example.png")
    made_runs.datasets.prepare(source)
    config = RunConfig().replace({"data.source": source, "data.image_size": 48, "data.test_share": 0.3})
    labels = {"name": ADDRESSES[0], "tags": ADDRESSES, "notes": " ".join(ADDRESSES)}
    run = made_runs.finished(config, **labels)
    made_runs.give_model(run)
    made_runs.keep_heatmaps(run)
    return run


@pytest.mark.fault("A5", "A9", "A10", "A11", "F10", "F26")
def test_hostile_names_stay_plain_text_on_every_page_under_the_content_policy(
    run: Run, page: Any, server: Server, tmp_path: Path
) -> None:
    """One walk: no name is a link, no script or image is loaded, and nothing of the app is blocked."""
    faults: list[str] = []
    page.on("console", lambda one: faults.append(one.text) if "Security Policy" in one.text else None)
    page.on("dialog", lambda dialog: (faults.append(dialog.message), dialog.dismiss()))
    page.goto(f"{server.address}/train?{urlencode({'run': run.id, 'data': run.config.data.source})}")
    for name in ("Train", "Data", "Results", "Explain", "Compare"):
        go_to(page, name)
        main = page.get_by_test_id("stMain")
        shown = main.locator(':text("evil.example"), input[value*="evil.example"]').first
        shown.wait_for(state="attached", timeout=60_000)
        page.wait_for_timeout(1500)  # for the rest of the page, whatever it consists of
        links = [link.get_attribute("href") for link in page.locator("a[href]").all()]
        assert not [link for link in links if "evil" in link], name
        assert page.get_by_label("Download as CSV").count() == 0
        assert not set("\x1b\u202e") & set(page.locator("body").inner_text())
    go_to(page, "Results")
    page.locator("canvas, svg.marks").first.wait_for()
    page.get_by_role("tab", name="Details and downloads").click(timeout=30_000)
    with page.expect_download(timeout=30_000) as download:
        page.get_by_role("button", name="Learning curves as CSV").click(timeout=30_000)
    assert Path(download.value.path()).stat().st_size > 0
    assert faults == []


@pytest.mark.fault("F19")
def test_two_browsers_have_their_own_settings_and_ask_before_stopping_each_others_runs(
    server: Server, tmp_path: Path
) -> None:
    source = made_runs.draw_folder(tmp_path / "discs", each=20)
    with playwright.sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        tabs = [browser.new_context(viewport={"width": 1400, "height": 1000}).new_page() for _ in range(2)]
        for tab, epochs in zip(tabs, (7, 9), strict=True):
            tab.set_default_timeout(60_000)
            tab.goto(f"{server.address}/train?{urlencode({'data': source, 'set': f'fit.epochs={epochs}'})}")
        for number, tab in enumerate(tabs, start=1):
            tab.get_by_role("button", name="Start training").click()
            wait_for(lambda number=number: len(engine.queue()) == number)
        theirs, mine = engine.queue()
        assert [run.config.fit.epochs for run in (theirs, mine)] == [7, 9]
        assert len({run.submission.by for run in (theirs, mine)} - {""}) == 2
        tabs[1].locator(f".st-key-cancel-{mine.id} button").click()
        wait_for(lambda: mine.status.state == "stopped")
        tabs[1].locator(f".st-key-ask-cancel-{theirs.id} button").click()
        tabs[1].get_by_text("Started in another window").last.wait_for()
        assert theirs.status.state == "queued"
        tabs[1].get_by_role("button", name="Stop it").click()
        wait_for(lambda: theirs.status.state == "stopped")
        browser.close()


@pytest.mark.fault("A10", "F25")
def test_a_page_of_another_port_can_neither_open_the_app_nor_show_it_in_a_frame(
    server: Server, tmp_path: Path
) -> None:
    folder = tmp_path / "foreign"
    folder.mkdir()
    stream = server.address.replace("http", "ws") + "/_stcore/stream"
    (folder / "index.html").write_text(FOREIGN_PAGE.format(app=server.address, stream=stream))
    handler = partial(http.server.SimpleHTTPRequestHandler, directory=os.fspath(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as foreign:
        threading.Thread(target=foreign.serve_forever, daemon=True).start()
        with playwright.sync_playwright() as play:
            browser = play.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
            tab = browser.new_page()
            tab.goto(f"http://127.0.0.1:{foreign.server_port}/")
            tab.wait_for_function("document.title != ''", timeout=PATIENCE)
            assert tab.title() == "refused"
            assert "chrome-error" in tab.frames[1].url
            browser.close()
        foreign.shutdown()
