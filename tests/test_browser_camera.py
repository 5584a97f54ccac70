"""The live camera in a real browser, with a camera that Chromium draws, and without one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests import browsing
from tests.browsing import (
    CHROMIUM,
    FLAGS,
    PATIENCE,
    Server,
    asked_of_others,
    images_outside,
    no_worker,
    options,
    playwright,
    server,
    temporary,
)

__all__ = ["no_worker", "options", "server", "temporary"]  # fixtures

pytestmark = [*browsing.pytestmark, pytest.mark.usefixtures("no_worker", "temporary")]

PASTE = """() => new Promise((done) => {
  const canvas = document.createElement("canvas")
  canvas.width = canvas.height = 64
  canvas.toBlob((blob) => {
    const clipboardData = new DataTransfer()
    clipboardData.items.add(new File([blob], "", { type: "image/png" }))
    document.dispatchEvent(new ClipboardEvent("paste", { clipboardData, bubbles: true }))
    done()
  })
})"""
DRAWN = "--use-fake-device-for-media-stream"


@contextmanager
def camera_page(server: Server, *flags: str) -> Iterator[Any]:
    """Predict, with the example that comes with the lab, and the camera just started."""
    with playwright.sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM, args=[*FLAGS, *flags])
        tab = browser.new_context(viewport={"width": 1400, "height": 1000}).new_page()
        tab.set_default_timeout(PATIENCE)
        others = asked_of_others(tab, server)
        tab.goto(f"{server.address}/predict")
        tab.get_by_test_id("stButtonGroup").get_by_text("Live camera", exact=True).click()
        tab.get_by_role("button", name="Start camera").click()
        yield tab
        assert others == []
        browser.close()


def test_the_camera_is_answered_its_absence_or_refusal_is_said_and_a_pasted_image_predicted(
    server: Server, workspace: Path, tmp_path: Path, temporary: Path
) -> None:
    with camera_page(server, DRAWN, "--use-fake-ui-for-media-stream") as tab:
        tab.get_by_text("predictions per second").wait_for()
        tab.get_by_text("confidence)").first.wait_for()
        tab.get_by_role("button", name="Stop camera").click()
        tab.get_by_role("button", name="Start camera").wait_for()
        tab.get_by_test_id("stButtonGroup").get_by_text("Image files", exact=True).click()
        tab.get_by_text("Ctrl+V pastes an image").wait_for()
        tab.evaluate(PASTE)
        tab.get_by_text("pasted 1.png", exact=True).wait_for()
        tab.get_by_role("button", name="This is a …").click()
        tab.get_by_text("The images of this data set are fixed").wait_for()
    with camera_page(server) as tab:
        tab.get_by_text("No camera was found").wait_for()
    with camera_page(server, DRAWN, "--deny-permission-prompts") as tab:
        tab.get_by_text("was not allowed to use the camera").wait_for()
    assert list((workspace / "incoming").glob("*")) == []
    assert images_outside(workspace, tmp_path, temporary) == []
