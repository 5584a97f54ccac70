"""The gallery of 10,000 small pictures in 20 classes, none of whose thumbnails is kept yet.

``python -m benchmarks.gallery [--quick]``. First the page's own code: each round is a new process that has
imported the libraries, as on a server that has just started; every click runs the whole page, where the app
runs only the gallery. Then, where there is Chromium, what a person waits for there: from a click until all
pictures of the page are seen. Setting up takes a minute or two.
"""

from __future__ import annotations

import importlib.util
import logging
import multiprocessing
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import numpy as np
from PIL import Image
from streamlit.testing.v1 import AppTest

from benchmarks import pages
from core import datasets, processes
from tests import run_fixtures

CLASSES, EACH, SIDE = 20, 500, 96
PAGE = "pages/build/data.py"
LIMITS = {
    "opened": 2.0,
    "another page": 0.5,
    "the next page": 0.5,
    "one picture large": 0.5,
    "another class": 0.5,
}
"""In seconds. Other pages have no thumbnails yet; those of the next page may have been made ahead."""
LOOKS = 1.0
"""Seconds between two steps; a person looks at pictures for longer."""
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
FLAGS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
_SEEN = """([where, before]) => new Promise(done => {
  const look = () => {
    const images = [...document.querySelectorAll(where + ' [data-testid=stImage] img')];
    const seen = images.length && images.every(one => one.complete && one.naturalWidth);
    seen && images[0].src !== before ? done() : setTimeout(look, 10);
  };
  look();
})"""
_FIRST = "where => document.querySelector(where + ' [data-testid=stImage] img')?.src"


def main() -> int:
    """Measure, print the medians; fails where one is above its limit."""
    rounds = 2 if "--quick" in sys.argv else 5
    with tempfile.TemporaryDirectory() as folder:
        os.environ["LAB_WORKSPACE"] = str(Path(folder) / "workspace")
        small = run_fixtures.draw_folder(Path(folder) / "few", each=20)
        large = _draw(Path(folder) / "many")
        made = small, large, datasets.open(large).path / "thumbnails"
        is_late = _say("in the page's code", [_elsewhere(_visit, *made) for _ in range(rounds)])
        if CHROMIUM is None or importlib.util.find_spec("playwright") is None:
            print("in Chromium: not measured, it is not on the PATH or Playwright is not installed")
        else:
            is_late |= _say("in Chromium", [_visit_in_chromium(*made) for _ in range(rounds)])
    return int(is_late)


def _draw(folder: Path) -> str:
    """A prepared folder of pictures that look as different as photos do."""
    rng = np.random.default_rng(0)
    for number in range(CLASSES):
        name = folder / f"species {number:02}"
        name.mkdir(parents=True)
        for picture in range(EACH):
            coarse = Image.fromarray(rng.integers(0, 255, (8, 8, 3), dtype=np.uint8))
            coarse.resize((SIDE, SIDE), Image.Resampling.BICUBIC).save(name / f"{picture:03}.jpg")
    datasets.prepare(str(folder))
    return str(folder)


def _elsewhere(work: Callable[..., Any], *arguments: Any) -> Any:
    """Do it in a process of its own."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(work, arguments)


def _visit(small: str, large: str, thumbnails: Path) -> dict[str, float]:
    """Seconds of each step, after a small data set for the imports."""
    logging.disable(logging.WARNING)
    shutil.rmtree(thumbnails, ignore_errors=True)
    with pages.without_workers():
        pages.seconds(_app(small))
        app = _app(large)
        opened = pages.seconds(app)
        _turn_to(app, 200)
        another = pages.seconds(app)
        time.sleep(LOOKS)
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
    app = AppTest.from_file(str(pages.APP), default_timeout=120).switch_page(PAGE)
    app.query_params["data"], app.query_params["part"] = source, "Gallery"
    return app


def _visit_in_chromium(small: str, large: str, thumbnails: Path) -> dict[str, float]:
    """The same steps; the address is opened in a browser that has the app's files already."""
    from playwright.sync_api import sync_playwright

    shutil.rmtree(thumbnails, ignore_errors=True)
    with pages.without_workers(), _server() as address, sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        tab = browser.new_context(viewport={"width": 1400, "height": 1000}).new_page()
        tab.goto(_gallery(address, small))
        tab.evaluate(_SEEN, ["", ""])
        opened = _seconds(tab, lambda: tab.goto(_gallery(address, large)))
        tab.get_by_role("combobox", name="Which pictures").wait_for()  # the quality check is done
        another = _seconds(tab, tab.get_by_label("Page 4", exact=True).click)
        following = _seconds(tab, tab.get_by_label("Next page").click)
        large_one = _seconds(tab, tab.get_by_role("button", name="Look closer").first.click, "[role=dialog]")
        tab.get_by_role("dialog").get_by_label("Close").click()
        tab.get_by_role("combobox", name="Class").click()
        filtered = _seconds(tab, tab.get_by_role("option", name="species 07").click)
        browser.close()
    return dict(zip(LIMITS, (opened, another, following, large_one, filtered), strict=True))


@contextmanager
def _server() -> Iterator[str]:
    """The address of an app that has just started."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "streamlit", "run", str(pages.APP), "--server.port", str(port)]
    quiet = subprocess.DEVNULL
    app = subprocess.Popen(command, cwd=processes.PROJECT, stdout=quiet, stderr=quiet)
    try:
        while not _answers(f"http://127.0.0.1:{port}/_stcore/health"):
            time.sleep(0.2)
        yield f"http://127.0.0.1:{port}"
    finally:
        app.kill()
        app.wait()


def _answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(address, timeout=2) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def _gallery(address: str, source: str) -> str:
    return f"{address}/data?{urlencode({'data': source, 'part': 'Gallery'})}"


def _seconds(tab: Any, step: Callable[[], object], where: str = "") -> float:
    """From a step until pictures that were not there before are all seen."""
    before = tab.evaluate(_FIRST, where)
    began = time.perf_counter()
    step()
    tab.evaluate(_SEEN, [where, before])
    took = time.perf_counter() - began
    tab.wait_for_timeout(1000 * LOOKS)
    return took


def _say(where: str, visits: Sequence[dict[str, float]]) -> bool:
    """Print a line for each step; whether a median is above its limit."""
    medians = {step: statistics.median(visit[step] for visit in visits) for step in LIMITS}
    print(f"{where}:")
    for step, limit in LIMITS.items():
        took = [1000 * visit[step] for visit in visits]
        verdict = f"  more than {1000 * limit:.0f} ms" if medians[step] > limit else ""
        print(
            f"  {step:20} {1000 * medians[step]:5.0f} ms (from {min(took):.0f} to {max(took):.0f}){verdict}",
            flush=True,
        )
    return any(medians[step] > limit for step, limit in LIMITS.items())


if __name__ == "__main__":
    sys.exit(main())
