"""The assistant as pages use it: a real process, a tiny model, and what happens when it is killed."""

from __future__ import annotations

import io
import json
import os
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import psutil
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

import core
from core import datasets, engine, files
from core.comparison import verdicts
from core.config import RunConfig
from core.data import sources
from core.data.collected import classes, images, log
from core.errors import LabError
from core.explain import assistant, heatmaps, nearest_images
from core.explain.heatmaps import Request
from core.runs import Run
from pages.common import addresses
from samples import made_runs
from samples.made_images import coloured_objects
from tests.pages.reading import no_fault, visit, words
from tests.tiny_model import SIZE, trained
from tests.training import QUICK

IMAGES = coloured_objects(6, SIZE, seed=5)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    """A finished run with a real model in a workspace of its own; one process serves all tests here."""
    folder = tmp_path_factory.mktemp("assistant")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LAB_WORKSPACE", str(folder / "workspace"))
        patch.setattr(engine, "ensure_worker", lambda: None)  # a page begins to warm one up after its test
        patch.setattr(engine, "prepare", engine.Preparation)
        source = made_runs.draw_folder(folder / "images", size=SIZE)
        config = RunConfig().replace({"data.source": source, "data.image_size": SIZE})
        run = made_runs.finished(config)
        trained().save(run.model_path)
        yield run
        assistant.stop()
        wait_until(lambda: not assistant.is_running(), 10)


@pytest.fixture(autouse=True)
def workspace(run: Run, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The run's own workspace, instead of an empty one a test."""
    folder = run.path.parent.parent
    monkeypatch.setenv("LAB_WORKSPACE", str(folder))
    return folder


def wait_until(condition: Callable[[], bool], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)


def ids(run: Run, count: int) -> list[str]:
    return datasets.open(run.config.data.source).index["id"].tolist()[:count]


def test_it_predicts_as_the_model_does(run):
    answer = assistant.predict(run, IMAGES.images).answer()["probabilities"]
    np.testing.assert_allclose(answer, trained().predict(IMAGES.images, verbose=0), atol=1e-5)


def test_heatmaps_are_kept_in_the_run_and_not_made_twice(run):
    requests = [Request(image_id, 1) for image_id in ids(run, 3)]
    first = assistant.explain(run, requests)
    assert first.ticket is not None
    maps = first.answer()
    assert [heatmap.shape for heatmap in maps] == [(21, 21)] * 3
    again = assistant.explain(run, requests)
    assert again.ticket is None
    for ours, kept in zip(again.answer(), maps, strict=True):
        np.testing.assert_array_equal(ours, kept)


def test_images_from_elsewhere_and_filters_are_answered_too(run):
    asked = assistant.explain_images(run, IMAGES.images[:2], [0, 2], method="occlusion")
    assert asked.answer()["heatmaps"].shape == (2, 8, 8)
    assert assistant.activations(run, IMAGES.images[:1]).answer()["activations"].shape == (16, 21, 21)


def test_features_find_training_images_of_the_same_kind(run):
    assistant.features(run).answer()
    features = nearest_images.kept(run)
    assert features is not None and features.vectors.shape == (36, 32)
    image_id = str(run.predictions("test").ids[0])
    found = nearest_images.nearest(features, image_id)
    assert len(found) == 6 and all(one.similarity <= 1.001 for one in found)
    training = set(features.ids[features.splits == "train"])
    assert {one.id for one in found} <= training and image_id not in training


def test_the_explain_page_asks_goes_on_and_shows_the_maps_when_they_are_there(run, monkeypatch):
    monkeypatch.setattr(engine, "prepare", lambda source: None)
    shutil.rmtree(run.heatmaps_path, ignore_errors=True)
    page = AppTest.from_file(str(made_runs.APP), default_timeout=60)
    page.switch_page("pages/understand/explain/explain.py").run()
    assert not page.exception and not page.error
    wait_until(lambda: any(run.heatmaps_path.glob("*.npz")) and not assistant.mailbox().next(), 60)
    assert any("Each map has 21 × 21 cells" in caption.value for caption in page.run().caption)
    assert not any("Computing" in caption.value for caption in page.caption)


def test_the_predict_page_says_what_the_model_makes_of_test_images(run, monkeypatch):
    monkeypatch.setattr(engine, "prepare", lambda source: None)
    app = AppTest.from_file(str(made_runs.APP), default_timeout=60).run()
    app.switch_page(addresses.PREDICT)
    app.session_state["predict_from"] = "Test images"
    app.run()
    wait_until(lambda: any("confidence" in one.value for one in app.run().markdown), 60)
    wait_until(lambda: any("Evidence for" in one.value for one in app.run().text), 60)
    assert not app.exception and not app.error
    assert any("actual: " in one.value for one in app.text)


def test_every_odd_file_gets_an_answer_or_a_reason_on_the_predict_page(run, photos, monkeypatch):
    odd, unreadable = (
        sorted(path for path in (photos / "bad_images" / kind).iterdir())
        for kind in ("odd_but_readable", "unreadable")
    )
    monkeypatch.setattr(engine, "prepare", lambda source: None)
    app = AppTest.from_file(str(made_runs.APP), default_timeout=60).run()
    app.switch_page(addresses.PREDICT).run()
    uploads = [(path.name, path.read_bytes(), "") for path in (*odd, *unreadable)]
    app.file_uploader(key="predict_Image files").set_value(uploads).run()
    wait_until(lambda: len(app.run().download_button) == 1, 60)
    assert "Your own files are never changed" in " ".join(one.value for one in app.caption)
    answered = refused = 0
    for page in range(-(-len(uploads) // 6)):
        if page:
            app.pagination(key="predicted_page").set_value(page + 1).run()
        assert not app.exception and not app.error
        answered += sum("confidence" in one.value for one in app.markdown)
        refused += sum("cannot be read as an image" in one.value for one in app.warning)
    assert (answered, refused) == (len(odd), len(unreadable))


def collected(dark: int, bright: int) -> str:
    """An own data set of two classes that differ in their light, with so many images of each."""
    source = classes.create("Light", ["dark", "bright"])
    folder = sources.resolve(source).folder
    assert folder is not None
    keys = {label: key for key, label in log.read(folder).classes.items()}
    for label, number, low in (("dark", dark, 0), ("bright", bright, 150)):
        images.add(folder, keys[label], [(f"{seed}.jpg", blocks(seed, low)) for seed in range(number)])
    images.use(folder)
    datasets.prepare(source)
    return source


def blocks(seed: int, low: int) -> bytes:
    """A JPEG of blocks of random colours, whose values are from ``low`` to 100 more."""
    values = np.random.default_rng([seed, low]).integers(low, low + 100, (8, 8, 3), np.uint8)
    content = io.BytesIO()
    Image.fromarray(values).resize((32, 32), Image.Resampling.NEAREST).save(content, "JPEG", quality=90)
    return content.getvalue()


def test_a_wrong_answer_is_trained_on_and_compare_says_whether_it_helped(run, monkeypatch):
    source, settings = collected(60, 60), {**QUICK, "data.validation_share": 0.3}
    first = core.train(source, **settings).run
    monkeypatch.setattr(engine, "prepare", datasets.prepare)  # in this process
    app = visit(addresses.PREDICT, run=first.id)
    app.file_uploader(key="predict_Image files").set_value([("odd one.jpg", blocks(7000, 75), "")]).run()
    wait_until(lambda: "confidence)" in words(app.run()), 60)
    (answer,) = [one.value for one in app.markdown if "confidence" in one.value and "Sure:" not in one.value]
    true = "bright" if "dark" in answer else "dark"
    (asked,) = [one for one in app.selectbox if one.label == "Its true class"]
    asked.set_value(true).run()
    (add,) = [one for one in app.button if one.label == "Add to the data set"]
    assert "The next training uses it" in words(no_fault(add.click().run()))

    second = core.train(source, **settings).run
    before, after = first.report(), second.report()
    assert before is not None and after is not None
    assert after.counts["train"][true] == before.counts["train"][true] + 1
    assert (second.predictions("test").ids == first.predictions("test").ids).all()
    said = words(visit(addresses.COMPARE, runs=f"{first.id},{second.id}"))
    assert "The data set changed between these runs: 1 image added (after a prediction" in said
    sides = {letter: [verdicts.from_run(one, "validation")] for letter, one in (("A", first), ("B", second))}
    verdict = verdicts.judge(sides)
    assert verdict.measured is not None and verdict.measured.n >= 30
    assert all(sentence in said for sentence in verdict.sentence.split(". "))


def test_trust_answers_with_probabilities_and_a_control(run):
    answer = assistant.trust(run, IMAGES.images[:1], int(IMAGES.labels[0])).answer()
    assert 0 <= answer["after"] <= 1 and 0 <= answer["before"] <= 1
    assert answer["hot"].shape == (SIZE, SIZE) and answer["hot"].sum() == round(0.1 * SIZE**2)
    assert answer["elsewhere"].shape == (10,) and answer["control"].shape == (21, 21)
    assert -1 <= answer["similarity"] <= 1 and answer["has_heat"]


@pytest.mark.parametrize(
    ("ask", "sentence"),
    [
        (lambda run: assistant.ask("dance", run), "has no task 'dance'"),
        (lambda run: assistant.ask("predict", run, ["f" * 16]), "no longer in the data set"),
        (lambda run: assistant.predict(run, IMAGES.images[:, :20]), "colour images of 48 x 48 pixels"),
        (lambda run: assistant.explain_images(run, IMAGES.images[:1], [7]), "classes 0 to 2"),
        (lambda run: assistant.activations(run, IMAGES.images[:1], "dense"), "has no layer 'dense'"),
        (lambda run: assistant.trust(run, IMAGES.images[:1], 0, share=5.0), "between 1% and 90%"),
        (lambda run: assistant.ask("predict", run, ["a", 1, None]), "no longer in the data set"),
        (lambda run: assistant.ask("predict", Run(Path("/etc"))), "There is no run 'etc'"),
        (lambda run: assistant.ask("predict", run, [], nonsense=1), "failed at 'predict'"),
    ],
)
def test_a_bad_request_is_answered_by_a_sentence_and_the_process_stays(run, ask, sentence):
    with pytest.raises(LabError, match=sentence):
        ask(run).answer()
    assert assistant.is_running()


def test_a_model_that_is_gone_is_named(run, tmp_path):
    aside = tmp_path / "model.keras"
    run.model_path.rename(aside)
    try:
        with pytest.raises(LabError, match="There is no model at"):
            assistant.predict(run, IMAGES.images).answer()
        with pytest.raises(LabError, match="There is no model at"):
            assistant.explain(run, [Request(ids(run, 1)[0], 0)])
    finally:
        aside.rename(run.model_path)


def test_heatmaps_of_a_replaced_model_are_made_anew(run):
    request = Request(ids(run, 1)[0], 2)
    assistant.explain(run, [request]).answer()
    original = run.model_path.read_bytes()
    try:
        model = trained()
        changed = type(model).from_config(model.get_config())
        changed.set_weights([weight * 0.5 for weight in model.get_weights()])
        changed.save(run.model_path)
        assert heatmaps.kept(run, request) is None
        assert assistant.explain(run, [request]).answer()[0].shape == (21, 21)
    finally:
        run.model_path.write_bytes(original)


@pytest.mark.fault("F18")
@pytest.mark.parametrize("which", ["the one that works", "the one that stands by", "both"])
def test_a_killed_process_comes_back_and_answers(run, which):
    assistant.predict(run, IMAGES.images).answer()
    standby = psutil.Process(json.loads(assistant.record_path().read_text())["pid"])
    wait_until(lambda: time.time() - standby.create_time() > 2 * assistant.SUDDEN_SECONDS, 20)
    both = [standby, *standby.children()]
    killed = {"the one that works": both[1:], "the one that stands by": both[:1], "both": both}[which]
    for process in killed:
        process.kill()
    assert assistant.predict(run, IMAGES.images).answer(timeout=120)["probabilities"].shape == (6, 3)
    gone = {process.pid for process in killed}
    wait_until(lambda: json.loads(assistant.record_path().read_text())["pid"] not in gone, 10)
    assert assistant.is_running()


def test_an_answer_takes_no_longer_than_one_is_ready_to_wait(run):
    with pytest.raises(LabError, match="has not answered within 0"):
        assistant.Ticket(assistant.mailbox().post("predict", {"run": run.id, "image_ids": []})).answer(0)


def test_a_process_that_dies_at_its_start_is_not_started_for_ever(run, workspace):
    assistant.stop()
    wait_until(lambda: not assistant.is_running(), 10)
    gone = {"pid": 2**22 + 1, "create_time": time.time(), "host": "elsewhere"}
    files.write_json(assistant.record_path(), gone)
    os.utime(assistant.record_path(), (0, 0))
    with pytest.raises(LabError, match="ended right after starting"):
        assistant.ensure_running()
    assistant.record_path().unlink()
