"""A model card says what a run shows, with its uncertainty, and shows every name as it is."""

from __future__ import annotations

import html
import re

import numpy as np
import pytest
from markdown_it import MarkdownIt

import core
from core import example, runs
from core.cli.main import main
from core.config import RunConfig
from core.errors import LabError, WrongUsage
from core.evaluation import metrics
from core.explain import heatmaps
from core.explain.heatmaps import Request
from core.export.markdown import escaped
from core.export.model_card import card, limits
from core.runs import Labels, Predictions, Run
from samples import made_runs

SECTIONS = (
    "Model details",
    "Intended use",
    "Factors",
    "Metrics",
    "Evaluation data",
    "Training data",
    "Quantitative analyses",
    "Ethical considerations",
    "Caveats and recommendations",
)
HOSTILE = (
    "<script>alert(1)</script>",
    "![x](http://a.b/c.png)",
    "a | b",
    "www.evil.example",
    "http://evil.example",
    "**bold** `code` $x$ ~~no~~",
    "two\nlines",
    "# heading",
)


def finished(
    matrix: list[list[int]], names: tuple[str, ...], val_matrix: list[list[int]] | None = None, **labels
) -> Run:
    """A finished run whose predictions for the test images have this confusion matrix."""
    run = runs.create(RunConfig().replace({"data.source": "/home/someone/photos"}), Labels(**labels))
    test, validation = predictions(matrix), predictions(val_matrix or matrix)
    counts = {split: dict.fromkeys(names, 40) for split in ("train", "validation", "test")}
    run.write_predictions(validation=validation, test=test)
    run.write_report(metrics.report(names, validation, test, counts=counts, training=made_runs.TRAINING))
    return run


def predictions(matrix: list[list[int]], confidence: float = 0.9) -> Predictions:
    cells = [
        (true, predicted)
        for true, row in enumerate(matrix)
        for predicted, n in enumerate(row)
        for _ in range(n)
    ]
    true, predicted = np.array(cells).T
    classes = len(matrix)
    probabilities = np.full((len(cells), classes), (1 - confidence) / (classes - 1), np.float32)
    probabilities[np.arange(len(cells)), predicted] = confidence
    return Predictions(
        np.array([f"{n:016x}" for n in range(len(cells))]), true.astype(np.int64), probabilities
    )


def rendered(text: str) -> str:
    """As on most sites: tables, HTML, and text that is struck out."""
    return MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"]).render(text)


def test_a_card_has_the_sections_of_the_paper_in_its_order():
    headings = re.findall(r"^## (.+)$", card.write(example.run()), re.MULTILINE)
    assert headings[: len(SECTIONS)] == list(SECTIONS)


def test_every_score_on_a_card_has_its_interval_and_its_split():
    run = example.run()
    report, written = run.report(), card.write(run)
    assert report is not None
    assert f"| Test accuracy | {report.test_accuracy} |" in written
    assert f"| Validation accuracy | {report.val_accuracy} |" in written
    for one in report.per_class:
        row = next(
            line for line in written.splitlines() if line.startswith(f"| {one.class_name} | {one.support} |")
        )
        assert row.count(" to ") == 2
    assert report.data_version in written and report.split_fingerprint in written


def test_what_the_lab_cannot_know_is_left_to_a_person():
    written = card.write(example.run())
    for gap in ("What it is made for", "What it must not be used for", "Whether people can be recognised"):
        assert f"- *{gap}" in written


def test_names_and_notes_from_other_people_are_shown_as_they_are():
    classes = 3
    matrix = [[8, 2, 0], [1, 9, 0], [0, 3, 7]]
    for first in range(0, len(HOSTILE) - classes + 1):
        names = HOSTILE[first : first + classes]
        run = finished(matrix, names, name=names[0], notes=names[1], tags=(names[2],))
        written = card.write(run)
        page = rendered(written)
        assert not re.findall(r"<(script|img|a|strong|del|code)\b", page)
        assert page.count("<h1>") == 1
        assert "/home/someone" not in written
        for table in re.findall(r"<thead>.*?</tbody>", page, re.DOTALL):
            rows = re.findall(r"<tr>.*?</tr>", table, re.DOTALL)
            assert len({len(re.findall(r"<t[hd]", row)) for row in rows}) == 1


@pytest.mark.parametrize("name", [*HOSTILE, "me@evil.example", "ftp://a.b", "a\\", "&lt;b&gt;"])
def test_escaped_text_is_shown_as_it_is(name):
    page = rendered(f"x {escaped(name)}")
    assert html.unescape(page) == f"<p>x {' '.join(name.split())}</p>\n"
    assert not re.search(r"(?<!\\)://|www\.|(?<!\\)@", escaped(name))  # what some sites make a link of


def test_classes_that_are_missed_or_weak_are_named():
    matrix = [[40, 0, 0], [30, 10, 0], [20, 20, 0]]
    report = finished(matrix, ("a", "b", "c")).report()
    assert report is not None
    found = " ".join(limits.find(finished(matrix, ("a", "b", "c")), report).classes)
    assert "It found none of the 40 test images of c." in found
    assert "less often than the others: b (recall 25%, 95% CI: 14 to 40%)" in found
    even = [[38, 2, 0], [1, 39, 0], [0, 3, 37]]
    run = finished(even, ("a", "b", "c"))
    assert "No class is found clearly less often than the others." in card.write(run)


def test_a_threshold_is_named_only_if_the_validation_images_prove_it():
    sure = finished([[100, 0], [1, 99]], ("a", "b"))
    unsure = finished([[60, 40], [40, 60]], ("a", "b"))
    assert "should be right 95% of the time or more" in card.write(sure)
    assert "There is no confidence from which" in card.write(unsure)


def test_where_it_looks_is_told_from_the_heatmaps_that_there_are():
    shown = example.run()
    assert "Heatmaps (Grad-CAM) of 12 test images, 12 of them misclassified" in card.write(shown)
    run = finished([[9, 1], [2, 8]], ("a", "b"))
    assert "no heatmaps have been computed" in card.write(run)


def test_heat_at_the_border_is_counted(tmp_path, monkeypatch):
    run = finished([[9, 1], [2, 8]], ("a", "b"))
    monkeypatch.setattr(heatmaps.keras_file, "fingerprint", lambda path: "0" * 16)
    border = np.pad(np.zeros((6, 6), np.float32), 1, constant_values=1)
    heatmaps.keep(run, Request(f"{2:016x}", 0), 1 - border)
    inside = card.write(run)
    assert "in none is most of the evidence at the border" in inside and "background rather" not in inside
    for number in range(2):
        heatmaps.keep(run, Request(f"{number:016x}", 0), border)
    heatmaps.keep(run, Request(f"{3:016x}", 1), border)  # not the class that was predicted
    assert "of 3 test images, 0 of them misclassified: in 2, most" in card.write(run)


def test_a_run_without_a_result_has_no_card():
    with pytest.raises(LabError, match="no result yet"):
        card.write(runs.create(RunConfig()))


def test_a_card_is_among_the_formats_of_an_export(tmp_path):
    exported = core.load("example").export(tmp_path, format="model-card")
    assert exported.path == tmp_path / "example-model-card.md"
    assert exported.path.read_text(encoding="utf-8") == card.write(example.run())


@pytest.mark.parametrize("name", ["card.txt", "there.txt", "card.tflite"])
def test_an_export_makes_no_folder_of_what_looks_like_another_file(tmp_path, name):
    (tmp_path / "there.txt").touch()
    with pytest.raises(WrongUsage, match=r"is not a folder, and what is made is a \.md file"):
        core.load("example").export(tmp_path / name, format="model-card")
    assert [path.name for path in tmp_path.iterdir() if path.name != "workspace"] == ["there.txt"]


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("card.MD", "card.MD"),
        ("new/folder", "new/folder/example-model-card.md"),
        ("there.md", "there.md/example-model-card.md"),
        ("~/card.md", "card.md"),
    ],
)
def test_an_export_is_written_to_a_file_or_into_a_folder(tmp_path, monkeypatch, name, written):
    (tmp_path / "there.md").mkdir()
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    assert main(["export", "example", "--format", "model-card", "--to", name]) == 0
    assert (tmp_path / written).is_file()
