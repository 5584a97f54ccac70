"""Transfer learning on tf_flowers at 224 px: accuracy with its interval, seconds, and Keras's guide.

``python -m benchmarks.transfer [--quick] [--accuracy] [--networks NAME ...]``. Each run is carried out as the
training worker does, from its settings to its report, three seeds each. The guide's way, a frozen base inside
the model, sees the same images; by default it trains for two epochs, from which the time of as many epochs as
ours needed follows; ``--accuracy`` trains them all, for its score. ``--quick`` uses one seed and no
fine-tuning. Networks whose weights are not at hand are left out. Needs tf_flowers in TFDS_DATA_DIR.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from core import datasets, runs, worker
from core.backbones import BACKBONES, Backbone
from core.config import RunConfig, preset
from core.errors import LabError
from core.report import Proportion, Report
from core.runs import Run
from core.training import pretrained_weights
from core.words import byte_size, percent

DATA = Path(os.environ.get("LAB_TEST_DATA", Path(__file__).parent.parent.parent / "shared" / "data"))
SOURCE = "tfds:tf_flowers"
SEEDS = (0, 1, 2)
FROZEN_ACCURACY, TUNED_ACCURACY = 0.86, 0.89
COLD_SECONDS, WARM_SECONDS = 45.0, 8.0
SPEED = 5.0


def main() -> int:
    """Measure and print; return 1 if a target is missed."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--accuracy", action="store_true")
    parser.add_argument("--networks", nargs="*", default=list(BACKBONES))
    chosen = parser.parse_args()
    os.environ.setdefault("TFDS_DATA_DIR", str(DATA / "tfds"))
    os.environ.setdefault("LAB_WEIGHTS", str(DATA / "weights"))
    with tempfile.TemporaryDirectory() as folder:
        os.environ["LAB_WORKSPACE"] = folder
        try:
            datasets.prepare(SOURCE)
        except LabError as error:
            print(f"skipped: {error}")
            return 0
        seeds = SEEDS[:1] if chosen.quick else SEEDS
        kept = [
            _network(BACKBONES[name], seeds, tuned=not chosen.quick, fully=chosen.accuracy)
            for name in chosen.networks
        ]
    return int(not all(kept))


def _network(backbone: Backbone, seeds: tuple[int, ...], *, tuned: bool, fully: bool) -> bool:
    from core.ml import train

    if pretrained_weights.find(backbone) is None:
        print(f"{backbone.title}: its weights are not at hand")
        return True
    train.warm_up()
    networks = train.Networks()
    print(f"{backbone.title}, load {os.getloadavg()[0]:.1f}, {byte_size(backbone.file.bytes)} of weights")
    frozen = [_run(backbone, seed, networks) for seed in seeds]
    again = [_run(backbone, seed, networks, {"model.dropout": 0.25}) for seed in seeds[:1]]
    met = [_report("frozen", frozen), _report("frozen, features at hand", again)]
    if tuned:
        changes = {"model.fine_tune": "last_third"}
        met.append(_report("fine-tuned", [_run(backbone, seed, networks, changes) for seed in seeds]))
    met.append(_beside_the_guide(backbone, frozen, fully))
    is_judged = backbone.name == "mobilenet_v2_035"
    return all(met) or not is_judged


def _run(
    backbone: Backbone, seed: int, networks: Any, changes: dict[str, Any] | None = None
) -> tuple[Run, float]:
    """Carry out a run as the worker does; return it and its seconds from the click to the result."""
    base = RunConfig().replace({"data.source": SOURCE, "fit.seed": seed})
    config = preset("transfer", base).replace({"model.network": backbone.name, **(changes or {})})
    run = runs.create(config)
    started, computed = time.perf_counter(), time.process_time()
    status = worker.carry_out(run, networks=networks)
    seconds, computed = time.perf_counter() - started, time.process_time() - computed
    print(f"  {run.id}: {seconds:.1f} s, of which {computed:.1f} core seconds of computing", flush=True)
    if status.state != "done":
        raise LabError(f"{run.id}: {status.message}")
    return run, seconds


def _report(what: str, done: list[tuple[Run, float]]) -> bool:
    """Print scores and seconds; return whether the targets for them are met."""
    reports = [report for run, _ in done if (report := run.report()) is not None]
    scores = [float(report.test_accuracy.value or 0) for report in reports]
    for report, (run, seconds) in zip(reports, done, strict=True):
        print(
            f"  {what}: test {_interval(report.test_accuracy)}, validation "
            f"{percent(report.val_accuracy.value)}, {len(run.metrics())} epochs, {seconds:.1f} s "
            f"({report.feature_images:,} images looked at)",
            flush=True,
        )
    mean, (_, first), (_, last) = statistics.mean(scores), done[0], done[-1]
    target = TUNED_ACCURACY if what == "fine-tuned" else FROZEN_ACCURACY
    met = [_verdict(f"  {what}: mean test accuracy {mean:.3f}, wanted {target:.2f}", mean >= target)]
    if what == "frozen":
        met.append(_verdict(f"  cold: {first:.1f} s, wanted {COLD_SECONDS:.0f} s", first < COLD_SECONDS))
    if what == "frozen, features at hand":
        met.append(_verdict(f"  cached: {last:.1f} s, wanted {WARM_SECONDS:.0f} s", last < WARM_SECONDS))
    return all(met)


def _interval(score: Proportion) -> str:
    return str(score)


def _beside_the_guide(backbone: Backbone, frozen: list[tuple[Run, float]], fully: bool) -> bool:
    """Train the first run's settings as https://keras.io/guides/transfer_learning shows first."""
    run, ours = frozen[0]
    report = run.report()
    assert isinstance(report, Report)
    epochs = len(run.metrics())
    seconds, accuracy = _guide(run.config, backbone, epochs if fully else 2)
    whole = sum(seconds) if fully else seconds[0] + (epochs - 1) * seconds[-1]
    score = f", test accuracy {accuracy:.3f} (ours {report.test_accuracy.value:.3f})" if fully else ""
    print(f"  the guide's way: {whole:.0f} s for {epochs} epochs{score}; ours {ours:.1f} s")
    return _verdict(f"  {whole / ours:.1f} times its speed, wanted {SPEED:.0f}", whole / ours >= SPEED)


def _guide(config: RunConfig, backbone: Backbone, epochs: int) -> tuple[list[float], float]:
    """Return the seconds of each epoch and the test accuracy."""
    import keras
    import numpy as np

    from core.data import pixel_cache

    dataset = datasets.open(SOURCE)
    selection = datasets.select(dataset, config.data)
    rows, size = selection.rows, config.data.image_size
    images = pixel_cache.load(dataset, rows, size, config.data.resize)
    labels = np.array([selection.class_names.index(name) for name in rows["label"]])
    split = {name: np.flatnonzero(rows["split"] == name) for name in ("train", "validation", "test")}
    keras.utils.set_random_seed(config.fit.seed)
    construct = getattr(keras.applications, backbone.constructor)
    base = construct(
        include_top=False, input_shape=(size, size, 3), weights=str(pretrained_weights.find(backbone)),
        **backbone.arguments,
    )  # fmt: skip
    base.trainable = False
    inputs = keras.Input((size, size, 3))
    scaled = inputs if backbone.is_scaled_inside else keras.layers.Rescaling(1 / 127.5, -1)(inputs)
    x = keras.layers.GlobalAveragePooling2D()(base(scaled, training=False))
    x = keras.layers.Dropout(config.model.dropout)(x)
    model = keras.Model(inputs, keras.layers.Dense(len(selection.class_names), activation="softmax")(x))
    model.compile(
        optimizer=keras.optimizers.Adam(config.fit.learning_rate),
        loss="sparse_categorical_crossentropy",
        metrics=["accuracy"],
    )
    parts = {name: (images[index], labels[index]) for name, index in split.items()}
    ends = [time.perf_counter()]
    model.fit(
        *parts["train"],
        batch_size=config.fit.batch_size,
        epochs=epochs,
        validation_data=parts["validation"],
        verbose=0,
        callbacks=[keras.callbacks.LambdaCallback(on_epoch_end=lambda *_: ends.append(time.perf_counter()))],
    )
    accuracy = model.evaluate(*parts["test"], verbose=0)[1]
    return np.diff(ends).tolist(), float(accuracy)


def _verdict(words: str, met: bool) -> bool:
    print(f"{words}: {'as promised' if met else 'BELOW THE PROMISE'}", flush=True)
    return met


if __name__ == "__main__":
    sys.exit(main())
