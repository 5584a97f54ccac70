"""Training on two devices gives what one gives: two logical processors, in a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys

import numpy as np
import pytest

from core import workspace

SCRIPT = """
import json, sys, tempfile
from pathlib import Path
import numpy as np
import tensorflow as tf

processor = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(processor, [tf.config.LogicalDeviceConfiguration()] * 2)
from core.config import RunConfig
from core.ml import portable_file, runtime, train
from samples.made_images import coloured_objects

made = coloured_objects(67, 32)  # batches of 8 leave 3 over
settings = {"data.image_size": 32, "model.filters": (4,), "model.dense_units": 8, "model.l2": 0.01,
            "fit.epochs": 3, "fit.batch_size": 8, **json.loads(sys.argv[1])}
found = {}
for devices in ([], ["CPU:0", "CPU:1"]):
    runtime.devices = lambda: devices
    with tempfile.TemporaryDirectory() as folder:
        trained = train.train(RunConfig().replace(settings), 3, training=(made.images, made.labels),
            validation=(made.images, made.labels), checkpoint_folder=Path(folder))
        again = train.train(RunConfig().replace({**settings, "fit.epochs": 4}), 3,
            training=(made.images, made.labels), validation=(made.images, made.labels),
            checkpoint_folder=Path(folder))
        portable_file.save(trained.model, Path(folder) / "model.keras")
        answers = train.predict(tf.keras.models.load_model(Path(folder) / "model.keras"), made.images)
    found[len(devices)] = {"history": again.history, "answers": answers.tolist()}
print(json.dumps(found))
"""


def train_on_one_and_two(**settings: object) -> dict[str, dict[str, list]]:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, json.dumps(settings)],
        capture_output=True,
        text=True,
        cwd=workspace.PROJECT,
        timeout=280,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout.splitlines()[-1])


def test_two_devices_learn_what_one_learns_and_resume():
    found = train_on_one_and_two(**{"fit.precision": "float32", "fit.class_weights": True})
    one, two = found["0"], found["2"]
    assert len(two["history"]) == 4
    for name in ("loss", "accuracy", "val_loss", "val_accuracy"):
        assert [line[name] for line in two["history"]] == pytest.approx(
            [line[name] for line in one["history"]], abs=2e-4
        )
    assert np.abs(np.array(two["answers"]) - np.array(one["answers"])).max() < 1e-3


def test_dropout_and_bfloat16_train_on_two_devices():
    two = train_on_one_and_two(**{"fit.precision": "bfloat16", "model.dropout": 0.2})["2"]
    assert two["history"][-1]["loss"] < two["history"][0]["loss"]
