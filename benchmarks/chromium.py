"""The app in a real browser: the time from a click until the result is drawn."""

from __future__ import annotations

import importlib.util
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from benchmarks import pages
from core import workspace

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
PAUSE = 1.0
"""Seconds between two steps; a person would take longer."""
_FLAGS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
_BEGIN = 250
"""Milliseconds within which the app has started to respond to a click."""
_DRAWN = """([where, least, gone, begin, behind]) => new Promise(done => {
  const all = what => [...document.querySelectorAll(`${where} ${what}`)];
  const started = performance.now();
  let begun = false;
  const look = () => {
    const rests = document.querySelector('[data-testid=stApp]')?.dataset.testScriptState === 'notRunning';
    begun ||= !rests || performance.now() - started > begin;
    const images = all('[data-testid=stImage] img');
    const isDrawn = images.length >= least && images.every(one => one.complete && one.naturalWidth)
      && all('[data-testid=stVegaLiteChart]').every(one => one.querySelector('canvas, svg'));
    const isThere = !gone || all('p').every(one => !one.textContent.includes(gone));
    begun && (rests || behind) && isDrawn && isThere ? done() : setTimeout(look, 10);
  };
  look();
})"""
_NEW_IMAGES = """([where, before]) => new Promise(done => {
  const look = () => {
    const images = [...document.querySelectorAll(where + ' [data-testid=stImage] img')];
    const seen = images.length && images.every(one => one.complete && one.naturalWidth);
    seen && images[0].src !== before ? done() : setTimeout(look, 10);
  };
  look();
})"""
_FIRST_IMAGE = "where => document.querySelector(where + ' [data-testid=stImage] img')?.src"


def is_there() -> bool:
    """Return whether a browser is available; print a note if not."""
    if CHROMIUM is not None and importlib.util.find_spec("playwright") is not None:
        return True
    print("in Chromium: not measured, it is not on the PATH or Playwright is not installed")
    return False


@contextmanager
def tab(*flags: str) -> Iterator[tuple[Any, str]]:
    """Yield a tab in a new browser, started with ``flags``, and the address of an app of this workspace."""
    from playwright.sync_api import sync_playwright

    with pages.without_workers(), _server() as address, sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM, args=[*_FLAGS, *flags])
        page = browser.new_context(viewport={"width": 1400, "height": 1000}).new_page()
        page.set_default_timeout(120_000)
        yield page, address
        browser.close()


def seconds(page: Any, step: Callable[[], object], **until: Any) -> float:
    """Time a step until everything is drawn, see :func:`wait`; then pause."""
    began = time.perf_counter()
    step()
    wait(page, **until)
    took = time.perf_counter() - began
    page.wait_for_timeout(1000 * PAUSE)
    return took


def seconds_to_new_images(page: Any, step: Callable[[], object], *, within: str = "") -> float:
    """Time a step until all new images are visible; then pause.

    The rest of the page may still be rendering.
    """
    before = page.evaluate(_FIRST_IMAGE, within)
    began = time.perf_counter()
    step()
    page.evaluate(_NEW_IMAGES, [within, before])
    took = time.perf_counter() - began
    page.wait_for_timeout(1000 * PAUSE)
    return took


def wait(
    page: Any, *, within: str = "", images: int = 0, gone: str = "", while_at_work: bool = False
) -> None:
    """Wait until the app is idle, with all charts and at least the given number of images drawn.

    Args:
        page: the tab.
        within: CSS selector of the relevant part of the page.
        images: minimum number of images.
        gone: text that is shown while something is still being computed.
        while_at_work: do not wait for the rest of the page.
    """
    page.evaluate(_DRAWN, [within, images, gone, _BEGIN, while_at_work])


@contextmanager
def _server() -> Iterator[str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "streamlit", "run", str(pages.APP), "--server.port", str(port)]
    quiet = subprocess.DEVNULL
    app = subprocess.Popen(command, cwd=workspace.PROJECT, stdout=quiet, stderr=quiet)
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
