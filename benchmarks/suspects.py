"""How many wrong labels are found: planted ones in garden, and 5% swapped in digits and tf_flowers.

``python -m benchmarks.suspects [--quick]`` prints recall among the first suspects, twice as many as there
are wrong labels, with features from a network trained on ImageNet, and with outlines and colours.
``--quick`` tests only garden.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from core import datasets
from core.data.dataset import Dataset
from core.errors import NoWeights
from core.label_errors import cross_validation, handcrafted_features
from core.label_errors.ranking import Judged
from core.ml import imagenet_features

DATA = Path(os.environ.get("LAB_TEST_DATA", Path(__file__).parent.parent.parent / "shared" / "data"))
WEIGHTS = DATA / "weights" / "mobilenet_v2_035_224_no_top.weights.h5"
SWAPPED = 0.05


def main() -> int:
    """Check the data sets with both kinds of features and print the results."""
    if WEIGHTS.is_file():
        os.environ.setdefault("LAB_WEIGHTS", str(WEIGHTS))
    os.environ["TFDS_DATA_DIR"] = str(DATA / "tfds")
    with tempfile.TemporaryDirectory() as folder:
        os.environ["LAB_WORKSPACE"] = folder
        _both("garden", *_garden())
        if "--quick" in sys.argv:
            return 0
        _both("digits", *_swapped(datasets.prepare("digits")))
        if (DATA / "tfds" / "tf_flowers").is_dir():
            _both("tfds:tf_flowers", *_swapped(datasets.prepare("tfds:tf_flowers")))
    return 0


def _garden() -> tuple[Dataset, set[str]]:
    dataset = datasets.prepare("garden")
    truth = json.loads((dataset.root / "truth.json").read_text())
    wrong = {planted["file"] for planted in truth["wrong_label"]}
    return dataset, set(dataset.usable.loc[dataset.usable["file"].isin(wrong), "id"])


def _swapped(dataset: Dataset) -> tuple[Dataset, set[str]]:
    """Return the data set with some labels changed to another class, and the changed images."""
    rng = np.random.default_rng(0)
    rows = dataset.usable.reset_index(drop=True)
    indices = rng.choice(len(rows), round(SWAPPED * len(rows)), replace=False)
    names = np.array(dataset.class_names, dtype=object)
    codes = pd.Categorical(rows["label"], categories=dataset.class_names).codes[indices]
    shifted = (codes + rng.integers(1, len(names), len(indices))) % len(names)
    rows.loc[indices, "label"] = names[shifted]
    return replace(dataset, usable=rows), set(rows.loc[indices, "id"])


def _both(source: str, dataset: Dataset, wrong: set[str]) -> None:
    try:
        _report(
            source, lambda: cross_validation.judge(dataset, imagenet_features.features, "imagenet"), wrong
        )
    except NoWeights as missing:
        print(f"{source}: {missing}")
    _report(
        source, lambda: cross_validation.judge(dataset, handcrafted_features.features, "appearance"), wrong
    )


def _report(source: str, judge: Callable[[], Judged], wrong: set[str]) -> None:
    started = time.perf_counter()
    judged = judge()
    seconds = time.perf_counter() - started
    ranked = judged.ranked()
    first = set(ranked["id"][: 2 * len(wrong)])
    suspected = set(ranked.loc[ranked["suspected"], "id"])
    print(
        f"{source}, judged by {judged.by}: {len(judged.ids):,} images in {seconds:.0f} s, "
        f"{judged.accuracy:.0%} agree; of {len(wrong)} wrong labels {len(wrong & first)} "
        f"({len(wrong & first) / len(wrong):.0%}) are among the first {len(first)}, "
        f"{len(wrong & suspected) / len(wrong):.0%} among the {len(suspected)} suspected; "
        f"by chance {len(first) / len(judged.ids):.0%}",
        flush=True,
    )


if __name__ == "__main__":
    sys.exit(main())
