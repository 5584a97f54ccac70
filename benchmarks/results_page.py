"""The Results page of a large run: 100 classes, 10,000 test images; and the card of one image.

``python -m benchmarks.results_page [--quick]``. The run is synthetic, with real settings, predictions and
images, and a real network for the heatmaps. Each view is opened in a new process that has imported the
libraries, as on a server that has just started; then again, to measure the cost of a click. Setting up
takes a minute or two.
"""

from __future__ import annotations

import logging
import os
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from streamlit.testing.v1 import AppTest

from benchmarks import pages
from core import runs, workspace
from core.config import RunConfig
from core.evaluation import confusion
from core.explain import assistant, heatmaps
from core.explain.heatmaps import Request
from core.runs import Run
from pages.common import addresses, frame, waiting
from samples import made_runs

CLASSES, TEST_IMAGES = 100, 10_000
TEST_SHARE = 0.4
VIEWS = ("Overview", "Classes", "Confidence", "Details and downloads")
OPENING, CLICK, CARD, NEW_CARD = 1.0, 0.3, 0.3, 1.0
"""Limits in seconds; a card is opened without new heatmaps, and with new ones from the warm assistant."""


def main() -> int:
    """Measure, print the medians; fails where one is above its limit."""
    rounds = 2 if "--quick" in sys.argv else 4
    with tempfile.TemporaryDirectory() as folder:
        os.environ["LAB_WORKSPACE"] = str(Path(folder) / "small")
        small = make_run(Path(folder) / "few", classes=3, each=20).id
        os.environ["LAB_WORKSPACE"] = str(Path(folder) / "large")
        large = make_large_run(Path(folder) / "many")
        too_slow = [_measure_view(view, large.id, small, rounds) for view in VIEWS]
        too_slow.append(_measure_cards(large, rounds))
    return int(any(too_slow))


def make_large_run(folder: Path) -> Run:
    """A run of 100 classes with 10,000 test images."""
    return make_run(folder, CLASSES, each=int(TEST_IMAGES / CLASSES / TEST_SHARE))


def make_run(folder: Path, classes: int, each: int) -> Run:
    """Return a run with a real network and invented predictions."""
    names = [f"species {number:03}" for number in range(classes)]
    source = made_runs.draw_folder(folder, names, each)
    changes = {"data.source": source, "data.image_size": 48, "data.test_share": TEST_SHARE}
    run = made_runs.finished(RunConfig().replace(changes))
    pages.elsewhere(_save_network, run.id, classes)
    made_runs.keep_features(run)
    return run


def _save_network(run_id: str, classes: int) -> None:
    from core.ml import model

    run = runs.open(run_id)
    model.build(run.config, classes).save(run.model_path)


def _measure_view(view: str, large: str, small: str, rounds: int) -> bool:
    both = [pages.elsewhere(_visit, view, large, small) for _ in range(rounds)]
    opened, clicked = zip(*both, strict=True)
    is_late = pages.say(f"{view}, opened", opened, OPENING)
    return pages.say(f"{view}, again", clicked, CLICK) or is_late


def _visit(view: str, large: str, small: str) -> tuple[float, float]:
    """Return seconds until a view is shown, and for the next click, after a small workspace for imports."""
    logging.disable(logging.WARNING)
    large_workspace = workspace.folder()
    os.environ["LAB_WORKSPACE"] = str(large_workspace.with_name("small"))
    with pages.without_workers():
        pages.seconds(_app(view, small))
    frame.load_ahead()
    os.environ["LAB_WORKSPACE"] = str(large_workspace)
    with pages.without_workers():
        app = _app(view, large)
        return pages.seconds(app), pages.seconds(app)


def _measure_cards(run: Run, rounds: int) -> bool:
    """Cards of the most confident mistakes: some with heatmaps made before, the others without."""
    shown = cards(run, 2 * rounds + 1)
    before, new = shown[: rounds + 1], shown[rounds + 1 :]
    assistant.explain(run, [request for card in before for request in card]).answer(timeout=180)
    with pages.without_workers():
        app = _app("Overview", run.id)
        pages.seconds(app)
        kept = [_open_card(app, run, card) for card in before][1:]
        made = [_open_card(app, run, card) for card in new]
    assistant.stop()
    is_late = pages.say("a card with heatmaps made before", kept, CARD)
    return pages.say("a card with new heatmaps", made, NEW_CARD) or is_late


def cards(run: Run, limit: int) -> list[list[Request]]:
    """Return the heatmaps that each card shows."""
    predictions = run.predictions("test")
    mistakes = confusion.worst(predictions, limit=limit)
    return [
        [Request(str(predictions.ids[m.row]), index) for index in (m.predicted, m.true)] for m in mistakes
    ]


def _open_card(app: AppTest, run: Run, card: Sequence[Request]) -> float:
    """Return seconds until a click has shown the whole card; polls now and then, as in the browser."""
    began = time.perf_counter()
    is_whole = _are_there(run, card)
    app.button(key=f"worst-{card[0].image_id}").click()
    pages.seconds(app)
    while not is_whole:
        time.sleep(waiting.POLL_SECONDS)
        is_whole = _are_there(run, card)
        if is_whole:
            pages.seconds(app)
    return time.perf_counter() - began


def _are_there(run: Run, card: Sequence[Request]) -> bool:
    return all(heatmaps.kept(run, request) is not None for request in card)


def _app(view: str, run_id: str) -> AppTest:
    app = AppTest.from_file(str(pages.APP), default_timeout=120).switch_page(addresses.RESULTS)
    app.query_params[addresses.RUN_KEY] = run_id
    app.query_params[addresses.RESULTS_TAB_KEY] = view
    return app


if __name__ == "__main__":
    sys.exit(main())
