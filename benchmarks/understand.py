"""Results and Compare as a user experiences them: in Chromium, from a click until everything is drawn.

``python -m benchmarks.understand [--quick]``. A run of 100 classes with 10,000 test images, its views and
cards; 1,000 runs in a list; six runs side by side. The runs are synthetic: see
:mod:`benchmarks.results_page` and :mod:`benchmarks.compare_page`, which measure the pages' own code.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks import chromium, compare_page, pages, results_page
from core.explain import assistant
from core.explain.heatmaps import Request
from core.runs import Run

OPENING, CARD, NEW_CARD = 1.0, 0.3, 1.0
"""Limits in seconds."""
FIRST_PAUSE = 6.0
"""Seconds for which somebody looks at the first page; the server imports meanwhile what other pages need."""
_DIALOG = "[role=dialog]"
_IN_CARD = 9
"""Images in a card that is whole: the image, its heatmaps for two classes, six training images."""


def main() -> int:
    """Measure, print the medians; fails where one is above its limit."""
    if not chromium.is_there():
        return 0
    rounds = 1 if "--quick" in sys.argv else 3
    with tempfile.TemporaryDirectory() as folder:
        os.environ["LAB_WORKSPACE"] = str(Path(folder) / "one")
        small = results_page.make_run(Path(folder) / "few", classes=3, each=20)
        large = results_page.make_large_run(Path(folder) / "many")
        is_late = _say([_visit_results(small, large, number) for number in range(rounds)])
        os.environ["LAB_WORKSPACE"] = str(Path(folder) / "many runs")
        six = compare_page.make_runs(Path(folder))
        is_late |= _say([_visit_compare(six) for _ in range(rounds)])
    return int(is_late)


def _visit_results(small: Run, large: Run, number: int) -> dict[str, tuple[float, float]]:
    """Seconds and their limits; ``number`` takes other images each time, so that heatmaps are new."""
    first, known, new = results_page.cards(large, 3 * number + 3)[-3:]
    assistant.explain(large, known).answer(timeout=180)
    assistant.stop()
    took: dict[str, tuple[float, float]] = {}
    with chromium.tab() as (page, address):
        page.goto(f"{address}/results?run={small.id}")
        page.get_by_role("heading", name="Results").wait_for()
        chromium.wait(page)
        page.wait_for_timeout(1000 * FIRST_PAUSE)
        page.get_by_role("combobox", name="Run").click()
        opened = chromium.seconds(page, page.get_by_role("option").filter(has_text=large.id[-6:]).click)
        took["a finished run"] = opened, OPENING
        for view in results_page.VIEWS[1:]:
            took[view] = chromium.seconds(page, page.get_by_role("tab", name=view).click), OPENING
        page.get_by_role("tab", name="Overview").click()
        chromium.wait(page)
        _open_card(page, first)  # what the others need is read, and the assistant wakes up
        took["a card, heatmaps made before"] = _open_card(page, known), CARD
        took["a card with new heatmaps"] = _open_card(page, new), NEW_CARD
    return took


def _open_card(page: Any, card: Sequence[Request]) -> float:
    look = page.locator(f".st-key-worst-{card[0].image_id} button")
    look.scroll_into_view_if_needed()
    took = chromium.seconds(
        page, look.click, within=_DIALOG, images=_IN_CARD, gone="Making ", while_at_work=True
    )
    page.get_by_role("dialog").get_by_label("Close").click()
    chromium.wait(page)
    return took


def _visit_compare(six: list[str]) -> dict[str, tuple[float, float]]:
    took: dict[str, tuple[float, float]] = {}
    with chromium.tab() as (page, address):
        page.goto(f"{address}/results")
        page.get_by_role("heading", name="Results").wait_for()
        chromium.wait(page)
        page.wait_for_timeout(1000 * FIRST_PAUSE)
        to = page.get_by_test_id("stSidebarNav")
        took[f"a list of {compare_page.RUNS:,} runs"] = (
            chromium.seconds(page, to.get_by_role("link", name="Compare").click),
            OPENING,
        )
        page.goto(f"{address}/compare?runs={','.join(six)}")
        page.get_by_role("heading", name="Real or luck?").wait_for()
        chromium.wait(page)
        to.get_by_role("link", name="Results").click()
        chromium.wait(page)
        took["six side by side, come back to"] = (
            chromium.seconds(page, to.get_by_role("link", name="Compare").click),
            OPENING,
        )
    return took


def _say(visits: list[dict[str, tuple[float, float]]]) -> bool:
    """Print a line for each step; whether a median is above its limit."""
    late = False
    for step, (_, limit) in visits[0].items():
        took = [visit[step][0] for visit in visits]
        late |= pages.say(f"{step}, in Chromium", took, limit)
    return late


if __name__ == "__main__":
    sys.exit(main())
