"""Have an exported web page answer in a real browser, knowing nothing but the page.

``python -I measure.py PAGE BROWSER WORK`` imports nothing of the lab. WORK has ``files.json`` and
``pixels.npy`` and gets ``answers.npz``, all as for :mod:`core.export.models.measure`. A page that asks for
anything from outside fails.
"""

from __future__ import annotations

import base64
import json
import os
import sys
from pathlib import Path
from typing import Any

import numpy as np
from playwright.sync_api import sync_playwright

_FLAGS = ("--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-sync")
_REPORT_EVERY = 10
_START_MS = 120_000
_WARM_UPS = 20
_ANSWER = """async ([files, index, encoded]) => {
  const encode = (bytes) => {
    let text = "";
    for (const byte of bytes) text += String.fromCharCode(byte);
    return btoa(text);
  };
  const pixels = Uint8Array.from(atob(encoded), (letter) => letter.charCodeAt(0));
  for (let warmed = index ? WARM_UPS : 0; warmed < WARM_UPS; warmed++) await imageClassifier.predict(pixels);
  const started = performance.now();
  const fromPixels = Array.from(await imageClassifier.predict(pixels));
  const seconds = (performance.now() - started) / 1000;
  try {
    const read = (await imageClassifier.read(files.files[index])).data;
    const fromFile = Array.from(await imageClassifier.predict(read));
    return { fromPixels, seconds, read: encode(read), fromFile };
  } catch (fault) {
    return { fromPixels, seconds, read: "", fromFile: null };
  }
}""".replace("WARM_UPS", str(_WARM_UPS))


def main(page: str, browser: str, work: str) -> int:
    """Answer all images; errors go to standard output, as JSON."""
    paths = json.loads(Path(work, "files.json").read_text(encoding="utf-8"))
    pixels = np.load(Path(work, "pixels.npy"))
    with sync_playwright() as play:
        # Chromium's own sandbox does not work for the administrator, as in containers.
        flags = [*_FLAGS, *(["--no-sandbox"] if getattr(os, "geteuid", lambda: 1)() == 0 else [])]
        opened = play.chromium.launch(executable_path=browser, args=flags)
        tab = opened.new_page()
        asked: list[str] = []
        tab.on("request", lambda request: asked.append(request.url))
        tab.goto(Path(page).as_uri(), timeout=_START_MS)
        fault = tab.evaluate("imageClassifier.ready.then(() => '', (fault) => fault.message)")
        if fault:
            return _failed(f"The page does not start in this browser: {fault}")
        answers = _answers(tab, paths, pixels)
        outside = [url for url in asked if not url.startswith(("file:", "data:", "blob:"))]
        opened.close()
    if outside:
        return _failed(f"The page asks for {outside[0][:200]}, and it has to need nothing from outside.")
    from_files, from_pixels, misread, seconds = map(np.array, zip(*answers, strict=True))
    np.savez(
        Path(work, "answers.npz"),
        from_files=from_files.astype(np.float32), from_pixels=from_pixels.astype(np.float32),
        misread=misread, seconds=seconds,
    )  # fmt: skip
    return 0


def _answers(tab: Any, paths: list[str], pixels: Any) -> list[tuple[Any, Any, bool, float]]:
    tab.evaluate(
        "document.body.append(Object.assign(document.createElement('input'), "
        "{type: 'file', multiple: true, id: 'tried', hidden: true}))"
    )
    tab.locator("#tried").set_input_files(paths)
    files, answers = tab.locator("#tried").element_handle(), []
    for number, expected in enumerate(pixels):
        if number % _REPORT_EVERY == 0:
            step = {"step": "asking the page in a browser", "done": number, "total": len(paths)}
            print(json.dumps(step), flush=True)
        encoded = base64.b64encode(expected.tobytes()).decode()
        found = tab.evaluate(_ANSWER, [files, number, encoded])
        from_pixels = np.array(found["fromPixels"])
        from_file = np.full_like(from_pixels, np.nan) if found["fromFile"] is None else found["fromFile"]
        is_same = base64.b64decode(found["read"]) == expected.tobytes()
        answers.append((np.asarray(from_file), from_pixels, not is_same, found["seconds"]))
    return answers


def _failed(sentence: str) -> int:
    print(json.dumps({"error": sentence}), flush=True)
    return 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
