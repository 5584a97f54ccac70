"""A model leaves the lab in a package that answers as the lab does, or that says in red that it does not."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import time
import zipfile
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

import core
from core import datasets, example
from core.cli.main import main
from core.data.stored_images import Pixels
from core.errors import LabError, Stopped, WrongUsage
from core.export import exporting, formats
from core.export.formats import FORMATS
from core.export.models import description, judgement, making, tried_images
from core.export.models.kinds import KINDS
from core.export.proof import Proof
from core.ml import conversion
from core.ml.explainer import Explainer, load_for_explaining
from core.processes.threads import never, silent
from core.report import Report
from core.runs import Run
from samples import made_runs
from samples.made_images import coloured_objects
from tests.core.export.models.small_run import NAMES, run, workspace
from tests.tiny_model import SIZE, trained

__all__ = ["run", "workspace"]  # fixtures

LIGHT = ("tflite", "tflite-int8", "onnx")
"""The formats whose interpreters start in a moment; the others load TensorFlow: test_fresh_environments."""


@pytest.fixture(scope="module")
def models(run: Run, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The run's model in the light formats, each converted once."""
    folder = tmp_path_factory.mktemp("models")
    calibration = tried_images.calibrating(run, report_of(run))  # the workspace is still that of ``run``
    for name in available():
        (folder / name).mkdir()
        conversion.convert(trained(), name, folder / name / KINDS[name].file, calibration)
    return {name: folder / name / KINDS[name].file for name in available()}


def available() -> list[str]:
    return [one.name for one in FORMATS if one.name in LIGHT and not one.missing]


def needs(name: str) -> None:
    if name not in available():
        pytest.skip(formats.find(name).missing)


def report_of(run: Run) -> Report:
    report = run.report()
    assert report is not None
    return report


def proved(run: Run, name: str, model: Path, folder: Path, **changed: Any) -> Proof:
    """Put a model into a package, perhaps with another description, and try it."""
    kind, tried = KINDS[name], tried_images.tried(run, report_of(run), silent, never)
    package = folder / "package"
    package.mkdir()
    shutil.copyfile(model, package / kind.file)
    described = description.describe(run, report_of(run), kind)
    description.write(package, {**described, **changed}, kind)
    np.save(folder / "pixels.npy", tried.pixels)
    np.save(folder / "lab.npy", Explainer(load_for_explaining(run.model_path)).predict(tried.pixels))
    answers = making.measure(package, folder, tried, silent, never)
    return judgement.judge(kind, tried, answers, model.stat().st_size)


@pytest.mark.parametrize("name", LIGHT)
def test_a_package_answers_as_the_lab_does(name: str, run: Run, models: dict[str, Path], tmp_path: Path):
    needs(name)
    proof = proved(run, name, models[name], tmp_path)
    assert proof.verdict == "passed", proof.sentence
    assert proof.images == proof.test_images >= 80 and proof.misread == 0
    assert proof.pixel_difference is not None and proof.milliseconds
    assert proof.accuracy == proof.lab_accuracy or KINDS[name].is_8_bit
    if not KINDS[name].is_8_bit:
        assert proof.pixel_difference <= 1e-5 and proof.difference == proof.pixel_difference
        assert proof.agreement is not None and proof.agreement.value == 1


def test_8_bits_take_a_quarter_of_the_size(models: dict[str, Path]):
    assert models["tflite-int8"].stat().st_size < 0.35 * models["tflite"].stat().st_size


def test_a_model_calibrated_on_the_wrong_pixels_is_red(run: Run, tmp_path: Path):
    """Pixels of 0-1 instead of 0-255, the commonest mistake: every real image is then out of range."""
    calibration: Any = tried_images.calibrating(run, report_of(run)) / 255
    conversion.convert(trained(), "tflite-int8", tmp_path / "wrong.tflite", calibration)
    proof = proved(run, "tflite-int8", tmp_path / "wrong.tflite", tmp_path)
    assert proof.verdict == "failed"
    assert re.search(
        r"gives the lab's answer to \d+ of \d+ test images .* and 98.0% are needed", proof.sentence
    )
    assert re.search(r"its accuracy on these test images is .*%, [\d.]+ points less", proof.sentence)


@pytest.mark.parametrize("wrong", [{"method": "stretch"}, {"method": "pad"}, {"kernel": "nearest"}], ids=str)
def test_images_resized_in_the_wrong_way_are_red(wrong: dict[str, Any], run: Run, models, tmp_path: Path):
    described = description.describe(run, report_of(run), KINDS["tflite"])
    proof = proved(run, "tflite", models["tflite"], tmp_path, resize={**described["resize"], **wrong})
    assert proof.verdict == "failed" and proof.misread > 0
    assert "its predict.py reads other pixels than the lab" in proof.sentence
    assert proof.pixel_difference is not None and proof.pixel_difference <= 1e-5  # the model itself is right


def test_pixels_scaled_twice_are_red(run: Run, models: dict[str, Path], tmp_path: Path):
    halved = tmp_path / "halved.tflite"
    pixels = keras.Input((SIZE, SIZE, 3))
    conversion.convert(keras.Model(pixels, trained()(pixels / 255)), "tflite", halved)
    proof = proved(run, "tflite", halved, tmp_path)
    assert proof.verdict == "failed" and "a probability is off by" in proof.sentence


def test_operations_that_need_tensorflow_itself_are_refused():
    determinant = tf.function(tf.linalg.det, input_signature=[tf.TensorSpec((3, 3))])
    converter = tf.lite.TFLiteConverter.from_concrete_functions([determinant.get_concrete_function()])
    converter.target_spec.supported_ops = [tf.lite.OpsSet.SELECT_TF_OPS]
    with pytest.raises(LabError, match="TFLite has no operation Flex"):
        conversion._only_builtin(converter.convert())


@pytest.fixture(scope="module")
def unpacked(run: Run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The package that the page's background job makes, unpacked."""
    folder = tmp_path_factory.mktemp("unpacked")
    exporting.start(run, "tflite-int8")
    steps = set()
    while (work := exporting.status(run, "tflite-int8")).state == "running":
        steps.add(work.message)
        time.sleep(0.05)
    assert work.state == "done", work.message
    assert {"starting TensorFlow", "converting the model"} <= steps
    export = exporting.kept(run, "tflite-int8")
    assert export is not None
    copied = exporting.copy_to(export, folder / "not there yet")
    assert copied == folder / "not there yet" / export.path.name
    with zipfile.ZipFile(exporting.copy_to(export, folder / "chosen.zip")) as archive:
        archive.extractall(folder)
    return folder / f"{run.id}-tflite-int8"


def test_the_job_makes_a_package_that_says_how_it_did(unpacked: Path, run: Run):
    names = {path.name for path in unpacked.iterdir()}
    assert names == {
        "model.tflite",
        "model.json",
        "labels.txt",
        "predict.py",
        "requirements.txt",
        "README.md",
    }
    described = json.loads((unpacked / "model.json").read_text(encoding="utf-8"))
    proof = Proof.model_validate(described["proof"])
    assert proof.verdict == "passed" and proof.format == "tflite-int8" and proof.images >= 80
    assert described["class_names"] == list(NAMES)
    assert described["test_accuracy"] == report_of(run).test_accuracy.model_dump()
    assert described["run"]["data_version"] == report_of(run).data_version
    assert exporting.kept(run, "tflite-int8").proof == proof


def test_the_snippet_of_the_readme_runs_as_it_stands(unpacked: Path, tmp_path: Path):
    text = (unpacked / "README.md").read_text(encoding="utf-8")
    (snippet,) = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    package = shutil.copytree(unpacked, tmp_path / "ein Ordner für Äpfel")
    Image.fromarray(coloured_objects(1, SIZE, seed=8).images[0]).save(package / "photo.jpg")
    (package / "snippet.py").write_text(snippet)
    done = subprocess.run([sys.executable, "snippet.py"], capture_output=True, cwd=package)
    assert done.returncode == 0, done.stderr.decode()
    assert done.stdout.decode().startswith(NAMES)
    assert "{{" not in text and "{%" not in text


def test_the_script_answers_files_and_names_those_that_are_none(unpacked: Path, tmp_path: Path):
    made = coloured_objects(5, SIZE, seed=9)
    paths = [tmp_path / f"{number}.png" for number in range(5)]
    for image, path in zip(made.images, paths, strict=True):
        Image.fromarray(image).save(path)
    (tmp_path / "notes.txt").write_text("no image")
    command = [
        sys.executable,
        "-I",
        str(unpacked / "predict.py"),
        *map(str, paths),
        str(tmp_path / "notes.txt"),
    ]
    done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8")
    assert done.returncode == 0
    assert [line.partition(".png: ")[2].rpartition(" ")[0] for line in done.stdout.splitlines()] == [
        NAMES[label] for label in made.labels
    ]
    assert "notes.txt: cannot be read as an image" in done.stderr
    assert subprocess.run([*command[:3], str(tmp_path / "gone.png")], capture_output=True).returncode == 1


def test_a_red_model_of_8_bits_is_replaced_by_one_of_floating_point(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    """Calibrated on black images, as a person's training images could be."""

    def black(run: Run, report: Report) -> Pixels:
        return np.zeros((20, SIZE, SIZE, 3), np.uint8)

    monkeypatch.setattr(tried_images, "calibrating", black)
    copy = Run(run.path.with_name("copy"))
    shutil.copytree(run.path, copy.path, ignore=shutil.ignore_patterns("exports"))
    assert main(["export", copy.id, "--format", "tflite-int8", "--to", str(tmp_path)]) == 1
    export = exporting.kept(copy, "tflite-int8")
    assert export is not None and export.proof is not None
    proof = export.proof
    assert proof.verdict == "failed" and proof.format == "tflite-int8"
    assert proof.instead is not None and proof.instead.verdict == "passed"
    printed = capsys.readouterr().out.splitlines()
    assert printed[0] == proof.sentence and printed[-1] == str(tmp_path / f"{copy.id}-tflite.zip")
    said = printed.index("The package has the model of floating point instead.")
    assert printed[said + 1] == proof.instead.sentence
    with zipfile.ZipFile(printed[-1]) as archive:
        described = json.loads(archive.read(f"{copy.id}-tflite/model.json"))
        assert described["proof"]["format"] == "tflite" and described["rejected"]["verdict"] == "failed"
        assert proof.sentence in archive.read(f"{copy.id}-tflite/README.md").decode()


def test_it_can_be_stopped_and_leaves_nothing(run: Run, tmp_path: Path):
    asked = []

    def should_stop() -> bool:
        asked.append(1)
        return len(asked) > 20  # while the conversion is starting

    path = tmp_path / "exports" / "model.zip"
    with pytest.raises(Stopped):
        making.make(run, path, silent, should_stop, kind="tflite")
    assert list(path.parent.iterdir()) == []


def test_without_its_data_set_a_model_is_packed_and_said_to_be_untried(run: Run, tmp_path: Path):
    shutil.copytree(run.path, tmp_path / "runs" / run.id)
    shutil.rmtree(tmp_path / "runs" / run.id / "exports", ignore_errors=True)
    path = tmp_path / "runs" / run.id / "config.json"
    config = json.loads(path.read_text())
    config["data"]["source"] = str(tmp_path / "gone")
    path.write_text(json.dumps(config))
    moved = Run(tmp_path / "runs" / run.id)
    tried = tried_images.tried(moved, report_of(moved), silent, never)
    assert not tried.paths and tried.total >= 80
    proof = judgement.unproved(KINDS["tflite"], tried, 1000)
    assert proof.verdict == "unproved" and proof.sentence.startswith("Not tried on test images: ")
    assert proof.facts() == {"Size of the model": "1 kB"}
    with pytest.raises(LabError, match="is calibrated on training images, and they are not at hand"):
        tried_images.calibrating(moved, report_of(moved))


def test_images_that_were_replaced_since_are_not_tried(run: Run):
    before = tried_images.tried(run, report_of(run), silent, never)
    replaced = before.paths[0]
    kept = replaced.read_bytes()
    try:
        Image.new("RGB", (64, 48), "white").save(replaced)
        now = tried_images.tried(run, report_of(run), silent, never)
    finally:
        replaced.write_bytes(kept)
    assert set(before.paths) - set(now.paths) == {replaced}
    np.testing.assert_array_equal(now.test.labels, before.test.labels[1:])


def test_calibration_takes_as_many_training_images_of_each_class(run: Run):
    rows = datasets.select(datasets.open(run.config.data.source), run.config.data).rows
    chosen = tried_images._spread(rows[rows["split"] == "train"])
    assert len(chosen) == tried_images.CALIBRATING and set(chosen["split"]) == {"train"}
    counts = chosen["label"].value_counts()
    assert counts.max() - counts.min() <= 1


def test_an_export_counts_only_for_the_model_that_it_was_made_of(unpacked: Path, run: Run):
    assert exporting.kept(run, "tflite-int8") is not None
    assert exporting.kept(run, "savedmodel") is None
    content = run.model_path.read_bytes()
    try:
        keras.models.clone_model(trained()).save(run.model_path)
        assert exporting.kept(run, "tflite-int8") is None
    finally:
        run.model_path.write_bytes(content)


def test_a_damaged_record_is_one_sentence(unpacked: Path, run: Run):
    path = run.exports_path / "tflite-int8.json"
    content = path.read_text()
    try:
        path.write_text(content[:50])
        with pytest.raises(LabError, match=r"tflite-int8\.json in .* is damaged"):
            exporting.kept(run, "tflite-int8")
    finally:
        path.write_text(content)


def test_an_unknown_format_and_a_run_without_a_result_say_what_to_do(run: Run, tmp_path: Path, capsys):
    with pytest.raises(WrongUsage, match=r"There is no format 'coreml'\. Choose from keras, tflite"):
        core.load(run.id).export(tmp_path, format="coreml")
    waiting = made_runs.waiting(run.config)
    assert main(["export", waiting.id, "--format", "keras"]) == 1
    assert "has no result yet" in capsys.readouterr().err


def test_the_example_is_tried_on_the_images_that_come_with_it():
    run = example.run()
    tried = tried_images.tried(run, report_of(run), silent, never)
    assert len(tried.paths) == tried.total and tried.pixels.shape[1:] == (64, 64, 3)
    assert run.exports_path.parent.parent != run.path.parent
