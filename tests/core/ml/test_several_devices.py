"""Training on two devices gives what one gives: two logical processors, in a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys

import numpy as np
import pytest

from core import workspace

SCRIPT = """
import json, tempfile
from pathlib import Path
import numpy as np
import tensorflow as tf

processor = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(processor, [tf.config.LogicalDeviceConfiguration()] * 2)
from core.config import RunConfig
from core.ml import portable_file, runtime, train
from samples.made_images import coloured_objects

made = coloured_objects(67, 32)  # batches of 8 leave 3 over
images = (made.images, made.labels)

def trained(devices, epochs, folder, settings):
    runtime.devices = lambda: devices
    config = RunConfig().replace({"data.image_size": 32, "model.filters": (4,), "model.dense_units": 8,
        "fit.epochs": epochs, "fit.batch_size": 8, **settings})
    return train.train(config, 3, training=images, validation=images, checkpoint_folder=Path(folder))

two = ["CPU:0", "CPU:1"]
exact = {"fit.precision": "float32", "fit.class_weights": True, "model.l2": 0.01}
found = {}
for devices in ([], two):
    with tempfile.TemporaryDirectory() as folder:
        trained(devices, 3, folder, exact)
        again = trained(devices, 4, folder, exact)
        portable_file.save(again.model, Path(folder) / "model.keras")
        answers = train.predict(tf.keras.models.load_model(Path(folder) / "model.keras"), made.images)
    found[len(devices)] = {"history": again.history, "answers": answers.tolist()}
with tempfile.TemporaryDirectory() as folder:
    other = trained(two, 3, folder, {"fit.precision": "bfloat16", "model.dropout": 0.2})
    found["bfloat16"] = {"history": other.history}
print(json.dumps(found))
"""


@pytest.fixture(scope="module")
def found() -> dict[str, dict[str, list]]:
    """What was learned on one device, on two, and on two with dropout in bfloat16."""
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT], capture_output=True, text=True, cwd=workspace.PROJECT, timeout=280
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout.splitlines()[-1])


def test_two_devices_learn_what_one_learns_and_resume(found):
    one, two = found["0"], found["2"]
    assert len(two["history"]) == 4
    for name in ("loss", "accuracy", "val_loss", "val_accuracy"):
        assert [line[name] for line in two["history"]] == pytest.approx(
            [line[name] for line in one["history"]], abs=2e-4
        )
    assert np.abs(np.array(two["answers"]) - np.array(one["answers"])).max() < 1e-3


def test_dropout_and_bfloat16_train_on_two_devices(found):
    history = found["bfloat16"]["history"]
    assert history[-1]["loss"] < history[0]["loss"]
