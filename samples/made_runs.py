"""Synthetic run folders in every state, created in milliseconds: real files, but no training."""

from __future__ import annotations

import io
import json
import time
import zipfile
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageDraw

from core import datasets, runs, workspace
from core.config import RunConfig
from core.data import copy_evidence, sources
from core.data.copy_evidence import Evidence
from core.evaluation import metrics
from core.explain import heatmaps, nearest_images
from core.processes import heartbeat
from core.report import Epoch, LayerSummary, Report, SkippedFile, Training, Watched, WatchedImage
from core.runs import Labels, Predictions, Run, State

APP = Path(__file__).parent.parent / "streamlit_app.py"
FLOWERS = ("daisy", "roses", "tulips")


def draw_folder(folder: Path, class_names: Sequence[str] = FLOWERS, each: int = 12, size: int = 48) -> str:
    """Draw and prepare a data set of coloured discs, one colour per class. Returns its source name."""
    images = iter(_drawn(len(class_names), each, size))
    for name in class_names:
        (folder / name).mkdir(parents=True, exist_ok=True)
        for number in range(each):
            (folder / name / f"{number:03}.png").write_bytes(next(images))
    _prepare_drawn(str(folder), (len(class_names), each, size))
    return str(folder)


@cache
def _drawn(classes: int, each: int, size: int) -> Sequence[bytes]:
    """Return the images as PNG files, class by class; drawn once, since most tests need the same."""
    rng, drawn = np.random.default_rng(0), []
    for index in range(classes):
        colour = tuple(int(c) for c in np.random.default_rng(index).integers(40, 255, 3))
        for _ in range(each):
            image = Image.fromarray(rng.integers(0, 90, (size, size, 3), dtype=np.uint8))
            x, y = rng.integers(4, size // 2, 2)
            ImageDraw.Draw(image).ellipse((x, y, x + size // 2, y + size // 2), fill=colour)
            with io.BytesIO() as content:
                image.save(content, "PNG")
                drawn.append(content.getvalue())
    return drawn


_copies: dict[tuple[int, int, int], Evidence | None] = {}
"""What is known of copies among drawn images, so that the next test that draws the same is faster."""


def _prepare_drawn(source: str, drawn: tuple[int, int, int]) -> None:
    path = workspace.folder() / "datasets" / sources.resolve(source).id
    if known := _copies.get(drawn):
        copy_evidence.write(path, known)
    datasets.prepare(source)
    _copies[drawn] = copy_evidence.read(path)


def history(epochs: int, skill: float = 0.7, seed: int = 0) -> list[Epoch]:
    """Learning curves that rise to about ``skill``, with training pulling ahead at the end."""
    rng = np.random.default_rng(seed)
    lines: list[Epoch] = []
    for epoch in range(1, epochs + 1):
        reached = skill * (1 - 0.6 * np.exp(-epoch / 3))
        accuracy = min(0.99, reached + 0.02 * epoch)
        val_accuracy = float(np.clip(reached + rng.normal(0, 0.015), 0, 1))
        lines.append(
            {
                "epoch": epoch,
                "loss": float(-np.log(accuracy)),
                "accuracy": float(accuracy),
                "val_loss": float(-np.log(val_accuracy) + 0.01 * epoch),
                "val_accuracy": val_accuracy,
                "seconds": 3.2,
            }
        )
    return lines


def waiting(config: RunConfig, state: State = "queued", epochs: int = 0, **labels: Any) -> Run:
    """A run in ``state`` with ``epochs`` finished; alive while this process is."""
    run = runs.create(config, Labels(**labels))
    for line in history(epochs):
        run.append_metrics(line)
    now = time.time()
    status = replace(
        run.status, state=state, epoch=epochs, started=now - 60, heartbeat=now, seconds_left=42.0
    )
    run.write_status(replace(status, **heartbeat.identity()))
    return run


def watch(run: Run) -> None:
    """Record predictions for validation images, wrong in the first epoch and right from the second on."""
    rows = datasets.select(datasets.open(run.config.data.source), run.config.data).rows
    rows = rows[rows["split"] == "validation"].head(6)
    for epoch in range(1, len(run.metrics()) + 1):
        images = tuple(
            WatchedImage(
                id=image_id, label=label, predicted=label if epoch > 1 else "another", confidence=0.8
            )
            for image_id, label in zip(rows["id"], rows["label"], strict=True)
        )
        run.append_watched(Watched(epoch=epoch, images=images))


def interrupted(config: RunConfig, epochs: int = 3, **labels: Any) -> Run:
    """A run whose process has died."""
    run = waiting(config, "running", epochs, **labels)
    run.write_status(replace(run.status, heartbeat=time.time() - 3600))
    return run


def damaged(config: RunConfig, **labels: Any) -> Run:
    """A run whose config.json is truncated."""
    run = finished(config, **labels)
    (run.path / "config.json").write_text('{"schema": 1, "data": {"sou')
    return run


def newer(config: RunConfig, **labels: Any) -> Run:
    """A run written by a later version of the lab."""
    run = finished(config, **labels)
    path = run.path / "config.json"
    path.write_text(path.read_text().replace('"schema": 1', '"schema": 99'))
    return run


def finished(config: RunConfig, *, skill: float = 0.7, seed: int = 0, **labels: Any) -> Run:
    """A finished run in which each validation and test prediction is correct with probability ``skill``."""
    run = runs.create(config, Labels(**labels))
    dataset = datasets.open(config.data.source)
    selection = datasets.select(dataset, config.data)
    lines = history(config.fit.epochs, skill, seed)
    run.write_metrics(lines)
    predictions = {
        split: predict(selection.rows[selection.rows["split"] == split], selection.class_names, skill, seed)
        for split in ("validation", "test")
    }
    run.write_predictions(**predictions)
    report = metrics.report(
        selection.class_names,
        predictions["validation"],
        predictions["test"],
        counts=selection.counts(),
        training=training(selection, dataset, lines),
    )
    run.write_report(report)
    now = time.time()
    run.write_status(replace(run.status, state="done", epoch=len(lines), started=now - 75, ended=now - 5))
    return run


def predict(rows: Any, class_names: Sequence[str], skill: float, seed: int) -> Predictions:
    """Synthetic predictions; wrong ones hit the next class more often than the others."""
    rng = np.random.default_rng(seed)
    labels = np.array([class_names.index(label) for label in rows["label"]], dtype=np.int64)
    count = len(class_names)
    wrong = (labels + np.where(rng.random(len(labels)) < 0.7, 1, rng.integers(1, count, len(labels)))) % count
    predicted = np.where(rng.random(len(labels)) < skill, labels, wrong)
    scores = rng.gamma(0.4, 1.0, (len(labels), count))
    scores[np.arange(len(labels)), predicted] = scores.max(axis=1) + rng.gamma(1.5, 1.2, len(labels))
    probabilities = (scores / scores.sum(axis=1, keepdims=True)).astype(np.float32)
    return Predictions(rows["id"].to_numpy(dtype=str), labels, probabilities)


def training(selection: Any, dataset: Any, lines: list[Epoch]) -> Training:
    """The training facts of a synthetic run."""
    best = min(lines, key=lambda line: line["val_loss"] or 0.0)
    layers: list[tuple[str, str, tuple[int, ...], int]] = [
        ("rescaling", "Rescaling", (48, 48, 3), 0),
        ("conv_1", "Conv2D", (46, 46, 16), 448),
    ]
    classes = len(selection.class_names)
    layers.append(("logits", "Dense", (classes,), 129 * classes))
    return Training(
        kept_epoch=best["epoch"],
        images_per_second=812.0,
        seconds=70.0,
        parameters=1_234_567,
        summary=tuple(
            LayerSummary(name=name, kind=kind, output=output, parameters=parameters)
            for name, kind, output, parameters in layers
        ),
        precision="float32",
        data_version=dataset.version,
        split_fingerprint=selection.fingerprint,
        skipped=tuple(SkippedFile(**one) for one in dataset.skipped),
        environment={"python": "3.11.2", "tensorflow": "2.21.0", "processor": "a test"},
    )


TRAINING = Training(
    kept_epoch=2,
    images_per_second=812.0,
    seconds=70.0,
    parameters=1_234_567,
    precision="float32",
    data_version="0123456789ab",
    split_fingerprint="ba9876543210",
    environment={"python": "3.11.2", "processor": "a test"},
)
"""Arbitrary training facts, for tests that do not depend on them."""


def report(correct: int = 7, total: int = 10, **changes: Any) -> Report:
    """A report on three classes with ``correct`` of ``total`` predictions correct in each split."""
    labels = np.arange(total) % len(FLOWERS)
    predicted = np.where(np.arange(total) < correct, labels, (labels + 1) % len(FLOWERS))
    probabilities = np.eye(len(FLOWERS), dtype=np.float32)[predicted]
    predictions = Predictions(np.arange(total).astype(str), labels, probabilities)
    made = metrics.report(
        FLOWERS, predictions, predictions, counts={"train": {"daisy": 9}}, training=TRAINING
    )
    return made.model_copy(update=changes)


def give_model(run: Run, layers: Sequence[str] = ("conv_1", "conv_2")) -> None:
    """Write a model file that pages can inspect: it has layers, and bytes for their weights but no values."""
    names = ["pixels", *layers]
    convolution = {
        "filters": 4, "kernel_size": [3, 3], "strides": [1, 1], "padding": "valid",
        "data_format": "channels_last", "groups": 1, "dilation_rate": [1, 1], "use_bias": True,
    }  # fmt: skip
    described: list[dict[str, Any]] = [
        {"class_name": "InputLayer", "config": {"name": "pixels", "batch_shape": [None, 48, 48, 3]}}
    ]
    for before, name in zip(names, layers, strict=False):
        source = {"class_name": "__keras_tensor__", "config": {"keras_history": [before, 0, 0]}}
        layer = {"class_name": "Conv2D", "config": {"name": name, **convolution}}
        described.append({**layer, "inbound_nodes": [{"args": [source], "kwargs": {}}]})
    network = {"module": "keras.src.models.functional", "class_name": "Functional"}
    layers_config = [{"module": "keras.layers", **layer} for layer in described]
    with zipfile.ZipFile(run.model_path, "w") as archive:
        archive.writestr("metadata.json", "{}")
        archive.writestr("config.json", json.dumps({**network, "config": {"layers": layers_config}}))
        archive.writestr("model.weights.h5", run.id.ljust(10_000))


def keep_heatmaps(run: Run, side: int = 10, methods: Sequence[str] = ("grad_cam",)) -> None:
    """Store heatmaps of all test images for every class, as if computed before."""
    test = run.predictions("test")
    rows, columns = np.mgrid[:side, :side] / side
    for image_id in test.ids:
        for index in range(test.probabilities.shape[1]):
            spot = np.exp(-8 * ((rows - 0.3 - 0.1 * index) ** 2 + (columns - 0.5) ** 2))
            for method in methods:
                request = heatmaps.Request(str(image_id), index, method)
                heatmaps.keep(run, request, spot.astype(np.float32))


def keep_features(run: Run) -> None:
    """Store features of all images of the run, similar within each class."""
    selection = datasets.select(datasets.open(run.config.data.source), run.config.data)
    ids, splits = (selection.rows[name].to_numpy(dtype=str) for name in ("id", "split"))
    labels = [selection.class_names.index(label) for label in selection.rows["label"]]
    noise = np.random.default_rng(0).normal(0, 0.05, (len(ids), len(selection.class_names)))
    vectors = np.eye(len(selection.class_names))[labels] + noise
    nearest_images.keep(run, ids, splits, vectors.astype(np.float32))
