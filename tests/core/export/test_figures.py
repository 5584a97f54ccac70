"""Figures can be drawn from any thread, show names verbatim, and survive odd input."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from itertools import combinations, pairwise
from xml.etree import ElementTree

import numpy as np
import pytest
from matplotlib import colormaps, pyplot
from matplotlib.figure import Figure
from matplotlib.text import Text
from PIL import Image

from core.evaluation import calibration, confusion
from core.export import drawing, figures, overlay, palette
from core.export.heatmap_grid import Explained, heatmap_grid
from tests.core.evaluation.test_metrics import random

HOSTILE = (
    "$\\frac{$",
    "--><script>alert(1)</script>",
    "![x](http://a.b/c.png) and a name without end",
    "a\nb",
)
IMAGE = Image.fromarray(np.random.default_rng(0).integers(0, 256, (30, 40, 3), dtype=np.uint8))
HEATMAP = np.linspace(0, 1, 16, dtype=np.float32).reshape(4, 4)


def epoch(number: int, **changed: float | None) -> dict[str, float | None]:
    figures_of_it = {"accuracy": 0.5, "loss": 1.2, "val_accuracy": 0.4, "val_loss": 1.4, "seconds": 1.0}
    return {"epoch": number, **figures_of_it, **changed}


def texts(figure: Figure) -> set[str]:
    return {text.get_text() for text in figure.findobj(Text)}


def size(png: bytes) -> tuple[int, int]:
    with Image.open(BytesIO(png)) as image:
        return image.size


def every_figure() -> list[Figure]:
    matrix = np.arange(16).reshape(4, 4)
    return [
        figures.learning_curves([epoch(1), epoch(2)], 2),
        figures.confusion_matrix(matrix, HOSTILE),
        figures.confusion_matrix(matrix, HOSTILE, normalise=True),
        figures.worst_predictions([IMAGE] * 6, HOSTILE[:1] * 6, HOSTILE[1:2] * 6, [0.9] * 6),
        heatmap_grid([Explained(IMAGE, HOSTILE[0], HOSTILE[1], 0.9, HEATMAP, HEATMAP)] * 2),
        figures.reliability(calibration.reliability(random(0)), 0.04),
    ]


def test_figures_are_drawn_from_many_threads_without_pyplot():
    with ThreadPoolExecutor(4) as pool:
        pngs = list(pool.map(lambda figure: figures.png(figure, 40), every_figure() * 2))
    assert all(min(size(png)) > 80 for png in pngs)
    assert pyplot.get_fignums() == []


def test_an_svg_is_well_formed_and_runs_nothing():
    for figure in every_figure():
        root = ElementTree.fromstring(figures.svg(figure))
        assert root.tag.endswith("}svg")
        assert not [element for element in root.iter() if element.tag.endswith("}script")]


def test_names_are_shown_letter_by_letter():
    figure = figures.confusion_matrix(np.eye(4, dtype=int), HOSTILE)
    assert {HOSTILE[0], "a b", "![x](http://a.b/c…ithout end"} <= texts(figure)
    assert not any(text.get_parse_math() for text in figure.findobj(Text))


@pytest.mark.parametrize(
    ("classes", "most_pixels"), [(1, 700), (2, 700), (25, 2200), (100, 2200), (300, 2200)]
)
def test_a_confusion_matrix_stays_readable_whatever_the_number_of_classes(classes, most_pixels):
    matrix = np.eye(classes, dtype=int) * 7
    figure = figures.confusion_matrix(matrix, [f"class {c}" for c in range(classes)])
    assert ("7" in {t.get_text() for t in figure.axes[0].texts}) == (classes <= palette.MAX_ANNOTATED)
    named = sum(label.get_text() != "" for label in figure.axes[0].get_yticklabels())
    assert named == classes or classes > palette.MAX_NAMED
    assert max(size(figures.png(figure, 120))) <= most_pixels


@pytest.mark.filterwarnings("ignore:Glyph")
def test_names_in_any_script_can_be_drawn():
    figures.png(figures.confusion_matrix(np.eye(4, dtype=int), ("薔薇", "ромашка", "وردة", "🌷")), 40)


def test_a_matrix_of_nothing_is_an_empty_matrix():
    figures.png(figures.confusion_matrix(np.zeros((3, 3), int), "abc", normalise=True), 40)


def test_row_per_cents_are_of_the_true_class():
    figure = figures.confusion_matrix([[3, 1], [0, 0]], ("a", "b"), normalise=True)
    assert [text.get_text() for text in figure.axes[0].texts] == ["75%", "25%"]


def test_only_all_images_of_a_class_are_100_per_cent_of_it():
    figure = figures.confusion_matrix([[249, 1], [0, 3]], ("a", "b"), normalise=True)
    assert [text.get_text() for text in figure.axes[0].texts] == [">99%", "<1%", "100%"]
    assert palette.end_label("training", "accuracy", 0.997) == "training >99%"


@pytest.mark.parametrize(
    "history",
    [
        [],
        [epoch(1)],
        [epoch(1), epoch(2, loss=None, val_loss=None)],
        [epoch(1), epoch(2, loss=float("nan"), val_loss=float("inf"))],
        [epoch(number) for number in range(1, 300)],
    ],
)
def test_learning_curves_of_any_history_can_be_drawn(history):
    figures.png(figures.learning_curves(history, 1), 40)


def test_the_kept_epoch_is_named_when_there_is_one():
    history = [epoch(1), epoch(2)]
    assert "best epoch: 2" in texts(figures.learning_curves(history, 2))
    assert not any("saved" in text for text in texts(figures.learning_curves(history)))


@pytest.mark.parametrize("epochs", [1, 12])
@pytest.mark.parametrize("last", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("apart", [0.0, 0.02])
def test_no_words_of_the_learning_curves_lie_over_others_or_over_a_curve(epochs, last, apart):
    history = [epoch(number, accuracy=0.3, val_accuracy=0.2) for number in range(1, epochs)]
    other = abs(last - apart)
    ends = {"accuracy": last, "val_accuracy": other, "loss": 3 * last, "val_loss": 3 * other}
    figure = figures.learning_curves([*history, epoch(epochs, **ends)], epochs)
    figure.draw_without_rendering()
    for axes in figure.axes:
        words = [*axes.texts, axes.title, *axes.get_xticklabels(), *axes.get_yticklabels()]
        boxes = {text.get_text(): text.get_window_extent() for text in words if text.get_text()}
        assert {"training", "validation", "best"} == {text.get_text().split()[0] for text in axes.texts}
        for one, two in combinations(boxes, 2):
            assert not boxes[one].overlaps(boxes[two]), (one, two)
        for line in axes.lines[:2]:
            drawn = line.get_transform().transform(line.get_xydata())
            assert not any(box.contains(*point) for box in boxes.values() for point in drawn)
        assert all(figure.bbox.fully_contains(*end) for box in boxes.values() for end in box.get_points())


def test_an_overlay_is_the_image_at_no_strength_and_the_colours_at_full():
    np.testing.assert_array_equal(overlay.heatmap_overlay(IMAGE, HEATMAP, 0), np.asarray(IMAGE))
    full = overlay.heatmap_overlay(IMAGE, HEATMAP, 1)
    assert full.shape == (30, 40, 3)
    assert full.dtype == np.uint8
    darkest, brightest = (np.rint(np.array(colormaps["viridis"](end)[:3]) * 255) for end in (0.0, 1.0))
    np.testing.assert_array_equal(full[0, 0], darkest)
    np.testing.assert_array_equal(full[-1, -1], brightest)


def test_an_overlay_takes_images_with_an_alpha_channel_and_grey_ones():
    for mode in ("L", "RGBA"):
        assert overlay.heatmap_overlay(IMAGE.convert(mode), HEATMAP).shape == (30, 40, 3)


def test_a_heatmap_of_nothing_says_so():
    nothing = np.zeros((4, 4), np.float32)
    figure = heatmap_grid([Explained(IMAGE, "daisy", "daisy", 0.9, nothing)])
    assert {"no evidence for this class", "no evidence", "most evidence"} <= texts(figure)
    assert len(figure.axes) == 3  # the image, its one heatmap, and the scale


def test_no_mistakes_and_no_images_are_said_in_words():
    assert "No mistakes." in texts(figures.worst_predictions([], [], [], []))
    figures.png(figures.reliability([]), 40)


def test_captions_of_long_names_do_not_run_into_each_other():
    name = "American bulldog puppy with a long name"
    figure = figures.worst_predictions([IMAGE] * 5, [name] * 5, [name] * 5, [1.0] * 5)
    figure.draw_without_rendering()
    shown = [text for text in figure.findobj(Text) if text.get_text().startswith("true: ")]
    captions = [text.get_window_extent() for text in shown]
    assert len(captions) == 5
    assert not any(one.overlaps(other) for one, other in pairwise(captions))


def test_an_outline_is_drawn_on_the_border_of_its_area_alone():
    image = np.full((80, 80, 3), 90, np.uint8)
    area = np.zeros((8, 8), bool)
    area[2:6, 2:6] = True
    changed = (overlay.outlined(image, area) != image).any(axis=2)
    assert changed[30:50, 16:24].any(axis=1).all()
    assert not changed[28:52, 28:52].any() and not changed[:12].any()
    assert not (overlay.outlined(image, area & False) != image).any()


@pytest.mark.parametrize(
    "names",
    [
        ["Phalaenopsis amabilis var grandiflora alba", "Phalaenopsis amabilis var grandiflora rosea"],
        [f"Phalaenopsis amabilis number {number:02} var grandiflora alba" for number in range(30)],
        ["a  b", "a b", "a b (1)"],
        [*"abc"],
        [],
    ],
)
def test_names_that_differ_look_different_when_shortened(names):
    for length in (16, 28):
        shown = drawing.distinct_names(names, length)
        assert len(set(shown)) == len(names)
        assert all(len(name) <= length for name in shown)


def test_the_same_name_twice_is_no_name_to_number():
    assert drawing.distinct_names(["rose", "rose"]) == ["rose", "rose"]
    assert figures.caption("rose", "rose", 0.9) == "true: rose\npredicted: rose (90%)"


def test_the_matrix_of_a_thousand_classes_is_drawn_and_ordered_quickly():
    rng = np.random.default_rng(0)
    matrix = np.zeros((1000, 1000), np.int64)
    rows = np.repeat(np.arange(1000), 2)
    np.add.at(matrix, (rows, rng.choice([3, 20, 40, 41, 60], len(rows))), 1)  # predictions collapse
    began = time.process_time()
    order = confusion.order(matrix)
    assert time.process_time() - began < 3
    names = [f"Phalaenopsis amabilis number {number:04} var alba" for number in range(1000)]
    drawn = figures.confusion_matrix(matrix[np.ix_(order, order)], names)
    figures.png(drawn)
    assert time.process_time() - began < 20
    labels = [label.get_text() for label in drawn.axes[0].get_yticklabels()]
    assert len(set(labels)) == len(labels) <= palette.MAX_NAMED
