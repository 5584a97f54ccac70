"""A presentation in a real browser: all of it by keyboard alone, and by swiping on a phone."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

from core import example
from pages.show.present.guesses import IMAGES
from tests.browsing import (
    CHROMIUM,
    FLAGS,
    PATIENCE,
    Server,
    asked_of_others,
    options,
    playwright,
    pytestmark,
    server,
)

__all__ = ["options", "pytestmark", "server"]  # fixtures and marks


def step_of(page: Any) -> str:
    return parse_qs(urlsplit(page.url).query).get("present", [""])[0]


def press(page: Any, key: str, title: str) -> None:
    """Press a key once the page is at rest, and wait for the heading that it leads to."""
    app = page.get_by_test_id("stApp")
    playwright.expect(app).to_have_attribute("data-test-script-state", "notRunning", timeout=PATIENCE)
    page.keyboard.press(key)
    page.get_by_role("heading", level=1).filter(has_text=title).wait_for()


def swipe(page: Any, across: int) -> None:
    """Draw a finger across the middle of the screen, by this many pixels."""
    touch = page.context.new_cdp_session(page)
    points = [[{"x": 195, "y": 300}], [{"x": 195 + across, "y": 300}], []]
    for kind, where in zip(("touchStart", "touchMove", "touchEnd"), points, strict=True):
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": where})


def test_a_presentation_by_keyboard_alone_and_by_swiping(server: Server) -> None:
    with playwright.sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        page = browser.new_context(viewport={"width": 1400, "height": 900}).new_page()
        page.set_default_timeout(PATIENCE)
        others = asked_of_others(page, server)
        by_keyboard(page, server.address)
        assert others == []
        phone = browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True).new_page()
        phone.set_default_timeout(PATIENCE)
        by_swiping(phone, server.address)
        browser.close()


def by_keyboard(page: Any, address: str) -> None:
    page.goto(f"{address}/results?run=example")
    page.get_by_role("main").get_by_role("link", name="Present").focus()
    press(page, "Enter", "Can a model tell these apart?")
    page.get_by_role("button", name="Next").wait_for()
    assert not page.get_by_test_id("stSidebar").is_visible()
    press(page, "ArrowRight", "It learned from")
    press(page, "ArrowRight", "What is this?")
    for number in range(1, IMAGES + 1):
        page.get_by_text(f"Image {number} of {IMAGES}").wait_for()
        press(page, str(1 + number % 5), "It is labelled")
        page.get_by_text("So far: you").wait_for()
        if number == 2:
            page.reload()  # the guesses are in the address
            page.get_by_text("So far: you").wait_for()
            page.get_by_role("button", name="Next").wait_for()  # which listens to the keys
        press(page, "ArrowRight", "What is this?" if number < IMAGES else "You against the model")
    page.get_by_text("On all").wait_for()
    press(page, "ArrowLeft", "It is labelled")
    press(page, "PageDown", "You against the model")  # as a presentation remote does
    press(page, "ArrowRight", "Watch it learn")
    page.get_by_text("Before the first epoch").wait_for()
    press(page, "ArrowRight", "Watch it learn")
    page.get_by_role("button", name="Pause").wait_for()
    press(page, "p", "Watch it learn")
    page.get_by_role("button", name="Play").first.wait_for()
    press(page, "ArrowRight", f"of {example.run().report().test_accuracy.total} right")
    press(page, "ArrowRight", "It says")
    for number in range(2, 6):
        press(page, "ArrowRight", "It says")
        page.get_by_text(f"Mistake {number} of the 5").wait_for()
    for number in range(1, 4):
        press(page, "ArrowRight", "Where does it look?")
        page.get_by_text(f"Heatmaps {number} of 3").first.wait_for()
    press(page, "ArrowRight", "Try it")
    tab_to(page, "Start camera")
    press(page, "Escape", "Results")
    assert "run=example" in page.url and not step_of(page)


def tab_to(page: Any, name: str) -> None:
    """Press Tab until the button of this name, which may lie in a shadow root, has the focus."""
    button = page.get_by_role("button", name=name)
    button.wait_for()
    for _ in range(30):
        page.keyboard.press("Tab")
        if button.evaluate("node => node.getRootNode().activeElement === node"):
            return
    raise AssertionError(f"{name} cannot be reached by keyboard")


def by_swiping(page: Any, address: str) -> None:
    page.goto(f"{address}/present?run=example&present=images")
    page.get_by_role("heading", name="It learned from").wait_for()
    page.get_by_role("button", name="Full screen").wait_for()
    swipe(page, -150)
    page.get_by_role("heading", name="What is this?").wait_for()
    swipe(page, 150)
    page.get_by_role("heading", name="It learned from").wait_for()
    assert step_of(page) == "images"
