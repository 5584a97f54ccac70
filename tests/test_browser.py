"""The whole workflow in a real browser: choose images, train, view the result and explain it."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from core import runs, workspace
from core.words import percent
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


def start_training(page: Any, preset: str = "First look") -> None:
    go_to(page, "Train")
    page.get_by_role("button", name=preset).click()
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


@pytest.mark.fault("F18")
def test_a_restarted_server_finds_the_run_in_progress(page: Any, server: Server) -> None:
    start_training(page, "Tutorial")
    wait_for(lambda: runs.all() and runs.all()[0].status.state == "running")
    server.kill()
    assert runs.all()[0].status.state == "running"
    server.start()
    page.goto(f"{server.address}/train")
    stop = page.get_by_role("button", name="Stop and save")
    stop.wait_for()
    wait_for(lambda: runs.all()[0].metrics())
    stop.click()
    wait_for(lambda: runs.all()[0].status.state in ("stopped", "done"))
    assert runs.all()[0].report().test_accuracy.total > 0
    assert len(runs.all()) == 1


@pytest.mark.fault("F18", "F19")
def test_a_reload_and_a_second_tab_change_nothing(page: Any, server: Server) -> None:
    start_training(page)
    wait_for(lambda: runs.all())
    page.reload()
    page.get_by_role("heading", name="Train", exact=True, level=1).wait_for()
    second = page.context.new_page()
    second.set_default_timeout(PATIENCE)
    second.goto(server.address)
    start_training(second)
    wait_for(lambda: len(runs.all()) == 2)
    wait_for(lambda: all(run.status.state == "done" for run in runs.all()))
    pids = {run.status.pid for run in runs.all()}
    assert len(pids) == 1
    second.close()


def test_a_link_opened_right_after_a_restart_finds_its_page(page: Any, server: Server) -> None:
    server.kill()
    server.start()
    page.goto(f"{server.address}/compare")
    page.get_by_role("heading", name="Compare", exact=True, level=1).wait_for()
    assert page.get_by_text("Page not found").count() == 0


def test_the_default_page_is_also_found_under_its_own_name(page: Any, server: Server) -> None:
    page.goto(f"{server.address}/home")
    page.get_by_role("heading", name="Image Classification Lab", level=1).wait_for()
    assert page.get_by_text("Page not found").count() == 0
    assert urlsplit(page.url).path == "/"


def test_a_link_saved_when_train_was_the_default_page_still_leads_there(page: Any, server: Server) -> None:
    page.goto(f"{server.address}/?set=fit.epochs%3D7&set=fit.batch_size%3D16")
    page.get_by_role("heading", name="Train", exact=True, level=1).wait_for()
    address = urlsplit(page.url)
    assert address.path == "/train"
    assert sorted(parse_qs(address.query)["set"]) == ["fit.batch_size=16", "fit.epochs=7"]


def test_every_page_can_be_linked_to() -> None:
    pages = workspace.PROJECT / "pages"
    linked = {path.stem for path in pages.glob("*.py")}
    assert linked == {path.stem for path in pages.glob("*/*/*.py") if path.stem == path.parent.name}
