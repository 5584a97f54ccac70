"""The memory that a training is estimated to need, and the peak that is measured.

``python -m benchmarks.memory_estimate [--quick]``. Ten networks, each trained in a process of its own for two
short epochs, then predicted with and saved as the worker does. Fails where an estimate is more than 30% off.
"""

from __future__ import annotations

import multiprocessing
import resource
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from core.config import RunConfig
from core.training import memory_estimate

LIMIT = 0.3
CLASSES, EPOCHS, BATCHES = 5, 2, 3
NETWORKS: dict[str, dict[str, Any]] = {
    "the defaults": {},
    "first look": {"data.image_size": 64},
    "large batches": {"fit.batch_size": 512, "data.image_size": 96, "model.filters": (32, 32)},
    "large images": {"data.image_size": 256, "model.filters": (32, 64), "fit.batch_size": 64},
    "many filters": {"data.image_size": 160, "model.filters": (64, 128), "fit.batch_size": 96},
    "one wide block": {"data.image_size": 224, "model.filters": (128,), "model.dense_units": 8},
    "many weights": {"data.image_size": 224, "model.filters": (16,), "model.dense_units": 512},
    "many weights, sgd": {
        "data.image_size": 224,
        "model.filters": (16,),
        "model.dense_units": 512,
        "fit.optimizer": "sgd",
    },
    "both": {
        "data.image_size": 192,
        "model.filters": (32, 64),
        "model.dense_units": 512,
        "fit.batch_size": 128,
    },
    "bfloat16": {
        "data.image_size": 192,
        "model.filters": (32, 64),
        "model.dense_units": 256,
        "fit.batch_size": 128,
        "fit.precision": "bfloat16",
    },
}


def main() -> int:
    """Print a line per network; fails where an estimate is too far off."""
    wrong = 0
    for name, changes in list(NETWORKS.items())[: 2 if "--quick" in sys.argv else None]:
        config = _config(changes)
        estimated, measured = memory_estimate.memory(config, CLASSES), measure(config)
        wrong += not 1 - LIMIT <= estimated / measured <= 1 + LIMIT
        print(
            f"{name:<18} measured {measured / 1e9:5.2f} GB, estimated {estimated / 1e9:5.2f} GB "
            f"({estimated / measured:.2f} times)",
            flush=True,
        )
    return int(wrong > 0)


def measure(config: RunConfig) -> int:
    """Return the peak memory of a training in bytes."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(_peak, (config,))


def _config(changes: dict[str, Any]) -> RunConfig:
    return RunConfig().replace({"fit.precision": "float32", "fit.epochs": EPOCHS, **changes})


def _peak(config: RunConfig) -> int:
    from core.ml import portable_file, train

    side = config.data.image_size
    count = BATCHES * config.fit.batch_size
    images = np.random.default_rng(0).integers(0, 256, (count, side, side, 3), dtype=np.uint8)
    labels = np.arange(count) % CLASSES
    networks = train.Networks()
    train.warm_up()
    with tempfile.TemporaryDirectory() as folder:
        trained = train.train(
            config,
            CLASSES,
            training=(images, labels),
            validation=(images[:128], labels[:128]),
            checkpoint_folder=Path(folder),
            networks=networks,
        )
        portable_file.save(trained.model, Path(folder) / "model.keras")
        train.predict(trained.model, images[:128])
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 - images.nbytes


if __name__ == "__main__":
    sys.exit(main())
