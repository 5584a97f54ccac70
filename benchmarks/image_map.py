"""How long a map of images takes, and how many neighbours it keeps.

``python -m benchmarks.image_map [--quick]`` maps tf_flowers and digits from the command line, as the app's
background process does, the first time and with stored features. ``--quick`` maps only garden.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from core import datasets
from core.image_map import features, making, subject
from core.image_map.embedding import unit
from core.words import percent

DATA = Path(os.environ.get("LAB_TEST_DATA", Path(__file__).parent.parent.parent / "shared" / "data"))
WEIGHTS = DATA / "weights" / "mobilenet_v2_035_224_no_top.weights.h5"


def main() -> int:
    """Map the data sets and print the results."""
    if WEIGHTS.is_file():
        os.environ.setdefault("LAB_WEIGHTS", str(WEIGHTS))
    os.environ["TFDS_DATA_DIR"] = str(DATA / "tfds")
    sources = ["garden"] if "--quick" in sys.argv else ["digits", "tfds:tf_flowers"]
    with tempfile.TemporaryDirectory() as folder:
        os.environ["LAB_WORKSPACE"] = folder
        for source in sources:
            datasets.prepare(source)
            _report(source)
    return 0


def _report(source: str) -> None:
    from sklearn.manifold import trustworthiness

    shown = subject.of_dataset(datasets.open(source))
    first = _seconds(source)
    made = making.made(shown)
    for path in shown.folder.iterdir():
        path.unlink()
    again = _seconds(source)
    print(
        f"{source}: {len(made.ids):,} images, {made.kind}: {first:.1f} s, with stored features {again:.1f} s"
    )
    exact = trustworthiness(unit(features.features(shown, made.kind)), made.positions, n_neighbors=10)
    print(
        f"  neighbours kept: {percent(float(np.mean(made.kept)))}, "
        f"trustworthiness {made.trustworthiness:.3f} (of all pairs: {exact:.3f})"
    )


def _seconds(source: str) -> float:
    started = time.perf_counter()
    subprocess.run(
        [sys.executable, "-m", "core", "map", source], check=True, capture_output=True, env=os.environ
    )
    return time.perf_counter() - started


if __name__ == "__main__":
    sys.exit(main())
