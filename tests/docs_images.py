"""The images of pages in the README, as the pages look now: ``make docs-images``. Needs Chromium."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from core import datasets, engine, runs
from core.workspace import PROJECT
from tests.browsing import CHROMIUM, FLAGS, playwright, serving

WIDTH = 1360
PAGES = {
    "train": ("/train?data=garden&set=augment.rotation%3D15&set=augment.zoom%3D0.2", 960),
    "results": (f"/results?run={runs.EXAMPLE}", 1330),
    "explain": (f"/explain?run={runs.EXAMPLE}", 1080),
}
"""By the name of the image: the address of the page, and the height in pixels."""
SECONDS_TO_REST = 4
"""By then charts and heatmaps are drawn, and nothing moves."""


def main() -> None:
    """Open each page on the built-in images and the example run, and store what is seen."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        os.environ["LAB_WORKSPACE"] = folder
        datasets.prepare("garden")
        with engine.worker_lock(), serving(Path(folder)) as server, playwright.sync_playwright() as play:
            browser = play.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
            page = browser.new_context().new_page()
            for name, (address, height) in PAGES.items():
                page.set_viewport_size({"width": WIDTH, "height": height})
                page.goto(f"{server.address}{address}")
                page.locator("[data-testid=stImage] img").first.wait_for(timeout=60_000)
                page.wait_for_timeout(1000 * SECONDS_TO_REST)
                page.screenshot(path=PROJECT / "docs" / f"{name}.png")
            browser.close()


if __name__ == "__main__":
    main()
