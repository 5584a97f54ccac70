"""The gallery of 10,000 small images in 20 classes, without any cached thumbnails.

``python -m benchmarks.gallery [--quick]``. First the page's own code: each round is a new process that has
imported the libraries, as on a server that has just started; every click runs the whole page, where the app
runs only the gallery. Then, if Chromium is available, the waiting time in the browser: from a click until
all images of the page are visible. Setting up takes a minute or two.
"""

from __future__ import annotations

import logging
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import numpy as np
from PIL import Image
from streamlit.testing.v1 import AppTest

from benchmarks import chromium, pages
from core import datasets
from pages.common import addresses, frame
from samples import made_runs

CLASSES, EACH, SIDE = 20, 500, 96
LIMITS = {
    "opened": 2.0,
    "another page": 0.5,
    "the next page": 0.5,
    "one image large": 0.5,
    "another class": 0.5,
}
"""In seconds. Other pages have no thumbnails yet; those of the next page may have been made ahead."""


def main() -> int:
    """Measure, print the medians; fails where one is above its limit."""
    rounds = 2 if "--quick" in sys.argv else 5
    with tempfile.TemporaryDirectory() as folder:
        os.environ["LAB_WORKSPACE"] = str(Path(folder) / "workspace")
        small = made_runs.draw_folder(Path(folder) / "few", each=20)
        large = _draw(Path(folder) / "many")
        made = small, large, datasets.open(large).path / "thumbnails"
        is_late = _say("in the page's code", [pages.elsewhere(_visit, *made) for _ in range(rounds)])
        if chromium.is_there():
            is_late |= _say("in Chromium", [_visit_in_chromium(*made) for _ in range(rounds)])
    return int(is_late)


def _draw(folder: Path) -> str:
    """Prepare a folder of images that vary as much as photos do."""
    rng = np.random.default_rng(0)
    for number in range(CLASSES):
        name = folder / f"species {number:02}"
        name.mkdir(parents=True)
        for image in range(EACH):
            coarse = Image.fromarray(rng.integers(0, 255, (8, 8, 3), dtype=np.uint8))
            coarse.resize((SIDE, SIDE), Image.Resampling.BICUBIC).save(name / f"{image:03}.jpg")
    datasets.prepare(str(folder))
    return str(folder)


def _visit(small: str, large: str, thumbnails: Path) -> dict[str, float]:
    """Seconds of each step, after a small data set for the imports."""
    logging.disable(logging.WARNING)
    shutil.rmtree(thumbnails, ignore_errors=True)
    with pages.without_workers():
        pages.seconds(_app(small))
        frame.load_ahead()
        app = _app(large)
        opened = pages.seconds(app)
        _turn_to(app, 200)
        another = pages.seconds(app)
        time.sleep(chromium.PAUSE)
        _turn_to(app, 201)
        following = pages.seconds(app)
        next(button for button in app.button if str(button.key).startswith("gallery-")).click()
        large_one = pages.seconds(app)
        app.selectbox(key="gallery_class").set_value("species 07")
        filtered = pages.seconds(app)
    return dict(zip(LIMITS, (opened, another, following, large_one, filtered), strict=True))


def _turn_to(app: Any, page: int) -> None:
    app.get_by_key("gallery_page").set_value(page)


def _app(source: str) -> AppTest:
    app = AppTest.from_file(str(pages.APP), default_timeout=120).switch_page(addresses.DATA)
    app.query_params[addresses.SOURCE_KEY] = source
    app.query_params[addresses.DATA_TAB_KEY] = "Gallery"
    return app


def _visit_in_chromium(small: str, large: str, thumbnails: Path) -> dict[str, float]:
    """The same steps; the address is opened in a browser that has the app's files already."""
    shutil.rmtree(thumbnails, ignore_errors=True)
    took = chromium.seconds_to_new_images
    with chromium.tab() as (tab, address):
        took(tab, lambda: tab.goto(_gallery(address, small)))
        opened = took(tab, lambda: tab.goto(_gallery(address, large)))
        tab.get_by_role("combobox", name="Show", exact=True).wait_for()  # the quality check is done
        another = took(tab, tab.get_by_label("Page 4", exact=True).click)
        following = took(tab, tab.get_by_label("Next page").click)
        large_one = took(
            tab, tab.get_by_role("button", name="Look closer").first.click, within="[role=dialog]"
        )
        tab.get_by_role("dialog").get_by_label("Close").click()
        tab.get_by_role("combobox", name="Class").click()
        filtered = took(tab, tab.get_by_role("option", name="species 07").click)
    return dict(zip(LIMITS, (opened, another, following, large_one, filtered), strict=True))


def _gallery(address: str, source: str) -> str:
    return f"{address}/data?{urlencode({addresses.SOURCE_KEY: source, addresses.DATA_TAB_KEY: 'Gallery'})}"


def _say(where: str, visits: Sequence[dict[str, float]]) -> bool:
    """Print a line for each step; whether a median is above its limit."""
    print(f"{where}:")
    late = [pages.say(step, [visit[step] for visit in visits], limit) for step, limit in LIMITS.items()]
    return any(late)


if __name__ == "__main__":
    sys.exit(main())
