"""The exported web page in a real browser: it answers as the lab does, and asks for nothing from outside."""

from __future__ import annotations

import base64
import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from PIL import Image

from core.backbones import BACKBONES
from core.config import RunConfig
from core.data import pixel_cache
from core.data.deep_pixels import Ranges
from core.errors import LabError
from core.export import exporting
from core.export.models import judgement, tried_images
from core.export.proof import Proof
from core.export.webpage import making, runtime
from core.export.webpage.page import Page
from core.ml import layer_list, pretrained
from core.prediction.incoming import Reader
from core.processes.threads import never, silent
from core.report import Report
from core.runs import Run
from samples.made_images import coloured_objects
from tests import browsing, random_backbone
from tests.browsing import CHROMIUM, FLAGS, PATIENCE, playwright
from tests.core.export.models import every_file, many_classes, small_run
from tests.core.export.models.small_run import NAMES
from tests.tiny_model import SIZE, trained

pytestmark = browsing.pytestmark
UNTRIED = Proof(format="webpage", verdict="unproved", sentence="")
SIZES = [(64, 64), (300, 200), (201, 333), (400, 37), (5, 300), (1, 1), (20, 31), (80, 100), (100, 260)]


@pytest.fixture(scope="module")
def tfjs(tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config) -> Iterator[Path]:
    """A workspace with TensorFlow.js, downloaded once for all test runs; skips where it cannot be had."""
    folder = tmp_path_factory.mktemp("webpage")
    cache = getattr(pytestconfig, "cache", None)
    kept = cache.mkdir("tfjs") if cache is not None else folder
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LAB_WORKSPACE", str(folder))
        if "LAB_TFJS" not in os.environ:
            patch.setenv("LAB_TFJS", str(kept))
        try:
            runtime.get()
        except LabError as error:
            pytest.skip(str(error))
        if (folder / "tfjs").is_dir():
            shutil.copytree(folder / "tfjs", kept, dirs_exist_ok=True)
        yield folder


@pytest.fixture(scope="module")
def run(tfjs: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    return small_run.make(tmp_path_factory.mktemp("images"), images=150)


@pytest.fixture(scope="module")
def proof(run: Run, path: Path) -> Proof:
    """The run's page at ``path``, tried as the export does, but converted in this process."""
    work = path.parent / "work"
    work.mkdir()
    tried = tried_images.tried(run, report_of(run), silent, never)
    np.save(work / "pixels.npy", tried.pixels)
    np.save(work / "lab.npy", trained().predict_on_batch(tried.pixels.astype(np.float32)))
    return making._write(page_of(run, trained(), work / "network"), path, work, tried, silent, never)


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("exported") / "page.html"


def report_of(run: Run) -> Report:
    report = run.report()
    assert report is not None
    return report


def page_of(run: Run, model: Any, folder: Path, **of_report: Any) -> Page:
    """The page of this run, but with another model, and perhaps other facts in its report."""
    layer_list.write(model, folder)
    network = json.loads((folder / layer_list.NETWORK).read_text())
    report = report_of(run).model_copy(update=of_report)
    return Page(run, report, network, (folder / layer_list.WEIGHTS).read_bytes(), runtime.get())


@pytest.fixture(scope="module")
def tab() -> Iterator[Any]:
    with playwright.sync_playwright() as play:
        browser = play.chromium.launch(
            executable_path=CHROMIUM,
            args=[*FLAGS, "--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"],
        )
        page = browser.new_page(viewport={"width": 390, "height": 844})
        page.set_default_timeout(PATIENCE)
        yield page
        browser.close()


@pytest.fixture(autouse=True)
def workspace(tfjs: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The workspace of the module, for every test here."""
    monkeypatch.setenv("LAB_WORKSPACE", str(tfjs))
    return tfjs


def open_page(tab: Any, path: Path) -> None:
    tab.goto(path.as_uri())
    tab.get_by_text("Ready.").wait_for()


def test_it_is_proved_in_a_browser_and_says_so_itself(proof: Proof, path: Path):
    assert proof.verdict == "passed", proof
    assert proof.misread == 0, "PNG has no two readings"
    assert proof.pixel_difference is not None and proof.pixel_difference <= 1e-5 and proof.milliseconds
    assert proof.sentence.replace("'", "&#39;") in path.read_text(encoding="utf-8")
    assert path.stat().st_size < 3_000_000


def test_it_answers_chosen_images_and_the_camera_and_asks_for_nothing(
    proof: Proof, path: Path, tab: Any, run: Run, tmp_path: Path
):
    asked: list[str] = []
    tab.on("request", lambda request: asked.append(request.url))
    open_page(tab, path)
    test = tried_images.tried(run, report_of(run), silent, never)
    turned, notes = tmp_path / "turned.jpg", tmp_path / "notes.txt"
    notes.write_text("no image")
    Image.fromarray(np.zeros((40, 90, 3), np.uint8)).save(turned, exif=_turned())
    tab.locator("#choose").set_input_files([test.paths[0], turned, notes])
    tab.get_by_text("notes.txt: this browser cannot read it as an image").wait_for()
    cards = tab.locator(".card")
    assert cards.count() == 2
    assert cards.nth(1).locator(".answer").inner_text() == NAMES[int(test.test.probabilities[0].argmax())]
    width, height = (cards.nth(0).locator("canvas").get_attribute(side) for side in ("width", "height"))
    assert (width, height) == ("40", "90")
    tab.get_by_role("button", name="Use the camera").click()
    tab.locator("#live-bars li").nth(2).wait_for()
    tab.get_by_role("button", name="Stop the camera").click()
    assert not tab.locator("#live").is_visible()
    refused = tab.evaluate("fetch('https://192.0.2.1/').then(() => 'sent', (fault) => fault.name)")
    assert refused == "TypeError"
    assert [url for url in asked if not url.startswith(("file:", "data:", "blob:"))] == []


def test_files_of_every_kind_get_the_apps_answer(
    proof: Proof, path: Path, tab: Any, run: Run, tmp_path: Path
):
    """A browser decodes a JPEG a little differently, so a pixel may differ by a few of 255 values."""
    open_page(tab, path)
    files = every_file.write(tmp_path)
    tab.locator("#choose").set_input_files(files)
    playwright.expect(tab.locator(".card")).to_have_count(len(files))
    shown = [tab.locator(f".card .{part}").all_inner_texts() for part in ("file", "answer")]
    answers = dict(zip(*shown, strict=True))
    reader = Reader(SIZE, run.config.data.resize, Ranges())
    for file in files:
        pixels = reader.read(file).pixels
        assert pixels is not None
        expected = trained().predict_on_batch(pixels[None].astype(np.float32))[0]
        assert answers[file.name] == NAMES[int(expected.argmax())], file.name


@pytest.mark.parametrize("classes", many_classes.COUNTS)
def test_class_names_stay_in_order_whatever_they_are(classes: int, tab: Any, run: Run, tmp_path: Path):
    names, model = many_classes.names(classes), many_classes.model(classes, SIZE)
    page = page_of(run, model, tmp_path / "network", class_names=names)
    (tmp_path / "page.html").write_text(page.html(UNTRIED), encoding="utf-8")
    open_page(tab, tmp_path / "page.html")
    image = coloured_objects(1, SIZE, seed=6).images[0]
    Image.fromarray(image).save(tmp_path / "image, with a comma.png")
    tab.locator("#choose").set_input_files(tmp_path / "image, with a comma.png")
    card = tab.locator(".card")
    card.wait_for()
    ranked = np.argsort(-model.predict_on_batch(image[None].astype(np.float32))[0], kind="stable")
    assert tab.locator(".classes li").all_inner_texts() == list(names)
    assert card.locator(".class").all_inner_texts() == [names[index] for index in ranked[:4]]
    assert card.locator("p.answer").inner_text() == names[ranked[0]]


def test_it_resizes_as_training_does_to_the_byte(proof: Proof, path: Path, tab: Any):
    open_page(tab, path)
    rng = np.random.default_rng(0)
    for width, height in SIZES:
        pixels = rng.integers(0, 256, (height, width, 3), dtype=np.uint8)
        for method in ("stretch", "crop", "pad"):
            found = tab.evaluate(
                _FIT, [base64.b64encode(pixels.tobytes()).decode(), width, height, 48, method]
            )
            expected = np.asarray(pixel_cache.fit(Image.fromarray(pixels), 48, method))
            assert base64.b64decode(found) == expected.tobytes(), (width, height, method)


def mixed() -> keras.Model:
    """A network of random weights with every kind of step, and arithmetic between the layers."""
    keras.utils.set_random_seed(0)
    layers = keras.layers
    pixels = keras.Input((SIZE, SIZE, 3))
    x = layers.ZeroPadding2D(((0, 1), (0, 1)))(layers.Rescaling([0.02, 0.01, 0.03], offset=-1)(pixels))
    x = layers.Activation("hard_silu")(layers.Conv2D(8, 3, strides=2, use_bias=False)(x))
    x = layers.BatchNormalization(name="norm")(x)
    gate = layers.Conv2D(8, 1, activation="silu")(layers.GlobalAveragePooling2D(keepdims=True)(x))
    x = layers.Multiply()([x, layers.ReLU(6.0)(gate * 2.0 + 3.0) * (1 / 6)])
    y = layers.DepthwiseConv2D(3, padding="same", activation="sigmoid")(x)
    x = layers.Concatenate()([layers.Add()([x, y]), layers.Activation("relu6")(y)])
    x = layers.Dropout(0.5)(layers.AveragePooling2D(2, padding="same")(layers.MaxPooling2D(3, 2, "same")(x)))
    x = layers.Dense(16, activation="relu")(layers.Flatten()(layers.Reshape((-1, 16))(x)))
    model = keras.Model(pixels, layers.Softmax()(layers.Dense(len(NAMES))(x)))
    rng = np.random.default_rng(0)
    model.get_layer("norm").set_weights(list(rng.uniform(0.5, 1.5, (4, 8))))
    return model


def test_every_kind_of_step_computes_what_keras_does(tab: Any, run: Run, tmp_path: Path):
    compare(mixed(), tab, run, tmp_path)


@pytest.mark.skipif("LAB_TEST_ALL_NETWORKS" not in os.environ, reason="takes a minute: make test-extras")
def test_the_export_makes_it_in_processes_of_its_own(run: Run):
    export = exporting.make(run, "webpage")
    assert export.proof is not None and export.proof.verdict == "passed"
    assert exporting.kept(run, "webpage") == export


@pytest.mark.skipif("LAB_TEST_ALL_NETWORKS" not in os.environ, reason="takes a minute: make test-extras")
@pytest.mark.parametrize("name", [one.name for one in BACKBONES.values() if one.parameters < 10_000_000])
def test_pretrained_networks_answer_as_in_keras(name: str, tab: Any, run: Run, tmp_path: Path):
    """With random weights, and statistics of normalisation that keep different images apart."""
    backbone = BACKBONES[name]
    config = RunConfig().replace({"model.network": name, "data.image_size": SIZE})
    weights_file = random_backbone.write_weights(backbone, SIZE, tmp_path / "random.weights.h5")
    model = pretrained.Pretrained(backbone, SIZE, weights_file).classifier(config, len(NAMES))
    compare(model, tab, run, tmp_path)


def compare(model: keras.Model, tab: Any, run: Run, folder: Path) -> None:
    """Have the page and Keras answer the same images."""
    page = page_of(run, model, folder / "network")
    (folder / "page.html").write_text(page.html(UNTRIED), encoding="utf-8")
    open_page(tab, folder / "page.html")
    for image in coloured_objects(3, SIZE, seed=5).images:
        found = tab.evaluate(_PREDICT, base64.b64encode(image.tobytes()).decode())
        expected = model.predict_on_batch(image[None].astype(np.float32))[0]
        np.testing.assert_allclose(found, expected, rtol=0, atol=judgement.FLOAT_DIFFERENCE)


def _turned() -> bytes:
    """EXIF data that says that the image lies on its side."""
    exif = Image.Exif()
    exif[0x0112] = 6
    return exif.tobytes()


_FIT = """([encoded, width, height, size, method]) => {
  const data = Uint8Array.from(atob(encoded), (letter) => letter.charCodeAt(0));
  const fitted = imageClassifier.fit({ width, height, data }, size, { method, reducing_gap: 2 });
  return btoa(String.fromCharCode(...fitted.data));
}"""
_PREDICT = """async (encoded) => Array.from(
  await imageClassifier.predict(Uint8Array.from(atob(encoded), (letter) => letter.charCodeAt(0))))"""
