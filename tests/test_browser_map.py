"""The map of images in a real browser: made, searched, selected by area and by keyboard, and opened."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from core.config import RunConfig
from samples import made_runs
from tests.browsing import CHROMIUM, FLAGS, PATIENCE, Server, options, playwright, pytestmark, server

__all__ = ["options", "pytestmark", "server"]  # fixtures and marks


def draw_around(page: Any) -> None:
    """Draw a rectangle around the whole map with the mouse."""
    canvas = page.locator(".stage > canvas")
    canvas.evaluate("one => one.scrollIntoView({block: 'center'})")  # not under the page's header
    box = canvas.bounding_box()
    left, top = box["x"] + 2, box["y"] + 2
    right, bottom = left + box["width"] - 4, top + box["height"] - 4
    page.mouse.move(left, top)
    page.mouse.down()
    for x, y in ((right, top), (right, bottom), (left, bottom), (left, top + 1)):
        page.mouse.move(x, y, steps=3)
    page.mouse.up()


def test_a_map_is_made_searched_selected_and_its_images_opened(server: Server, tmp_path: Path) -> None:
    source = made_runs.draw_folder(tmp_path / "images", each=12)
    run = made_runs.finished(RunConfig().replace({"data.source": source}))
    with playwright.sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        page = browser.new_context(viewport={"width": 1400, "height": 1400}).new_page()
        page.set_default_timeout(PATIENCE)
        faults: list[str] = []
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.goto(f"{server.address}/data?data={source}&part=Map")
        page.get_by_role("button", name="Make the map").click()
        page.get_by_text("All 36 images.").wait_for()

        page.get_by_role("button", name="Select an area").click()
        draw_around(page)
        page.get_by_text("36 images selected").wait_for()
        page.get_by_role("button", name="daisy 12").click()
        draw_around(page)
        page.get_by_text("12 images selected").wait_for()
        playwright.expect(page.get_by_role("button", name="Look closer")).to_have_count(12)

        page.get_by_label("Find").fill("tulips/003")
        page.get_by_text("1 found").wait_for()
        page.get_by_role("button", name="daisy 12").click()
        page.get_by_label("Find").press("Enter")
        page.get_by_text("1 image selected").wait_for()
        page.wait_for_timeout(700)  # the map flies to the image, which lies in its middle then
        page.locator(".stage > canvas").click()
        page.get_by_role("dialog").get_by_text("tulips/003.png").first.wait_for()
        page.keyboard.press("Escape")
        page.get_by_role("dialog").wait_for(state="detached")

        canvas = page.get_by_role("application", name="Map of 36 images")
        canvas.focus()
        page.keyboard.press("0")
        page.wait_for_timeout(700)
        page.keyboard.press("Enter")
        page.get_by_text("36 images selected").wait_for()
        page.keyboard.press("Escape")
        page.get_by_text("Select an area to list").wait_for()

        page.goto(f"{server.address}/results?run={run.id}&view=Map")
        page.get_by_role("button", name="Make the map").click()
        page.get_by_label("Colour by").select_option("mistake")
        page.get_by_role("button", name="not predicted").wait_for()
        assert faults == []
        browser.close()
