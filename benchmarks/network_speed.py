"""How fast each pretrained network looks at images of 224 px, for the estimate of a run's time.

``python -m benchmarks.network_speed``. With random weights, so none need to be at hand; the best of four
passes over 128 images, after one that traces the network. ``core/backbones.py`` has the figures as ``speed``.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from core.backbones import BACKBONES, SIZE, Backbone

IMAGES, PASSES = 128, 4
MAX_FACTOR = 2.0
"""An estimate further off than this would be no help; the machine may be another one."""


def main() -> int:
    """Measure and print; return 1 if a network is much faster or slower than is written down."""
    from core.ml import train

    train.warm_up()
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    met = [_measure(backbone) for backbone in BACKBONES.values()]
    return int(not all(met))


def _measure(backbone: Backbone) -> bool:
    seconds = _seconds(backbone)
    speed = IMAGES * backbone.whole.multiply_adds / seconds / (os.cpu_count() or 1) / 1e9
    met = 1 / MAX_FACTOR <= speed / backbone.speed <= MAX_FACTOR
    print(
        f"{backbone.title}: {IMAGES / seconds:.0f} images per second, {speed:.1f} x 10^9 multiply-adds per "
        f"second and core ({backbone.speed} written down): {'as promised' if met else 'FAR OFF'}",
        flush=True,
    )
    return met


def _seconds(backbone: Backbone) -> float:
    """Return the shortest time of a pass over all images."""
    from core.ml import pretrained

    images = np.random.default_rng(0).integers(0, 256, (IMAGES, SIZE, SIZE, 3), dtype=np.uint8)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "random.weights.h5"
        pretrained.build(backbone, SIZE).save_weights(path)
        network = pretrained.Pretrained(backbone, SIZE, path)
    taken = []
    for _ in range(PASSES + 1):
        started = time.perf_counter()
        list(network.extract(images))
        taken.append(time.perf_counter() - started)
    return min(taken[1:])


if __name__ == "__main__":
    sys.exit(main())
