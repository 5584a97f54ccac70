"""The images of pages in the README, as the pages look now: ``make docs-images``. Needs Chromium."""

from __future__ import annotations

import os
import tempfile

from benchmarks import chromium
from core import datasets, runs, workspace

WIDTH = 1360
PAGES = {
    "train": ("/train?data=garden&set=augment.rotation%3D15&set=augment.zoom%3D0.2", 960),
    "results": (f"/results?run={runs.EXAMPLE}", 1120),
    "explain": (f"/explain?run={runs.EXAMPLE}", 1080),
}
"""By the name of the image: the address of the page, and the height in pixels."""


def main() -> None:
    """Open each page on the built-in images and the example run, and store what is seen."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ["LAB_WORKSPACE"] = folder
        datasets.prepare("garden")
        with chromium.tab() as (page, address):
            for name, (path, height) in PAGES.items():
                page.set_viewport_size({"width": WIDTH, "height": height})
                page.goto(f"{address}{path}")
                page.get_by_role("heading", level=1).wait_for()
                chromium.wait(page, images=1)
                page.wait_for_timeout(2000)  # the animations of charts and tabs end
                page.screenshot(path=workspace.PROJECT / "docs" / f"{name}.png")


if __name__ == "__main__":
    main()
