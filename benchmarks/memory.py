"""Peak memory of a training: it must not grow with the data set.

``python -m benchmarks.memory [--quick]``. Each training has a process of its own and random images in a file
as the lab writes it; beside it stands the same training with the images in an array. The large set is read
once in training order and trained on for a while; the others are trained on for one epoch and predicted.
"""

from __future__ import annotations

import multiprocessing
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from core.config import RunConfig
from core.data.stored_images import Images, PixelFile, Pixels, StoredImages

SMALL, LARGE, SIDE = 2_000, 20_000, 160
MANY, MANY_SIDE, MANY_SECONDS = 100_000, 224, 60
LIMIT_RATIO, LIMIT_GIGABYTES = 1.15, 4.0
SETTINGS = {"model.filters": (8, 16), "model.dense_units": 8, "fit.epochs": 1}
_BLOCK = 100


def main() -> int:
    """Print the peaks and the ratios; fails where memory grows with the data set."""
    quick = "--quick" in sys.argv
    count = LARGE // 5 if quick else LARGE
    small, large = (measure(_stored, number, SIDE) for number in (SMALL, count))
    held = measure(_held, count, SIDE)
    print(f"{SMALL:7,} images of {SIDE} px: {small:.2f} GB")
    ratio = large / small
    print(f"{count:7,} images of {SIDE} px: {large:.2f} GB ({ratio:.2f} times); in an array {held:.2f} GB")
    fails = ratio > LIMIT_RATIO
    if not quick:
        many = measure(_stored, MANY, MANY_SIDE, MANY_SECONDS)
        print(f"{MANY:7,} images of {MANY_SIDE} px: {many:.2f} GB")
        fails |= many > LIMIT_GIGABYTES
    return int(fails)


def measure(kind: Callable[[Path], Images], count: int, side: int, seconds: float = float("inf")) -> float:
    """Return the peak memory in GB of a training on ``count`` images, of at most so many seconds."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "pixels.npy"
        _draw(path, count, side)
        with multiprocessing.get_context("spawn").Pool(1) as pool:
            return pool.apply(_peak, (kind, path, seconds))


def _draw(path: Path, count: int, side: int) -> None:
    block = np.random.default_rng(0).integers(0, 256, (_BLOCK, side, side, 3), dtype=np.uint8).tobytes()
    header = {"descr": "|u1", "fortran_order": False, "shape": (count, side, side, 3)}
    with path.open("wb") as file:
        np.lib.format.write_array_header_1_0(file, header)
        for _ in range(count // _BLOCK):
            file.write(block)


def _stored(path: Path) -> Images:
    file = PixelFile(path)
    return StoredImages(np.arange(len(file)), np.zeros((0, *file.shape[1:]), np.uint8), file)


def _held(path: Path) -> Images:
    images: Pixels = np.load(path)
    return images


def _peak(kind: Callable[[Path], Images], path: Path, seconds: float) -> float:
    from core.ml import feed, train

    images = kind(path)
    labels = np.arange(len(images)) % 2
    config = RunConfig().replace(
        {
            "data.image_size": images.shape[1],
            "model.filters": (8, 16),
            "model.dense_units": 8,
            "fit.epochs": 1,
        }
    )
    began = time.perf_counter()
    if seconds < float("inf"):
        for _ in feed.batches(images, labels, config, epoch=1):
            pass
        began = time.perf_counter()
    tenth = np.arange(len(images) // 10)
    validation = images[:64], labels[:64]
    with tempfile.TemporaryDirectory() as folder:
        trained = _trained(config, (images, labels), validation, Path(folder), began + seconds)
    if trained:
        train.predict(
            trained.model, images.select(tenth) if isinstance(images, StoredImages) else images[tenth]
        )
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e9


def _trained(config: RunConfig, training: Any, validation: Any, folder: Path, end: float) -> Any:
    from core.errors import Stopped
    from core.ml import train

    try:
        return train.train(
            config,
            2,
            training=training,
            validation=validation,
            checkpoint_folder=folder,
            should_stop=lambda: time.perf_counter() > end,
        )
    except Stopped:
        return None


if __name__ == "__main__":
    sys.exit(main())
