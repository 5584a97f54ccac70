"""The cards of the last runs on Home, whatever these runs are like."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.config import RunConfig
from pages.common.addresses import HOME
from samples import made_runs
from tests.pages.reading import visit, words

pytestmark = pytest.mark.usefixtures("no_processes")


@pytest.fixture
def config(tmp_path: Path) -> RunConfig:
    """Settings for a small folder of coloured discs in three classes."""
    return RunConfig().replace({"data.source": made_runs.draw_folder(tmp_path / "images", each=12)})


def test_a_run_without_a_mistake_shows_one_of_its_test_images(config):
    made_runs.finished(config, skill=1.0)
    test = visit(HOME)
    assert "on the test images" in words(test)
    assert "One of its test images" in "".join(str(image.proto) for image in test.get("image"))


def test_a_run_whose_predictions_are_gone_is_shown_without_an_image(config):
    made_runs.finished(config, name="broken").predictions_path.unlink()
    made_runs.finished(config, name="sound")
    text = words(visit(HOME))
    assert "broken" in text and "sound" in text
