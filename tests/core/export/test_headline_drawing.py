"""The headline as drawings: as many dots as images, and bars where the intervals are."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

from core.evaluation import metrics
from core.export import headline_drawing
from core.export.palette import ON_DARK, ON_LIGHT

SVG = "{http://www.w3.org/2000/svg}"


@pytest.mark.parametrize(
    ("correct", "total", "filled", "dots"), [(63, 78, 63, 78), (0, 1, 0, 1), (900, 1000, 300, 334)]
)
def test_every_dot_is_an_image_or_several_and_wrong_ones_are_hollow(correct, total, filled, dots):
    marks = ElementTree.fromstring(headline_drawing.dots(correct, total, ON_LIGHT)).findall(f"{SVG}circle")
    assert len(marks) == dots <= headline_drawing.MAX_DOTS
    assert sum(mark.get("fill") == ON_LIGHT.right for mark in marks) == filled
    assert sum(mark.get("fill") == "none" for mark in marks) == dots - filled
    assert headline_drawing.images_per_dot(total) == -(-total // headline_drawing.MAX_DOTS)


def test_a_bar_lies_where_its_interval_is_and_the_guess_has_its_line():
    test, validation = metrics.proportion(63, 78), metrics.proportion(0, 0)
    drawing = headline_drawing.accuracies({"Test": test, "Validation": validation}, 0.25, ON_DARK)
    root = ElementTree.fromstring(drawing)
    (bar,) = root.findall(f"{SVG}rect")
    ticks = [float(line.get("x1")) for line in root.findall(f"{SVG}line")]
    left, _, right, guess = ticks
    assert (float(bar.get("x")) - left) / (right - left) == pytest.approx(test.low, abs=0.01)
    assert float(bar.get("width")) / (right - left) == pytest.approx(test.high - test.low, abs=0.01)
    assert (guess - left) / (right - left) == pytest.approx(0.25, abs=0.01)
    assert "guessing: 25.0%" in drawing and "80.8%" in drawing and "Validation" not in drawing
