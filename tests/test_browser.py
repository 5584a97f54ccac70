"""The whole workflow in a real browser: choose images, train, view the result and explain it."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from core import runs, workspace
from core.words import percent
from samples import made_runs
from tests.browsing import (
    PATIENCE,
    Server,
    go_to,
    options,
    page,
    playwright,
    pytestmark,
    server,
    wait_for,
)

__all__ = ["options", "page", "pytestmark", "server"]  # fixtures and marks


def start_training(page: Any, server: Server, source: str, *settings: str) -> None:
    """Open Train with these settings, as a link gives them, and start."""
    given = urlencode([("data", source), *(("set", setting) for setting in settings)])
    page.goto(f"{server.address}/train?{given}")
    button = page.get_by_role("button", name="Start training")
    playwright.expect(button).to_be_enabled(timeout=PATIENCE)
    button.click()


def press_the_primary_button(page: Any, label: str, heading: str) -> None:
    """Press the one primary button of the page, and wait for the page that it leads to."""
    buttons = page.locator("[data-testid=stBaseButton-primary]:visible")
    buttons.filter(has_text=label).wait_for()
    assert buttons.count() == 1
    buttons.click()
    page.get_by_role("heading", name=heading, exact=True, level=1).wait_for()


@pytest.mark.fault("F28")
@pytest.mark.new_workspace
def test_one_primary_button_after_another_leads_from_home_to_a_heatmap(page: Any) -> None:
    press_the_primary_button(page, "Train my first model", "Train")
    wait_for(lambda: runs.all() and runs.all()[0].status.state == "done")
    run = runs.all()[0]
    assert (run.config.data.source, run.labels.name) == ("garden", "First look")
    assert (run.config.data.image_size, run.config.fit.epochs) == (64, 5)

    press_the_primary_button(page, "Look at the result", "Results")
    page.get_by_text(percent(run.report().test_accuracy.value)).first.wait_for()
    page.get_by_text("Always guessing the most common class").first.wait_for()
    assert f"run={run.id}" in page.url

    press_the_primary_button(page, "See why", "Explain")
    wait_for(lambda: any(run.heatmaps_path.glob("*.npz")))
    page.get_by_test_id("stImage").nth(2).wait_for()

    press_the_primary_button(page, "Change a setting and train again", "Train")
    page.get_by_text("All settings were copied from the run").first.wait_for()
    go_to(page, "Home", heading="Image Classification Lab")
    page.get_by_text("on the test images").first.wait_for()


@pytest.mark.fault("F18", "F19")
def test_a_restart_a_reload_and_a_second_tab_lose_no_run_and_no_link(
    page: Any, server: Server, tmp_path: Path
) -> None:
    source = made_runs.draw_folder(tmp_path / "discs", each=20)
    start_training(page, server, source, "data.image_size=32", "fit.epochs=500", "fit.learning_rate=0.0001")
    wait_for(lambda: runs.all() and runs.all()[0].status.state == "running")
    (first,) = runs.all()
    server.kill()
    assert first.status.state == "running"
    server.start()
    links_lead_to_their_pages(page, server)

    page.goto(f"{server.address}/train")
    stop = page.get_by_role("button", name="Stop and save")
    stop.wait_for()
    page.reload()
    page.get_by_role("heading", name="Train", exact=True, level=1).wait_for()
    second = page.context.new_page()
    second.set_default_timeout(PATIENCE)
    start_training(second, server, source, "data.image_size=32", "fit.epochs=1")
    wait_for(lambda: len(runs.all()) == 2)
    wait_for(first.metrics)
    assert [run.status.state for run in runs.all()] == ["queued", "running"]
    stop.click()
    wait_for(lambda: [run.status.state for run in runs.all()] == ["done", "stopped"])
    assert first.report().test_accuracy.total > 0
    assert len({run.status.pid for run in runs.all()}) == 1
    second.close()


def links_lead_to_their_pages(page: Any, server: Server) -> None:
    """Open links right after a restart: to a page, to the default page's own name, and an old one."""
    page.goto(f"{server.address}/compare")
    page.get_by_role("heading", name="Compare", exact=True, level=1).wait_for()
    assert page.get_by_text("Page not found").count() == 0
    page.goto(f"{server.address}/home")
    page.get_by_role("heading", name="Image Classification Lab", level=1).wait_for()
    assert page.get_by_text("Page not found").count() == 0
    assert urlsplit(page.url).path == "/"
    page.goto(f"{server.address}/?set=fit.epochs%3D7&set=fit.batch_size%3D16")  # when Train was the default
    page.get_by_role("heading", name="Train", exact=True, level=1).wait_for()
    address = urlsplit(page.url)
    assert address.path == "/train"
    assert sorted(parse_qs(address.query)["set"]) == ["fit.batch_size=16", "fit.epochs=7"]


def test_every_page_can_be_linked_to() -> None:
    pages = workspace.PROJECT / "pages"
    linked = {path.stem for path in pages.glob("*.py")}
    scripts = {path.stem: path for path in pages.glob("*/*/*.py") if path.stem == path.parent.name}
    assert linked == {name for name, path in scripts.items() if "common" not in path.parts}
