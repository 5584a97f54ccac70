"""From nothing to a trained model that answers live, in a real browser whose camera shows a film."""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import Any

import pytest

from core import datasets, runs
from core.data.collected import log
from tests import made_video
from tests.browsing import (
    CHROMIUM,
    FLAGS,
    PATIENCE,
    Server,
    asked_of_others,
    go_to,
    images_outside,
    options,
    playwright,
    pytestmark,
    server,
    temporary,
    wait_for,
)
from tests.conftest import DATA

__all__ = ["options", "pytestmark", "server", "temporary"]  # fixtures and marks

COLOURS = ("red", "blue")
SEEN = """video => {
  const canvas = document.createElement("canvas")
  canvas.width = canvas.height = 1
  const context = canvas.getContext("2d")
  context.drawImage(video, 0, 0, 1, 1)
  const [red, , blue] = context.getImageData(0, 0, 1, 1).data
  return red > blue ? "red" : "blue"
}"""


@pytest.fixture(autouse=True)
def weights(monkeypatch: pytest.MonkeyPatch) -> bool:
    """Pretrained weights, where they are at hand."""
    there = (DATA / "weights").is_dir()
    if there:
        monkeypatch.setenv("LAB_WEIGHTS", str(DATA / "weights"))
    return there


def await_colour(tab: Any, colour: str) -> None:
    """Wait for the beginning of a scene."""
    video = tab.locator("video")
    wait_for(lambda: video.evaluate(SEEN) != colour, 60)
    wait_for(lambda: video.evaluate(SEEN) == colour, 60)


def collect(tab: Any, takes: int = 3, milliseconds: int = 2000) -> None:
    for _ in range(takes):
        for colour in COLOURS:
            await_colour(tab, colour)
            tab.get_by_role("button", name=re.compile(f"Hold for {colour}")).hover()
            tab.mouse.down()
            tab.wait_for_timeout(milliseconds)
            tab.mouse.up()


@pytest.mark.usefixtures("temporary")
def test_from_nothing_to_a_model_that_answers_live(
    server: Server, workspace: Path, tmp_path: Path, temporary: Path, weights: bool
) -> None:
    film = made_video.write(tmp_path / "film.y4m", takes=12)  # no take shows the scene of another
    camera = [
        "--use-fake-ui-for-media-stream",
        "--use-fake-device-for-media-stream",
        f"--use-file-for-fake-video-capture={film}",
    ]
    with playwright.sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM, args=[*FLAGS, *camera])
        tab = browser.new_context(viewport={"width": 1400, "height": 1000}).new_page()
        tab.set_default_timeout(PATIENCE)
        others = asked_of_others(tab, server)
        tab.goto(f"{server.address}/data")
        tab.get_by_role("heading", name="Garden").first.wait_for()
        began = time.monotonic()

        tab.get_by_text("Choose other images").click()
        tab.get_by_test_id("stMain").get_by_text("New data set", exact=True).click()
        tab.get_by_label("Name of the data set").fill("colours")
        tab.get_by_role("textbox", name="Classes, separated by commas").fill(", ".join(COLOURS))
        tab.get_by_role("button", name="Begin").click()
        tab.get_by_role("button", name="Start camera").click()
        collect(tab)
        (folder,) = (workspace / "uploads").iterdir()
        taken = log.read(folder).images
        tab.reload()  # what is on the disk is not lost
        tab.get_by_text(re.compile("3 takes")).first.wait_for()
        assert set(taken) <= set(log.read(folder).images)
        print(f"collected {len(log.read(folder).images)} images in {time.monotonic() - began:.0f} s")

        tab.get_by_role("button", name="Use this data set").click()
        tab.get_by_role("button", name=re.compile("Use for training|Train on it anyway")).click()
        if not weights:
            tab.get_by_role("button", name="First look", exact=True).click()
        tab.get_by_role("button", name="Start training").click()
        tab.get_by_role("button", name="Look at the result").wait_for()
        (run,) = runs.all()
        print(f"trained after {time.monotonic() - began:.0f} s")
        go_to(tab, "Predict")
        tab.get_by_test_id("stButtonGroup").get_by_text("Live camera", exact=True).click()
        tab.get_by_role("button", name="Start camera").click()
        for colour in COLOURS:
            tab.get_by_text(re.compile(f"(This is|Best guess:) {colour}")).first.wait_for()
        print(f"answered live after {time.monotonic() - began:.0f} s")

        before = datasets.open(run.config.data.source)
        splits = datasets.select(before, run.config.data).rows
        assert (splits.groupby("source_group")["split"].nunique() == 1).all()
        tab.get_by_role("button", name="This is a …").click()
        tab.get_by_role("combobox", name="Its true class").click()
        tab.get_by_role("option", name="red").click()
        tab.get_by_role("button", name="Add to the data set").click()
        tab.get_by_text("The next training uses it").wait_for()
        assert len(datasets.open(before.source).usable) == len(before.usable) + 1

        assert others == []
        browser.close()
    assert images_outside(workspace, tmp_path, temporary) == []
    assert all(
        re.fullmatch(r"[0-9a-f]{16}\.jpg|collected\.(jsonl|lock)", path.name) for path in folder.iterdir()
    )
    assert run.report() is not None
