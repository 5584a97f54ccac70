"""A report is one file that loads nothing, runs nothing, and shows every name verbatim."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from core import example, runs
from core.config import RunConfig
from core.errors import LabError
from core.evaluation import metrics
from core.explain import heatmaps, keras_file
from core.explain.heatmaps import Request
from core.export import csv_tables, exporting, html_report, source_name
from core.export.proof import Proof
from core.report import SkippedFile
from core.runs import Labels, Predictions, Run
from samples import made_runs
from tests.core.evaluation.test_curve_reading import overfitting
from tests.core.evaluation.test_metrics import random
from tests.tiny_model import untrained

HOSTILE = ("<script>alert(1)</script>", "![x](http://a.b/c.png)", '" onload="x', "=HYPERLINK(1)")
TRAINING = made_runs.TRAINING.model_copy(
    update={
        "kept_epoch": 9,
        "skipped": (SkippedFile(file="<b>.jpg", reason="empty"),),
        "environment": {"python": "3.11", "processor": "<i>"},
    }
)


class Tags(HTMLParser):
    """The tags and attributes of a page, as a browser would see them."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.seen: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.seen.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.text += data


def finished(predictions: Predictions, source: str = "garden", **labels) -> Run:
    run = runs.create(RunConfig().replace({"fit.epochs": 20, "data.source": source}), Labels(**labels))
    classes = predictions.probabilities.shape[1]
    names = [*HOSTILE, *(f"class {number}" for number in range(classes))][:classes]
    counts = {split: dict.fromkeys(names, 5) for split in ("train", "validation", "test")}
    run.write_metrics(overfitting(0))
    run.write_predictions(validation=predictions, test=predictions)
    run.write_report(metrics.report(names, predictions, predictions, counts=counts, training=TRAINING))
    return run


def image_of(image_id: str) -> Image.Image:
    return Image.effect_mandelbrot((90, 60), (-2, -1, 1, 1), 40).convert("RGB")


def gone(image_id: str) -> Image.Image:
    raise LabError("The image is not in the data set any more.")


@pytest.mark.fault("F26")
def test_a_report_has_no_script_no_link_and_nothing_from_outside():
    run = finished(random(0), name=HOSTILE[0], notes="<img src=http://a.b>", tags=(HOSTILE[2],))
    seen = Tags(html_report.build(run, image_of)).seen
    assert not {tag for tag, _ in seen} & {"script", "a", "link", "iframe", "object", "b", "i", "svg"}
    assert not [name for _, attributes in seen for name in attributes if name.startswith("on")]
    sources = [attributes["src"] for tag, attributes in seen if tag == "img"]
    assert len(sources) == 5 + html_report.WORST
    assert all(source and source.startswith("data:image/") for source in sources)
    assert all(attributes.get("alt") for tag, attributes in seen if tag == "img")


@pytest.mark.fault("F26")
def test_names_of_run_source_class_tag_and_file_are_shown_letter_by_letter():
    everything = " ".join(HOSTILE)

    def gone_by_name(image_id: str) -> Image.Image:
        raise LabError(f"{everything} is gone.")

    named = finished(random(0), name=everything, notes=everything, tags=HOSTILE)
    unnamed = finished(random(0), source=f"/data/{everything}")
    for run, title in ((named, everything), (unnamed, source_name.portable(everything))):
        page = Tags(html_report.build(run, gone_by_name))
        assert f"{title}, run {run.id}" in page.text
        assert f"{everything} is gone." in page.text
        assert "/data/" not in page.text  # a report is passed on, and folders of this machine are not
        assert all(f"predicted {hostile} (" in page.text for hostile in HOSTILE)
    harmless = finished(random(0), name="mine", notes="good", tags=("a", "b", "c", "d"))
    assert len(Tags(html_report.build(named, gone)).seen) == len(Tags(html_report.build(harmless, gone)).seen)


def test_a_report_says_what_the_run_says():
    run = finished(random(0))
    page, report = html_report.build(run, image_of), run.report()
    accuracy = report.test_accuracy
    assert f"{100 * accuracy.value:.1f}% (95% CI: " in page
    assert f"; {accuracy.correct} of {accuracy.total})" in page
    assert "Overfitting from epoch 9:" in page
    assert "<td>Epochs</td><td>20</td><td>10</td>" in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "1 image could not be used." in page


def test_a_report_without_its_images_says_that_they_are_gone():
    assert "not in the data set any more" in html_report.build(finished(random(0)), gone)


def test_a_report_of_a_perfect_run_has_no_mistakes_to_show():
    labels = np.arange(40) % 2
    perfect = Predictions(
        np.array([f"{n:016x}" for n in range(40)]), labels, np.eye(2, dtype=np.float32)[labels]
    )
    assert "The model made no mistakes on the test images." in html_report.build(finished(perfect), image_of)


def test_a_report_of_100_classes_stays_small():
    page = html_report.build(finished(random(0, 1000, 100)), image_of)
    assert len(page) < 3_000_000


def test_heatmaps_made_before_are_in_the_report():
    predictions = random(0)
    run = finished(predictions)
    before = html_report.build(run, image_of).count("Grad-CAM")
    untrained().save(run.model_path)
    worst = html_report.confusion.worst(predictions)[0]
    request = Request(str(predictions.ids[worst.row]), worst.predicted)
    heatmaps.keep(run, request, np.ones((4, 4), np.float32))
    assert (before, html_report.build(run, image_of).count('alt="Where the model looked')) == (0, 1)


def test_a_run_without_a_result_has_no_report():
    with pytest.raises(LabError, match="no result yet"):
        html_report.build(runs.create(RunConfig()), image_of)


@pytest.mark.fault("F26", "A5")
def test_a_table_holds_no_formula():
    frame = pd.DataFrame({"=1+1": ["=HYPERLINK()", "+1", "-x", "@a", "\tx", "＝1", "daisy"], "n": [-1.5] * 7})
    text = csv_tables.csv(frame).decode("utf-8-sig")
    assert text.splitlines()[0] == "'=1+1,n"
    assert re.findall(r"^(.*),-1\.5$", text, re.MULTILINE)[:4] == ["'=HYPERLINK()", "'+1", "'-x", "'@a"]
    assert "daisy,-1.5" in text.splitlines()
    assert all(csv_tables.csv_safe(value) == value for value in (3, -2.5, None, "daisy", "a=b"))


def test_the_proof_of_an_exported_model_is_in_the_report():
    run = finished(random(0))
    run.model_path.write_bytes(example.run().model_path.read_bytes())
    assert "Exported models" not in html_report.build(run, image_of)
    proof = Proof(
        format="tflite",
        verdict="passed",
        sentence="Tried outside the lab <b>.",
        images=40,
        agreement=metrics.proportion(39, 40),
        difference=0.002,
        milliseconds=3.21,
        model_bytes=2_000_000,
    )
    for name, kept in {"tflite": proof, "onnx": None, "keras": None}.items():
        path = exporting.path_of(run, name)
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"PK")
        exporting.keep(run, name, keras_file.fingerprint(run.model_path), kept)
    (run.exports_path / "keras.json").write_text("{")  # damaged, which spoils nothing else
    page = html_report.build(run, image_of)
    assert "Tried outside the lab &lt;b&gt;." in page
    for shown in ("39 of 40", "0.002", "3.2 ms", "2 MB"):
        assert shown in page
    section = page.partition("Exported models")[2].partition("</table>")[0]
    assert section.count("<tr>") == 2
