"""Every page in both themes, as axe-core judges it by WCAG 2 A and AA and by the order of its headings.

And how far Start is by keyboard, and how a training's end is told.
"""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

import pytest

from core import datasets
from core.config import RunConfig
from core.image_map import making, subject
from samples import made_runs
from tests.browsing import CHROMIUM, FLAGS, PATIENCE, Server, no_worker, options, playwright, server

axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="needs axe-playwright-python")

__all__ = ["no_worker", "options", "server"]

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium (Debian's package chromium) on the PATH"),
    pytest.mark.timeout(900),
    pytest.mark.usefixtures("no_worker"),
]
RULES: dict[str, Any] = {
    "light": {
        "runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa"]},
        "rules": {"heading-order": {"enabled": True}},
    },
    "dark": {"runOnly": {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}},
}
"""By theme: nothing but colours depends on it, so only the rules about colours are checked again."""
ONLY_FINDINGS = {"resultTypes": ["violations"]}  # what passes is not described element by element
MAX_STOPS = 5
"""Tab stops from the top of the Train page to Start: what may be resumed, the run's name, Start."""
NOT_OURS = {"exclude": [["[data-testid=stSidebarNav]"], [".vega-embed"]]}
"""Streamlit's menu has headings in its list; Vega leaves marks without a title in a chart that has one."""


def is_at_rest(page: Any) -> bool:
    return page.locator("[data-testid=stApp]").get_attribute("data-test-script-state") == "notRunning"


def findings(page: Any, theme: str) -> list[str]:
    """Return what axe finds on the page in this theme, a line per element.

    What is found is looked at again: while something is drawn anew it is pale, and the page cannot be told
    from one at rest just before.
    """
    if theme == "dark":
        page.emulate_media(color_scheme=theme)
        page.wait_for_timeout(600)  # the theme's colours fade in, and the page is drawn anew
    found: list[Any] = []
    for pause in (200, 1000, 3000):
        while not is_at_rest(page):
            time.sleep(0.05)
        page.wait_for_timeout(pause)
        found = axe.Axe().run(page, NOT_OURS, RULES[theme] | ONLY_FINDINGS).response["violations"]
        if not found:
            break
    return [f"{theme}: {one['id']}: {node['html'][:120]}" for one in found for node in one["nodes"]]


def end_is_announced(page: Any, address: str, config: RunConfig) -> None:
    """Watch a run that ends: a live region says so, and the keyboard is in the box with its next steps."""
    run = made_runs.waiting(config, "running", epochs=2, name="a training")
    run.write_status(replace(run.status, heartbeat=time.time() + 3600))  # a busy machine may draw it late
    page.goto(f"{address}/train?run={run.id}")
    page.get_by_role("button", name="Stop and save").wait_for()
    run.write_status(replace(run.status, state="stopped", message="Stopped for a test."))
    page.get_by_role("alertdialog").get_by_text("has been stopped").wait_for()
    page.locator(".st-key-ended:focus").wait_for()


def drawings_follow_the_theme(page: Any, address: str) -> None:
    page.emulate_media(color_scheme="light")
    page.goto(address)
    drawing = page.locator(".st-key-hero img").first
    light = drawing.get_attribute("src")
    page.locator(".st-key-theme").wait_for(state="attached")
    page.wait_for_timeout(1000)  # until its script listens, of which the page shows nothing
    page.emulate_media(color_scheme="dark")
    playwright.expect(drawing).not_to_have_attribute("src", light, timeout=PATIENCE)


def stops_to_start(page: Any, address: str) -> list[str]:
    """Skip the menu and the settings as the first stop offers, and return the stops from there to Start."""
    page.goto(address)
    page.get_by_role("button", name="Start training").wait_for()
    page.keyboard.press("Tab")
    page.get_by_text("Skip to main content").and_(page.locator(":focus")).press("Enter")
    stops: list[str] = []
    while len(stops) < MAX_STOPS and "Start training" not in "".join(stops[-1:]):
        page.keyboard.press("Tab")
        stops.append(page.locator(":focus").inner_text())
    return stops


def test_axe_finds_nothing_in_either_theme_and_the_end_of_a_training_is_announced(server: Server, tmp_path):
    source = made_runs.draw_folder(tmp_path / "images", each=20)
    config = RunConfig().replace({"data.source": source, "data.image_size": 48, "data.test_share": 0.4})
    first, second = made_runs.finished(config), made_runs.finished(config.replace({"fit.epochs": 4}))
    made_runs.give_model(second)
    made_runs.keep_heatmaps(second)
    making.make(subject.of_dataset(datasets.open(source)))
    addresses = (
        "/",
        f"/train?data={source}",
        f"/train?data={source}&run={second.id}&set=fit.epochs%3D4",
        f"/data?data={source}",
        f"/data?data={source}&part=Map",
        "/sweeps",
        f"/results?run={second.id}",
        f"/results?run={second.id}&view=Classes",
        f"/results?run={second.id}&view=Confidence",
        f"/results?run={second.id}&view=Map",
        f"/results?run={second.id}&view=Take+it+home",
        f"/results?run={second.id}&view=Details+and+downloads",
        f"/explain?run={second.id}",
        f"/compare?runs={first.id},{second.id}",
        f"/compare?runs={first.id},{second.id}&shown=Learning+curves",
        f"/compare?runs={first.id},{second.id}&shown=What+they+confuse",
        f"/compare?runs={first.id},{second.id}&shown=Where+they+disagree",
        f"/predict?run={second.id}",
        f"/present?run={second.id}&present=guess",
        f"/present?run={second.id}&present=training",
        f"/present?run={second.id}&present=heatmaps",
        "/words",
    )
    found: dict[str, list[str]] = {}
    with playwright.sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        page = browser.new_context(viewport={"width": 1400, "height": 1000}).new_page()
        page.set_default_timeout(PATIENCE)
        for address in addresses:
            page.emulate_media(color_scheme="light")
            page.goto(f"{server.address}{address}")
            page.get_by_role("heading", level=1).wait_for()
            while not is_at_rest(page):
                time.sleep(0.1)
            found[address] = [*findings(page, "light"), *findings(page, "dark")]
        drawings_follow_the_theme(page, f"{server.address}/results?run={second.id}")
        stops = stops_to_start(page, f"{server.address}/train?data={source}")
        end_is_announced(page, server.address, config)
        browser.close()
    assert {address: lines for address, lines in found.items() if lines} == {}
    assert "Start training" in stops[-1]
