"""Make the web page of a run, and try it in a real browser before anyone gets it."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

import numpy as np

from core import files
from core.errors import LabError
from core.export.models import judgement, making, tried_images
from core.export.models.kinds import Kind
from core.export.models.tried_images import TriedImages
from core.export.proof import Proof
from core.export.webpage import browser, runtime
from core.export.webpage.page import Page
from core.processes.threads import Progress, ShouldStop
from core.runs import Run
from core.words import byte_size

KIND = Kind("webpage", "Web page", "network", (), reads_by_itself=True)
MAX_BYTES = 15_000_000
"""More is not worth a phone's while."""
MEASURE = Path(__file__).parent / "measure.py"


def make(run: Run, path: Path, progress: Progress, should_stop: ShouldStop) -> Proof:
    """Write one HTML file that answers offline; return how it compares with the lab's model.

    Raises:
        LabError: the run has no model, a layer that the page cannot compute, or too many weights; or
            TensorFlow.js cannot be had.
        Stopped: ``should_stop`` returned True.
    """
    report = run.report()
    if report is None:
        raise LabError(f"Run {run.title} has no result yet, so there is nothing to export.")
    found = runtime.get(progress=progress, should_stop=should_stop)
    tried = tried_images.tried(run, report, progress, should_stop)
    with files.explained(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".new-", dir=path.parent) as folder:
            work = Path(folder)
            np.save(work / "pixels.npy", tried.pixels)
            making.convert(run, KIND.name, work / KIND.file, work, progress, should_stop)
            network = json.loads((work / KIND.file / "network.json").read_text(encoding="utf-8"))
            weights = (work / KIND.file / "weights.bin").read_bytes()
            page = Page(run, report, network, weights, found)
            return _write(page, path, work, tried, progress, should_stop)


def _write(
    page: Page, path: Path, work: Path, tried: TriedImages, progress: Progress, should_stop: ShouldStop
) -> Proof:
    """Try the page, then write it with what was measured."""
    draft = work / "page.html"
    draft.write_text(page.html(judgement.unproved(KIND, tried, len(page.weights))), encoding="utf-8")
    size = draft.stat().st_size
    if size > MAX_BYTES:
        raise LabError(
            f"The web page would be {byte_size(size)}, and more than {byte_size(MAX_BYTES)} is too much for "
            "a phone. Choose TFLite, or train a smaller network."
        )
    proof = _prove(page, draft, work, tried, progress, should_stop)
    with files.replacing(path) as beside:
        beside.write_text(page.html(proof), encoding="utf-8")
    return proof


def _prove(
    page: Page, draft: Path, work: Path, tried: TriedImages, progress: Progress, should_stop: ShouldStop
) -> Proof:
    chromium, size = browser.path(), len(page.weights)
    if not tried.paths:
        return judgement.unproved(KIND, tried, size)
    if chromium is None:
        untried = judgement.unproved(KIND, tried, size)
        sentence = (
            "Not tried on test images: that takes Chromium and the package Playwright, and one of them is "
            "not installed here. Try it on a few of your own images before you rely on it."
        )
        return untried.model_copy(update={"sentence": sentence})
    progress("starting the browser", 0, 0)
    answers = making.answers_of([MEASURE, draft.resolve(), chromium], work, tried, progress, should_stop)
    return judgement.judge(KIND, tried, answers, size)
