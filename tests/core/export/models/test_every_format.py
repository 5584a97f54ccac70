"""Each format has its classes in order, and answers files of every kind as the app does."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from PIL import Image

from core import example
from core.data.deep_pixels import Ranges
from core.export import formats
from core.export.models import description
from core.export.models.kinds import KINDS
from core.ml import conversion
from core.ml.goes_along.predict import Classifier
from core.prediction.incoming import Reader
from tests.core.export.models import every_file, many_classes, small_run
from tests.core.export.models.small_run import NAMES
from tests.tiny_model import SIZE, trained

FORMATS = [name for name in KINDS if not formats.find(name).missing]


def packed(name: str, model: keras.Model, class_names: tuple[str, ...], folder: Path) -> Path:
    """A package as the export makes it, with this model and these classes."""
    run, kind, size = example.run(), KINDS[name], model.input_shape[1]
    report = run.report()
    assert report is not None
    described = description.describe(run, report.model_copy(update={"class_names": class_names}), kind)
    described["input"]["size"] = size
    folder.mkdir()
    calibration: Any = np.random.default_rng(0).integers(0, 256, (20, size, size, 3), dtype=np.uint8)
    conversion.convert(model, name, folder / kind.file, calibration)
    description.write(folder, described, kind)
    return folder


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("classes", many_classes.COUNTS)
def test_class_names_stay_in_order_whatever_they_are(classes: int, name: str, tmp_path: Path):
    names, model = many_classes.names(classes), many_classes.model(classes, 8)
    package = packed(name, model, names, tmp_path / "package")
    assert tuple((package / "labels.txt").read_text(encoding="utf-8").splitlines()) == names
    image = np.random.default_rng(0).integers(0, 256, (8, 8, 3), dtype=np.uint8)
    Image.fromarray(image).save(tmp_path / "image, with a comma.png")
    expected = model.predict_on_batch(image[None].astype(np.float32))[0]

    classifier = Classifier(package)
    assert tuple(classifier.class_names) == names
    predicted, confidence = classifier.classify(tmp_path / "image, with a comma.png")
    tolerance = 0.02 if KINDS[name].is_8_bit else 1e-5
    np.testing.assert_allclose(classifier.probabilities(image), expected, atol=tolerance)
    assert confidence == pytest.approx(float(expected.max()), abs=tolerance)
    assert predicted == names[int(expected.argmax())]
    if name == "tflite":  # its command starts without TensorFlow
        (printed,) = small_run.answers(package, tmp_path / "image, with a comma.png")
        assert tuple(printed["probabilities"]) == names and printed["predicted"] == predicted


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    return every_file.write(tmp_path_factory.mktemp("files"))


@pytest.mark.parametrize("name", FORMATS)
def test_files_of_every_kind_get_the_apps_answer(name: str, files: list[Path], tmp_path: Path):
    classifier = Classifier(packed(name, trained(), NAMES, tmp_path / "package"))
    config = example.run().config
    for path in files:
        seen = Reader(SIZE, config.data.resize, Ranges()).read(path)
        assert seen.pixels is not None, seen.problem
        expected = trained().predict_on_batch(seen.pixels[None].astype(np.float32))[0]
        found = classifier.probabilities(classifier.read(path))
        tolerance = 0.1 if KINDS[name].is_8_bit else 1e-4
        np.testing.assert_allclose(found, expected, atol=tolerance, err_msg=path.name)
